/**
 * Plays a draw: turns move after move into operations.
 *
 * Before each move it looks at the port's side: which connection reads or writes, how long the file is. Within a move
 * it goes by what would be so if everything succeeded; what then is not so the guard leaves out (../guard.ts).
 */

import type { MemOp } from "../../../src/index.js";
import type { FaultRule, Op, PowerMode, Setup } from "../ops.js";
import type { PortSide } from "../port-side.js";
import { type Draw, KINDS, type Move, type World } from "./draw.js";
import type { Kind, Profile } from "./profiles.js";

/** Programs do not get longer. */
export const MOST_OPERATIONS = 400;

const DELETE = 0;
const WAL = 5;
/** PAGER_GET_* */
const NOCONTENT = 1;
const READONLY = 2;
const SQLITE_BUSY = 5;
const SQLITE_FULL = 13;
const IOERR = [266, 522, 778, 1034, 1290, 1546, 10] as const;
/** SQLITE_IOCAP_*: ATOMIC, ATOMIC512, ATOMIC4K, SAFE_APPEND, SEQUENTIAL, UNDELETABLE, POWERSAFE, SUBPAGE_READ. */
const POWERSAFE = 0x1000;
const CAPABILITIES = [
  ...[
    0x9000, 0x9000, 0, 0, 0x8000, 0x1000, 0x200, 0x1200, 0x400, 0x1400, 0x800, 0x1800, 1, 0x1001, 2, 0x1002,
  ],
  ...[0x10, 0x1e00, 0xe00, 0x600, 0x2000, 0x8800],
] as const;
const FLAGS = [0x23, 0x22, 0x21, 0x24, 0x2b, 0x33, 0x3b, 0x3c, 0x03, 0x02, 0x20, 0x3a] as const;
const MAPPED = [1 << 20, 0, 8192, 40_000, 1 << 24] as const;
const MODES = [0, 1, 3, 4, 2] as const;
const POWER: readonly PowerMode[] = ["random", "keep", "prefix", "drop"];
const FAULTY: readonly (MemOp | "all")[] = [
  ...(["write", "read", "sync", "all", "truncate", "open", "delete", "access", "filesize", "lock"] as const),
  ...(["unlock", "shmlock", "shmmap", "filecontrol", "fetch", "checkreservedlock", "close"] as const),
];
const ENDINGS = ["", "", "", "", ".db", "-journal", "-wal"] as const;

/** Small choices that need no place of their own in a draw. */
class Dice {
  #x: number;

  constructor(seed: number) {
    this.#x = (seed * 2654435761 + 0x9e3779b9) >>> 0;
  }

  /** A number from 0 to n - 1. */
  below(n: number): number {
    this.#x = (Math.imul(this.#x, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.#x / 0x100000000) * n);
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }

  /** Once in n times. */
  once(n: number): boolean {
    return this.below(n) === 0;
  }
}

/** Moves that a write transaction is made of. */
const WRITING: ReadonlySet<Kind> = new Set<Kind>([
  ...([
    "write",
    "commit",
    "savepoint",
    "truncate",
    "movePage",
    "swap",
    "flush",
    "touch",
    "rollback",
    "statement",
  ] as const),
]);

/** Operations that are worth a fault of their own, and moves that end with one. */
const AIMS: Readonly<Partial<Record<Op["op"], readonly Kind[]>>> = {
  Savepoint: ["statement", "savepoint", "write", "statement"],
  CommitPhaseOne: ["write", "commit"],
  CommitPhaseTwo: ["write", "commit"],
  Rollback: ["write", "write", "rollback"],
  Checkpoint: ["write", "commit", "drop", "checkpoint"],
  Flush: ["write", "flush"],
  SharedLock: ["drop", "read"],
  Get: ["reopen", "read"],
  OpenWal: ["reopen", "read"],
  CloseWal: ["rollback", "wal"],
  Movepage: ["write", "movePage"],
  TruncateImage: ["write", "truncate"],
  Write: ["commit", "write"],
  Begin: ["drop", "write"],
  Open: ["reopen", "reopen"],
  OpenSavepoint: ["write", "statement"],
  Close: ["write", "commit", "reopen"],
  UnrefPageOne: ["write", "commit"],
  SetPagesize: ["reopen"],
  SetJournalMode: ["commit", "mode"],
  WriteSuper: ["super"],
  DeleteSuper: ["super"],
};
const TARGETS = Object.keys(AIMS) as readonly Op["op"][];

/** Moves during which something fails. */
const SUFFERING = [
  ...([
    "commit",
    "commit",
    "commit",
    "write",
    "statement",
    "savepoint",
    "flush",
    "rollback",
    "checkpoint",
  ] as const),
  ...(["checkpoint", "reopen", "reopen", "read", "wal", "movePage", "truncate"] as const),
] satisfies readonly Kind[];

interface File {
  readonly name: string | null;
  /** Pages, if all commits succeeded. */
  pages: number;
  /** Whether page 1 says that there is a log. */
  isWal: boolean;
}

interface Connection {
  file: number;
  isOpen: boolean;
  isReading: boolean;
  isWriting: boolean;
  /** Whether its transaction has failed. */
  mustGoBack: boolean;
  /** Whether it has opened the log, or found it. */
  hasLog: boolean;
  savepoints: number;
  /** Pages, as the transaction sees them. */
  pages: number;
  /** Slots with pages that stay referenced. */
  held: number[];
}

/** Bytes of a page that a world has. */
const PAGE_SIZES = [
  1024, 1024, 512, 512, 4096, 1024, 512, 2048, 8192, 1024, 4096, 16384, 512, 32768, 1024, 65536,
];

/** Plays one draw. */
export class Player {
  /** The operations so far. */
  readonly ops: Op[] = [];
  readonly setup: Setup;
  readonly #moves: readonly Move[];
  #next = 0;
  #hasEnded = false;
  readonly #profile: Profile;
  readonly #world: World;
  /**
   * Whether pages are in memory that was given to SQLite, all caches together. Then nobody fills a page's memory, and a
   * page of another size than the log's shows what lay there before: structs in C. So all have the default size.
   */
  readonly #isGrouped: boolean;
  readonly #pageSize: number;
  readonly #files: File[];
  readonly #connections: Connection[];
  /** How many pages a file may come to have. */
  readonly #most: number;
  /** How many connections there are. */
  readonly #several: number;
  #seed = 1;
  /** A fault that is waiting for its operation. */
  #trap: { op: Op; before: Op["op"]; moves: number } | null = null;
  /** Moves until faults end and power comes back. */
  #faultsEnd = 0;
  #powerEnds = 0;

  /**
   * @param isCounted whether both sides have the same sizes everywhere, so that memory may be limited
   */
  constructor({ world, moves }: Draw, profile: Profile, isCounted: boolean) {
    this.#world = world;
    this.#moves = moves;
    this.#profile = profile;
    this.#isGrouped = world.shared >= 216;
    this.#pageSize = this.#isGrouped ? 4096 : PAGE_SIZES[world.page >> 4]!;
    this.#most = Math.min(90, Math.max(12, Math.floor(160_000 / this.#pageSize)));
    this.setup = this.#setup(isCounted);
    const kind = profile.files[world.files % profile.files.length]!;
    this.#files =
      kind === "one" || kind === "two"
        ? ["/a.db", ...(kind === "two" ? ["/b.db"] : [])].map((name) => ({ name, pages: 0, isWal: false }))
        : [0, 1, 2].map(() => ({ name: kind === "memory" ? ":memory:" : null, pages: 0, isWal: false }));
    this.#connections = [0, 1, 2].map((c) => ({
      file: kind === "one" ? 0 : kind === "two" ? c % 2 : c,
      isOpen: false,
      isReading: false,
      isWriting: false,
      mustGoBack: false,
      hasLog: false,
      savepoints: 0,
      pages: 0,
      held: [],
    }));
    this.#several = [1, 1, 1, 1, 2, 2, 2, 3][world.connections >> 5]!;
    if (kind === "two") this.#several = Math.max(2, this.#several);
  }

  /** Adds the operations of the next move; does nothing if there is none. */
  go(port: PortSide | null, wasCutOff: boolean): void {
    const before = this.ops.length;
    while (this.ops.length === before && !this.#hasEnded) {
      if (port !== null) this.#look(port);
      if (this.ops.length === 0 && this.#profile.wal && this.#world.mode % 8 !== 0) {
        const dice = new Dice(this.#world.seed);
        this.#open(0, dice);
        this.#kinds.wal(0, { kind: 0, c: 0, a: 0, b: 1, n: 0 }, dice);
      }
      if (wasCutOff) this.#crash(new Dice(before));
      else if (this.#next < this.#moves.length && before < MOST_OPERATIONS)
        this.#move(this.#moves[this.#next++]!);
      else this.#end();
    }
  }

  /** How things really are. */
  #look(port: PortSide): void {
    this.#connections.forEach((connection, c) => {
      const pager = port.pagers.get(c);
      connection.isOpen = pager !== undefined;
      if (pager === undefined) {
        this.#forget(connection);
        return;
      }
      connection.held = port.guard.heldBy(c);
      connection.isReading = connection.held.length > 0;
      connection.isWriting = pager.eState > 1;
      connection.mustGoBack = pager.eState === 6 || port.guard.hasFailed(c);
      connection.hasLog = pager.pWal !== null;
      connection.savepoints = pager.nSavepoint;
      if (!connection.isReading) return;
      connection.pages = pager.dbSize;
      if (connection.isWriting) return;
      const file = this.#file(c);
      file.pages = pager.dbSize;
      if (connection.hasLog) file.isWal = true;
    });
  }

  #setup(isCounted: boolean): Setup {
    const { seed, sector, capabilities, version, pending, shared } = this.#world;
    const setup: Setup = { seed };
    if (version >= 160) setup.ioVersion = version >= 224 ? 1 : 2;
    let caps: number | undefined =
      capabilities < 64 ? undefined : CAPABILITIES[capabilities % CAPABILITIES.length];
    if (sector >= 128) {
      setup.sectorSize = 512 << (sector % 8);
      /* With this bit the pager does not look at sectors at all. */
      if (sector >= 160) caps = (caps ?? 0) & ~POWERSAFE;
    }
    if (caps !== undefined) setup.deviceCharacteristics = caps;
    if (this.#isGrouped) setup.pageCache = { size: this.#pageSize + 400, n: 1 + (shared % 40) };
    if (isCounted && shared % 16 === 15) setup.softHeapLimit = 30_000 + shared * 1000;
    if (pending >= 160) setup.pendingByte = this.#pageSize * (2 + (pending % 14));
    return setup;
  }

  #add(...ops: Op[]): void {
    for (const op of ops) {
      if (this.#trap?.before === op.op) {
        this.ops.push(this.#trap.op);
        if (this.#trap.op.op === "PowerLoss") this.#powerEnds = this.#trap.moves;
        else this.#faultsEnd = this.#trap.moves;
        this.#trap = null;
      }
      this.ops.push(op);
    }
  }

  /** Lets something fail from now on. */
  #fail(op: Op, moves: number): void {
    this.ops.push(op);
    if (op.op === "PowerLoss") this.#powerEnds = moves;
    else this.#faultsEnd = moves;
  }

  /** Lets something fail right before an operation of some kind, and sees to it that there is one. */
  #strike(op: Op, c: number, move: Move, dice: Dice): void {
    const target = dice.pick(TARGETS);
    const kinds = AIMS[target] ?? [];
    const last = kinds.length - 1;
    kinds.forEach((kind, i) => {
      if (i === last) this.#trap = { op, before: target, moves: 1 + dice.below(3) };
      this.#kinds[kind](c, { ...move, a: dice.below(256), b: kind === "wal" ? 0 : dice.below(256) }, dice);
    });
    this.#trap = null;
  }

  #slot(c: number, pgno: number): number {
    return c * 1000 + pgno;
  }

  #file(c: number): File {
    return this.#files[this.#connections[c]!.file]!;
  }

  /* ---------------------------------------------------------------- pieces */

  #open(c: number, dice: Dice): void {
    const connection = this.#connections[c]!;
    if (connection.isOpen) return;
    const { name } = this.#file(c);
    const { flags, cache, reserve, exclusive, mapped, mode } = this.#world;
    const more: Partial<Extract<Op, { op: "Open" }>> = {};
    if (name === null) {
      more.vfsFlags = 0x21e;
      if (dice.once(6)) more.flags = 1;
    } else if (name === ":memory:") {
      more.flags = 2;
      if (dice.once(8)) more.flags = 3;
    } else if (dice.once(24)) {
      more.uri = [dice.pick([["nolock", "1"] as const, ["psow", "0"] as const, ["immutable", "1"] as const])];
    } else if (dice.once(30)) {
      more.vfsFlags = 0x101;
    }
    this.#add({ op: "Open", c, file: name, ...more });
    const size = dice.once(50) && !this.#isGrouped ? 512 << dice.below(8) : this.#pageSize;
    this.#add({ op: "SetPagesize", c, size, reserve: reserve < 200 ? 0 : reserve % 33 });
    if (cache < 230) this.#add({ op: "SetCachesize", c, n: [8, 1, 3, 5, 10, 20, 40, 100, -20][cache % 9]! });
    this.#add({ op: "SetFlags", c, n: flags < 96 ? 0x23 : FLAGS[flags % FLAGS.length]! });
    if (mapped >= 160) this.#add({ op: "SetMmapLimit", c, n: MAPPED[mapped % MAPPED.length]! });
    if (exclusive >= 224) this.#add({ op: "LockingMode", c, n: 1 });
    if (!this.#profile.wal || mode >= 96) this.#add({ op: "SetJournalMode", c, n: MODES[mode % 5]! });
    this.#add({ op: "Busy", c, n: dice.below(4) });
    Object.assign(connection, {
      isOpen: true,
      isReading: false,
      isWriting: false,
      mustGoBack: false,
      hasLog: false,
      savepoints: 0,
      held: [],
    });
  }

  /** Begins to read, unless it does already. */
  #read(c: number, dice: Dice): Connection {
    this.#open(c, dice);
    const connection = this.#connections[c]!;
    if (connection.isReading) return connection;
    const file = this.#file(c);
    this.#add({ op: "SharedLock", c });
    if (file.isWal && !connection.hasLog) {
      this.#add({ op: "OpenWal", c }, { op: "SharedLock", c });
      connection.hasLog = true;
    }
    this.#add({ op: "Get", c, pgno: 1, slot: this.#slot(c, 1) });
    connection.isReading = true;
    connection.pages = file.pages;
    return connection;
  }

  /** Ends whatever goes on. */
  #done(c: number): void {
    const connection = this.#connections[c]!;
    if (!connection.isReading) return;
    this.#add({ op: "UnrefPageOne", slot: this.#slot(c, 1) });
    Object.assign(connection, { isReading: false, isWriting: false, savepoints: 0, held: [] });
  }

  #begin(c: number, dice: Dice): Connection {
    const connection = this.#read(c, dice);
    if (connection.isWriting) return connection;
    this.#add({ op: "Begin", c, exFlag: dice.once(4) ? 1 : 0, subjInMemory: dice.once(4) });
    connection.isWriting = true;
    this.#writePage(c, 1, dice);
    return connection;
  }

  /** Writes a page; the reference may stay. */
  #writePage(c: number, pgno: number, dice: Dice): void {
    const connection = this.#connections[c]!;
    const slot = this.#slot(c, pgno);
    if (pgno !== 1) {
      const isNew = pgno > connection.pages;
      this.#add({ op: "Get", c, pgno, slot, ...(dice.once(isNew ? 2 : 8) ? { flags: NOCONTENT } : {}) });
    }
    this.#add({ op: "Write", slot });
    const n = dice.once(6) ? Math.min(this.#pageSize, 300) : 1 + dice.below(40);
    const offset = dice.once(8) && pgno === 1 ? 16 : dice.below(this.#pageSize - n + 1);
    this.#add({ op: "Poke", slot, offset, n, seed: this.#seed++ });
    if (pgno === 1) return;
    if (dice.once(10)) this.#add({ op: "DontWrite", slot });
    if (dice.once(9)) connection.held.push(slot);
    else this.#add({ op: "Unref", slot });
    connection.pages = Math.max(connection.pages, pgno);
  }

  /** A page of the file, often one of a few. */
  #anyPage(pages: number, dice: Dice): number {
    if (pages <= 2) return 2;
    return 2 + (dice.once(3) ? dice.below(Math.min(5, pages - 1)) : dice.below(pages - 1));
  }

  #forget(connection: Connection): void {
    Object.assign(connection, {
      isOpen: false,
      isReading: false,
      isWriting: false,
      mustGoBack: false,
      hasLog: false,
      savepoints: 0,
      held: [],
    });
  }

  #crash(dice: Dice, mode = dice.pick(POWER)): void {
    this.#add({ op: "Crash", seed: dice.below(0xffff), mode }, { op: "Fault", rule: null });
    this.#add({ op: "FailAllocation", at: null });
    for (const connection of this.#connections) this.#forget(connection);
    this.#powerEnds = 0;
    this.#faultsEnd = 0;
  }

  #commitPhases(c: number, dice: Dice): void {
    const connection = this.#connections[c]!;
    if (dice.once(5)) this.#add({ op: "ExclusiveLock", c });
    const superJournal = dice.once(12) ? { superJournal: "/a.db-mj1" } : {};
    const noSync = dice.once(10);
    this.#add({ op: "CommitPhaseOne", c, ...superJournal, ...(noSync ? { noSync } : {}) });
    if (noSync && dice.once(2)) this.#add({ op: "Sync", c });
    this.#betweenPhases(dice);
    this.#add({ op: "CommitPhaseTwo", c });
    this.#file(c).pages = connection.pages;
    connection.isWriting = false;
    connection.savepoints = 0;
  }

  /** The second phase is short: what is to hit it has to be put right before it. */
  #betweenPhases(dice: Dice): void {
    if (this.#profile.isCalm || this.#powerEnds > 0 || this.#faultsEnd > 0 || !dice.once(20)) return;
    if (dice.once(2)) {
      const mode = dice.pick(POWER);
      this.#add({ op: "PowerLoss", of: "call", at: 1 + dice.below(4), mode, seed: dice.below(0xffff) });
      this.#powerEnds = 1;
    } else {
      this.#add({ op: "Fault", rule: { op: "all", nth: 1 + dice.below(3), persistent: dice.once(2) } });
      this.#faultsEnd = 1 + dice.below(3);
    }
  }

  /* ---------------------------------------------------------------- moves */

  /** The kind of a move: number to kind by the profile's weights. */
  #kind(number: number): Kind {
    const { weights, sum } = this.#profile;
    let left = (number * sum) / KINDS;
    for (const [kind, weight] of weights) {
      left -= weight;
      if (left < 0) return kind;
    }
    return "read";
  }

  #move(move: Move): void {
    const dice = new Dice(move.n);
    let c = move.c % this.#several;
    const kind = this.#kind(move.kind);
    if (WRITING.has(kind) && !this.#connections[c]!.isWriting && !dice.once(4)) {
      /* Whoever writes goes on: all others would only find out that they cannot. */
      const writer = this.#connections.findIndex(
        ({ isWriting, file }) => isWriting && file === this.#connections[c]!.file,
      );
      if (writer >= 0) c = writer;
    }
    const { mustGoBack, savepoints } = this.#connections[c]!;
    if (mustGoBack && !dice.once(5)) {
      const i = dice.below(savepoints + 1);
      if (i < savepoints) this.#add({ op: "Savepoint", c, kind: "rollback", i });
      else this.#rollback(c);
    }
    this.#open(c, dice);
    this.#kinds[kind](c, move, dice);
    if (this.#faultsEnd > 0 && --this.#faultsEnd === 0) {
      this.#add({ op: "Fault", rule: null }, { op: "FailAllocation", at: null });
      /* What failed is rolled back, sooner or later. */
      if (dice.once(2)) this.#rollback(c);
    }
    if (this.#powerEnds > 0 && --this.#powerEnds === 0) this.#crash(dice);
  }

  #rollback(c: number): void {
    const connection = this.#connections[c]!;
    if (!connection.isWriting) return;
    this.#add({ op: "Rollback", c });
    connection.isWriting = false;
    connection.savepoints = 0;
    connection.held = [];
    connection.pages = this.#file(c).pages;
    this.#done(c);
  }

  /** Everybody goes, so that what comes next finds a file that nobody has open. */
  #end(): void {
    this.#hasEnded = true;
    if (this.#powerEnds > 0) this.#crash(new Dice(1));
    this.#add({ op: "Fault", rule: null }, { op: "FailAllocation", at: null });
    this.#connections.forEach((connection, c) => {
      if (!connection.isOpen) return;
      this.#add({ op: "Rollback", c }, { op: "Close", c });
    });
  }

  readonly #kinds: Readonly<Record<Kind, (c: number, move: Move, dice: Dice) => void>> = {
    read: (c, { a, b }, dice) => {
      const connection = this.#read(c, dice);
      if (a % 4 === 0) this.#add({ op: "Pagecount", c });
      for (let i = 0; i < b % 7; i++) {
        const pgno = dice.once(12)
          ? connection.pages + 1 + dice.below(3)
          : this.#anyPage(connection.pages, dice);
        const slot = this.#slot(c, 100 + pgno + (dice.once(20) ? 100 : 0));
        const flags = dice.once(3) ? { flags: READONLY } : {};
        this.#add({ op: "Get", c, pgno, slot, ...flags });
        if (dice.once(6)) connection.held.push(slot);
        else this.#add({ op: dice.once(2) ? "Unref" : "UnrefNotNull", slot });
      }
      if (!connection.isWriting && a % 3 !== 0) this.#done(c);
    },
    write: (c, { a, b }, dice) => {
      const connection = this.#begin(c, dice);
      const count = a < 216 ? 1 + (b % 4) : 6 + (b % 20);
      const from = this.#anyPage(connection.pages, dice);
      for (let i = 0; i < count && this.ops.length < MOST_OPERATIONS; i++) {
        let pgno = from + i;
        if (a % 3 === 0) pgno = this.#anyPage(connection.pages, dice);
        else if (a % 3 === 1) pgno = connection.pages + 1;
        this.#writePage(c, Math.min(Math.max(pgno, 2), this.#most), dice);
      }
      if (dice.once(3)) this.#writePage(c, 1, dice);
    },
    commit: (c, { a }, dice) => {
      this.#begin(c, dice);
      this.#commitPhases(c, dice);
      if (a % 4 !== 0) this.#done(c);
    },
    rollback: (c) => this.#rollback(c),
    savepoint: (c, { a, b }, dice) => {
      const connection = this.#begin(c, dice);
      if (connection.savepoints === 0 || a % 3 === 0) {
        connection.savepoints += 1 + (b % 2);
        this.#add({ op: "OpenSavepoint", c, n: connection.savepoints });
        return;
      }
      const i = dice.below(connection.savepoints);
      if (a % 3 === 1) {
        connection.savepoints = i;
        this.#add({ op: "Savepoint", c, kind: "release", i });
      } else {
        connection.savepoints = i + 1;
        connection.held = [];
        this.#add({ op: "Savepoint", c, kind: "rollback", i: dice.once(30) ? -1 : i });
        if (dice.once(3)) this.#add({ op: "Savepoint", c, kind: "release", i });
      }
    },
    statement: (c, { a, b }, dice) => {
      const connection = this.#begin(c, dice);
      const i = connection.savepoints;
      this.#add({ op: "OpenSavepoint", c, n: i + 1 });
      for (let k = 0; k <= b % 6; k++) {
        const pgno = dice.once(3) ? connection.pages + 1 : this.#anyPage(connection.pages, dice);
        this.#writePage(c, Math.min(pgno, this.#most), dice);
      }
      if (a % 5 === 0) this.#add({ op: "Flush", c });
      if (a % 2 === 0) this.#add({ op: "Savepoint", c, kind: "rollback", i });
      this.#add({ op: "Savepoint", c, kind: "release", i });
    },
    flush: (c) => this.#add({ op: "Flush", c }),
    truncate: (c, { a, b }, dice) => {
      const connection = this.#begin(c, dice);
      const n = Math.max(1, connection.pages - 1 - (a % 12));
      if (b % 3 === 0) {
        /* A page from the end takes the place of one before, as when a file is vacuumed. */
        const [to, from] = [this.#anyPage(n, dice), connection.pages];
        if (to < from) this.#movePage(c, from, to, true, dice);
      }
      this.#add({ op: "TruncateImage", c, n });
      connection.pages = n;
      if (b % 8 < 5) {
        this.#commitPhases(c, dice);
        this.#done(c);
      }
    },
    movePage: (c, { b }, dice) => {
      const connection = this.#begin(c, dice);
      const from = this.#anyPage(connection.pages, dice);
      const to = b % 2 ? connection.pages + 1 : this.#anyPage(connection.pages, dice);
      if (from !== to) this.#movePage(c, from, to, false, dice);
    },
    swap: (c, _, dice) => {
      const connection = this.#begin(c, dice);
      const pages = [this.#anyPage(connection.pages, dice), this.#anyPage(connection.pages, dice)] as const;
      const [slot, other] = pages.map((pgno) => this.#slot(c, 300 + pgno)) as [number, number];
      this.#add({ op: "Get", c, pgno: pages[0], slot }, { op: "Write", slot });
      this.#add({ op: "Get", c, pgno: pages[1], slot: other }, { op: "Write", slot: other });
      this.#add({ op: "Swap", slot, with: other }, { op: "Unref", slot }, { op: "Unref", slot: other });
    },
    drop: (c, { a }) => {
      const connection = this.#connections[c]!;
      if (a % 2 === 0 || connection.held.length === 0) {
        if (!connection.isWriting) this.#done(c);
        return;
      }
      for (const slot of connection.held.splice(0, 1 + (a % 5))) this.#add({ op: "Unref", slot });
    },
    touch: (c, { a }, dice) => {
      /* Pages that stayed referenced are written again. */
      for (const slot of this.#connections[c]!.held.slice(0, 1 + (a % 4))) {
        this.#add(
          { op: "Write", slot },
          { op: "Poke", slot, offset: dice.below(400), n: 9, seed: this.#seed++ },
        );
      }
    },
    checkpoint: (c, { a, b }, dice) => {
      if (!this.#connections[c]!.isWriting || b % 4 === 0) this.#done(c);
      if (b % 3 === 0) this.#add({ op: "Busy", c, n: dice.below(5) });
      this.#add({ op: "Checkpoint", c, mode: [0, 1, 2, 3, 0, 1, 2, 3, -1][a % 9]! });
    },
    wal: (c, { b }, dice) => {
      const file = this.#file(c);
      if (file.name === null || file.name === ":memory:") return;
      if (b % 8 !== 0) {
        if (file.isWal) return;
        if (file.pages === 0 || b % 2) {
          this.#begin(c, dice);
          this.#add({ op: "CommitPhaseOne", c }, { op: "CommitPhaseTwo", c });
          file.pages = Math.max(file.pages, this.#connections[c]!.pages, 1);
        }
        this.#done(c);
        this.#add({ op: "SharedLock", c });
        if (b % 3 === 0) this.#add({ op: "Get", c, pgno: 1, slot: this.#slot(c, 1) });
        this.#add({ op: "OpenWal", c }, { op: "SetJournalMode", c, n: WAL });
        file.isWal = true;
        this.#connections[c]!.hasLog = true;
        return;
      }
      this.#done(c);
      this.#add({ op: "CloseWal", c, ...(dice.once(4) ? { noCheckpoint: true } : {}) });
      this.#add({ op: "SetJournalMode", c, n: dice.pick(MODES) });
      file.isWal = false;
    },
    mode: (c, { a, b }) => {
      if (a % 3 !== 0 && !this.#connections[c]!.isWriting) this.#done(c);
      this.#add({ op: "OkToChangeJournalMode", c });
      this.#add({ op: "SetJournalMode", c, n: b % 16 === 0 ? WAL : b % 3 ? MODES[b % 5]! : DELETE });
    },
    setting: (c, { a, b }, dice) => {
      const small = dice.below(12);
      const choices: (() => Op)[] = [
        () => ({ op: "SetCachesize", c, n: b % 5 === 0 ? -(1 + (b % 60)) : small }),
        () => ({ op: "SetSpillsize", c, n: b % 6 === 0 ? -(1 + (b % 60)) : small }),
        () => ({ op: "SetMmapLimit", c, n: MAPPED[b % MAPPED.length]! }),
        () => ({ op: "SetFlags", c, n: FLAGS[b % FLAGS.length]! }),
        () => ({ op: "LockingMode", c, n: (b % 3) - 1 }),
        () => ({ op: "LockingMode", c, n: b % 2 }),
        () => ({ op: "JournalSizeLimit", c, n: [-1, 0, 512, 4000, 100_000][b % 5]! }),
        () => ({ op: "MaxPageCount", c, n: b % 3 ? 1000 : this.#file(c).pages + (b % 5) }),
        () => ({ op: "Busy", c, n: b % 6 }),
        () => ({ op: "SetBackup", c, on: b % 3 !== 0 }),
        () => ({
          op: "SetPagesize",
          c,
          size: b % 4 || this.#isGrouped ? 0 : 512 << (b % 8),
          reserve: b % 2 ? -1 : 0,
        }),
      ];
      this.#add(choices[a % choices.length]!());
    },
    ask: (c, { a, b }, dice) => {
      const { pages } = this.#connections[c]!;
      const pgno = this.#anyPage(pages, dice);
      const slot = this.#slot(c, 500 + pgno);
      const choices: (() => Op[])[] = [
        () => [{ op: "DataVersion", c }],
        () => [{ op: "CacheStat", c, stat: 7 + (b % 4), reset: b % 8 > 5 }],
        () => [{ op: "MemUsed", c }],
        () => [{ op: "Shrink", c }],
        () => [
          { op: "Lookup", c, pgno, slot },
          { op: "Ref", slot },
          { op: "Unref", slot },
          { op: "PageRefcount", slot },
          { op: "Unref", slot },
        ],
        () => [{ op: "ReadFileheader", c, n: 100 }],
        () => [
          { op: "Isreadonly", c },
          { op: "IsMemdb", c },
          { op: "TempSpace", c },
        ],
        () => [
          { op: "GetJournalMode", c },
          { op: "WalSupported", c },
          { op: "WalCallback", c },
        ],
        () => [{ op: "DirectReadOk", c, n: pgno }],
        () => [{ op: "ClearCache", c }],
        () => [{ op: "ExclusiveLock", c }],
        () => [
          { op: "Filename", c, nullIfMemDb: b % 2 === 0 },
          { op: "Journalname", c },
        ],
        () => [{ op: "Scan", c }],
        () => [{ op: "Get", c, pgno: Math.floor((this.setup.pendingByte ?? 0) / this.#pageSize) + 1, slot }],
      ];
      this.#add(...choices[a % choices.length]!());
    },
    reopen: (c, { a }, dice) => {
      this.#add({ op: "Close", c, ...(dice.once(3) ? { noCheckpoint: true } : {}) });
      this.#forget(this.#connections[c]!);
      if (a % 2 === 0) this.#open(c, dice);
    },
    crash: (c, { a }, dice) => {
      /* Often in the middle of a commit. */
      if (this.#connections[c]!.isWriting && a % 3 !== 0) this.#add({ op: "CommitPhaseOne", c });
      this.#crash(dice, POWER[a % 8 < 4 ? a % 4 : 1]!);
      this.#read(c, dice);
    },
    power: (c, move, dice) => {
      const { a, b } = move;
      if (this.#powerEnds > 0) return;
      const of = (["sync", "write", "call"] as const)[a % 3]!;
      const few = of === "sync" ? 3 : of === "write" ? 8 : 20;
      const [mode, seed] = [dice.pick(POWER), dice.below(0xffff)];
      if (a % 8 < 4) {
        this.#strike({ op: "PowerLoss", of: "call", at: 1 + (b % few), mode, seed }, c, move, dice);
        return;
      }
      const at = 1 + (b % (few * (dice.once(3) ? 3 : 1)));
      this.#fail({ op: "PowerLoss", of, at, mode, seed }, 1 + (a % 5));
      this.#suffer(c, move, dice);
    },
    fault: (c, move, dice) => {
      const { a, b } = move;
      const op = FAULTY[dice.below(dice.once(3) ? FAULTY.length : 4)]!;
      const rule: FaultRule = { op, nth: 1 + (dice.once(3) ? b % 20 : b % 3) };
      if (a % 3 === 0) rule.persistent = true;
      if (dice.once(3)) rule.code = dice.once(2) ? SQLITE_FULL : dice.pick(IOERR);
      if ((op === "lock" || op === "shmlock") && dice.once(2)) rule.code = SQLITE_BUSY;
      if (op === "write" && dice.once(3)) rule.partial = dice.below(600);
      if (op === "read" && dice.once(3)) rule.scribble = true;
      if (a % 8 < 5) {
        this.#strike(
          { op: "Fault", rule: rule.code === SQLITE_BUSY || dice.once(3) ? rule : { ...rule, op: "all" } },
          c,
          move,
          dice,
        );
        return;
      }
      const file = dice.pick(ENDINGS);
      if (file !== "") rule.file = file;
      this.#fail({ op: "Fault", rule }, 1 + (a % 6));
      this.#suffer(c, move, dice);
    },
    memory: (c, move, dice) => {
      const { a, b } = move;
      const persistent = a % 4 ? {} : { persistent: true };
      if (a % 8 < 5) {
        this.#strike({ op: "FailAllocation", at: 1 + (b % 3), ...persistent }, c, move, dice);
        return;
      }
      this.#fail(
        { op: "FailAllocation", at: 1 + (dice.once(2) ? b % 3 : b % 20), ...persistent },
        1 + (a % 5),
      );
      this.#suffer(c, move, dice);
    },
    super: (c, { a, b }, dice) => {
      const other = (c + 1 + (a % 2)) % 3;
      if (this.#connections[c]!.file === this.#connections[other]!.file) return;
      const both = [c, other];
      const name = `/a.db-mj${b % 3}`;
      for (const one of both) {
        const connection = this.#begin(one, dice);
        this.#writePage(one, Math.min(this.#most, 2 + dice.below(connection.pages + 1)), dice);
      }
      const names = both.map((one) => `${this.#file(one).name ?? ""}-journal`);
      this.#add({ op: "WriteSuper", file: name, names });
      for (const one of both) this.#add({ op: "ExclusiveLock", c: one });
      const cut = dice.once(2) ? dice.below(5) : 9;
      const steps: (() => void)[] = [
        ...both.map((one) => () => this.#add({ op: "CommitPhaseOne", c: one, superJournal: name })),
        () => this.#add({ op: "DeleteSuper", file: name }),
        ...both.map((one) => () => this.#add({ op: "CommitPhaseTwo", c: one })),
      ];
      for (const [i, step] of steps.entries()) {
        if (i === cut) {
          this.#crash(dice);
          return;
        }
        step();
      }
      for (const one of both) {
        const connection = this.#connections[one]!;
        this.#file(one).pages = connection.pages;
        connection.isWriting = false;
        this.#done(one);
      }
    },
    damage: (c, { a, b }, dice) => {
      const { name } = this.#file(c);
      if (name === null || name === ":memory:") return;
      if (a % 2) this.#crash(dice, "keep");
      this.#connections.forEach((connection, one) => {
        if (!connection.isOpen) return;
        this.#add({ op: "Close", c: one, noCheckpoint: true });
        this.#forget(connection);
      });
      const file = `${name}${dice.pick(["-journal", "-wal", "-wal", ""])}`;
      const drawn = dice.once(2) ? dice.below(40) : dice.below(8 * this.#pageSize);
      const n = 1 + (b % 24);
      /* The number of pages in a journal's header (bytes 16 to 19): playing it back would make terabytes. */
      const offset = file.endsWith("-journal") && drawn < 20 && drawn + n > 16 ? drawn + 20 : drawn;
      this.#add({ op: "Damage", file, offset, n, seed: this.#seed++ });
      this.#read(c, dice);
    },
    syncDisk: () => this.#add({ op: "SyncDisk" }),
  };

  /** Does something that a fault can hit. */
  #suffer(c: number, move: Move, dice: Dice): void {
    const kind = dice.pick(SUFFERING);
    const other = { ...move, a: dice.below(256) };
    if (kind === "reopen" || kind === "checkpoint" || kind === "wal") {
      this.#kinds[kind](c, other, dice);
      if (dice.once(2)) this.#read(c, dice);
    } else if (this.#connections[c]!.isWriting || kind === "read") {
      this.#kinds[kind](c, other, dice);
    } else {
      this.#kinds.write(c, other, dice);
      if (dice.once(2)) this.#kinds[kind](c, other, dice);
    }
  }

  #movePage(c: number, from: number, to: number, isCommit: boolean, dice: Dice): void {
    const connection = this.#connections[c]!;
    const [slot, target] = [this.#slot(c, 200 + from), this.#slot(c, 200 + to)];
    this.#add(
      { op: "Get", c, pgno: to, slot: target },
      { op: "Write", slot: target },
      { op: "Unref", slot: target },
    );
    connection.held = connection.held.filter((one) => one % 100 !== from % 100 && one % 100 !== to % 100);
    this.#add({ op: "Get", c, pgno: from, slot });
    if (dice.once(2)) this.#add({ op: "Write", slot });
    this.#add({ op: "Movepage", c, slot, pgno: to, isCommit }, { op: "Write", slot });
    this.#add({ op: "Poke", slot, offset: 8, n: 9, seed: this.#seed++ }, { op: "Unref", slot });
    connection.pages = Math.max(connection.pages, to);
  }
}
