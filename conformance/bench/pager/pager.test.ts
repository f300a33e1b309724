/** The benchmark's sides do the same work; nothing is timed here. */

import { existsSync, mkdtempSync, readFileSync, rmSync, statfsSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { findCompiler } from "../../engine/build/compile.js";
import { fromSource } from "../../engines/sql/testing.js";
import { amalgamationFolder } from "../../engines/version.js";
import { cutOracle } from "../../oracle/build/cut.js";
import { oracleSources } from "../../oracle/build/index.js";
import { buildNative } from "./build.js";
import { makeHotJournal, pagesOfJournal } from "./hot-journal.js";
import { benchHtml } from "./html.js";
import { type BenchPart, benchPager, runBenchPager } from "./index.js";
import { isSelected, measurePair, type Rounds, SidesDiffer } from "./measure.js";
import { operationsOf } from "./operations.js";
import { nativeMemory, portMemory, type SideProcess } from "./process.js";
import { aimOf, type BenchPagerReport } from "./report.js";
import type { Cost } from "./side.js";
import { memoryTable, pairTable } from "./text.js";
import { WORKLOAD_NAMES } from "./workloads.js";

const how = fromSource("../bench/pager/child.js");

/** Where a sync costs nothing, if there is room for the longest log; else where temporary files usually are. */
function roomyFolder(): string {
  const shm = "/dev/shm";
  if (!existsSync(shm)) return tmpdir();
  const { bavail, bsize } = statfsSync(shm);
  return bavail * bsize > 2 ** 30 ? shm : tmpdir();
}

const folder = mkdtempSync(join(roomyFolder(), "pager-mirror-bench-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Why there can be no module on this machine, or null. */
const noWasm = await findCompiler().then(
  () => null,
  (e: Error) => {
    if (!e.message.includes("needs a C compiler for WebAssembly, and there is none")) throw e;
    return e.message;
  },
);
const native = buildNative();

/** Runs one part, small, and only the round that warms up. */
function run(part: BenchPart, filter: string[] = []): Promise<BenchPagerReport> {
  const sizes = { pages: 300, frames: [40, 1500], journalBytes: [200_000, 900_000] };
  const small = { scale: 0.002, sizes, how };
  return runBenchPager({ rounds: 0, filter, part: [part], folder }, small, () => undefined);
}

/** All workloads were there, the calls were counted, and commits synced. */
function expectComplete(report: BenchPagerReport, filter: (name: string) => boolean): void {
  const results = report.pairs[0]!.results;
  expect(results.map((r) => r.workload)).toEqual(WORKLOAD_NAMES.filter(filter));
  for (const r of results) {
    expect(r.calls, r.workload).not.toBeNull();
  }
  const commits = results.filter((r) => r.workload.startsWith("commit"));
  for (const r of commits) expect(r.calls!.syncs, r.workload).toBeGreaterThanOrEqual(1);
}

describe.skipIf(noWasm !== null)(
  `on a disk in memory${noWasm === null ? "" : ` (skipped: ${noWasm})`}`,
  () => {
    it("every workload reads and calls the same in C and on the port", async () => {
      expectComplete(await run("wasm"), () => true);
    }, 300_000);
  },
);

describe.skipIf(native === null)(`on files${native === null ? " (skipped: no C compiler)" : ""}`, () => {
  it("every workload reads, writes and syncs the same in C and on the port", async () => {
    const report = await run("native");
    expect(report.leftOut).toEqual([]);
    expectComplete(report, () => true);
    /* DELETE: journal, its header, the folder's entry, the database; and the folder after the deletion. */
    const one = report.pairs[0]!.results.find((r) => r.workload === "commit of 1 page, DELETE")!;
    expect(one.calls!.syncs).toBe(4);
    const get = report.pairs[0]!.results.find((r) => r.workload === "get miss")!;
    expect(get.calls).toMatchObject({ writes: 0, syncs: 0 });
  }, 300_000);

  it("memory: both sides do all tasks, and read the same", async () => {
    const report = await run("memory");
    expect(report.leftOut).toEqual([]);
    expect(report.memory.map((m) => m.what)).toEqual([
      "bytes per cached page beyond the page",
      "peak while checkpointing",
      "peak while checkpointing",
      "peak while rolling back",
      "peak while rolling back",
    ]);
    for (const m of report.memory) expect(m.c, m.what).not.toBeNull();
  }, 300_000);

  it("a journal that was made by hand is played back, on both sides", async () => {
    const n = pagesOfJournal(300_000);
    const after: Buffer[] = [];
    for (const side of ["port", "C"]) {
      makeHotJournal(folder, n);
      expect(statSync(join(folder, "hot.db-journal")).size).toBe(512 + n * 4104);
      if (side === "port") await portMemory(folder, 3, n, how);
      else await nativeMemory(native!, folder, 3, n);
      expect(() => statSync(join(folder, "hot.db-journal"))).toThrow("ENOENT");
      after.push(readFileSync(join(folder, "hot.db")));
    }
    expect(after[0]!.length).toBe(n * 4096);
    for (let pgno = 1; pgno <= n; pgno++) {
      expect(after[0]!.readUInt32LE((pgno - 1) * 4096 + 3896)).toBe(pgno);
    }
    expect(after[0]!.equals(after[1]!)).toBe(true);
  }, 120_000);
});

describe("without compilers", () => {
  afterEach(() => vi.unstubAllEnvs());

  it("says what it leaves out, and fails if that is everything", async () => {
    vi.stubEnv("CC", "/nowhere/cc");
    expect(buildNative()).toBeNull();
    const report = await run("native");
    expect(report.leftOut).toEqual(["native C: there is no C compiler (cc, or what CC names)"]);
    const written = vi.spyOn(process.stdout, "write").mockReturnValue(true);
    const rc = await benchPager({ rounds: 0, filter: [], part: ["native"], folder, report: false });
    expect(written.mock.calls.join("")).toContain("left out: native C");
    written.mockRestore();
    expect(rc).toBe(1);
  });

  it("a filter that no workload passes is a mistake", async () => {
    const none = benchPager({ rounds: 0, filter: ["nothing"], part: [], report: false });
    await expect(none).rejects.toThrow("no workload is called so");
  });

  it("the module has the workloads around the oracle's cut", () => {
    const sources = oracleSources({
      folder: "conformance/bench/pager/c",
      before: "clock.h",
      after: "wasm.c",
    });
    const main = sources["main.c"]!;
    expect(main.indexOf('"clock.h"')).toBeLessThan(main.indexOf('"sqlite3.c"'));
    expect(main.indexOf('"sqlite3.c"')).toBeLessThan(main.indexOf('"wasm.c"'));
    expect(main).not.toContain("shim.c");
    expect(Object.keys(sources)).toContain("stand-ins.c");
    const amalgamation = readFileSync(join(amalgamationFolder(), "sqlite3.c"), "utf8");
    expect(cutOracle(amalgamation).removed.has("os_unix.c")).toBe(true);
    expect(cutOracle(amalgamation, ["os_unix.c"]).removed.has("os_unix.c")).toBe(false);
    expect(() => cutOracle(amalgamation, ["os_none.c"])).toThrow('"Begin file os_none.c"');
  });
});

/** A side without a process, which answers what it is told. */
function fake(side: SideProcess["side"], cost: Partial<Cost>, names: string[] = ["cached get"]): SideProcess {
  const whole: Cost = { cpu: 200, wall: 200, sum: 7, calls: { reads: 1, writes: 2, syncs: 3 }, ...cost };
  return { side, names, run: async () => whole, kill: async () => undefined };
}

describe("the comparison", () => {
  const rounds: Rounds = {
    rounds: 2,
    onFiles: false,
    slowSyncs: false,
    filter: [],
    scale: 1,
    show: () => undefined,
  };
  const measure = (port: SideProcess, c: SideProcess) => measurePair([port, c], rounds);
  const c = fake("C in wasm, memory", { cpu: 100 });

  it("divides the port's time by C's", async () => {
    const { results } = await measure(fake("port, memory", {}), c);
    expect(results).toHaveLength(1);
    expect(results[0]).toMatchObject({ workload: "cached get", ratio: 2, from: 2, to: 2, aim: 1 });
    const report: BenchPagerReport = {
      node: "v0",
      machine: "<none>",
      rounds: 2,
      pairs: [{ port: "port, memory", c: "C in wasm, memory", results }],
      memory: [
        {
          what: "peak while checkpointing",
          size: 1000,
          port: { before: 1 << 20, added: 3 << 20 },
          c: null,
        },
      ],
      leftOut: ["native C: there is no C compiler"],
    };
    const html = benchHtml(report);
    expect(html).toContain('<rect class="beyond"');
    expect(html).toContain("&lt;none&gt;");
    expect(html).toContain("native C: there is no C compiler");
    expect(html).toContain("4.0 MiB");
    expect(pairTable(report.pairs[0]!)).toContain("2.00x");
    expect(memoryTable(report.memory)).toContain("4.0 MiB (3.0 MiB added)");
  });

  it("stops at another checksum, at other calls, at another list of workloads", async () => {
    const wrong = [
      [fake("port, memory", { sum: 8 }), "has read 8"],
      [fake("port, memory", { calls: { reads: 1, writes: 2, syncs: 2 } }), '"syncs":2'],
      [fake("port, memory", {}, ["get miss"]), "different workloads"],
    ] as const;
    for (const [port, message] of wrong) {
      const failed = measure(port, c);
      await expect(failed).rejects.toThrow(SidesDiffer);
      await expect(failed).rejects.toThrow(message);
    }
  });

  it("selects by a part of the name or by all of it", () => {
    expect(isSelected("get miss", [])).toBe(true);
    expect(isSelected("get miss, page in the log", ["miss"])).toBe(true);
    expect(isSelected("get miss, page in the log", ["=get miss"])).toBe(false);
    expect(isSelected("get miss", ["=get miss"])).toBe(true);
  });

  it("aims at C in WebAssembly, and at native C by what a row does", () => {
    expect(aimOf(false, null)).toBe(1);
    expect(aimOf(true, { reads: 1, writes: 0, syncs: 0 })).toBe(1.3);
    expect(aimOf(true, { reads: 0, writes: 0, syncs: 0 })).toBe(2);
  });

  it("knows how often to run each workload", () => {
    for (const name of WORKLOAD_NAMES) {
      expect(operationsOf(name, true, 0)).toBe(1);
      expect(operationsOf(name, false, 1)).toBeGreaterThan(1);
    }
    expect(() => operationsOf("nothing", true, 1)).toThrow('"nothing"');
  });
});
