/**
 * The recorder under real SQLite and the port's VFS `shim` are twins: the same calls under the same plan
 * give the same answers, records, counts and files.
 */

import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { callMask, parseLog } from "../call-bytes.js";
import { Child, ChildGone } from "../child.js";
import { nativeExtension } from "../native.js";
import { RealEngine } from "../real.js";
import { deviceArguments, planArguments, recordArguments, shareArguments } from "../recorder.js";
import { emptySharedLog, readSharedLog, SHARED_CALLS } from "../shared-log.js";
import type { RecordOptions, ShimCall, ShimDevice, ShimPlan, ShimRecord } from "../shimvfs.js";
import { goOn, isStopped, stoppedOrOver } from "../stopped.js";
import { fromSource } from "./testing.js";
import type { VfsStep } from "./vfs-drive.js";

const MAIN_DB = 0x106;
const JOURNAL = 0x806;
const SHARED = 1;
const RESERVED = 2;
const MMAP_SIZE = 18;

const bytes = (n: number, fill: number): Uint8Array => new Uint8Array(n).fill(fill);

/** Every kind of call at least twice, on files with two suffixes and one without a name. */
function script(dir: string): VfsStep[] {
  const db = join(dir, "a.db");
  const journal = join(dir, "a.db-journal");
  return [
    { call: "fullname", slot: 0, name: db },
    { call: "fullname", slot: 0, name: join(dir, ".", "b") },
    { call: "access", slot: 0, name: db, a: 0 },
    { call: "open", slot: 0, name: db, a: MAIN_DB },
    { call: "device", slot: 0 },
    { call: "control", slot: 0, a: MMAP_SIZE, b: 65536 },
    { call: "lock", slot: 0, a: SHARED },
    { call: "reserved", slot: 0 },
    { call: "reserved", slot: 0 },
    { call: "lock", slot: 0, a: RESERVED },
    { call: "open", slot: 1, name: journal, a: JOURNAL },
    { call: "write", slot: 1, a: 0, data: bytes(101, 1) },
    { call: "sync", slot: 1, a: 2 },
    { call: "write", slot: 0, a: 0, data: bytes(1024, 2) },
    { call: "write", slot: 0, a: 1024, data: bytes(1023, 3) },
    { call: "size", slot: 0 },
    { call: "read", slot: 0, a: 1000, b: 48 },
    { call: "read", slot: 0, a: 2040, b: 16 },
    { call: "fetch", slot: 0, a: 0, b: 512 },
    { call: "unfetch", slot: 0, a: 0 },
    { call: "fetch", slot: 0, a: 1048576, b: 512 },
    { call: "unfetch", slot: 0, a: 1048576 },
    { call: "sync", slot: 0, a: 0x13 },
    { call: "truncate", slot: 0, a: 1500 },
    { call: "truncate", slot: 1, a: 50 },
    { call: "size", slot: 1 },
    { call: "access", slot: 0, name: journal, a: 0 },
    { call: "close", slot: 1 },
    { call: "delete", slot: 0, name: journal, a: 1 },
    { call: "delete", slot: 0, name: join(dir, "none"), a: 0 },
    { call: "open", slot: 2, name: null, a: 0x101e },
    { call: "write", slot: 2, a: 3, data: bytes(5, 9) },
    { call: "read", slot: 2, a: 0, b: 10 },
    { call: "close", slot: 2 },
    { call: "shmmap", slot: 0, a: 0, b: 1 },
    { call: "shmmap", slot: 0, a: 1, b: 0 },
    /* Slot 3 shared: SQLITE_SHM_LOCK | SQLITE_SHM_SHARED, then its release. */
    { call: "shmlock", slot: 0, a: 3, b: 6 },
    { call: "shmbarrier", slot: 0 },
    { call: "shmbarrier", slot: 0 },
    { call: "shmlock", slot: 0, a: 3, b: 5 },
    { call: "shmunmap", slot: 0, a: 1 },
    { call: "control", slot: 0, a: 4, b: 0 },
    { call: "control", slot: 0, a: 9999, b: 0 },
    { call: "unlock", slot: 0, a: SHARED },
    { call: "unlock", slot: 0, a: 0 },
    { call: "sleep", slot: 0, a: 1 },
    { call: "open", slot: 3, name: join(dir, "no", "such"), a: MAIN_DB },
    { call: "close", slot: 0 },
    { call: "shmunmap", slot: 0, a: 0 },
  ];
}

const ALL: ShimCall[] = [
  ...(["open", "read", "write", "truncate", "sync", "delete", "lock", "unlock", "size", "close"] as const),
  ...(["control", "access", "reserved", "fetch", "unfetch", "shmmap", "shmlock", "shmbarrier"] as const),
  ...(["shmunmap", "fullname", "sleep"] as const),
];
const EVERYTHING: RecordOptions = { calls: ALL, reads: true, results: true };

/** One side. */
interface Twin {
  pid: number;
  vfs(step: VfsStep): Promise<string>;
  record(on: boolean, options: RecordOptions): Promise<ShimRecord[]>;
  share(path: string | null): Promise<void>;
  plan(plan: ShimPlan | null): Promise<void>;
  device(device: ShimDevice): Promise<void>;
  count(): Promise<number>;
  end(): Promise<void>;
}

const literal = (v: string | number | null | undefined): string =>
  v === null || v === undefined ? "NULL" : typeof v === "number" ? String(v) : `'${v.replaceAll("'", "''")}'`;

async function realTwin(): Promise<Twin> {
  const engine = new RealEngine(fromSource("./real-child.js"));
  await engine.open("c", ":memory:");
  await engine.loadExtension("c", nativeExtension("recorder"));
  await engine.loadExtension("c", nativeExtension("vfsdrive"));
  const call = async (name: string, args: (string | number | null)[]): Promise<unknown> =>
    (await engine.all("c", `SELECT ${name}(${args.map(literal).join(", ")})`))[0]?.[0];
  return {
    pid: engine.child.pid,
    async vfs({ call: c, slot, name, a, b, data }) {
      const hex = `x'${Buffer.from(data ?? []).toString("hex")}'`;
      const args = [c, slot, name, a ?? 0, b ?? 0].map(literal).join(", ");
      return (await engine.all("c", `SELECT vfs_drive(${args}, ${hex})`))[0]?.[0] as string;
    },
    async record(on, options) {
      const log = (await call("recorder_take", [])) as Uint8Array | null;
      if (on) await call("recorder_begin", recordArguments(options));
      return parseLog(log ?? new Uint8Array(0));
    },
    share: async (path) => void (await call("recorder_share", shareArguments(path))),
    plan: async (plan) => void (await call("recorder_plan", planArguments(plan))),
    device: async (device) => void (await call("recorder_device", deviceArguments(device))),
    count: async () => (await call("recorder_count", [])) as number,
    end: () => engine.child.end(),
  };
}

function portTwin(): Twin {
  const child = new Child({ what: "the port's VFS", ...fromSource("./sql/vfs-drive-child.js") });
  return {
    pid: child.pid,
    vfs: async (step) => (await child.call({ op: "vfs", step })) as string,
    record: async (on, options) => (await child.call({ op: "record", on, options })) as ShimRecord[],
    share: async (path) => void (await child.call({ op: "share", path })),
    plan: async (plan) => void (await child.call({ op: "plan", plan })),
    device: async (device) => void (await child.call({ op: "device", device })),
    count: async () => (await child.call({ op: "count" })) as number,
    end: () => child.end(),
  };
}

/** What one side made of the script. */
interface Seen {
  answers: string[];
  records: ShimRecord[];
  /** What went into the shared log; of a process that was killed, too. */
  shared: ShimRecord[];
  count: number;
  files: Record<string, string>;
  killed: boolean;
  /** The step at which the process stood still, and the length of the database then. */
  stopped: string | null;
}

const lengthOf = (path: string): number => (existsSync(path) ? readFileSync(path).length : -1);

/** One step; a process that stops at it is seen to stand still and then told to go on. */
async function answer(twin: Twin, step: VfsStep, dir: string, seen: Seen): Promise<string> {
  const said = twin.vfs(step);
  if ((await stoppedOrOver(twin.pid, said)) === "stopped") {
    seen.stopped = `${step.call}: ${lengthOf(join(dir, "a.db"))}`;
    expect(isStopped(twin.pid)).toBe(true);
    goOn(twin.pid);
  }
  return await said;
}

async function play(twin: Twin, dir: string, plan: ShimPlan | null, options: RecordOptions): Promise<Seen> {
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir);
  const seen: Seen = {
    ...{ answers: [], records: [], shared: [], count: 0, files: {}, killed: false, stopped: null },
  };
  const log = join(dir, "..", "calls.log");
  emptySharedLog(log);
  try {
    await twin.share(log);
    await twin.record(true, options);
    await twin.plan(plan);
    let unlocked = false;
    for (const step of script(dir)) {
      /* Without a lock nobody may ask for a higher one, or whether there is one. */
      if (unlocked && (step.call === "lock" || step.call === "reserved")) continue;
      const said = await answer(twin, step, dir, seen);
      seen.answers.push(said);
      if (step.call === "lock" && !said.startsWith("0 ")) unlocked = true;
    }
    seen.count = await twin.count();
    await twin.plan(null);
    seen.records = await twin.record(false, {});
    /* A plan may have left files open: the next run starts without. */
    for (const slot of [0, 1, 2, 3]) await twin.vfs({ call: "close", slot });
    await twin.share(null);
  } catch (e) {
    if (!(e instanceof ChildGone)) throw e;
    expect(e.exit.signal).toBe("SIGKILL");
    seen.killed = true;
  }
  const records = readSharedLog(log);
  expect(records.every((r) => r.process === twin.pid)).toBe(true);
  /* Files are numbered from the process's first one on. */
  const first = records.find((r) => r.id !== undefined)?.id ?? 0;
  seen.shared = records.map(({ process: _, id, ...r }) => (id === undefined ? r : { ...r, id: id - first }));
  for (const f of readdirSync(dir)) seen.files[f] = readFileSync(join(dir, f)).toString("hex");
  return seen;
}

describe("recorder.c and shimvfs.ts", () => {
  const dir = join(mkdtempSync(join(tmpdir(), "twins-")), "d");
  const twins: { real: Twin; port: Twin } = { real: undefined as never, port: undefined as never };

  beforeAll(async () => {
    twins.real = await realTwin();
    twins.port = portTwin();
  });
  afterEach(async () => {
    await twins.real.device({});
    await twins.port.device({});
  });
  afterAll(async () => {
    await twins.real.end();
    await twins.port.end();
    rmSync(join(dir, ".."), { recursive: true, force: true });
  });

  async function both(plan: ShimPlan | null, options = EVERYTHING): Promise<Seen> {
    const real = await play(twins.real, dir, plan, options);
    const port = await play(twins.port, dir, plan, options);
    expect(port).toEqual(real);
    expect(real.killed).toBe(false);
    return real;
  }

  it("record the same, every kind of call", async () => {
    const seen = await both(null);
    expect(new Set(seen.records.map((r) => r.call))).toEqual(new Set(ALL));
    expect(Object.keys(seen.files)).toEqual(["a.db"]);
    expect(seen.files["a.db"]?.length).toBe(3000);
    const write = seen.records.find((r) => r.call === "write");
    expect(write).toEqual({
      ...{ call: "write", file: "a.db-journal", rc: 0, id: 2, offset: 0, amount: 101 },
      data: bytes(101, 1),
    });
    expect(seen.records.find((r) => r.call === "size")?.result).toBe(2047);
    expect(seen.records.filter((r) => r.call === "read").map((r) => r.rc)).toEqual([0, 522, 522]);
    expect(seen.records.filter((r) => r.call === "fetch").map((r) => r.result)).toEqual([1, 0]);
    expect(seen.records.filter((r) => r.file === "").map((r) => r.call)).toContain("write");
  });

  it("write into a shared log what belongs there, before or after the call", async () => {
    const { shared } = await both(null, {});
    expect(new Set(shared.map((r) => r.call))).toEqual(
      new Set(SHARED_CALLS.filter((call) => call !== "read")) /* of logs only */,
    );
    expect(shared.some((r) => r.file === "")).toBe(false);
    expect(shared.filter((r) => r.call === "write").every((r) => r.data?.length === r.amount)).toBe(true);
    expect(shared.filter((r) => r.call === "shmlock").every((r) => r.index?.length === 136)).toBe(true);
    const calls = ["write", "sync"] as ShimCall[];
    const failed = await both({ calls, at: 2, what: "fail", rc: 13 }, {});
    expect(failed.shared.find((r) => r.call === "sync")?.rc).toBe(13);
  });

  it("record what is asked for and nothing else", async () => {
    const plain = await both(null, {});
    expect(plain.records.some((r) => r.call === "fetch" || r.call === "shmmap")).toBe(false);
    expect(plain.records.some((r) => r.result !== undefined)).toBe(false);
    expect(plain.records.filter((r) => r.data !== undefined).map((r) => r.call)).toEqual(
      plain.records.filter((r) => r.call === "write").map((r) => r.call),
    );
    const few = await both(null, { calls: ["write", "shmlock"], writes: false, ids: false });
    expect(few.records[0]).toEqual({ call: "write", file: "a.db-journal", rc: 0, offset: 0, amount: 101 });
    expect(few.records.map((r) => r.call)).toEqual([...Array(4).fill("write"), "shmlock", "shmlock"]);
  });

  it("claim the same device", async () => {
    for (const device of [{}, { sectorSize: 4096 }, { characteristics: 0x800 }, { sectorSize: 0 }]) {
      await twins.real.device(device);
      await twins.port.device(device);
      const { answers } = await both(null);
      const [, value] = (answers[4] as string).split(" ");
      if (device.sectorSize !== undefined) expect(Math.floor(Number(value) / 1e6)).toBe(device.sectorSize);
      if (device.characteristics !== undefined) expect(Number(value) % 1e6).toBe(device.characteristics);
    }
  });

  it.each(ALL)("fail %s at the same call with the same effect", async (call) => {
    const base = await both({ calls: [call], at: 1_000_000, what: "fail" });
    expect(base.count).toBe(call === "sleep" ? 0 : base.records.filter((r) => r.call === call).length);
    for (let at = 1; at <= Math.min(base.count, 3); at++) {
      const seen = await both({ calls: [call], at, what: "fail", rc: 13 });
      expect(seen.records.filter((r) => r.call === call)[at - 1]?.rc).toBe(call === "shmbarrier" ? 0 : 13);
    }
    await both({ calls: [call], at: 1, what: "fail", rc: 10, persistent: true });
  });

  it("count only files with the suffix, and any selection of calls", async () => {
    const calls: ShimCall[] = ["write", "sync", "size", "delete", "open"];
    const journal = await both({ calls, suffix: "-journal", at: 2, what: "fail", rc: 13 });
    expect(journal.count).toBe(5);
    expect(journal.records.filter((r) => r.rc === 13)).toMatchObject([
      { call: "write", file: "a.db-journal" },
    ]);
    const unnamed = await both({ calls, suffix: "", at: 1, what: "fail", persistent: true });
    expect(unnamed.records.filter((r) => r.rc === 10).length).toBe(unnamed.count);
    expect(
      await both({ calls: ["sync"], suffix: ".db", at: 1, what: "kill-before", persistent: false }).catch(
        () => null,
      ),
    ).toBeNull();
    twins.real = await realTwin();
    twins.port = portTwin();
  });

  it.each<[ShimCall, number, ShimPlan["what"]]>([
    ["write", 2, "kill-before"],
    ["write", 3, "kill-torn"],
    ["write", 2, "kill-after"],
    ["delete", 1, "kill-after"],
    ["delete", 1, "kill-torn"],
    ["close", 1, "kill-before"],
    ["fullname", 1, "kill-after"],
    ["shmbarrier", 2, "kill-after"],
  ])("kill at %s %i: %s", async (call, at, what) => {
    const sides = { real: await realTwin(), port: portTwin() };
    try {
      const plan: ShimPlan = { calls: [call], at, what };
      const real = await play(sides.real, dir, plan, EVERYTHING);
      const port = await play(sides.port, dir, plan, EVERYTHING);
      expect(port).toEqual(real);
      expect(real.killed).toBe(true);
      const last = real.shared.findLast((r) => r.call === "write");
      const lengths = { "kill-before": 101, "kill-after": 1024, "kill-torn": 511 };
      if (call === "write") expect(last?.amount).toBe(lengths[what as keyof typeof lengths]);
      const a = existsSync(join(dir, "a.db")) ? readFileSync(join(dir, "a.db")) : null;
      if (call === "write")
        expect(a?.length).toBe({ "kill-before": 0, "kill-after": 1024, "kill-torn": 1535 }[what as never]);
      if (call === "delete") expect(existsSync(join(dir, "a.db-journal"))).toBe(what === "kill-torn");
    } finally {
      await sides.real.end();
      await sides.port.end();
    }
  });

  it.each<[ShimCall, number, ShimPlan["what"], string]>([
    ["write", 2, "stop-before", "write: 0"],
    ["write", 2, "stop-after", "write: 1024"],
    ["truncate", 1, "stop-after", "truncate: 1500"],
    ["delete", 1, "stop-before", "delete: 1500"],
    ["shmbarrier", 1, "stop-before", "shmbarrier: 1500"],
    ["shmlock", 2, "stop-after", "shmlock: 1500"],
    ["open", 3, "stop-after", "open: 1500"],
  ])("stop at %s %i: %s, and go on", async (call, at, what, stopped) => {
    const plain = await both(null);
    const seen = await both({ calls: [call], at, what });
    expect(seen.stopped).toBe(stopped);
    expect({ ...seen, count: 0, stopped: null }).toEqual(plain);
  });

  it("name their calls by the same numbers", () => {
    expect(callMask(ALL)).toBe((1 << ALL.length) - 1);
  });
});
