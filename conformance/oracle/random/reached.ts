/** What random programs came to: how often each thing happened, so that a generator that misses something shows. */

import type { Pager } from "../../../src/index.js";
import type { Step } from "../lockstep.js";
import type { Op } from "../ops.js";
import type { Side } from "../side.js";

/** Counts by name: "Write", "Write left out", "Write -> 10", "state 3", "hot journal rolled back", ... */
export class Reached {
  readonly counts = new Map<string, number>();
  /** Spills and log restarts of each connection as they were before. */
  #spills = new Map<number, number>();
  #restarts = new Map<number, number>();

  /** Counts something. */
  add(name: string, n = 1): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + n);
  }

  /** Adds what another search has counted. */
  merge(counts: Iterable<readonly [string, number]>): void {
    for (const [name, n] of counts) this.add(name, n);
  }

  /** A new program begins. */
  begin(): void {
    this.#spills = new Map();
    this.#restarts = new Map();
  }

  /** Takes note of an operation. */
  observe({ op, port: outcome, sides }: Step): void {
    const { out, rc } = outcome;
    if (outcome.assertion !== null) {
      this.add(`stopped at ${outcome.assertion}`);
      return;
    }
    if (out.length === 1 && out[0] === "left out") {
      this.add(`${op.op} left out`);
      return;
    }
    this.add(op.op);
    if (out.length === 1 && out[0] === "power lost") {
      this.add(`power lost in ${op.op}`);
      return;
    }
    if (CODED.has(op.op) && rc !== 0) this.add(`${op.op} -> ${rc & 0xff}`);
    const { port } = sides;
    this.#events(op, rc, port);
    const c = port.guard.connectionOf(op);
    const pager = port.pagers.get(c);
    if (pager !== undefined) this.#pager(op, rc, c, pager);
  }

  #pager(op: Op, rc: number, c: number, pager: Pager): void {
    this.add(`state ${pager.eState}`);
    this.add(`lock ${pager.eLock}`);
    this.add(`journal mode ${pager.journalMode}`);
    this.add(pager.xGet.name);
    const spills = pager.aStat[3]!;
    const spilled = spills - (this.#spills.get(c) ?? 0);
    if (spilled > 0) {
      this.add("spills", spilled);
      if (pager.nSavepoint > 0) this.add("spill inside a savepoint");
    }
    this.#spills.set(c, spills);
    if (op.op === "Savepoint" && op.kind === "rollback" && rc === 0) {
      this.add("savepoint gone back to");
      if (spills > 0) this.add("savepoint gone back to, after a spill");
      if (pager.pWal !== null) this.add("savepoint gone back to, in a log");
    }
    if (pager.dbSize > pager.lckPgno) this.add("lock page inside the file");
    if (op.op === "Write" || op.op === "CommitPhaseOne") this.#writing(op, rc, pager);
    const { pWal } = pager;
    if (pWal === null) return;
    this.add(`wal exclusive mode ${pWal.exclusiveMode}`);
    const restarts = this.#restarts.get(c);
    if (restarts !== undefined && op.op !== "SharedLock" && pWal.nCkpt !== restarts)
      this.add("log restarted");
    this.#restarts.set(c, pWal.nCkpt);
    if (op.op === "SharedLock" && rc === 0) this.add(`read mark ${pWal.readLock}`);
  }

  #writing(op: Op, rc: number, pager: Pager): void {
    if (rc !== 0) return;
    if (op.op === "CommitPhaseOne" && pager.setSuper) this.add("super-journal named in a journal");
    if (op.op === "Write" && pager.sectorSize > pager.pageSize) this.add("page of a large sector written");
  }

  #events(op: Op, rc: number, { events }: Side): void {
    const isRecovery = op.op === "SharedLock";
    let wrote = false;
    let read = false;
    for (const event of events) {
      const { call } = event;
      if (HOOKS.has(call)) this.add(call);
      if (call === "fetch" && event.out !== 0) this.add("page mapped");
      if (call === "open" && (event.arg & OPEN_SUBJOURNAL) !== 0) this.add("sub-journal in a file");
      if (call === "open" && (event.arg & OPEN_TEMP_DB) !== 0) this.add("temporary database in a file");
      if (
        call === "shmlock" &&
        event.arg === LOCK_EXCLUSIVE &&
        event.offset + event.amount === BEHIND_RECOVER
      ) {
        this.add("log recovered");
      }
      if (!isRecovery) continue;
      if (call === "write" && event.file.endsWith(".db")) wrote = true;
      if (call === "read" && /-(?:journal|wal)$/.test(event.file)) read = true;
      if (call === "delete" && event.file.includes("-mj")) this.add("super-journal deleted by a recovery");
    }
    if (wrote) this.add("hot journal rolled back");
    if ((wrote || read) && (rc & 0xff) === SQLITE_IOERR) this.add("I/O error in a recovery");
    if ((wrote || read) && rc === SQLITE_NOMEM) this.add("no memory in a recovery");
    if (
      op.op === "Checkpoint" &&
      rc === 0 &&
      events.some((e) => e.call === "write" && e.file.endsWith(".db"))
    ) {
      this.add(`checkpoint of mode ${op.mode} wrote pages`);
    }
  }
}

/** Operations whose value is a result code. */
const CODED: ReadonlySet<Op["op"]> = new Set<Op["op"]>([
  ...([
    "Open",
    "CloseWal",
    "ReadFileheader",
    "SetPagesize",
    "Flush",
    "ExclusiveLock",
    "Get",
    "Write",
  ] as const),
  ...([
    "Movepage",
    "Begin",
    "CommitPhaseOne",
    "CommitPhaseTwo",
    "Sync",
    "Rollback",
    "OpenSavepoint",
  ] as const),
  ...(["Savepoint", "SharedLock", "OpenWal", "Checkpoint", "Scan", "WriteSuper", "DeleteSuper"] as const),
]);

const HOOKS: ReadonlySet<string> = new Set(["busy", "reinit", "backup-update", "backup-restart", "exec"]);
const OPEN_TEMP_DB = 0x200;
const OPEN_SUBJOURNAL = 0x2000;
/** SQLITE_SHM_LOCK and SQLITE_SHM_EXCLUSIVE; a recovery takes all slots up to its own, but for the writer's. */
const LOCK_EXCLUSIVE = 10;
const BEHIND_RECOVER = 3;
const SQLITE_NOMEM = 7;
const SQLITE_IOERR = 10;
