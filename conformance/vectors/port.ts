/**
 * The port under test: carries out the operations of vectors on a memory disk and tells the state afterwards.
 * This is the part that another port writes anew; it uses nothing of the oracle's, and works with the sizes of any
 * ABI.
 */

import { sizeof } from "../../src/abi.js";
import * as port from "../../src/index.js";
import {
  type DbPage,
  fnv1a,
  type MemCall,
  MemDisk,
  type MemOp,
  type Pager,
  Ref,
  SQLITE_OK,
  type sqlite3_mem_methods,
} from "../../src/index.js";
import { SQLITE_THREADSAFE } from "../../src/options.js";
import { nameBytes, pokedBytes } from "./algorithms.js";
import {
  type Call,
  type DiskSetup,
  type Do,
  hex,
  hex32,
  PAGER_FIELDS,
  PCACHE_FIELDS,
  PCACHE1_FIELDS,
  SAVEPOINT_FIELDS,
  type StateField,
  type Value,
  WAL_FIELDS,
  walHeader,
} from "./format.js";
import { emptySnapshot, type Snapshot } from "./snapshot.js";

/** Whether this process counts allocations as the class "allocator" wants it. */
export const countsAllocations: boolean = sizeof.name === "wasm32" && SQLITE_THREADSAFE === 0;

/** What one operation came to. */
export interface Result {
  /** What the function returned; 0 if it returns nothing. */
  returned: number;
  out: Record<string, Value>;
}

/** The arguments of an operation, which the schema has vouched for. */
class Args {
  readonly #todo: Do;
  constructor(todo: Do) {
    this.#todo = todo;
  }
  int(name: string): number {
    return this.#todo[name] as number;
  }
  flag(name: string): 0 | 1 {
    return this.#todo[name] ? 1 : 0;
  }
  text(name: string): string | null {
    return this.#todo[name] as string | null;
  }
  list<T>(name: string): readonly T[] {
    return this.#todo[name] as readonly T[];
  }
}

/** Functions that take a pager and the argument `n`, and those that take a pager only. */
const WITH_N = {
  MaxPageCount: port.sqlite3PagerMaxPageCount,
  SetCachesize: port.sqlite3PagerSetCachesize,
  SetSpillsize: port.sqlite3PagerSetSpillsize,
  SetMmapLimit: port.sqlite3PagerSetMmapLimit,
  SetFlags: port.sqlite3PagerSetFlags,
  LockingMode: port.sqlite3PagerLockingMode,
  SetJournalMode: port.sqlite3PagerSetJournalMode,
  JournalSizeLimit: port.sqlite3PagerJournalSizeLimit,
  OpenSavepoint: port.sqlite3PagerOpenSavepoint,
  TruncateImage: port.sqlite3PagerTruncateImage,
  DirectReadOk: port.sqlite3PagerDirectReadOk,
};
const PLAIN = {
  Shrink: port.sqlite3PagerShrink,
  GetJournalMode: port.sqlite3PagerGetJournalMode,
  OkToChangeJournalMode: port.sqlite3PagerOkToChangeJournalMode,
  Flush: port.sqlite3PagerFlush,
  ExclusiveLock: port.sqlite3PagerExclusiveLock,
  CommitPhaseTwo: port.sqlite3PagerCommitPhaseTwo,
  Rollback: port.sqlite3PagerRollback,
  SharedLock: port.sqlite3PagerSharedLock,
  WalSupported: port.sqlite3PagerWalSupported,
  WalCallback: port.sqlite3PagerWalCallback,
  Isreadonly: port.sqlite3PagerIsreadonly,
  DataVersion: port.sqlite3PagerDataVersion,
  IsMemdb: port.sqlite3PagerIsMemdb,
  ClearCache: port.sqlite3PagerClearCache,
};
const ON_PAGE = {
  Ref: port.sqlite3PagerRef,
  Write: port.sqlite3PagerWrite,
  DontWrite: port.sqlite3PagerDontWrite,
  PageRefcount: port.sqlite3PagerPageRefcount,
};
const UNREF = {
  Unref: port.sqlite3PagerUnref,
  UnrefNotNull: port.sqlite3PagerUnrefNotNull,
  UnrefPageOne: port.sqlite3PagerUnrefPageOne,
};

// biome-ignore lint/suspicious/noConfusingVoidType: what a C function without a value returns
type Returned = number | void;

/** The function of a table under a name, if it has one. */
function named<F>(table: Readonly<Record<string, F>>, name: string): F | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** The port's own allocator, before this module put another one around it. */
let plain: sqlite3_mem_methods | null = null;

function require(rc: number, what: string): void {
  if (rc !== SQLITE_OK) throw new Error(`cannot ${what} the port: result code ${rc}`);
}

/** A disk, the connections on it, and what they did. */
export class Port {
  readonly disk: MemDisk;
  readonly #pagers = new Map<number, Pager>();
  readonly #pages = new Map<number, DbPage>();
  readonly #busy = new Map<number, number>();
  #calls: Call[] = [];
  #seen = 0;
  /** Which of the allocations that are still to come fail. */
  #failing: { at: number; persistent: boolean } | null = null;
  #allocations = 0;
  readonly #content: (hash: string) => Uint8Array;

  /** @param content gives the bytes of a file by their hash */
  constructor(setup: DiskSetup, content: (hash: string) => Uint8Array) {
    this.#content = content;
    const { pendingByte, ...options } = setup;
    this.disk = new MemDisk({ ...options, name: "vectors", szOsFile: 8 });
    /* The generator of random numbers forgets its seed, with an allocator that the last vector did not leave
     * failing. */
    port.sqlite3_shutdown();
    plain ??= this.#plainMethods();
    require(port.sqlite3_config(port.SQLITE_CONFIG_MALLOC, plain), "configure");
    port.sqlite3_randomness(0, null);
    port.sqlite3_shutdown();
    require(port.sqlite3_config(port.SQLITE_CONFIG_MALLOC, this.#counting(plain)), "configure");
    port.installOsInit(
      () => this.disk.register(1),
      () => this.disk.unregister(),
    );
    port.setSqlite3PendingByte(pendingByte);
    require(port.sqlite3_initialize(), "initialize");
  }

  #plainMethods(): sqlite3_mem_methods {
    const ref = new Ref<sqlite3_mem_methods | null>(null);
    require(port.sqlite3_config(port.SQLITE_CONFIG_GETMALLOC, ref), "read the allocator of");
    return ref.value!;
  }

  #counting(own: sqlite3_mem_methods): sqlite3_mem_methods {
    const { xMalloc, xFree, xRealloc, xSize, xRoundup, xInit, xShutdown, pAppData } = own;
    return {
      xMalloc: (n) => (this.#fails() ? null : xMalloc(n)),
      xFree,
      xRealloc: (p, n) => (this.#fails() ? null : xRealloc(p, n)),
      xSize,
      xRoundup,
      xInit,
      xShutdown,
      pAppData,
    };
  }

  #fails(): boolean {
    this.#allocations++;
    const plan = this.#failing;
    if (plan === null) return false;
    return plan.persistent ? this.#allocations >= plan.at : this.#allocations === plan.at;
  }

  /** Calls of the last operation, without those that asserts make. */
  get calls(): readonly Call[] {
    return this.#calls;
  }

  /** Whether a connection is open. */
  isOpen(c: number): boolean {
    return this.#pagers.has(c);
  }

  /** Whether a slot has a page. */
  isHeld(slot: number): boolean {
    return this.#pages.has(slot);
  }

  /** Numbers of open connections. */
  connections(): readonly number[] {
    return [...this.#pagers.keys()];
  }

  /** A pager, for tests that want to damage it. */
  pager(c: number): Pager {
    return this.#pagers.get(c)!;
  }

  /** Carries out one operation. */
  run(todo: Do): Result {
    this.#calls = [];
    this.#seen = 0;
    this.disk.startTrace();
    const out: Record<string, Value> = {};
    try {
      return { returned: this.#run(todo.op, new Args(todo), out) ?? 0, out };
    } finally {
      this.#catchUp();
      this.disk.stopTrace();
    }
  }

  #run(op: string, args: Args, out: Record<string, Value>): Returned {
    const pager = this.#pagers.get(args.int("c")) as Pager;
    const slot = args.int("slot");
    const page = this.#pages.get(slot) as DbPage;
    const withN = named(WITH_N, op);
    if (withN !== undefined) return withN(pager, args.int("n"));
    const simple = named(PLAIN, op);
    if (simple !== undefined) return simple(pager);
    const onPage = named(ON_PAGE, op);
    if (onPage !== undefined) return onPage(page);
    const unref = named(UNREF, op);
    if (unref !== undefined) {
      if (port.sqlite3PagerPageRefcount(page) === 1) this.#pages.delete(slot);
      return unref(page);
    }
    switch (op) {
      case "Open":
        return this.#open(args, out);
      case "Close":
        this.#pagers.delete(args.int("c"));
        return port.sqlite3PagerClose(pager, this.#db(args));
      case "CloseWal":
        return port.sqlite3PagerCloseWal(pager, this.#db(args));
      case "Checkpoint": {
        const [log, done] = [new Ref(-1), new Ref(-1)];
        const rc = port.sqlite3PagerCheckpoint(pager, this.#db(args), args.int("mode"), log, done);
        out["log"] = log.value;
        out["done"] = done.value;
        return rc;
      }
      case "ReadFileheader": {
        const bytes = new Uint8Array(args.int("n"));
        const rc = port.sqlite3PagerReadFileheader(pager, bytes.length, bytes);
        out["hash"] = hex32(fnv1a(bytes));
        return rc;
      }
      case "SetPagesize": {
        const ref = new Ref(args.int("size"));
        const rc = port.sqlite3PagerSetPagesize(pager, ref, args.int("reserve"));
        out["size"] = ref.value;
        return rc;
      }
      case "OpenWal": {
        const ref = new Ref(0);
        const rc = port.sqlite3PagerOpenWal(pager, ref);
        out["open"] = ref.value;
        return rc;
      }
      case "Pagecount": {
        const ref = new Ref(0);
        port.sqlite3PagerPagecount(pager, ref);
        out["pages"] = ref.value;
        return;
      }
      case "Filename":
        out["name"] = port.fromCString(port.sqlite3PagerFilename(pager, args.flag("nullIfMemDb")));
        return;
      case "Journalname":
        out["name"] = port.fromCString(port.sqlite3PagerJournalname(pager));
        return;
      case "TempSpace":
        return port.sqlite3PagerTempSpace(pager) === null ? 0 : 1;
      case "CacheStat": {
        const ref = new Ref(0);
        port.sqlite3PagerCacheStat(pager, args.int("stat"), args.flag("reset"), ref);
        return ref.value;
      }
      case "Begin":
        return port.sqlite3PagerBegin(pager, args.int("exFlag"), args.flag("subjInMemory"));
      case "CommitPhaseOne":
        return port.sqlite3PagerCommitPhaseOne(pager, nameOf(args.text("superJournal")), args.flag("noSync"));
      case "Sync":
        return port.sqlite3PagerSync(pager, nameOf(args.text("superJournal")));
      case "Savepoint":
        return port.sqlite3PagerSavepoint(pager, args.int("kind"), args.int("i"));
      case "SetBackup":
        return this.#setBackup(pager, args.flag("on") === 1);
      case "Get": {
        const ref = new Ref<DbPage | null>(null);
        const rc = port.sqlite3PagerGet(pager, args.int("pgno"), ref, args.int("flags"));
        out["page"] = ref.value !== null;
        if (rc === SQLITE_OK) {
          this.#pages.set(slot, ref.value!);
          out["hash"] = hex32(fnv1a(ref.value!.pData, pager.pageSize));
        }
        return rc;
      }
      case "Scan":
        return this.#scan(pager, out);
      case "Lookup": {
        const p = port.sqlite3PagerLookup(pager, args.int("pgno"));
        if (p !== null) this.#pages.set(slot, p);
        return p === null ? 0 : 1;
      }
      case "Poke":
        page.pData.set(pokedBytes(args.int("n"), args.int("x")), args.int("offset"));
        return;
      case "Movepage":
        return port.sqlite3PagerMovepage(pager, page, args.int("pgno"), args.flag("isCommit"));
      case "Swap": {
        const other = this.#pages.get(args.int("with"))!;
        const [a, b, flagsA, flagsB] = [page.pgno, other.pgno, page.flags, other.flags];
        port.sqlite3PagerRekey(page, page.pPager!.lckPgno, flagsB);
        port.sqlite3PagerRekey(other, a, flagsA);
        port.sqlite3PagerRekey(page, b, flagsB);
        return;
      }
      default:
        return this.#around(op, args);
    }
  }

  /** What happens around the pager. */
  #around(op: string, args: Args): void {
    switch (op) {
      case "Busy":
        this.#busy.set(args.int("c"), args.int("n"));
        return;
      case "Fault": {
        const [code, file] = [args.int("code") as number | null, args.text("file")];
        this.disk.addFault({
          op: args.list<MemOp>("calls"),
          nth: args.int("nth"),
          persistent: args.flag("persistent") === 1,
          partial: args.int("partial"),
          scribble: args.flag("scribble") === 1,
          ...(code === null ? {} : { code }),
          when: (call) => isCounted(call) && (file === null || call.file.endsWith(file)),
        });
        return;
      }
      case "ClearFaults":
        this.disk.clearFaults();
        return;
      case "FailAllocation": {
        const at = args.int("at") as number | null;
        this.#failing = at === null ? null : { at, persistent: args.flag("persistent") === 1 };
        this.#allocations = 0;
        return;
      }
      case "PutFile":
        this.disk.importFile(args.text("file")!, this.#content(args.text("content")!));
        return;
      case "DeleteFile":
        this.disk.removeFile(args.text("file")!);
        return;
      case "Crash":
        /* Whoever has the old files open keeps them, with their locks and shared memory, and is forgotten. */
        this.disk.restore(this.disk.snapshot());
        this.#pagers.clear();
        this.#pages.clear();
        return;
      default:
        throw new Error(`there is no operation ${op}`);
    }
  }

  #open(args: Args, out: Record<string, Value>): number {
    const c = args.int("c");
    const file = args.text("file");
    const ref = new Ref<Pager | null>(null);
    const rc = port.sqlite3PagerOpen(
      this.disk.vfs,
      ref,
      file === null ? null : nameBytes(file, args.list<readonly [string, string]>("uri")).subarray(4),
      args.int("extra"),
      args.int("flags"),
      args.int("vfsFlags"),
      (p) => this.#note("reinit", { arg: p.pgno }),
    );
    out["pager"] = ref.value !== null;
    if (rc === SQLITE_OK) {
      this.#pagers.set(c, ref.value!);
      port.sqlite3PagerSetBusyHandler(ref.value!, () => this.#isBusy(c), null);
    }
    return rc;
  }

  #scan(pager: Pager, out: Record<string, Value>): number {
    const pages = new Ref(0);
    port.sqlite3PagerPagecount(pager, pages);
    const hashes: string[] = [];
    out["pages"] = pages.value;
    out["hashes"] = hashes;
    for (let pgno = 1; pgno <= pages.value; pgno++) {
      const ref = new Ref<DbPage | null>(null);
      const rc = port.sqlite3PagerGet(pager, pgno, ref, 0);
      if (rc !== SQLITE_OK) return rc;
      const bytes = ref.value!.pData.slice(0, pager.pageSize);
      /* The change counter and the version that goes with it: each commit sets them anew. */
      if (pgno === 1) bytes.fill(0, 24, 28).fill(0, 92, 100);
      hashes.push(hex32(fnv1a(bytes)));
      port.sqlite3PagerUnref(ref.value);
    }
    return SQLITE_OK;
  }

  #db(args: Args): port.sqlite3 {
    const db = new port.sqlite3();
    if (args.flag("noCheckpoint")) db.flags = port.SQLITE_NoCkptOnClose;
    db.xExec = (sql) => {
      this.#note("exec", { file: sql });
      return SQLITE_OK;
    };
    return db;
  }

  #setBackup(pager: Pager, on: boolean): void {
    port.sqlite3PagerBackupPtr(pager).value = on
      ? {
          pNext: null,
          xUpdate: (pgno, bytes) =>
            this.#note("backup-update", { arg: pgno, hash: hex32(fnv1a(bytes, pager.pageSize)) }),
          xRestart: () => this.#note("backup-restart"),
        }
      : null;
  }

  #isBusy(c: number): number {
    const left = this.#busy.get(c) ?? 0;
    this.#busy.set(c, left - 1);
    const answer = left > 0 ? 1 : 0;
    this.#note("busy", { arg: c, rc: answer });
    return answer;
  }

  /** Adds a call that is not the disk's. */
  #note(call: string, { file = "", arg = 0, hash = "", rc = 0 }: HookCall = {}): void {
    this.#catchUp();
    this.#calls.push([call, file, 0, 0, arg, hash, 0, rc]);
  }

  /** Takes over what the disk has recorded since the last time. */
  #catchUp(): void {
    const { trace } = this.disk;
    for (; this.#seen < trace.length; this.#seen++) {
      const call = trace[this.#seen]!;
      if (isStated(call)) this.#calls.push(callOf(call));
    }
  }

  /** The state of an open connection. */
  snapshot(c: number): Snapshot {
    const pager = this.#pagers.get(c)!;
    const snapshot = emptySnapshot();
    snapshot.pager = {
      ...pick(
        pager,
        PAGER_FIELDS.filter(({ name }) => !OWN_WAY.has(name)),
      ),
    };
    for (const name of ["fd", "jfd", "sjfd"] as const) snapshot.pager[name] = fileKind(pager[name]);
    snapshot.pager["xGet"] = pager.xGet.name;
    const wal = pager.pWal;
    if (wal !== null) {
      snapshot.wal = pick(wal, WAL_FIELDS);
      for (const [name, value] of Object.entries(walHeader(wal.hdr.aByte)))
        snapshot.wal[`hdr.${name}`] = value;
    }
    const cache = pager.pPCache.pCache as PCache1 | null;
    snapshot.cache = pick(pager.pPCache, PCACHE_FIELDS);
    for (const { name } of PCACHE1_FIELDS) {
      snapshot.cache[name] = cache === null ? null : (cache as unknown as Record<string, number>)[name]!;
    }
    if (pager.pInJournal !== null) snapshot.sets["pInJournal"] = members(pager.pInJournal);
    for (let i = 0; i < pager.nSavepoint; i++) {
      const savepoint = pager.aSavepoint[i]!;
      snapshot.savepoints.push(pick(savepoint, SAVEPOINT_FIELDS));
      if (savepoint.pInSavepoint !== null) {
        snapshot.sets[`PagerSavepoint[${i}]`] = members(savepoint.pInSavepoint);
      }
    }
    const dirty: number[] = [];
    for (let p = pager.pPCache.pDirty; p !== null; p = p.pDirtyNext) dirty.push(p.pgno);
    snapshot.dirty = dirty;
    snapshot.synced = pager.pPCache.pSynced?.pgno ?? 0;
    if (cache !== null) addPages(snapshot, cache);
    return snapshot;
  }
}

/** What is known of a call of a hook. */
interface HookCall {
  file?: string;
  arg?: number;
  hash?: string;
  rc?: number;
}

function nameOf(file: string | null): Uint8Array | null {
  return file === null ? null : nameBytes(file).subarray(4);
}

/** Whether a call is stated, and counted by faults: not if only asserts make it. */
function isStated(call: Readonly<MemCall>): boolean {
  if (call.op === "devicecharacteristics") return false;
  return call.op !== "filecontrol" || call.arg !== port.SQLITE_FCNTL_DB_UNCHANGED;
}

function isCounted(call: Readonly<MemCall>): boolean {
  return isStated(call) && (call.op !== "shmlock" || (call.arg & port.SQLITE_SHM_UNLOCK) === 0);
}

function callOf({ op, file, offset, amount, arg, hash, out, rc }: MemCall): Call {
  /* xUnfetch does not tell how many bytes it gives back; only this disk knows. */
  const bytes = op === "unfetch" ? 0 : amount;
  return [op, file, offset, bytes, arg, hash === 0 ? "" : hex32(hash), out, rc];
}

/* ---------------------------------------------------------------- state */

/** Fields of Pager that are no values in the port. */
const OWN_WAY: ReadonlySet<string> = new Set(["fd", "jfd", "sjfd", "xGet"]);

function pick(object: object, fields: readonly StateField[]): Record<string, Value> {
  const values: Record<string, Value> = {};
  for (const { name, form } of fields) {
    const value = (object as Record<string, unknown>)[name];
    if (value === undefined) throw new Error(`the port has no field ${name}`);
    if (form === "hex") values[name] = hex(value as Uint8Array);
    else values[name] = form === "numbers" ? [...(value as Iterable<number>)] : (value as Value);
  }
  return values;
}

function fileKind(file: port.sqlite3_file): number {
  if (file.pMethods === null) return 0;
  return port.sqlite3JournalIsInMemory(file) ? 1 : 2;
}

function members(p: port.Bitvec): number[] {
  const found: number[] = [];
  for (let i = 1; i <= p.iSize; i++) if (port.sqlite3BitvecTest(p, i)) found.push(i);
  return found;
}

/** pcache1.ts keeps its classes to itself; this is what is looked at. */
interface PgHdr1 {
  iKey: number;
  isAnchor: number;
  pHdr: port.PgHdr | null;
  pNext: PgHdr1 | null;
  pLruNext: PgHdr1 | null;
}
interface PCache1 {
  pGroup: { lru: PgHdr1 };
  nHash: number;
  apHash: (PgHdr1 | null)[] | null;
}

function addPages(snapshot: Snapshot, cache: PCache1): void {
  const headers: port.PgHdr[] = [];
  for (let h = 0; h < cache.nHash; h++) {
    for (let p = cache.apHash![h]!; p !== null; p = p.pNext!) {
      if (p.pHdr !== null && p.pHdr.pPage !== null) headers.push(p.pHdr);
    }
  }
  for (const { pgno, flags, nRef } of headers) snapshot.pages[pgno] = [flags, nRef];
  const lru: number[] = [];
  for (let p = cache.pGroup.lru.pLruNext; p !== null && !p.isAnchor; p = p.pLruNext) lru.push(p.iKey);
  snapshot.lru = lru;
}
