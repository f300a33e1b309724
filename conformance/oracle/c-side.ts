/** The C side of a lockstep run: SQLite's own pager in WebAssembly, on a memory disk. */

import "./wasm32.js";
import { fnv1a, type MemDisk } from "../../src/index.js";
import type { UpperExports } from "../engine/upper.js";
import { Vfses } from "../engine/vfs-imports.js";
import { Guard } from "./guard.js";
import type { Address, Field, OracleModule } from "./module.js";
import { nameBytes, type Op, type Outcome, POWER_LOST, pokedBytes, type Setup, scanHash } from "./ops.js";
import {
  assertionOf,
  type Connection,
  type Event,
  isOnHeap,
  NOT_COMPARED,
  perform,
  Recorder,
  type Scalars,
  type Side,
} from "./side.js";

/** An assert of the C code failed; carries the text. */
class CAssertion extends Error {
  override readonly name = "CAssertion";
}

/** Which assert failed. The disk under the C code is the port's, and has asserts of its own. */
function assertionIn(e: unknown): string | null {
  return e instanceof CAssertion ? e.message : assertionOf(e);
}

/** Getters by the number that oracle_getter gives. */
const GETTERS = ["getPageNormal", "getPageError", "getPageMMap"] as const;

/** Bytes of a region of the wal-index. */
const WALINDEX_PGSZ = 32768;

/** Files by oracle_files. */
const FILES = ["fd", "jfd", "sjfd"] as const;

export class CSide implements Side {
  readonly name = "C";
  readonly #module: OracleModule;
  readonly recorder: Recorder;
  /** Open connections, by number. */
  readonly pagers = new Map<number, Address>();
  readonly #pages = new Map<number, Address>();
  readonly guard = new Guard({
    isOpen: (c) => this.pagers.has(c),
    pager: (c, field) => this.#value("Pager", this.pagers.get(c)!, field),
    journal: (c) => (this.fileKinds(this.pagers.get(c)!) >> 4) & 15,
    page: (slot, field) => this.#value("PgHdr", this.#pages.get(slot)!, field),
  });
  readonly #perform = (op: Op, out: (number | string)[]): number => this.#run(op, out);
  /** Where results come back. */
  readonly #out: Address;
  /** Where {@link lists} leaves its words. */
  listsAt: Address;
  #listsRoom = 4096;

  constructor(module: OracleModule, setup: Setup) {
    this.#module = module;
    const { memory, call } = module;
    this.recorder = new Recorder(setup, module.disk);
    const recorder = this.recorder;
    const vfses = new Vfses(
      memory,
      /* Those of the upper half's functions that a VFS needs are in the oracle under the same names. */
      () => call as unknown as UpperExports,
      () => [recorder.disk.vfs],
    );
    module.reset(vfses.imports(), {
      allocate: (kind: number, n: number) => (recorder.allocate(kind, n) ? 1 : 0),
      assertion: (zExpr: Address, line: number, zFunction: Address): number => {
        throw new CAssertion(`${module.text(zExpr)} (${module.text(zFunction)}, line ${line})`);
      },
      busy: (id: number) => recorder.isBusy(id),
      reinit: (pgno: number) => {
        recorder.add("reinit", { arg: pgno });
        return 0;
      },
      backupUpdate: (pgno: number, p: Address, n: number) => {
        recorder.backupUpdate(pgno, memory.bytes(p, n));
        return 0;
      },
      backupRestart: () => {
        recorder.add("backup-restart");
        return 0;
      },
      exec: (z: Address) => {
        recorder.add("exec", { file: module.text(z) });
        return 0;
      },
    });
    if (setup.pendingByte !== undefined) this.#call("oracle_set_pending_byte", setup.pendingByte);
    this.#call("upper_file_version", setup.ioVersion ?? 3);
    const { size = 0, n = 0 } = setup.pageCache ?? {};
    const rc = this.#call("oracle_start", size, n, setup.softHeapLimit ?? 0);
    if (rc !== 0) throw new Error(`the oracle cannot be initialized: result code ${rc}`);
    this.#out = memory.malloc(256);
    this.listsAt = memory.malloc(this.#listsRoom * 4);
  }

  get disk(): MemDisk {
    return this.recorder.disk;
  }
  get events(): readonly Event[] {
    return this.recorder.events;
  }

  #call(name: string, ...args: number[]): number {
    return this.#module.call[name]!(...args) ?? 0;
  }

  run(op: Op): Outcome {
    const outcome = perform(op, this.recorder, this.guard, this.#perform, assertionIn);
    if (outcome === POWER_LOST) {
      this.#module.unwind();
      this.pagers.clear();
      this.#pages.clear();
    }
    return outcome;
  }

  #run(op: Op, out: (number | string)[]): number {
    const { memory } = this.#module;
    const pager = "c" in op ? (this.pagers.get(op.c) ?? 0) : 0;
    const page = "slot" in op ? (this.#pages.get(op.slot) ?? 0) : 0;
    switch (op.op) {
      case "Open": {
        const name = this.#bytes(op.file === null ? null : nameBytes(op.file, op.uri));
        memory.setPointer(this.#out, 0);
        const rc = this.#call(
          "Open",
          this.#out,
          name === 0 ? 0 : name + 4,
          op.extra ?? 136,
          op.flags ?? 0,
          op.vfsFlags ?? 0x106,
          op.c,
        );
        const p = memory.pointer(this.#out);
        if (rc === 0) this.pagers.set(op.c, p);
        out.push(p === 0 ? 0 : 1);
        memory.free(name);
        return rc;
      }
      case "Close": {
        const rc = this.#call("Close", pager, op.noCheckpoint ? 1 : 0);
        this.pagers.delete(op.c);
        return rc;
      }
      case "CloseWal":
        return this.#call("CloseWal", pager, op.noCheckpoint ? 1 : 0);
      case "ReadFileheader": {
        const p = memory.malloc(op.n);
        const rc = this.#call("ReadFileheader", pager, op.n, p);
        out.push(fnv1a(memory.bytes(p, op.n)));
        memory.free(p);
        return rc;
      }
      case "SetPagesize": {
        memory.setU32(this.#out, op.size);
        const rc = this.#call("SetPagesize", pager, this.#out, op.reserve);
        out.push(memory.u32(this.#out));
        return rc;
      }
      case "MaxPageCount":
      case "DataVersion":
        return this.#call(op.op, pager, ...("n" in op ? [op.n] : [])) >>> 0;
      case "SetCachesize":
      case "SetSpillsize":
      case "SetMmapLimit":
      case "SetFlags":
      case "LockingMode":
      case "SetJournalMode":
      case "JournalSizeLimit":
      case "OpenSavepoint":
      case "TruncateImage":
      case "DirectReadOk":
        return this.#call(op.op, pager, op.n);
      case "Shrink":
      case "GetJournalMode":
      case "OkToChangeJournalMode":
      case "Flush":
      case "ExclusiveLock":
      case "CommitPhaseTwo":
      case "Rollback":
      case "SharedLock":
      case "WalSupported":
      case "WalCallback":
      case "Isreadonly":
      case "MemUsed":
      case "IsMemdb":
      case "ClearCache":
        return this.#call(op.op, pager);
      case "OpenWal":
      case "Pagecount": {
        memory.setI32(this.#out, 0);
        const rc = this.#call(op.op, pager, this.#out);
        out.push(memory.i32(this.#out));
        return rc;
      }
      case "Filename":
        out.push(this.#module.text(this.#call("Filename", pager, op.nullIfMemDb ? 1 : 0)));
        return 0;
      case "Journalname":
        out.push(this.#module.text(this.#call("Journalname", pager)));
        return 0;
      case "TempSpace":
        return this.#call("TempSpace", pager) === 0 ? 0 : 1;
      case "Get": {
        memory.setPointer(this.#out, 0);
        const rc = this.#call("Get", pager, op.pgno, this.#out, op.flags ?? 0);
        const p = memory.pointer(this.#out);
        out.push(p === 0 ? 0 : 1);
        if (rc === 0) {
          this.#pages.set(op.slot, p);
          out.push(fnv1a(this.#data(p)), this.#value("PgHdr", p, "flags"));
        }
        return rc;
      }
      case "Lookup": {
        const p = this.#call("Lookup", pager, op.pgno);
        if (p !== 0) this.#pages.set(op.slot, p);
        return p === 0 ? 0 : 1;
      }
      case "Unref":
      case "UnrefNotNull":
      case "UnrefPageOne":
        return this.#call(op.op, page);
      case "Ref":
      case "Write":
      case "DontWrite":
      case "PageRefcount":
        return this.#call(op.op, page);
      case "Poke":
        if (op.extra)
          memory.bytes(this.#call("GetExtra", page) + op.offset, op.n).set(pokedBytes(op.n, op.seed));
        else this.#data(page).set(pokedBytes(op.n, op.seed), op.offset);
        return 0;
      case "Movepage":
        return this.#call("Movepage", pager, page, op.pgno, op.isCommit ? 1 : 0);
      case "Swap": {
        const other = this.#pages.get(op.with)!;
        const [a, b] = [page, other].map((p) => this.#value("PgHdr", p, "pgno")) as [number, number];
        const [f, g] = [page, other].map((p) => this.#value("PgHdr", p, "flags")) as [number, number];
        const owner = this.#value("PgHdr", page, "pPager");
        this.#call("Rekey", page, this.#value("Pager", owner, "lckPgno"), g);
        this.#call("Rekey", other, a, f);
        return this.#call("Rekey", page, b, g);
      }
      case "Begin":
        return this.#call("Begin", pager, op.exFlag, op.subjInMemory ? 1 : 0);
      case "CommitPhaseOne":
      case "Sync": {
        const name = this.#bytes(op.superJournal === undefined ? null : nameBytes(op.superJournal));
        const z = name === 0 ? 0 : name + 4;
        const more = op.op === "Sync" ? [] : [op.noSync ? 1 : 0];
        const rc = this.#call(op.op, pager, z, ...more);
        memory.free(name);
        return rc;
      }
      case "Savepoint":
        return this.#call("Savepoint", pager, op.kind === "release" ? 1 : 2, op.i);
      case "Checkpoint": {
        memory.setI32(this.#out, -1);
        memory.setI32(this.#out + 4, -1);
        const rc = this.#call("Checkpoint", pager, op.mode, this.#out, this.#out + 4);
        out.push(memory.i32(this.#out), memory.i32(this.#out + 4));
        return rc;
      }
      case "CacheStat":
        return this.#call("CacheStat", pager, op.stat, op.reset ? 1 : 0);
      case "SetBackup":
        return this.#call("SetBackup", pager, op.on ? 1 : 0);
      case "Busy":
        this.recorder.busy.set(op.c, op.n);
        return 0;
      case "Scan": {
        this.#call("Pagecount", pager, this.#out);
        const n = memory.i32(this.#out);
        out.push(n);
        for (let pgno = 1; pgno <= n; pgno++) {
          const rc = this.#call("Get", pager, pgno, this.#out, 0);
          if (rc !== 0) return rc;
          const p = memory.pointer(this.#out);
          out.push(scanHash(pgno, this.#data(p)));
          this.#call("Unref", p);
        }
        return 0;
      }
      case "Fault":
        out.push(this.recorder.fault(op.rule));
        return 0;
      case "FailAllocation":
        out.push(
          this.recorder.failAllocation(
            op.at === null ? null : { at: op.at, persistent: op.persistent ?? false },
          ),
        );
        return 0;
      case "PowerLoss":
        this.recorder.powerLoss(op);
        return 0;
      case "WriteSuper":
        return this.recorder.writeSuper(op.file, op.names);
      case "DeleteSuper":
        return this.recorder.deleteSuper(op.file);
      case "Damage":
        this.recorder.damage(op);
        return 0;
      case "SyncDisk":
        this.disk.syncAll();
        return 0;
      case "Crash":
        this.recorder.crash(op);
        this.pagers.clear();
        this.#pages.clear();
        return 0;
    }
  }

  /** A copy of bytes in C's memory, 0 for none. */
  #bytes(bytes: Uint8Array | null): Address {
    if (bytes === null) return 0;
    const { memory } = this.#module;
    const p = memory.malloc(bytes.length);
    memory.bytes(p, bytes.length).set(bytes);
    return p;
  }

  #value(struct: string, p: Address, name: string): number {
    return this.#module.read(p, this.#module.field(struct, name)) as number;
  }

  /** The content of the page whose header lies at `p`. */
  #data(p: Address): Uint8Array {
    const size = this.#value("Pager", this.#value("PgHdr", p, "pPager"), "pageSize");
    return this.#module.memory.bytes(this.#call("GetData", p), size);
  }

  connections(): readonly number[] {
    return [...this.pagers.keys()];
  }

  state(c: number): Connection {
    const pager = this.pagers.get(c)!;
    const n = this.lists(pager);
    const { u32 } = this.#module.views;
    const at = this.listsAt >>> 2;
    return { scalars: this.#scalars(pager), lists: [...u32.subarray(at, at + n)] };
  }

  #scalars(pager: Address): Scalars {
    const scalars: Scalars = new Map();
    this.#struct(scalars, "Pager", "Pager", pager);
    scalars.set("Pager.xGet", this.getterName(pager));
    const files = this.fileKinds(pager);
    FILES.forEach((name, i) => {
      const kind = (files >> (4 * i)) & 15;
      scalars.set(`Pager.${name}`, kind);
      if (kind === 1) this.#journal(scalars, `Pager.${name}`, this.#value("Pager", pager, name));
    });
    for (const name of ["zFilename", "zJournal", "zWal"]) {
      scalars.set(`Pager.${name}`, this.#name(this.#value("Pager", pager, name)));
    }
    this.#bitvec(scalars, "Pager.pInJournal", this.#value("Pager", pager, "pInJournal"));
    const n = this.#value("Pager", pager, "nSavepoint");
    const first = this.#value("Pager", pager, "aSavepoint");
    const size = this.#module.structs.get("PagerSavepoint")!.size;
    for (let i = 0; i < n; i++) {
      const p = first + i * size;
      this.#struct(scalars, `PagerSavepoint[${i}]`, "PagerSavepoint", p);
      this.#bitvec(
        scalars,
        `PagerSavepoint[${i}].pInSavepoint`,
        this.#value("PagerSavepoint", p, "pInSavepoint"),
      );
    }
    const wal = this.#value("Pager", pager, "pWal");
    if (wal !== 0) {
      this.#struct(scalars, "Wal", "Wal", wal);
      scalars.set("Wal.zWalName", this.#name(this.#value("Wal", wal, "zWalName")));
      for (const [i, p] of this.#regions(wal).entries()) scalars.set(`Wal.apWiData[${i}]`, p === 0 ? 0 : 1);
    }
    this.#struct(scalars, "PCache", "PCache", this.#value("Pager", pager, "pPCache"));
    const cache = this.#call("oracle_pcache1", pager);
    if (cache !== 0) {
      this.#struct(scalars, "PCache1", "PCache1", cache);
      const group = this.#value("PCache1", cache, "pGroup");
      this.#struct(scalars, "PGroup", "PGroup", group);
      scalars.set("PGroup.nPurgeable", this.#value("PGroup", group, "nPurgeable"));
    }
    return scalars;
  }

  /** All fields of a struct; a pointer as whether there is something behind it. */
  #struct(scalars: Scalars, prefix: string, name: string, p: Address): void {
    for (const field of this.#module.structs.get(name)!.fields as readonly Field[]) {
      if (NOT_COMPARED.has(`${name}.${field.name}`)) continue;
      const value = this.#module.read(p, field);
      scalars.set(`${prefix}.${field.name}`, field.kind === "pointer" ? (value === 0 ? 0 : 1) : value);
    }
  }

  #journal(scalars: Scalars, name: string, p: Address): void {
    const offset = (field: string): number => p + this.#module.field("MemJournal", field).offset;
    this.#struct(scalars, name, "MemJournal", p);
    scalars.set(`${name}.zJournal`, this.#name(this.#value("MemJournal", p, "zJournal")));
    const chunks = this.#chunks(p);
    scalars.set(`${name}.chunks`, chunks.length);
    for (const point of ["endpoint", "readpoint"]) {
      this.#struct(scalars, `${name}.${point}`, "FilePoint", offset(point));
      const chunk = this.#value("FilePoint", offset(point), "pChunk");
      scalars.set(`${name}.${point}.pChunk`, chunk === 0 ? "none" : chunks.indexOf(chunk));
    }
  }

  /** The chunks of a journal in memory. */
  #chunks(p: Address): Address[] {
    const chunks: Address[] = [];
    for (let q = this.#value("MemJournal", p, "pFirst"); q !== 0; q = this.#value("FileChunk", q, "pNext")) {
      chunks.push(q);
    }
    return chunks;
  }

  journals(c: number): Map<string, Uint8Array> {
    const pager = this.pagers.get(c)!;
    const journals = new Map<string, Uint8Array>();
    FILES.forEach((name, i) => {
      if (((this.fileKinds(pager) >> (4 * i)) & 15) !== 1) return;
      const p = this.#value("Pager", pager, name);
      const n = this.#value("MemJournal", p, "nChunkSize");
      const at = this.#module.field("FileChunk", "zChunk").offset;
      journals.set(name, Buffer.concat(this.#chunks(p).map((q) => this.#module.memory.bytes(q + at, n))));
    });
    return journals;
  }

  /** Where the regions of the wal-index are, 0 for those that are not mapped. */
  #regions(wal: Address): Address[] {
    const at = this.#value("Wal", wal, "apWiData") >>> 2;
    return [...this.#module.views.u32.subarray(at, at + this.#value("Wal", wal, "nWiData"))];
  }

  walIndex(c: number): Map<number, Uint8Array> {
    const wal = this.#value("Pager", this.pagers.get(c)!, "pWal");
    const regions = new Map<number, Uint8Array>();
    if (wal === 0) return regions;
    const [exclusiveMode, bShmUnreliable] = (["exclusiveMode", "bShmUnreliable"] as const).map((name) =>
      this.#value("Wal", wal, name),
    ) as [number, number];
    if (!isOnHeap({ exclusiveMode, bShmUnreliable })) return regions;
    for (const [i, p] of this.#regions(wal).entries()) {
      if (p !== 0) regions.set(i, this.#module.memory.bytes(p, WALINDEX_PGSZ));
    }
    return regions;
  }

  global(): Scalars {
    const scalars: Scalars = new Map();
    const p = this.globals();
    this.#struct(scalars, "PCacheGlobal", "PCacheGlobal", p);
    const group = p + this.#module.field("PCacheGlobal", "grp").offset;
    this.#struct(scalars, "PCacheGlobal.grp", "PGroup", group);
    scalars.set("PCacheGlobal.grp.nPurgeable", this.#value("PGroup", group, "nPurgeable"));
    const { u32 } = this.#module.views;
    const start = this.#value("PCacheGlobal", p, "pStart");
    const free: number[] = [];
    for (let q = this.#value("PCacheGlobal", p, "pFree"); q !== 0; q = u32[q >>> 2]!) free.push(q - start);
    scalars.set("PCacheGlobal.pFree", free);
    return scalars;
  }

  /** Where PCacheGlobal lies. */
  globals(): Address {
    return this.#module.call["oracle_pcache_global"]!();
  }

  status(): readonly number[] {
    const at = this.statusAt() >>> 2;
    return [...this.#module.views.u32.subarray(at, at + 20)];
  }

  /** Where the values of sqlite3_status lie. */
  statusAt(): Address {
    return this.#module.call["oracle_status"]!();
  }

  #name(p: Address): string | number {
    return p === 0 ? 0 : this.#module.text(p);
  }

  #bitvec(scalars: Scalars, name: string, p: Address): void {
    if (p === 0) return;
    this.#struct(scalars, name, "Bitvec", p);
    const union = this.#module.field("Bitvec", "u");
    const words = this.#module.read(p, { ...union, kind: "words" }) as number[];
    if (this.#value("Bitvec", p, "iDivisor") === 0) scalars.set(`${name}.u`, words);
    else for (const [i, sub] of words.entries()) this.#bitvec(scalars, `${name}.apSub[${i}]`, sub);
  }

  /** Writes the words of a pager's lists to {@link listsAt}; returns how many. */
  lists(pager: Address): number {
    const { memory } = this.#module;
    const lists = this.#module.call["oracle_lists"]!;
    let n = lists(pager, this.listsAt, this.#listsRoom);
    if (n > this.#listsRoom) {
      memory.free(this.listsAt);
      this.#listsRoom = n * 2;
      this.listsAt = memory.malloc(this.#listsRoom * 4);
      n = lists(pager, this.listsAt, this.#listsRoom);
    }
    return n;
  }

  /** Which getter is in place. */
  getterName(pager: Address): string {
    return GETTERS[this.#module.call["oracle_getter"]!(pager)]!;
  }

  /** What the files are, four bits for each: 0 closed, 1 in memory, 2 real. */
  fileKinds(pager: Address): number {
    return this.#module.call["oracle_files"]!(pager);
  }

  /** The header of a cached page, or 0. */
  cached(pager: Address, pgno: number): Address {
    return this.#module.call["oracle_cached"]!(pager, pgno) >>> 0;
  }

  contents(c: number): Map<number, number> {
    return this.#hashes(c, "pData", this.#value("Pager", this.pagers.get(c)!, "pageSize"));
  }

  extras(c: number): Map<number, number> {
    return this.#hashes(c, "pExtra", this.#value("Pager", this.pagers.get(c)!, "nExtra"));
  }

  #hashes(c: number, which: "pData" | "pExtra", size: number): Map<number, number> {
    const pager = this.pagers.get(c)!;
    const max = this.#value("PCache1", this.#call("oracle_pcache1", pager), "iMaxKey");
    const contents = new Map<number, number>();
    for (let pgno = 1; pgno <= max; pgno++) {
      const p = this.cached(pager, pgno);
      if (p !== 0) contents.set(pgno, fnv1a(this.#module.memory.bytes(this.#value("PgHdr", p, which), size)));
    }
    return contents;
  }

  sets(c: number): Map<string, readonly number[]> {
    const pager = this.pagers.get(c)!;
    const sets = new Map<string, readonly number[]>();
    const add = (name: string, p: Address): void => {
      if (p === 0) return;
      const n = this.#value("Bitvec", p, "iSize");
      const at = this.#module.memory.malloc(n + 1);
      this.#call("oracle_bitvec", p, n, at);
      const bytes = this.#module.memory.bytes(at, n + 1);
      const members: number[] = [];
      for (let i = 1; i <= n; i++) if (bytes[i] !== 0) members.push(i);
      this.#module.memory.free(at);
      sets.set(name, members);
    };
    add("pInJournal", this.#value("Pager", pager, "pInJournal"));
    const n = this.#value("Pager", pager, "nSavepoint");
    const first = this.#value("Pager", pager, "aSavepoint");
    const size = this.#module.structs.get("PagerSavepoint")!.size;
    for (let i = 0; i < n; i++) {
      add(`PagerSavepoint[${i}]`, this.#value("PagerSavepoint", first + i * size, "pInSavepoint"));
    }
    return sets;
  }
}
