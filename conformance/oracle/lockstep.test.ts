/** The C pager and the port, side by side over the hand-written programs, and planted faults that must be seen. */

import "./wasm32.js";
import { beforeAll, describe, expect, it } from "vitest";
import { sizeof } from "../../src/abi.js";
import { pcache1Global, WalIndexHdr } from "../../src/index.js";
import { findCompiler } from "../engine/build/compile.js";
import { buildOracle, type OracleKind } from "./build/index.js";
import { Disagreement } from "./compare.js";
import { add, FIGURES, noFigures, total } from "./figures.js";
import { type Agreement, type LockstepOptions, lockstep } from "./lockstep.js";
import { OracleModule } from "./module.js";
import type { Op, Program } from "./ops.js";
import { PROGRAMS } from "./programs/index.js";
import { NOT_COMPARED } from "./side.js";

/** Why there can be no oracle on this machine, or null. */
const missing = await findCompiler().then(
  () => null,
  (e: Error) => {
    if (!e.message.includes("needs a C compiler for WebAssembly, and there is none")) throw e;
    return e.message;
  },
);
const modules = new Map<OracleKind, OracleModule>();

describe.skipIf(missing !== null)(`lockstep${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  beforeAll(async () => {
    for (const kind of ["debug", "release"] as const) {
      const built = await buildOracle({ kind });
      expect(built.warnings).toBe("");
      modules.set(kind, new OracleModule(built.path));
    }
  }, 600_000);

  const run = (kind: OracleKind, program: Program, options?: LockstepOptions): Agreement =>
    lockstep(modules.get(kind)!, program, options);

  it("the port counts structs as this C compiler does", () => {
    const { structs } = modules.get("release")!;
    for (const [name, size] of Object.entries(sizeof)) {
      const struct = structs.get(name);
      if (struct !== undefined) expect([name, struct.size]).toEqual([name, size]);
    }
    expect(structs.size).toBe(13);
    for (const name of NOT_COMPARED.keys()) {
      const [struct, field] = name.split(".") as [string, string];
      expect(structs.get(struct)?.fields.map((f) => f.name)).toContain(field);
    }
  });

  it.each(["debug", "release"] as const)("all programs, %s", (kind) => {
    const lost: string[] = [];
    let operations = 0;
    for (const [name, program] of PROGRAMS) {
      try {
        const done = run(kind, program);
        operations += done.operations;
        if (done.invalid !== null) lost.push(`${name}: breaks a rule: ${done.invalid}`);
        if (done.operations !== program.ops.length) lost.push(`${name}: stopped at ${done.operations}`);
      } catch (e) {
        if (!(e instanceof Disagreement)) throw e;
        lost.push(`${name}: ${e.message}`);
      }
    }
    expect(lost).toEqual([]);
    expect(PROGRAMS.size).toBeGreaterThan(60);
    expect(operations).toBeGreaterThan(15_000);
  }, 300_000);

  it("compares everything after every operation if asked to", () => {
    expect(run("debug", PROGRAMS.get("WAL")!, { deep: true }).invalid).toBeNull();
    expect(run("debug", PROGRAMS.get("savepoints that spill, DELETE")!, { deep: true }).invalid).toBeNull();
  });

  it("the same program gives the same again", () => {
    const program = PROGRAMS.get("spill, DELETE")!;
    expect(run("debug", program)).toEqual(run("debug", program));
  });

  it("counts what it did, and figures add up", () => {
    const figures = (name: string): Agreement => run("debug", PROGRAMS.get(name)!);
    const [write, memory, crash] = [
      figures("the n-th write fails"),
      figures("allocation 2 of a transaction fails, WAL"),
      figures("hot journal, seed 1"),
    ];
    expect(write).toMatchObject({ programs: 1, faults: 1, failedAllocations: 0, crashes: 0 });
    expect(memory).toMatchObject({ programs: 1, faults: 0, failedAllocations: 1, crashes: 0 });
    expect(crash).toMatchObject({ programs: 1, faults: 0, failedAllocations: 0, crashes: 1 });
    const sum = total([write, memory, crash]);
    for (const name of FIGURES) expect(sum[name]).toBe(write[name] + memory[name] + crash[name]);
    expect(sum.events).toBeGreaterThan(100);
    expect(sum.allocations).toBeGreaterThan(30);
    expect(sum.hashed).toBeGreaterThan(10_000);
    expect(add(sum, noFigures())).toEqual(sum);
    expect(figures("backup").hooks).toBeGreaterThan(3);
  });

  it("keeps three connections and more apart", () => {
    const asked = new Map<number, number[]>();
    run("debug", PROGRAMS.get("three busy handlers")!, {
      observe: ({ sides }) => {
        for (const { call, arg, rc } of sides.c.events) {
          if (call === "busy") asked.set(arg, [...(asked.get(arg) ?? []), rc]);
        }
      },
    });
    expect(Object.fromEntries(asked)).toEqual({
      0: [1, 0, 1, 1, 1, 1, 0, 0],
      1: [1, 1, 0, 0],
      2: [1, 1, 1, 0],
    });
    /* Two databases have one super-journal, which is there after a crash until the second has been rolled back. */
    const names: string[] = [];
    run("debug", PROGRAMS.get("two databases commit together, the power fails between, DELETE")!, {
      observe: ({ op, sides }) => {
        if (op.op === "Crash" || op.op === "SharedLock") names.push(sides.c.disk.list().join(" "));
      },
    });
    expect(names.slice(names.findIndex((list) => list.includes("mj")))).toEqual([
      "/a.db /a.db-journal /a.db-mj0123 /b.db /b.db-journal /c.db",
      "/a.db /a.db-journal /a.db-mj0123 /b.db /c.db",
      ...Array.from({ length: 5 }, () => "/a.db /b.db /c.db"),
    ]);
  });

  it("a program that breaks a rule stops both sides at the same assert", () => {
    const ops: Op[] = [
      { op: "Open", c: 0, file: "/a.db" },
      { op: "SetPagesize", c: 0, size: 100, reserve: 0 },
      { op: "Close", c: 0 },
    ];
    const done = run("debug", { ops });
    expect(done.operations).toBe(2);
    expect(done.invalid).toMatch(/^pageSize==0 .*\(sqlite3PagerSetPagesize, line \d+\)$/);
  });
});

describe.skipIf(missing !== null)("a planted fault", () => {
  /** Runs a program with a fault on the port's side; gives the disagreement that came of it. */
  const caught = (name: string, options: LockstepOptions): Disagreement => {
    try {
      lockstep(modules.get("debug")!, PROGRAMS.get(name)!, options);
    } catch (e) {
      if (e instanceof Disagreement) return e;
      throw e;
    }
    throw new Error("nobody saw it");
  };
  /** Where operation `op` stands in a program for the n-th time. */
  const find = (name: string, op: Op["op"], n = 1): number => {
    let left = n;
    return PROGRAMS.get(name)!.ops.findIndex((o) => o.op === op && --left === 0);
  };
  const whats = (e: Disagreement): string[] => e.differences.map((d) => d.what);

  it("a byte that one side writes differently", () => {
    const at = find("journal mode DELETE", "Poke", 5);
    const e = caught("journal mode DELETE", {
      onPort: (op, i) => (i === at && op.op === "Poke" ? { ...op, seed: 999 } : op),
    });
    expect(e.op.op).toBe("CommitPhaseOne");
    expect(e.message).toMatch(/call \d+: C write \/a\.db 1024@\d+ hash=\w+ -> 0, port write \/a\.db 1024@/);
    expect(e.message).toMatch(/trace: \d+ calls agree\n(?: {6}.*\n)+(?: {4}C .*\n)+ {4}P write/);
  });

  it("a scalar of the pager's", () => {
    const at = find("journal mode DELETE", "Write", 3);
    const e = caught("journal mode DELETE", {
      after: (port, i) => {
        if (i === at) port.pager(0).nSubRec++;
      },
    });
    expect(e.index).toBe(at);
    expect(whats(e)).toEqual(["connection 0: Pager.nSubRec"]);
    expect(e.differences[0]).toMatchObject({ c: "0", port: "1" });
  });

  it("a flag of a page, and the pSynced pointer", () => {
    const at = find("spill, DELETE", "Write", 9);
    const flag = caught("spill, DELETE", {
      after: (port, i) => {
        if (i === at) port.pager(0).pPCache.pDirty!.flags ^= 8;
      },
    });
    expect(whats(flag)[0]).toBe("connection 0: dirty list, word 2");
    const synced = caught("spill, DELETE", {
      after: (port, i) => {
        if (i === at) port.pager(0).pPCache.pSynced = null;
      },
    });
    expect(whats(synced)).toEqual(["connection 0: PCache.pSynced", "connection 0: pSynced, word 0"]);
  });

  it("a page that changes in the cache without being written", () => {
    const at = find("journal mode DELETE", "Write", 3);
    const e = caught("journal mode DELETE", {
      deep: true,
      after: (port, i) => {
        if (i === at) port.pager(0).pPCache.pDirty!.pData[700] ^= 1;
      },
    });
    expect(e.index).toBe(at);
    expect(whats(e)).toEqual(["connection 0: content of page 3"]);
  });

  it("a byte of the wal-index", () => {
    const at = find("WAL", "CommitPhaseTwo", 3);
    const e = caught("WAL", {
      after: (port, i) => {
        if (i === at) port.disk.shmRegions("/a.db")[0]![300] ^= 1;
      },
    });
    expect(e.index).toBe(at);
    expect(whats(e)).toEqual(["shared memory of /a.db, region 0"]);
  });

  it("a function of the port's that forgets something", () => {
    const own = WalIndexHdr.prototype.assign;
    try {
      WalIndexHdr.prototype.assign = function (from) {
        const kept = this.unused;
        own.call(this, from);
        this.unused = kept ^ 1;
      };
      const e = caught("WAL", {});
      expect(e.message).toMatch(/Wal\.hdr|shared memory/);
    } finally {
      WalIndexHdr.prototype.assign = own;
    }
    expect(lockstep(modules.get("debug")!, PROGRAMS.get("WAL")!).invalid).toBeNull();
  });

  it("a call of the VFS with another argument, and one that is missing", () => {
    const flags = caught("journal mode DELETE", {
      after: (port, i) => {
        if (i === 0) port.pager(0).extraSync = 1;
        if (i === 4) port.pager(0).extraSync = 1;
      },
    });
    expect(whats(flags)).toContain("connection 0: Pager.extraSync");
    const at = find("journal mode DELETE", "SetFlags");
    const missing = caught("journal mode DELETE", {
      onPort: (op, i) => (i === at && op.op === "SetFlags" ? { ...op, n: 0x21 } : op),
    });
    expect(missing.index).toBe(at);
    expect(whats(missing)).toContain("connection 0: Pager.noSync");
  });

  it("a busy handler that answers for another connection", () => {
    const e = caught("three busy handlers", {
      after: (port) => {
        const [b, c] = [port.pagers.get(1), port.pagers.get(2)];
        if (b !== undefined && c !== undefined) b.xBusyHandler = c.xBusyHandler;
      },
    });
    expect(e.op.op).toBe("SharedLock");
    expect(e.message).toMatch(/call \d+: C busy arg=0x1 -> 1, port busy arg=0x2 -> 1/);
  });

  it("a savepoint of the other database's", () => {
    const at = find("slots for two connections", "CommitPhaseOne", 2);
    const e = caught("slots for two connections", {
      after: (port, i) => {
        if (i === at) port.pager(0).nSavepoint++;
      },
    });
    expect(e.index).toBe(at);
    expect(whats(e)).toEqual(["connection 0: Pager.nSavepoint"]);
  });

  it("a slot too many, and a byte beside a page", () => {
    const at = find("slots for two connections", "Unref", 20);
    const slots = caught("slots for two connections", {
      after: (_, i) => {
        if (i === at) (pcache1Global() as { nFreeSlot: number }).nFreeSlot++;
      },
    });
    expect(slots.index).toBe(at);
    expect(whats(slots)).toEqual(["PCacheGlobal.nFreeSlot"]);
    const poke = find("extra bytes", "Poke", 40);
    const extra = caught("extra bytes", {
      deep: true,
      onPort: (op, i) => (i === poke && op.op === "Poke" ? { ...op, seed: 1 } : op),
    });
    expect(extra.index).toBe(poke);
    expect(whats(extra)).toEqual(["connection 0: extra bytes of page 11"]);
  });

  it("an allocation that fails on one side only", () => {
    const at = find("journal mode DELETE", "Begin", 2);
    const e = caught("journal mode DELETE", {
      after: (port, i) => {
        if (i === at - 1) port.run({ op: "FailAllocation", at: 1 });
      },
    });
    expect(e.op.op).toBe("Write");
    expect(e.message).toContain("call 0: C malloc 512@0 -> 0, port malloc 512@0 -> 7");
    expect(whats(e).slice(0, 2)).toEqual(["rc", "call 0"]);
  });
});
