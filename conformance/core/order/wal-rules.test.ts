/** The rules of the log on traces made by hand: a good one breaks none, each fault the rule that forbids it. */

import { describe, expect, it } from "vitest";
import type { ShimRecord } from "../../engines/shimvfs.js";
import { FRAME_HEADER, frameOffset, WAL_HEADER, WAL_MAGIC, WAL_VERSION } from "../../format/wal.js";
import { type Checksum, NO_CHECKSUM, walChecksum } from "../../format/wal-checksum.js";
import { WalOrderChecker, type WalOrderSetting } from "./wal-rules.js";

const PAGE = 512;
const SETTING: WalOrderSetting = { syncs: true, full: new Set(["a.db"]), characteristics: 0 };
const DB = "a.db";
const WAL = "a.db-wal";

const page = (fill: number): Uint8Array => new Uint8Array(PAGE).fill(fill);
const join = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts));
const call = (r: Partial<ShimRecord> & Pick<ShimRecord, "call" | "file">): ShimRecord => ({
  rc: 0,
  id: 1,
  ...r,
});
const write = (file: string, offset: number, data: Uint8Array): ShimRecord =>
  call({ call: "write", file, offset, amount: data.length, data });
const sync = (file: string): ShimRecord => call({ call: "sync", file, argument: 2 });
const truncate = (file: string, amount: number): ShimRecord => call({ call: "truncate", file, amount });
const slots = (offset: number, amount: number, argument: number): ShimRecord =>
  call({ call: "shmlock", file: DB, offset, amount, argument });
const lock = (slot: number, n = 1): ShimRecord => slots(slot, n, 10);
const unlock = (slot: number, n = 1): ShimRecord => slots(slot, n, 9);
const read = (file: string, offset: number, data: Uint8Array): ShimRecord =>
  call({ call: "read", file, offset, amount: data.length, data });
const barrier = (): ShimRecord => call({ call: "shmbarrier", file: DB });

/** What the index says. */
interface State {
  mxFrame: number;
  nPage: number;
  salts: [number, number];
  nBackfill: number;
  attempted: number;
  change: number;
}
const START: State = { mxFrame: 0, nPage: 3, salts: [7, 8], nBackfill: 0, attempted: 0, change: 1 };

function copy(s: State): Uint8Array {
  const bytes = new Uint8Array(48);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, WAL_VERSION, true);
  view.setUint32(8, s.change, true);
  bytes[12] = 1;
  view.setUint16(14, PAGE, true);
  view.setUint32(16, s.mxFrame, true);
  view.setUint32(20, s.nPage, true);
  view.setUint32(32, s.salts[0], false);
  view.setUint32(36, s.salts[1], false);
  for (const [i, n] of walChecksum(bytes, 0, 40, NO_CHECKSUM, false).entries()) {
    view.setUint32(40 + 4 * i, n, true);
  }
  return bytes;
}

/** The first 136 bytes of an index, its two headers as given. */
function index(first: State, second: State = first): Uint8Array {
  const bytes = new Uint8Array(136);
  bytes.set(copy(first), 0);
  bytes.set(copy(second), 48);
  const view = new DataView(bytes.buffer);
  view.setUint32(96, second.nBackfill, true);
  view.setUint32(128, second.attempted, true);
  return bytes;
}

/** The call with what it finds in the index. */
const finds = (r: ShimRecord, s: State, second?: State): ShimRecord => ({ ...r, index: index(s, second) });

/** A log's bytes with right checksums, piece by piece. */
class Log {
  #sum: Checksum = NO_CHECKSUM;
  readonly #salts: readonly [number, number];
  #n = 0;

  constructor(salts: readonly [number, number]) {
    this.#salts = salts;
  }

  header(): ShimRecord {
    const bytes = new Uint8Array(WAL_HEADER);
    const view = new DataView(bytes.buffer);
    for (const [i, n] of [WAL_MAGIC, WAL_VERSION, PAGE, 0, ...this.#salts].entries())
      view.setUint32(4 * i, n);
    this.#sum = walChecksum(bytes, 0, 24, NO_CHECKSUM, false);
    view.setUint32(24, this.#sum[0]);
    view.setUint32(28, this.#sum[1]);
    return write(WAL, 0, bytes);
  }

  frame(pgno: number, content: Uint8Array, commit = 0): ShimRecord[] {
    const bytes = new Uint8Array(FRAME_HEADER);
    const view = new DataView(bytes.buffer);
    for (const [i, n] of [pgno, commit, ...this.#salts].entries()) view.setUint32(4 * i, n);
    this.#sum = walChecksum(bytes, 0, 8, this.#sum, false);
    this.#sum = walChecksum(content, 0, PAGE, this.#sum, false);
    view.setUint32(16, this.#sum[0]);
    view.setUint32(20, this.#sum[1]);
    const at = frameOffset(++this.#n, PAGE);
    return [write(WAL, at, bytes), write(WAL, at + FRAME_HEADER, content)];
  }
}

const AFTER_COMMIT: State = { ...START, mxFrame: 2, nPage: 4, change: 2 };
const ATTEMPTED: State = { ...AFTER_COMMIT, attempted: 2 };
const DONE: State = { ...ATTEMPTED, nBackfill: 2 };
const RESTARTED: State = { ...DONE, mxFrame: 0, salts: [8, 99], nBackfill: 0, attempted: 0, change: 2 };

/** Pieces of a good trace, in order. */
function pieces() {
  const log = new Log([7, 8]);
  const next = new Log([8, 99]);
  return {
    opened: [
      call({ call: "open", file: WAL, argument: 0x80006, id: 2 }),
      call({ call: "shmmap", file: DB, offset: 0, amount: 32768, argument: 1 }),
    ],
    lockedWriter: [finds(lock(0), START)],
    header: [log.header()],
    headerSynced: [sync(WAL)],
    frames: [...log.frame(2, page(12)), ...log.frame(4, page(14), 4)],
    framesSynced: [sync(WAL)],
    announced: [finds(barrier(), START, AFTER_COMMIT)],
    committed: [finds(unlock(0), AFTER_COMMIT)],
    lockedCheckpoint: [lock(1), lock(3)],
    logSynced: [finds(sync(WAL), ATTEMPTED)],
    copied: [write(DB, 512, page(12)), write(DB, 1536, page(14))],
    cut: [truncate(DB, 4 * PAGE)],
    databaseSynced: [sync(DB)],
    told: [finds(unlock(3), DONE)],
    unlocked: [unlock(1)],
    lockedReaders: [lock(0), lock(4, 4)],
    restarted: [finds(barrier(), DONE, RESTARTED), finds(unlock(4, 4), RESTARTED)],
    newHeader: [next.header()],
    newHeaderSynced: [sync(WAL)],
    newFrames: next.frame(3, page(23), 4),
    newFramesSynced: [sync(WAL)],
    newCommit: [
      finds(barrier(), RESTARTED, { ...RESTARTED, mxFrame: 1, nPage: 4, change: 3 }),
      finds(unlock(0), { ...RESTARTED, mxFrame: 1, nPage: 4, change: 3 }),
    ],
  };
}

type Name = keyof ReturnType<typeof pieces>;

function trace(change: Partial<Record<Name, ShimRecord[]>> = {}): ShimRecord[] {
  return Object.values({ ...pieces(), ...change }).flat();
}

function check(records: readonly ShimRecord[], setting: WalOrderSetting = SETTING): WalOrderChecker {
  return new WalOrderChecker(setting, { [DB]: join(page(1), page(2), page(3)) }).feedAll(records);
}

function broken(records: readonly ShimRecord[], setting?: WalOrderSetting): string[] {
  return [...new Set(check(records, setting).violations.map((v) => v.rule))];
}

/** The good trace with one piece moved behind another. */
function moved(name: Name, behind: Name): ShimRecord[] {
  const all = pieces();
  const order = (Object.keys(all) as Name[]).filter((n) => n !== name);
  order.splice(order.indexOf(behind) + 1, 0, name);
  return order.flatMap((n) => all[n]);
}

describe("WalOrderChecker", () => {
  it("accepts a commit, a checkpoint of all of it, and the log that starts over", () => {
    const checker = check(trace());
    expect(checker.violations).toEqual([]);
    expect(checker.counts).toEqual({
      frames: 6,
      commits: 2,
      checkpointed: 2,
      partial: 0,
      complete: 1,
      resets: 1,
    });
  });

  it.each<[string, ShimRecord[], string[]]>([
    ["a page before the log is synced", moved("logSynced", "copied"), ["wal-page"]],
    [
      "a page while the log's last sync is missing",
      trace({ framesSynced: [], logSynced: [finds(call({ call: "size", file: DB }), ATTEMPTED)] }),
      ["commit", "wal-sync"],
    ],
    [
      "a page that is not the newest frame",
      trace({ copied: [write(DB, 512, page(2)), write(DB, 1536, page(14))] }),
      ["wal-page", "backfill", "reset"],
    ],
    [
      "a page that no frame holds",
      trace({ copied: [...pieces().copied, write(DB, 0, page(1))] }),
      ["wal-page"],
    ],
    ["a checkpoint without its slot", trace({ lockedCheckpoint: [lock(3)] }), ["locks"]],
    ["a checkpoint without slot 3", trace({ lockedCheckpoint: [lock(1)] }), ["locks"]],
    ["a writer without its slot", trace({ lockedWriter: [finds(lock(5), START)] }), ["locks"]],
    ["a page that is not copied", trace({ copied: [write(DB, 512, page(12))] }), ["backfill", "reset"]],
    ["nBackfill before the database is synced", moved("databaseSynced", "told"), ["backfill-end"]],
    ["a database that is never synced", trace({ databaseSynced: [] }), ["backfill-end", "reset"]],
    [
      "a log that starts over before it is copied",
      trace({ copied: [], cut: [], databaseSynced: [], told: [] }),
      ["reset"],
    ],
    [
      "a log that is cut to nothing before it is copied",
      trace({ lockedCheckpoint: [truncate(WAL, 0)] }),
      ["reset"],
    ],
    [
      "a log that is deleted before it is copied",
      trace({ lockedCheckpoint: [call({ call: "delete", file: WAL, argument: 0 })] }),
      ["reset"],
    ],
    [
      "a log that is cut within a commit",
      trace({ framesSynced: [truncate(WAL, 1000), sync(WAL)] }),
      ["limit", "commit"],
    ],
    ["frames before the new header is synced", trace({ newHeaderSynced: [] }), ["header-sync"]],
    ["a commit before it is synced", moved("framesSynced", "committed"), ["commit"]],
    ["a commit without frames", trace({ frames: [] }), ["commit"]],
    ["an index without a barrier", trace({ announced: [] }), ["header-order"]],
    [
      "an index whose first header changes first",
      trace({ announced: [finds(barrier(), AFTER_COMMIT, START)] }),
      ["header-order"],
    ],
    [
      "an index whose headers differ for long",
      trace({ announced: [finds(barrier(), START, AFTER_COMMIT), finds(lock(5), START, AFTER_COMMIT)] }),
      ["header-order"],
    ],
  ])("sees %s", (_, records, rules) => {
    expect(broken(records)).toEqual(expect.arrayContaining(rules));
  });

  it("sees nBackfill before a database that has shrunk is cut", () => {
    const longer = join(page(1), page(2), page(3), page(4), page(5));
    const on = (records: ShimRecord[]): string[] =>
      new WalOrderChecker(SETTING, { [DB]: longer }).feedAll(records).violations.map((v) => v.rule);
    expect(on(trace())).toEqual([]);
    expect(on(moved("cut", "told"))).toContain("backfill-end");
  });

  it("sees a round that keeps its salts", () => {
    const same: State = { ...RESTARTED, salts: [7, 8] };
    const log = new Log([7, 8]);
    const records = trace({
      restarted: [finds(barrier(), DONE, same), finds(unlock(4, 4), same)],
      newHeader: [log.header()],
      newFrames: log.frame(3, page(23), 4),
      newCommit: [],
    });
    expect(broken(records)).toEqual(["reset-salt"]);
  });

  it("asks a checkpoint of a part for no sync of the database", () => {
    const part: State = { ...ATTEMPTED, attempted: 1 };
    const records = trace({
      logSynced: [finds(sync(WAL), part)],
      copied: [write(DB, 512, page(12))],
      cut: [],
      databaseSynced: [],
      told: [finds(unlock(3), { ...part, nBackfill: 1 })],
      lockedReaders: [],
      restarted: [],
      newHeader: [],
      newHeaderSynced: [],
      newFrames: [],
      newFramesSynced: [],
      newCommit: [],
    });
    const checker = check(records);
    expect(checker.violations).toEqual([]);
    expect(checker.counts.partial).toBe(1);
  });

  it("asks for no syncs where nobody wants them, but for the order of everything else", () => {
    const off: WalOrderSetting = { syncs: false, full: new Set(), characteristics: 0 };
    const none = trace().filter((r) => r.call !== "sync" || r.index !== undefined);
    expect(broken(none, off)).toEqual([]);
    expect(broken(none)).not.toEqual([]);
    expect(broken(trace({ copied: [] }), off)).toEqual(expect.arrayContaining(["backfill"]));
  });

  it("takes the log for the index where there is none", () => {
    const bare = (list: ShimRecord[]): ShimRecord[] =>
      list.filter((r) => !r.call.startsWith("shm")).map(({ index: _, ...rest }) => rest);
    expect(broken(bare(trace()))).toEqual([]);
    expect(broken(bare(trace({ copied: [], cut: [] })))).toEqual(["reset"]);
    expect(broken(bare(trace({ headerSynced: [], framesSynced: [], logSynced: [] })))).toEqual([
      "header-sync",
      "wal-sync",
    ]);
  });

  it("has nothing to say of calls that fail, and remembers that they did", () => {
    const failed = trace().map((r) => (r.call === "write" && r.file === DB ? { ...r, rc: 778 } : r));
    expect(broken(failed)).toEqual(expect.arrayContaining(["backfill", "reset"]));
    const records = pieces();
    expect(broken([...records.opened, ...records.lockedWriter, { ...sync(WAL), rc: 1034 }])).toEqual([]);
  });
});

describe("WalOrderChecker, several processes", () => {
  const WRITER = 1;
  const COPIER = 2;
  type Name = keyof ReturnType<typeof pieces>;
  const by = (process: number, ...names: Name[]): [number, ShimRecord[]][] =>
    names.map((name) => [process, pieces()[name]]);

  /** Feeds pieces; a number alone is the death of that process. */
  function play(...parts: readonly ([number, ShimRecord[]] | number)[]): WalOrderChecker {
    const checker = new WalOrderChecker(SETTING, { [DB]: join(page(1), page(2), page(3)) });
    for (const part of parts) {
      if (typeof part === "number") checker.died(part);
      else for (const r of part[1]) checker.feed(r, part[0]);
    }
    return checker;
  }
  const rules = (checker: WalOrderChecker): string[] => [...new Set(checker.violations.map((v) => v.rule))];

  const looks: [number, ShimRecord[]] = [WRITER, [finds(barrier(), START)]];
  const writes = [
    ...by(WRITER, "opened", "lockedWriter"),
    looks,
    ...by(WRITER, "header", "headerSynced", "frames", "framesSynced", "announced"),
  ];
  const copies = by(
    COPIER,
    "lockedCheckpoint",
    "logSynced",
    "copied",
    "cut",
    "databaseSynced",
    "told",
    "unlocked",
  );
  const found = by(COPIER, "opened");

  it("takes one's writing and another's copying", () => {
    const checker = play(...found, ...writes, ...by(WRITER, "committed"), ...copies);
    expect(checker.violations).toEqual([]);
    expect(checker.counts).toEqual({
      frames: 4,
      commits: 1,
      checkpointed: 2,
      partial: 0,
      complete: 1,
      resets: 0,
    });
  });

  it("takes a checkpointer's word for a commit whose writer has not come to its next call", () => {
    const checker = play(...found, ...writes, ...copies, ...by(WRITER, "committed"));
    expect(checker.violations).toEqual([]);
    expect(checker.counts.commits).toBe(1);
    expect(checker.counts.complete).toBe(1);
  });

  it("lets a checkpointer store nBackfill between the two copies of a writer's header", () => {
    const next = { ...AFTER_COMMIT, change: 3, mxFrame: 3 };
    const more: [number, ShimRecord[]] = [
      WRITER,
      [lock(0), finds(barrier(), ATTEMPTED), finds(barrier(), ATTEMPTED, { ...next, attempted: 2 })],
    ];
    const told: [number, ShimRecord[]] = [
      COPIER,
      [finds(unlock(3), DONE, { ...next, nBackfill: 2, attempted: 2 })],
    ];
    const copying = copies.slice(0, -2);
    const before = [...found, ...writes, ...by(WRITER, "committed"), ...copying];
    expect(play(...before, more, told).violations).toEqual([]);
    expect(rules(play(...before, more, told, [WRITER, [unlock(0)]]))).toEqual(["header-order"]);
  });

  it("does not believe those who hold nothing", () => {
    const stale = finds(call({ call: "lock", file: DB, argument: 1 }), START);
    const torn = finds(barrier(), START, AFTER_COMMIT);
    const checker = play(
      ...[...found, ...writes, ...by(WRITER, "committed"), [3, [stale, torn]] as [number, ShimRecord[]]],
      ...[...copies, [3, [stale]] as [number, ShimRecord[]]],
    );
    expect(checker.violations).toEqual([]);
    expect(checker.counts.commits).toBe(1);
  });

  it.each<[string, Name[], string]>([
    ["pages before the log is synced", ["lockedCheckpoint", "copied", "logSynced"], "wal-page"],
    ["nBackfill before the sync", ["lockedCheckpoint", "logSynced", "copied", "cut", "told"], "backfill-end"],
    [
      "nBackfill before the pages",
      ["lockedCheckpoint", "logSynced", "cut", "databaseSynced", "told"],
      "backfill",
    ],
    ["pages without the slots", ["logSynced", "copied"], "locks"],
  ])("sees %s", (_, names, rule) => {
    const checker = play(...found, ...writes, ...by(WRITER, "committed"), ...by(COPIER, ...names));
    expect(rules(checker)).toContain(rule);
  });

  it("sees a page copied before the log is synced, where a writer has left that to checkpoints", () => {
    const unsynced = writes.filter(([, records]) => records[0]?.call !== "sync" || records.length !== 1);
    const attempted: [number, ShimRecord[]] = [COPIER, [finds(barrier(), ATTEMPTED)]];
    const lazy = by(COPIER, "lockedCheckpoint");
    const checker = play(
      ...found,
      ...unsynced,
      ...by(WRITER, "committed"),
      ...lazy,
      attempted,
      ...by(COPIER, "copied"),
    );
    expect(rules(checker)).toContain("wal-sync");
  });

  it("sees a slot that another one holds", () => {
    const checker = play(...found, ...writes, [COPIER, pieces().frames]);
    expect(rules(checker)).toEqual(["locks"]);
  });

  it("frees what the dead held, and waits for an index that can be believed", () => {
    const again: [number, ShimRecord[]] = [COPIER, [lock(0), finds(unlock(0), AFTER_COMMIT)]];
    const checker = play(...found, ...writes, WRITER, again, ...copies);
    expect(checker.violations).toEqual([]);
    expect(checker.counts.complete).toBe(1);
  });

  it("goes on with the old log when a new header was recorded by one that died before it was written", () => {
    const old = new Log([7, 8]);
    const whole: [number, ShimRecord[]] = [COPIER, [lock(0), read(WAL, 0, old.header().data as Uint8Array)]];
    const more: [number, ShimRecord[]] = [COPIER, old.frame(3, page(33), 4)];
    const begun = [...found, ...writes, ...by(WRITER, "committed"), ...copies];
    const lost: [number, ShimRecord[]] = [WRITER, [lock(0), ...pieces().newHeader]];
    expect(rules(play(...begun, lost, WRITER, whole, more))).toEqual([]);
  });

  it("believes what a recovery reads, after a death", () => {
    const [header, ...frames] = [pieces().header[0] as ShimRecord, ...pieces().frames];
    const lost = frames[3] as ShimRecord;
    const before = writes.filter(([, records]) => records[0]?.call !== "shmbarrier");
    const zero = read(WAL, lost.offset as number, new Uint8Array(PAGE));
    const recovery: [number, ShimRecord[]] = [
      COPIER,
      [lock(0), read(WAL, 0, header.data as Uint8Array), zero],
    ];
    expect(rules(play(...found, ...before, WRITER, recovery))).toEqual([]);
    const alive: [number, ShimRecord[]] = [WRITER, [zero]];
    expect(rules(play(...found, ...before, alive))).toEqual(["replay"]);
  });
});
