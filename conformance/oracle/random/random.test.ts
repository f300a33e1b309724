import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { UsageError } from "../../core/usage.js";
import { findCompiler } from "../../engine/build/compile.js";
import { buildOracle, type OracleKind } from "../build/index.js";
import { lockstep } from "../lockstep.js";
import { OracleModule } from "../module.js";
import type { Op, Program } from "../ops.js";
import { programOf, readProgram, savedPrograms } from "./program-file.js";
import { fewer, reduce } from "./reduce.js";
import { type SearchOptions, type SearchResult, search } from "./search.js";

/** Why there can be no oracle on this machine, or null. */
const missing = await findCompiler().then(
  () => null,
  (e: Error) => {
    if (!e.message.includes("needs a C compiler for WebAssembly, and there is none")) throw e;
    return e.message;
  },
);
const modules = new Map<OracleKind, OracleModule>();

/** What searches of some ten thousand operations have to meet, by profile. */
const HAPPENINGS: readonly (readonly [string, readonly string[]])[] = [
  [
    "journal, calm",
    [
      ...["savepoint gone back to, after a spill", "spill inside a savepoint", "lock page inside the file"],
      ...[
        "page of a large sector written",
        "page mapped",
        "backup-update",
        "backup-restart",
        "busy",
        "reinit",
      ],
      ...["CommitPhaseOne -> 5", "Begin -> 5", "SharedLock -> 5", "Movepage", "Swap", "TruncateImage"],
    ],
  ],
  [
    "wal, calm",
    [
      ...[
        "log restarted",
        "savepoint gone back to, in a log",
        "wal exclusive mode 1",
        "wal exclusive mode 2",
      ],
      ...["checkpoint of mode 0 wrote pages", "checkpoint of mode 1 wrote pages", "Checkpoint -> 5"],
      ...[
        "checkpoint of mode 2 wrote pages",
        "checkpoint of mode 3 wrote pages",
        "read mark 0",
        "read mark 2",
      ],
    ],
  ],
  [
    "journal, faults",
    [
      ...[
        "I/O error in a recovery",
        "getPageError",
        "state 6",
        "lock 5",
        "sub-journal in a file",
        "Open -> 7",
      ],
      ...[
        "Write -> 10",
        "CommitPhaseOne -> 10",
        "CommitPhaseTwo -> 10",
        "Rollback -> 10",
        "SharedLock -> 10",
      ],
    ],
  ],
  [
    "wal, faults",
    ["CommitPhaseOne -> 10", "Checkpoint -> 10", "SharedLock -> 10", "Get -> 10", "log recovered"],
  ],
  [
    "journal, crashes",
    [
      ...[
        "hot journal rolled back",
        "power lost in CommitPhaseOne",
        "power lost in CommitPhaseTwo",
        "Damage",
      ],
      ...["power lost in Write", "power lost in SharedLock"],
    ],
  ],
  ["wal, crashes", ["log recovered", "power lost in CommitPhaseOne", "power lost in SharedLock"]],
  ["private", ["temporary database in a file", "savepoint gone back to, after a spill", "getPageError"]],
  ["super-journal", ["super-journal named in a journal", "super-journal deleted by a recovery"]],
  [
    "memory",
    ["Open -> 7", "Get -> 7", "Write -> 7", "OpenSavepoint -> 7", "Savepoint -> 7", "SetPagesize -> 7"],
  ],
];

describe.skipIf(missing !== null)(
  `random programs${missing === null ? "" : ` (skipped: ${missing})`}`,
  () => {
    beforeAll(async () => {
      for (const kind of ["debug", "release"] as const) {
        modules.set(kind, new OracleModule((await buildOracle({ kind })).path));
      }
    }, 600_000);

    const run = (options: SearchOptions, kind: OracleKind = "debug"): SearchResult =>
      search(modules.get(kind)!, options);

    it.each(["debug", "release"] as const)("no disagreement, and every rule kept, %s", (kind) => {
      const { found, invalid, figures, reached } = run({ seed: 1, operations: 15_000 }, kind);
      expect(found?.text).toBeUndefined();
      expect(invalid.map(({ text }) => text)).toEqual([]);
      expect(figures.operations).toBeGreaterThanOrEqual(15_000);
      const left = [...reached.counts].filter(([name]) => name.endsWith(" left out"));
      expect(left.reduce((sum, [, n]) => sum + n, 0) / figures.operations).toBeLessThan(0.2);
      for (const state of [0, 1, 2, 3, 4, 5, 6])
        expect(reached.counts.get(`state ${state}`)).toBeGreaterThan(5);
      for (const mode of [0, 1, 2, 3, 4, 5]) {
        expect(reached.counts.get(`journal mode ${mode}`)).toBeGreaterThan(200);
      }
    }, 120_000);

    it.each(HAPPENINGS)(
      "%s: everything that should happen does",
      (profile, names) => {
        const { found, invalid, reached } = run({ seed: 1, operations: 20_000, profile });
        expect(found?.text).toBeUndefined();
        expect(invalid.map(({ text }) => text)).toEqual([]);
        expect(names.filter((name) => !reached.counts.has(name))).toEqual([]);
      },
      120_000,
    );

    it("the same seed gives the same, another one something else", () => {
      const [a, b, c] = [5, 5, 6].map((seed) => run({ seed, operations: 5_000 })) as [
        SearchResult,
        ...SearchResult[],
      ];
      expect(b!.figures).toEqual(a.figures);
      expect([...b!.reached.counts]).toEqual([...a.reached.counts]);
      expect(c!.figures).not.toEqual(a.figures);
    });

    it("ends when the time is over", () => {
      const start = performance.now();
      let rounds = 0;
      const { figures } = run({ seed: 7, milliseconds: 500, onProgress: () => rounds++ });
      expect(performance.now() - start).toBeLessThan(5_000);
      expect(figures.operations).toBeGreaterThan(0);
      expect(rounds).toBeGreaterThan(0);
    });

    it("an unknown profile is an error that names those there are", () => {
      expect(() => run({ seed: 1, profile: "none" })).toThrow(/no profile none; there are journal, wal/);
    });
  },
);

describe.skipIf(missing !== null)("a planted fault is found, and the program that shows it is short", () => {
  const planted = (options: SearchOptions): NonNullable<SearchResult["found"]> => {
    const { found } = search(modules.get("debug")!, { operations: 60_000, attempts: 1500, ...options });
    if (found === null) throw new Error("nobody saw it");
    const again = (): unknown => lockstep(modules.get("debug")!, found.program, options.lockstep);
    expect(again).toThrow(found.text.split("\n")[0]);
    return found;
  };

  it("a page that spills later than it should", () => {
    const found = planted({
      seed: 1,
      lockstep: {
        after: (port) => {
          for (const pager of port.pagers.values()) if (pager.nSavepoint > 0) pager.doNotSpill |= 1;
        },
      },
    });
    expect(found.text).toContain("Pager.doNotSpill");
    expect(found.program.ops.map(({ op }) => op)).toEqual([
      ...["Open", "SharedLock", "Get", "Begin", "OpenSavepoint"],
    ]);
    expect(found.program.setup).toBeUndefined();
  }, 120_000);

  it("a sync that is left out after a rollback to a savepoint", () => {
    const found = planted({
      seed: 2,
      profile: "journal",
      lockstep: {
        after: (port) => {
          for (const pager of port.pagers.values()) {
            if (pager.eState === 3 && pager.nSubRec > 0 && pager.nSavepoint > 0) pager.noSync = 1;
          }
        },
      },
    });
    expect(found.program.ops.length).toBeLessThan(14);
  }, 120_000);

  it("a page that is marked in no savepoint's set", () => {
    const found = planted({
      seed: 3,
      lockstep: {
        onPort: (op, i) =>
          op.op === "Savepoint" && op.kind === "rollback" && i > 20 ? { ...op, i: op.i + 1 } : op,
      },
    });
    expect(found.program.ops.length).toBeLessThan(40);
  }, 120_000);

  it("a checkpoint of another mode", () => {
    const found = planted({
      seed: 4,
      profile: "wal, calm",
      lockstep: {
        onPort: (op) => (op.op === "Checkpoint" && op.mode === 3 ? { ...op, mode: 2 } : op),
      },
    });
    expect(found.text).toContain("Checkpoint");
    expect(found.program.ops.length).toBeLessThan(14);
  }, 120_000);
});

describe("reduction", () => {
  it("drops what is not needed, in any order", () => {
    const all = Array.from({ length: 200 }, (_, i) => i);
    let tries = 0;
    const needed = [3, 77, 78, 199];
    const short = fewer(all, (some) => {
      tries++;
      return needed.every((one) => some.includes(one));
    });
    expect(short).toEqual(needed);
    expect(tries).toBeLessThan(600);
  });

  it("drops fields of the disk and of operations, and stops after so many attempts", () => {
    const ops: Op[] = [
      { op: "Open", c: 0, file: "/a.db", flags: 0, uri: [["psow", "0"]] },
      { op: "SyncDisk" },
      { op: "Close", c: 0, noCheckpoint: true },
    ];
    const program: Program = { setup: { seed: 3, sectorSize: 512 }, ops };
    const fails = ({ setup, ops: some }: Program): boolean =>
      setup?.sectorSize === 512 && some.some((op) => op.op === "Close" && op.noCheckpoint === true);
    expect(reduce(program, fails)).toEqual({
      setup: { sectorSize: 512 },
      ops: [{ op: "Close", c: 0, noCheckpoint: true }],
    });
    let tries = 0;
    reduce(program, () => ++tries > 0, 3);
    expect(tries).toBe(3);
  });
});

describe("files of programs", () => {
  const good = { why: "a reason", program: { ops: [{ op: "Open", c: 0, file: "/a.db" }] } };

  it("those that are saved are programs that C and the port agree about", () => {
    for (const [name, { why, program }] of savedPrograms()) {
      expect(why.length, name).toBeGreaterThan(20);
      for (const kind of missing === null ? (["debug", "release"] as const) : []) {
        expect(lockstep(modules.get(kind)!, program, { deep: true }).invalid, name).toBeNull();
      }
    }
  }, 120_000);

  it("a good one", () => {
    expect(programOf(good)).toEqual(good);
    const setup = { sectorSize: 512, deviceCharacteristics: 0, ioVersion: 2, seed: 1, pendingByte: 8192 };
    const rule = {
      op: ["read", "write"],
      nth: 1,
      persistent: true,
      code: 266,
      partial: 3,
      scribble: false,
      file: "-wal",
    };
    const ops = [
      ...good.program.ops,
      { op: "Fault", rule },
      { op: "Fault", rule: null },
      { op: "Open", c: 1, file: null, flags: 1, vfsFlags: 0x21e, uri: [["a", "b"]], extra: 84 },
    ];
    expect(programOf({ why: "x", program: { setup, ops } }).program).toEqual({ setup, ops });
  });

  const wrong = (ops: unknown, setup?: unknown): unknown => ({ why: "x", program: { ops, setup } });
  it.each<[string, unknown, string]>([
    ["no object", 3, "the file must be an object"],
    ["no reason", { program: good.program }, 'the file has no field "why"'],
    ["too much", { ...good, more: 1 }, 'the file has a field "more"; known are why, program'],
    [
      "no operations",
      { why: "x", program: { ops: [] } },
      "program.ops must be a list of 1 to 100000 operations",
    ],
    ["no list", wrong({}), "program.ops must be a list"],
    ["no operation", wrong([null]), 'program.ops[0] must be an object whose "op" is one of Open, Close'],
    ["an unknown one", wrong([{ op: "toString" }]), 'program.ops[0] must be an object whose "op" is one of'],
    ["a field missing", wrong([{ op: "Open", c: 0 }]), 'program.ops[0] (Open) has no field "file"'],
    [
      "a field too many",
      wrong([{ op: "Shrink", c: 0, n: 1 }]),
      'program.ops[0] (Shrink) has a field "n"; known are op, c',
    ],
    [
      "a type",
      wrong([{ op: "Shrink", c: "0" }]),
      'program.ops[0] (Shrink): "c" must be a whole number from 0 to 15',
    ],
    [
      "a size",
      wrong([{ op: "SetPagesize", c: 0, size: 100, reserve: 0 }]),
      '"size" must be one of 0, 512, 1024',
    ],
    [
      "a range",
      wrong([{ op: "Get", c: 0, pgno: 1e9, slot: 0 }]),
      '"pgno" must be a whole number from 0 to 2000',
    ],
    [
      "a code",
      wrong([{ op: "Fault", rule: { op: "read", nth: 1, code: 14 } }]),
      '"rule" is wrong: rule: "code" must be 13',
    ],
    ["a call", wrong([{ op: "Fault", rule: { op: "reed", nth: 1 } }]), '"op" must be one of open, close'],
    [
      "a zero",
      wrong([{ op: "Open", c: 0, file: "a\0b" }]),
      '"file" must be a text of 0 to 200 characters without a zero',
    ],
    [
      "a sector",
      wrong(good.program.ops, { sectorSize: 1000 }),
      'program.setup: "sectorSize" must be one of 512',
    ],
    [
      "the lock bytes",
      wrong(good.program.ops, { pendingByte: 100 }),
      '"pendingByte" must be a multiple of 512',
    ],
    ["a setting", wrong(good.program.ops, { colour: 1 }), 'program.setup has a field "colour"'],
  ])("a wrong one: %s", (_, value, sentence) => {
    expect(() => programOf(JSON.parse(JSON.stringify(value)))).toThrow(UsageError);
    expect(() => programOf(JSON.parse(JSON.stringify(value)))).toThrow(sentence);
  });

  it("files that are none", () => {
    const folder = mkdtempSync(join(tmpdir(), "pager-mirror-program-"));
    try {
      const path = join(folder, "program.json");
      expect(() => readProgram(path)).toThrow(/^cannot read the program .*program\.json: ENOENT/);
      writeFileSync(path, "{");
      expect(() => readProgram(path)).toThrow(/program\.json is no JSON: /);
      writeFileSync(path, "{}");
      expect(() => readProgram(path)).toThrow(/program\.json is no program: the file has no field "why"$/);
      writeFileSync(path, JSON.stringify(good));
      expect(readProgram(path)).toEqual(good);
      expect(() => readProgram(folder)).toThrow(UsageError);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.skipIf(missing !== null)("whatever is a program runs, to its end or to an assert", () => {
    /* Operations that make no sense together, and pages, slots and connections that are not there. */
    const ops: Op[] = [
      { op: "Close", c: 3 },
      { op: "Unref", slot: 9 },
      { op: "Open", c: 0, file: "" },
      { op: "Open", c: 0, file: "/b.db" },
      { op: "Get", c: 0, pgno: 0, slot: 1 },
      { op: "SharedLock", c: 0 },
      { op: "Get", c: 0, pgno: 0, slot: 1 },
      { op: "Get", c: 0, pgno: 1, slot: 1 },
      { op: "Begin", c: 0, exFlag: 1, subjInMemory: true },
      { op: "Swap", slot: 1, with: 1 },
      { op: "Movepage", c: 0, slot: 1, pgno: 0, isCommit: true },
      { op: "Poke", slot: 1, offset: 65535, n: 65536, seed: 1 },
      { op: "CommitPhaseTwo", c: 0 },
      { op: "Damage", file: "", offset: 0, n: 1, seed: 0 },
      { op: "DeleteSuper", file: "/none" },
      { op: "Crash", seed: 1 },
      { op: "Write", slot: 1 },
    ];
    expect(lockstep(modules.get("debug")!, { ops }).invalid).toBeNull();
  });
});
