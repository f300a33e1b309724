/** Systematic faults find nothing in the port, and find what is planted: in the port, and in the disk of both sides. */

import "../wasm32.js";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { SQLITE_OK } from "../../../src/index.js";
import { MemFile } from "../../../src/os/memvfs/file.js";
import { DiskState } from "../../../src/os/memvfs/state.js";
import { findCompiler } from "../../engine/build/compile.js";
import { buildOracle } from "../build/index.js";
import { lockstep } from "../lockstep.js";
import { OracleModule } from "../module.js";
import type { Program } from "../ops.js";
import { programOf } from "../random/program-file.js";
import { judge } from "./judge.js";
import { cases, KINDS, type Kind, SCENARIOS, unitNamed } from "./list.js";
import { undisturbed } from "./scenario.js";
import { shorter } from "./shorter.js";
import { rerun, runUnit, type UnitFailure, type UnitResult } from "./units.js";

/** What is wrong with the port at the moment. */
const plant = vi.hoisted(() => ({
  /** A sync that fails is told to have worked. */
  swallowSync: false,
  /** So is a deletion. */
  swallowDelete: false,
  /** A read that fails, of the log. */
  swallowRead: false,
  /** A journal's header is not overwritten with zeros. */
  keepHeader: false,
  /** The log is not synced. */
  skipSync: false,
  /** Who gets no memory asks again. */
  askAgain: false,
}));

vi.mock("../../../src/os/os.js", async (importOriginal) => {
  const os = await importOriginal<typeof import("../../../src/os/os.js")>();
  const nameOf = (id: { pImpl: unknown }): string => (id.pImpl as { name?: string } | null)?.name ?? "";
  const own: Partial<typeof os> = {
    sqlite3OsSync: (id, flags) => {
      if (plant.skipSync && nameOf(id).endsWith("-wal")) return SQLITE_OK;
      const rc = os.sqlite3OsSync(id, flags);
      return plant.swallowSync ? SQLITE_OK : rc;
    },
    sqlite3OsDelete: (pVfs, zPath, dirSync) => {
      const rc = os.sqlite3OsDelete(pVfs, zPath, dirSync);
      return plant.swallowDelete ? SQLITE_OK : rc;
    },
    sqlite3OsRead: (id, pBuf, amt, offset) => {
      const rc = os.sqlite3OsRead(id, pBuf, amt, offset);
      return plant.swallowRead && rc === 266 && nameOf(id).endsWith("-wal") ? SQLITE_OK : rc;
    },
    sqlite3OsWrite: (id, pBuf, amt, offset) => {
      if (plant.keepHeader && amt === 28 && offset === 0) return SQLITE_OK;
      return os.sqlite3OsWrite(id, pBuf, amt, offset);
    },
  };
  return { ...os, ...own };
});

vi.mock("../../../src/malloc.js", async (importOriginal) => {
  const malloc = await importOriginal<typeof import("../../../src/malloc.js")>();
  const own: Partial<typeof malloc> = {
    sqlite3Malloc: (n) => malloc.sqlite3Malloc(n) ?? (plant.askAgain ? malloc.sqlite3Malloc(n) : null),
    sqlite3MallocZero: (n) =>
      malloc.sqlite3MallocZero(n) ?? (plant.askAgain ? malloc.sqlite3MallocZero(n) : null),
  };
  return { ...malloc, ...own };
});

/** Why there can be no oracle on this machine, or null. */
const missing = await findCompiler().then(
  () => null,
  (e: Error) => {
    if (!e.message.includes("needs a C compiler for WebAssembly, and there is none")) throw e;
    return e.message;
  },
);
let module: OracleModule;

/** Runs one unit. */
function run(scenario: string, kind: Kind, full = false): UnitResult {
  return runUnit(module, unitNamed(`${scenario}: ${kind}`), { full });
}

/** Runs units until one fails. */
function firstFailure(scenario: string, ...kinds: readonly Kind[]): UnitFailure {
  for (const kind of kinds) {
    const { failure } = run(scenario, kind);
    if (failure !== undefined) return failure;
  }
  throw new Error("nobody saw it");
}

describe.skipIf(missing !== null)("systematic faults", () => {
  beforeAll(async () => {
    module = new OracleModule((await buildOracle({ kind: "debug" })).path);
  }, 600_000);

  it("there is a unit for each scenario and each kind", () => {
    const names = cases().map((unit) => unit.name);
    expect(new Set(names).size).toBe(names.length);
    expect(SCENARIOS.size).toBeGreaterThan(60);
    expect(names.length).toBeGreaterThan(700);
    expect(new Set(cases().map((unit) => unit.kind)).size).toBe(KINDS.length);
    expect(() => unitNamed("nothing")).toThrow('there is no unit "nothing" of systematic faults');
  });

  it("undisturbed, every scenario ends with the content that the model has", () => {
    for (const scenario of SCENARIOS.values()) {
      const { prepare, act, end, promises, name } = scenario;
      const verifyFrom = prepare.length + act.length + end.length;
      const verdict = judge(module, { program: undisturbed(scenario), promises, verifyFrom });
      expect([name, verdict.agreement.invalid, verdict.isLost]).toEqual([name, null, false]);
      expect(verdict.checked).toBeGreaterThanOrEqual(4);
    }
  });

  it("a scenario with each kind of fault", () => {
    for (const scenario of ["super-journal, PERSIST", "checkpoint RESTART beside a reader"]) {
      for (const kind of KINDS) {
        const result = run(scenario, kind);
        expect([scenario, kind, result.failure]).toEqual([scenario, kind, undefined]);
        expect(result.programs).toBeGreaterThan(1);
        expect(result.figures.programs).toBe(result.programs);
        expect(result.verdicts).toBeGreaterThan(result.programs);
        /* All but the one that shows that there are no more places. */
        expect(result.faults + result.crashes).toBeGreaterThanOrEqual(result.programs - 1);
      }
    }
  });

  it("in full every call fails in every way, and no place is left", () => {
    const some = run("in memory", "an allocation fails");
    const all = run("in memory", "an allocation fails", true);
    expect(all.failure).toBeUndefined();
    expect(all.programs).toBeGreaterThan(some.programs);
    expect(all.faults).toBe(all.programs - 1);
  });

  it("the log of the scenario with two regions has two", () => {
    const scenario = SCENARIOS.get("WAL, two regions of the index")!;
    const frames: number[] = [];
    lockstep(module, undisturbed(scenario), {
      observe: ({ op, c }) => {
        if (op.op === "Checkpoint") frames.push(c.out[0] as number);
      },
    });
    expect(frames[0]).toBeGreaterThan(4062);
  });

  it("every program can be written to a file and read again", () => {
    for (const [name, scenario] of SCENARIOS) {
      const program: Program = {
        setup: scenario.setup,
        ops: [...undisturbed(scenario).ops, ...scenario.recover],
      };
      const file = JSON.parse(JSON.stringify({ why: name, program })) as unknown;
      expect(programOf(file).program).toEqual(program);
    }
  });
});

describe.skipIf(missing !== null)("a fault planted in the port", () => {
  afterEach(() => {
    for (const name of Object.keys(plant) as (keyof typeof plant)[]) plant[name] = false;
  });

  /** Only where something fails can this be seen, and there the sides part. */
  const isSeen = (name: keyof typeof plant, scenario: string, kind: Kind): UnitFailure => {
    expect(run(scenario, kind).failure).toBeUndefined();
    plant[name] = true;
    const program = undisturbed(SCENARIOS.get(scenario)!);
    expect(lockstep(module, program).invalid).toBeNull();
    const failure = firstFailure(scenario, kind);
    expect(failure.what).toBe("disagreement");
    expect(() => lockstep(module, failure.program)).toThrow(failure.text);
    return failure;
  };

  it("an error of xSync that is swallowed", () => {
    const failure = isSeen("swallowSync", "journal TRUNCATE", "a call fails");
    expect(failure.text).toMatch(/rc: C 1034, port 0/);
  });

  it("an error of xDelete that is swallowed", () => {
    isSeen("swallowDelete", "journal DELETE", "a call fails");
  });

  it("an error of xRead that is swallowed in the recovery of a log", () => {
    isSeen("swallowRead", "WAL, synchronous FULL", "in the recovery a call fails");
  });

  it("a failed allocation that is swallowed", () => {
    isSeen("askAgain", "savepoints that spill, DELETE", "an allocation fails");
  });

  it("a journal's header that is not overwritten", () => {
    plant.keepHeader = true;
    const failure = firstFailure("journal PERSIST", "the power fails at a sync");
    expect(failure.what).toBe("disagreement");
    expect(failure.text).toContain("C write /a.db-journal 28@0");
  });

  it("a sync that is missing", () => {
    plant.skipSync = true;
    const failure = firstFailure("WAL, synchronous FULL", "the power fails at a sync");
    expect(failure.what).toBe("disagreement");
    expect(failure.text).toContain("C sync /a.db-wal");
  });

  it("and its program becomes short", () => {
    plant.swallowSync = true;
    const failure = firstFailure("journal TRUNCATE", "a call fails");
    const short = shorter(module, failure, {}, 400);
    expect(short.what).toBe("disagreement");
    expect(short.program.ops.length).toBeLessThan(45);
    expect(() => lockstep(module, short.program)).toThrow("rc: C 1034, port 0");
  });
});

describe.skipIf(missing !== null)("a fault planted in the disk of both sides", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  /** Both sides do the same, and it is wrong: only the content can tell. */
  const isWrong = (scenario: string, ...kinds: readonly Kind[]): UnitFailure => {
    const failure = firstFailure(scenario, ...kinds);
    expect(failure.what).toBe("content");
    expect(lockstep(module, failure.program).invalid).toBeNull();
    expect(() => rerun(module, failure)).toThrow(failure.text);
    return failure;
  };

  /** xSync says that it has brought a file to the platter, and has not. */
  const loseSyncs = (ending: string): void => {
    const own = MemFile.prototype.sync;
    vi.spyOn(MemFile.prototype, "sync").mockImplementation(function (this: MemFile) {
      return this.name.endsWith(ending) ? SQLITE_OK : own.call(this);
    });
  };

  it("syncs of the database are lost", () => {
    loseSyncs(".db");
    isWrong("journal PERSIST", "the power fails at a sync");
  });

  it("syncs of the journal are lost", () => {
    loseSyncs("-journal");
    isWrong("spill, DELETE", "the power fails at a sync", "the power fails at a write");
  });

  it("syncs of the log are lost", () => {
    loseSyncs("-wal");
    const failure = isWrong("WAL, synchronous FULL", "the power fails at a sync");
    expect(failure.text).toMatch(/\/a\.db has neither the old nor the new content/);
    const short = shorter(module, failure, {}, 300);
    expect(short.what).toBe("content");
    expect(short.program.ops.length).toBeLessThan(failure.program.ops.length / 2);
    expect(() => rerun(module, short)).toThrow(short.text);
  });

  it("the deletion of a super-journal is lost", () => {
    /* The journals that name it are rolled back then, after the commit. */
    const own = DiskState.prototype.unlink;
    vi.spyOn(DiskState.prototype, "unlink").mockImplementation(function (this: DiskState, name, inode) {
      if (!name.includes("-mj")) own.call(this, name, inode);
    });
    isWrong("super-journal, DELETE", "the power fails at a sync", "the power fails at a write");
  });

  it("a write does not happen", () => {
    const own = MemFile.prototype.write;
    vi.spyOn(MemFile.prototype, "write").mockImplementation(function (this: MemFile, buf, amt, offset) {
      if (this.name.endsWith(".db") && offset === 1024) return SQLITE_OK;
      return own.call(this, buf, amt, offset);
    });
    isWrong("journal DELETE", "a call fails");
  });
});
