/** The port's side of a lockstep run: the same operations, on a memory disk of the same kind. */

import "./wasm32.js";
import { sizeof } from "../../src/abi.js";
import * as port from "../../src/index.js";
import {
  type DbPage,
  fnv1a,
  installOsInit,
  type MemDisk,
  type Pager,
  Ref,
  SQLITE_CONFIG_GETMALLOC,
  SQLITE_CONFIG_MALLOC,
  SQLITE_CONFIG_MEMSTATUS,
  SQLITE_CONFIG_PAGECACHE,
  SQLITE_NoCkptOnClose,
  SQLITE_OK,
  type sqlite3_mem_methods,
} from "../../src/index.js";
import { Guard } from "./guard.js";
import type { Struct } from "./module.js";
import { nameBytes, type Op, type Outcome, POWER_LOST, pokedBytes, type Setup, scanHash } from "./ops.js";
import {
  assertionOf,
  type Connection,
  type Event,
  isOnHeap,
  type Lists,
  NOT_COMPARED,
  perform,
  Recorder,
  type Scalars,
  type Side,
} from "./side.js";

/** What both sides fill new memory with; c/shim.c has the same number. */
const FILLING = 0xa5;

/** The files of a Pager. */
const FILES = ["fd", "jfd", "sjfd"] as const;

/** A struct of the port's, by field. */
type Fields = Record<string, unknown>;

/** The side of the program that ran last. */
let last: PortSide | null = null;

/** The port's own allocator, before this module put another one around it. */
let plain: sqlite3_mem_methods | null = null;

export class PortSide implements Side {
  readonly name = "port";
  readonly #structs: ReadonlyMap<string, Struct>;
  readonly recorder: Recorder;
  /** Open connections, by number. */
  readonly pagers = new Map<number, Pager>();
  readonly #pages = new Map<number, DbPage>();
  readonly guard = new Guard({
    isOpen: (c) => this.pagers.has(c),
    pager: (c, field) => {
      const value = this.pagers.get(c)![field];
      return typeof value === "number" ? value : Number(value !== null);
    },
    journal: (c) => fileKind(this.pagers.get(c)!.jfd),
    page: (slot, field) => this.#pages.get(slot)![field],
  });

  readonly #perform = (op: Op, out: (number | string)[]): number => this.#run(op, out) ?? 0;
  /** The connection that closing and checkpoints ask. */
  readonly #db = new port.sqlite3();

  /** @param structs C's structs, whose fields the port is asked for */
  constructor(structs: ReadonlyMap<string, Struct>, setup: Setup) {
    if (sizeof.name !== "wasm32") {
      throw new Error("the port was loaded before conformance/oracle/wasm32.ts, with 64-bit sizes");
    }
    if (last !== null) last.#abandon();
    last = this;
    this.#structs = structs;
    this.recorder = new Recorder(setup, undefined);
    this.#db.xExec = (sql) => {
      this.recorder.add("exec", { file: sql });
      return SQLITE_OK;
    };
    /* The generator forgets its seed, with an allocator that the last program did not leave failing. */
    port.sqlite3_shutdown();
    plain ??= plainMethods();
    require(port.sqlite3_config(SQLITE_CONFIG_MALLOC, plain), "configure");
    port.sqlite3_randomness(0, null);
    port.sqlite3_shutdown();
    forgetStatus();
    const { pageCache, softHeapLimit = 0 } = setup;
    const { size = 0, n = port.SQLITE_DEFAULT_PCACHE_INITSZ } = pageCache ?? {};
    const slots = pageCache === undefined ? null : new Uint8Array(size * n).fill(FILLING);
    require(port.sqlite3_config(SQLITE_CONFIG_PAGECACHE, slots, size, n), "configure");
    require(port.sqlite3_config(SQLITE_CONFIG_MEMSTATUS, softHeapLimit > 0 ? 1 : 0), "configure");
    require(port.sqlite3_config(SQLITE_CONFIG_MALLOC, counting(this.recorder, plain)), "configure");
    installOsInit(
      () => this.recorder.disk.register(1),
      () => this.recorder.disk.unregister(),
    );
    port.setSqlite3PendingByte(setup.pendingByte ?? 0x40000000);
    require(port.sqlite3_initialize(), "initialize");
    port.sqlite3_soft_heap_limit64(softHeapLimit);
  }

  get disk(): MemDisk {
    return this.recorder.disk;
  }
  get events(): readonly Event[] {
    return this.recorder.events;
  }

  run(op: Op): Outcome {
    const outcome = perform(op, this.recorder, this.guard, this.#perform, assertionOf);
    if (outcome === POWER_LOST) this.#abandon();
    return outcome;
  }

  /**
   * Nobody will close these pagers. The port goes on knowing them by the numbers before their file names, so what
   * they hold is let go here.
   */
  #abandon(): void {
    for (const pager of this.pagers.values()) {
      for (const [name, value] of Object.entries(pager)) {
        if (typeof value === "object") (pager as unknown as Fields)[name] = null;
      }
    }
    this.pagers.clear();
    this.#pages.clear();
  }

  // biome-ignore lint/suspicious/noConfusingVoidType: what a C function without a value returns
  #run(op: Op, out: (number | string)[]): number | void {
    const pager = "c" in op ? (this.pagers.get(op.c) as Pager) : (null as unknown as Pager);
    const page = "slot" in op ? (this.#pages.get(op.slot) as DbPage) : (null as unknown as DbPage);
    const db = this.#db;
    if (op.op === "Close" || op.op === "CloseWal") db.flags = op.noCheckpoint ? SQLITE_NoCkptOnClose : 0;
    switch (op.op) {
      case "Open": {
        const ref = new Ref<Pager | null>(null);
        const z = op.file === null ? null : nameBytes(op.file, op.uri).subarray(4);
        const rc = port.sqlite3PagerOpen(
          port.sqlite3_vfs_find(null)!,
          ref,
          z,
          op.extra ?? 136,
          op.flags ?? 0,
          op.vfsFlags ?? 0x106,
          (p) => this.recorder.add("reinit", { arg: p.pgno }),
        );
        out.push(ref.value === null ? 0 : 1);
        if (rc === SQLITE_OK) {
          this.pagers.set(op.c, ref.value!);
          port.sqlite3PagerSetBusyHandler(ref.value!, () => this.recorder.isBusy(op.c), null);
        }
        return rc;
      }
      case "Close":
        this.pagers.delete(op.c);
        return port.sqlite3PagerClose(pager, db);
      case "CloseWal":
        return port.sqlite3PagerCloseWal(pager, db);
      case "ReadFileheader": {
        const bytes = new Uint8Array(op.n);
        const rc = port.sqlite3PagerReadFileheader(pager, op.n, bytes);
        out.push(fnv1a(bytes));
        return rc;
      }
      case "SetPagesize": {
        const ref = new Ref(op.size);
        const rc = port.sqlite3PagerSetPagesize(pager, ref, op.reserve);
        out.push(ref.value);
        return rc;
      }
      case "MaxPageCount":
        return port.sqlite3PagerMaxPageCount(pager, op.n);
      case "SetCachesize":
        return port.sqlite3PagerSetCachesize(pager, op.n);
      case "SetSpillsize":
        return port.sqlite3PagerSetSpillsize(pager, op.n);
      case "SetMmapLimit":
        return port.sqlite3PagerSetMmapLimit(pager, op.n);
      case "SetFlags":
        return port.sqlite3PagerSetFlags(pager, op.n);
      case "LockingMode":
        return port.sqlite3PagerLockingMode(pager, op.n);
      case "SetJournalMode":
        return port.sqlite3PagerSetJournalMode(pager, op.n);
      case "JournalSizeLimit":
        return port.sqlite3PagerJournalSizeLimit(pager, op.n);
      case "OpenSavepoint":
        return port.sqlite3PagerOpenSavepoint(pager, op.n);
      case "TruncateImage":
        return port.sqlite3PagerTruncateImage(pager, op.n);
      case "DirectReadOk":
        return port.sqlite3PagerDirectReadOk(pager, op.n);
      case "Shrink":
        return port.sqlite3PagerShrink(pager);
      case "GetJournalMode":
        return port.sqlite3PagerGetJournalMode(pager);
      case "OkToChangeJournalMode":
        return port.sqlite3PagerOkToChangeJournalMode(pager);
      case "Flush":
        return port.sqlite3PagerFlush(pager);
      case "ExclusiveLock":
        return port.sqlite3PagerExclusiveLock(pager);
      case "CommitPhaseTwo":
        return port.sqlite3PagerCommitPhaseTwo(pager);
      case "Rollback":
        return port.sqlite3PagerRollback(pager);
      case "SharedLock":
        return port.sqlite3PagerSharedLock(pager);
      case "WalSupported":
        return port.sqlite3PagerWalSupported(pager);
      case "WalCallback":
        return port.sqlite3PagerWalCallback(pager);
      case "Isreadonly":
        return port.sqlite3PagerIsreadonly(pager);
      case "DataVersion":
        return port.sqlite3PagerDataVersion(pager);
      case "MemUsed":
        return port.sqlite3PagerMemUsed(pager);
      case "IsMemdb":
        return port.sqlite3PagerIsMemdb(pager);
      case "ClearCache":
        return port.sqlite3PagerClearCache(pager);
      case "OpenWal": {
        const ref = new Ref(0);
        const rc = port.sqlite3PagerOpenWal(pager, ref);
        out.push(ref.value);
        return rc;
      }
      case "Pagecount": {
        const ref = new Ref(0);
        port.sqlite3PagerPagecount(pager, ref);
        out.push(ref.value);
        return;
      }
      case "Filename":
        out.push(port.fromCString(port.sqlite3PagerFilename(pager, op.nullIfMemDb ? 1 : 0)));
        return;
      case "Journalname":
        out.push(port.fromCString(port.sqlite3PagerJournalname(pager)));
        return;
      case "TempSpace":
        return port.sqlite3PagerTempSpace(pager) === null ? 0 : 1;
      case "Get": {
        const ref = new Ref<DbPage | null>(null);
        const rc = port.sqlite3PagerGet(pager, op.pgno, ref, op.flags ?? 0);
        out.push(ref.value === null ? 0 : 1);
        if (rc === SQLITE_OK) {
          this.#pages.set(op.slot, ref.value!);
          out.push(fnv1a(ref.value!.pData, pager.pageSize), ref.value!.flags);
        }
        return rc;
      }
      case "Lookup": {
        const p = port.sqlite3PagerLookup(pager, op.pgno);
        if (p !== null) this.#pages.set(op.slot, p);
        return p === null ? 0 : 1;
      }
      case "Unref":
        return port.sqlite3PagerUnref(page);
      case "UnrefNotNull":
        return port.sqlite3PagerUnrefNotNull(page);
      case "UnrefPageOne":
        return port.sqlite3PagerUnrefPageOne(page);
      case "Ref":
        return port.sqlite3PagerRef(page);
      case "Write":
        return port.sqlite3PagerWrite(page);
      case "DontWrite":
        return port.sqlite3PagerDontWrite(page);
      case "PageRefcount":
        return port.sqlite3PagerPageRefcount(page);
      case "Poke":
        (op.extra ? page.pExtra : page.pData).set(pokedBytes(op.n, op.seed), op.offset);
        return;
      case "Movepage":
        return port.sqlite3PagerMovepage(pager, page, op.pgno, op.isCommit ? 1 : 0);
      case "Swap": {
        const other = this.#pages.get(op.with)!;
        const [a, b, f, g] = [page.pgno, other.pgno, page.flags, other.flags];
        port.sqlite3PagerRekey(page, page.pPager!.lckPgno, g);
        port.sqlite3PagerRekey(other, a, f);
        return port.sqlite3PagerRekey(page, b, g);
      }
      case "Begin":
        return port.sqlite3PagerBegin(pager, op.exFlag, op.subjInMemory ? 1 : 0);
      case "CommitPhaseOne":
        return port.sqlite3PagerCommitPhaseOne(pager, nameOf(op.superJournal), op.noSync ? 1 : 0);
      case "Sync":
        return port.sqlite3PagerSync(pager, nameOf(op.superJournal));
      case "Savepoint":
        return port.sqlite3PagerSavepoint(pager, op.kind === "release" ? 1 : 2, op.i);
      case "Checkpoint": {
        const [log, done] = [new Ref(-1), new Ref(-1)];
        const rc = port.sqlite3PagerCheckpoint(pager, db, op.mode, log, done);
        out.push(log.value, done.value);
        return rc;
      }
      case "CacheStat": {
        const ref = new Ref(0);
        port.sqlite3PagerCacheStat(pager, op.stat, op.reset ? 1 : 0, ref);
        return ref.value;
      }
      case "SetBackup":
        port.sqlite3PagerBackupPtr(pager).value = op.on
          ? {
              pNext: null,
              xUpdate: (pgno, bytes) => this.recorder.backupUpdate(pgno, bytes.subarray(0, pager.pageSize)),
              xRestart: () => this.recorder.add("backup-restart"),
            }
          : null;
        return;
      case "Busy":
        this.recorder.busy.set(op.c, op.n);
        return;
      case "Scan": {
        const count = new Ref(0);
        port.sqlite3PagerPagecount(pager, count);
        out.push(count.value);
        const ref = new Ref<DbPage | null>(null);
        for (let pgno = 1; pgno <= count.value; pgno++) {
          const rc = port.sqlite3PagerGet(pager, pgno, ref, 0);
          if (rc !== SQLITE_OK) return rc;
          out.push(scanHash(pgno, ref.value!.pData.subarray(0, pager.pageSize)));
          port.sqlite3PagerUnref(ref.value);
        }
        return;
      }
      case "Fault":
        out.push(this.recorder.fault(op.rule));
        return;
      case "FailAllocation":
        out.push(
          this.recorder.failAllocation(
            op.at === null ? null : { at: op.at, persistent: op.persistent ?? false },
          ),
        );
        return;
      case "PowerLoss":
        return this.recorder.powerLoss(op);
      case "WriteSuper":
        return this.recorder.writeSuper(op.file, op.names);
      case "DeleteSuper":
        return this.recorder.deleteSuper(op.file);
      case "Damage":
        return this.recorder.damage(op);
      case "SyncDisk":
        return this.disk.syncAll();
      case "Crash":
        this.recorder.crash(op);
        this.#abandon();
        return;
    }
  }

  /** A pager, for those who want to damage it. */
  pager(c: number): Pager {
    return this.pagers.get(c)!;
  }

  connections(): readonly number[] {
    return [...this.pagers.keys()];
  }

  state(c: number): Connection {
    const pager = this.pagers.get(c)!;
    return { scalars: this.#scalars(pager), lists: lists(pager) };
  }

  #scalars(pager: Pager): Scalars {
    const scalars: Scalars = new Map();
    this.#struct(scalars, "Pager", "Pager", pager);
    scalars.set("Pager.xGet", pager.xGet.name);
    for (const name of FILES) {
      const kind = fileKind(pager[name]);
      scalars.set(`Pager.${name}`, kind);
      if (kind === 1) this.#journal(scalars, `Pager.${name}`, pager[name].pImpl as MemJournal);
    }
    scalars.set("Pager.pBackup", pager.pBackup.value === null ? 0 : 1);
    scalars.set("Pager.aSavepoint", pager.aSavepointMem === null ? 0 : 1);
    for (const name of ["zFilename", "zJournal", "zWal"] as const) {
      scalars.set(`Pager.${name}`, text(pager[name]));
    }
    this.#bitvec(scalars, "Pager.pInJournal", pager.pInJournal);
    for (let i = 0; i < pager.nSavepoint; i++) {
      const p = pager.aSavepoint[i];
      if (p === undefined) break;
      this.#struct(scalars, `PagerSavepoint[${i}]`, "PagerSavepoint", p);
      this.#bitvec(scalars, `PagerSavepoint[${i}].pInSavepoint`, p.pInSavepoint);
    }
    const wal = pager.pWal;
    if (wal !== null) {
      this.#struct(scalars, "Wal", "Wal", wal);
      scalars.set("Wal.apWiData", wal.apWiDataMem === null ? 0 : 1);
      scalars.set("Wal.hdr", [...wal.hdr.aByte]);
      scalars.set("Wal.zWalName", text(wal.zWalName));
      for (let i = 0; i < wal.nWiData; i++) scalars.set(`Wal.apWiData[${i}]`, wal.apWiData[i] ? 1 : 0);
    }
    this.#struct(scalars, "PCache", "PCache", pager.pPCache);
    const cache = pager.pPCache.pCache as PCache1 | null;
    if (cache !== null) {
      this.#struct(scalars, "PCache1", "PCache1", cache);
      this.#struct(scalars, "PGroup", "PGroup", cache.pGroup);
      scalars.set("PGroup.nPurgeable", cache.pGroup.nPurgeable.value);
    }
    return scalars;
  }

  #journal(scalars: Scalars, name: string, journal: MemJournal): void {
    this.#struct(scalars, name, "MemJournal", journal);
    scalars.set(`${name}.zJournal`, text(journal.zJournal));
    const chunks = chunksOf(journal);
    scalars.set(`${name}.chunks`, chunks.length);
    for (const point of ["endpoint", "readpoint"] as const) {
      this.#struct(scalars, `${name}.${point}`, "FilePoint", journal[point]);
      const { pChunk } = journal[point];
      scalars.set(`${name}.${point}.pChunk`, pChunk === null ? "none" : chunks.indexOf(pChunk));
    }
  }

  journals(c: number): Map<string, Uint8Array> {
    const pager = this.pagers.get(c)!;
    const journals = new Map<string, Uint8Array>();
    for (const name of FILES) {
      if (fileKind(pager[name]) !== 1) continue;
      const chunks = chunksOf(pager[name].pImpl as MemJournal);
      const { nChunkSize } = pager[name].pImpl as MemJournal;
      const contents = chunks.map(({ mem }) => mem.subarray(sizeof.ptr, sizeof.ptr + nChunkSize));
      journals.set(name, Buffer.concat(contents));
    }
    return journals;
  }

  walIndex(c: number): Map<number, Uint8Array> {
    const regions = new Map<number, Uint8Array>();
    const wal = this.pagers.get(c)!.pWal;
    if (wal === null || !isOnHeap(wal)) return regions;
    wal.apWiData.forEach((page, i) => {
      if (page !== null) regions.set(i, page.mem!);
    });
    return regions;
  }

  global(): Scalars {
    const scalars: Scalars = new Map();
    const global = port.pcache1Global();
    this.#struct(scalars, "PCacheGlobal", "PCacheGlobal", global);
    this.#struct(scalars, "PCacheGlobal.grp", "PGroup", global.grp);
    scalars.set("PCacheGlobal.grp.nPurgeable", global.grp.nPurgeable.value);
    const start = global.pStart?.byteOffset ?? 0;
    const free: number[] = [];
    for (let p = global.pFree; p !== null; p = p.pNext) free.push(p.mem.byteOffset - start);
    scalars.set("PCacheGlobal.pFree", free);
    return scalars;
  }

  status(): readonly number[] {
    const values: number[] = [];
    const highest: number[] = [];
    for (let op = 0; op < STATUS_VALUES; op++) {
      const [now, most] = [new Ref(0), new Ref(0)];
      port.sqlite3_status64(op, now, most, 0);
      values.push(now.value);
      highest.push(most.value);
    }
    return [...values, ...highest];
  }

  /** C's fields of a struct, from the port's. A field that the port has not is an error of this harness. */
  #struct(scalars: Scalars, prefix: string, name: string, object: object): void {
    for (const field of this.#structs.get(name)!.fields) {
      if (NOT_COMPARED.has(`${name}.${field.name}`)) continue;
      if (!(field.name in object)) throw new Error(`the port's ${name} has no field ${field.name}`);
      let value = (object as Fields)[field.name];
      if (value instanceof Ref && field.kind !== "pointer") value = value.value;
      scalars.set(`${prefix}.${field.name}`, scalar(value, field.kind === "pointer"));
    }
  }

  #bitvec(scalars: Scalars, name: string, p: port.Bitvec | null): void {
    if (p === null) return;
    this.#struct(scalars, name, "Bitvec", p);
    if (p.iDivisor !== 0) {
      for (const [i, sub] of p.u.apSub.entries()) this.#bitvec(scalars, `${name}.apSub[${i}]`, sub);
    } else if (p.u.aBitmap.length > 0) {
      scalars.set(`${name}.u`, [...new Uint32Array(p.u.aBitmap.slice().buffer)]);
    } else {
      scalars.set(`${name}.u`, [...p.u.aHash]);
    }
  }

  contents(c: number): Map<number, number> {
    const pager = this.pagers.get(c)!;
    return hashes(pager, (p) => fnv1a(p.pBuf, pager.pageSize));
  }

  extras(c: number): Map<number, number> {
    const pager = this.pagers.get(c)!;
    return hashes(pager, (p) => fnv1a(p.pHdr!.pExtra, pager.nExtra));
  }

  sets(c: number): Map<string, readonly number[]> {
    const pager = this.pagers.get(c)!;
    const sets = new Map<string, readonly number[]>();
    const add = (name: string, p: port.Bitvec | null): void => {
      if (p === null) return;
      const members: number[] = [];
      for (let i = 1; i <= p.iSize; i++) if (port.sqlite3BitvecTest(p, i)) members.push(i);
      sets.set(name, members);
    };
    add("pInJournal", pager.pInJournal);
    for (let i = 0; i < pager.nSavepoint; i++)
      add(`PagerSavepoint[${i}]`, pager.aSavepoint[i]?.pInSavepoint ?? null);
    return sets;
  }
}

/** pcache1.ts keeps its classes to itself; this is what is looked at. */
interface PgHdr1 {
  pBuf: Uint8Array;
  iKey: number;
  isBulkLocal: number;
  isAnchor: number;
  pHdr: port.PgHdr | null;
  pNext: PgHdr1 | null;
  pLruNext: PgHdr1 | null;
}
interface PCache1 {
  pGroup: { lru: PgHdr1; nPurgeable: Ref<number> };
  nHash: number;
  apHash: (PgHdr1 | null)[] | null;
  pFree: PgHdr1 | null;
}

/** memjournal.ts does so too. */
export interface MemJournal {
  nChunkSize: number;
  pFirst: FileChunk | null;
  endpoint: { pChunk: FileChunk | null };
  readpoint: { pChunk: FileChunk | null };
  zJournal: Uint8Array | null;
}
export interface FileChunk {
  pNext: FileChunk | null;
  mem: Uint8Array;
}

function chunksOf(journal: MemJournal): FileChunk[] {
  const chunks: FileChunk[] = [];
  for (let p = journal.pFirst; p !== null && chunks.length < ENDLESS; p = p.pNext) chunks.push(p);
  return chunks;
}

/** A hash of each cached page that has a header. */
function hashes(pager: Pager, hash: (p: PgHdr1) => number): Map<number, number> {
  const all = new Map<number, number>();
  for (const p of pagesOf(pager.pPCache.pCache as PCache1)) {
    if (p.pHdr !== null && p.pHdr.pPage !== null) all.set(p.iKey, hash(p));
  }
  return new Map([...all].sort((a, b) => a[0] - b[0]));
}

/** How many values sqlite3_status has. */
const STATUS_VALUES = 10;

/** Sets what is counted of memory to zero: a program that ends in a crash has left something. */
function forgetStatus(): void {
  for (let op = 0; op < STATUS_VALUES; op++) {
    const now = new Ref(0);
    port.sqlite3_status64(op, now, new Ref(0), 0);
    port.sqlite3StatusDown(op, now.value);
    port.sqlite3_status64(op, now, new Ref(0), 1);
  }
}

function* pagesOf(cache: PCache1): Generator<PgHdr1> {
  for (let h = 0; h < cache.nHash; h++) {
    for (let p = cache.apHash?.[h] ?? null; p !== null; p = p.pNext) yield p;
  }
}

/** A field's value as C's table gives it. */
function scalar(value: unknown, isPointer: boolean): number | readonly number[] {
  if (isPointer) return value === null || value === undefined ? 0 : 1;
  if (typeof value === "number") return value;
  if (ArrayBuffer.isView(value)) return [...(value as Uint8Array)];
  /* An object that C has inside the struct; whoever knows it replaces this. */
  return [];
}

function nameOf(file: string | undefined): Uint8Array | null {
  return file === undefined ? null : nameBytes(file).subarray(4);
}

function text(z: Uint8Array | null): string | number {
  return z === null ? 0 : port.fromCString(z);
}

function fileKind(file: port.sqlite3_file): number {
  if (file.pMethods === null) return 0;
  return port.sqlite3JournalIsInMemory(file) ? 1 : 2;
}

/** A list as long as this goes in a circle. */
const ENDLESS = 1_000_000;

/** The words that c/shim.c's oracle_lists describes. */
function lists(pager: Pager): Lists {
  const words: number[] = [];
  const counted = (): ((n: number) => void) => {
    const at = words.push(0) - 1;
    return (n) => {
      words[at] = n;
    };
  };
  const pcache = pager.pPCache;
  const cache = pcache.pCache as PCache1 | null;
  let n = 0;
  let done = counted();
  for (let p = pcache.pDirty; p !== null && n < ENDLESS; p = p.pDirtyNext, n++)
    words.push(p.pgno, p.flags, p.nRef);
  done(n);
  words.push(pcache.pDirtyTail?.pgno ?? 0, pcache.pSynced?.pgno ?? 0);
  if (cache === null) {
    words.push(0);
  } else {
    words.push(cache.nHash);
    for (let h = 0; h < cache.nHash; h++) {
      done = counted();
      n = 0;
      for (let p = cache.apHash?.[h] ?? null; p !== null && n < ENDLESS; p = p.pNext, n++) {
        words.push(p.iKey, p.isBulkLocal, p.pLruNext === null ? 1 : 0);
        const header = p.pHdr;
        if (header !== null && header.pPage !== null) words.push(1, header.pgno, header.flags, header.nRef);
        else words.push(0, 0, 0, 0);
      }
      done(n);
    }
    done = counted();
    n = 0;
    for (let p = cache.pGroup.lru.pLruNext; p !== null && !p.isAnchor && n < ENDLESS; p = p.pLruNext, n++) {
      words.push(p.iKey);
    }
    done(n);
    n = 0;
    for (let p = cache.pFree; p !== null && n < ENDLESS; p = p.pNext) n++;
    words.push(n);
  }
  n = 0;
  for (let p = pager.pMmapFreelist; p !== null && n < ENDLESS; p = p.pDirty) n++;
  words.push(n);
  return words;
}

function plainMethods(): sqlite3_mem_methods {
  const ref = new Ref<sqlite3_mem_methods | null>(null);
  require(port.sqlite3_config(SQLITE_CONFIG_GETMALLOC, ref), "read the allocator");
  return ref.value!;
}

/** The port's own allocator as C's is in c/shim.c: asked before, filled after. */
function counting(recorder: Recorder, own: sqlite3_mem_methods): sqlite3_mem_methods {
  return {
    ...own,
    pAppData: own.pAppData,
    xMalloc: (n) => {
      if (recorder.allocate(0, n)) return null;
      return own.xMalloc(n)?.fill(FILLING) ?? null;
    },
    xFree: (p) => {
      recorder.allocate(2, own.xSize(p));
      own.xFree(p);
    },
    xRealloc: (p, n) => {
      const old = own.xSize(p);
      if (recorder.allocate(1, n)) return null;
      return own.xRealloc(p, n)?.fill(FILLING, old) ?? null;
    },
    xSize: own.xSize,
    xRoundup: own.xRoundup,
    xInit: own.xInit,
    xShutdown: own.xShutdown,
  };
}

function require(rc: number, what: string): void {
  if (rc !== SQLITE_OK) throw new Error(`cannot ${what} the port: result code ${rc}`);
}
