/** The C side of a lockstep run: SQLite's own pager in WebAssembly, on a memory disk. */

import "./wasm32.js";
import { fnv1a, type MemDisk } from "../../src/index.js";
import type { UpperExports } from "../engine/upper.js";
import { Vfses } from "../engine/vfs-imports.js";
import type { Address, Field, OracleModule } from "./module.js";
import { Guard, nameBytes, type Op, type Outcome, pokedBytes, type Setup } from "./ops.js";
import {
  assertionOf,
  type Connection,
  type Event,
  type Lists,
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

/** Getters by the number that oracle_getter gives. */
const GETTERS = ["getPageNormal", "getPageError", "getPageMMap"] as const;

/** Files by oracle_files. */
const FILES = ["fd", "jfd", "sjfd"] as const;

export class CSide implements Side {
  readonly name = "C";
  readonly #module: OracleModule;
  readonly #recorder: Recorder;
  readonly #pagers = new Map<number, Address>();
  readonly #pages = new Map<number, Address>();
  readonly #guard = new Guard({
    isOpen: (c) => this.#pagers.has(c),
    isHeld: (slot) => this.#pages.has(slot),
    eState: (c) => this.#value("Pager", this.#pagers.get(c)!, "eState"),
    flags: (slot) => this.#value("PgHdr", this.#pages.get(slot)!, "flags"),
  });
  /** Where results come back. */
  readonly #out: Address;
  #listsAt: Address;
  #listsRoom = 4096;

  constructor(module: OracleModule, setup: Setup) {
    this.#module = module;
    const { memory, call } = module;
    this.#recorder = new Recorder(setup, module.disk);
    const recorder = this.#recorder;
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
    const rc = this.#call("oracle_start");
    if (rc !== 0) throw new Error(`the oracle cannot be initialized: result code ${rc}`);
    this.#out = memory.malloc(256);
    this.#listsAt = memory.malloc(this.#listsRoom * 4);
  }

  get disk(): MemDisk {
    return this.#recorder.disk;
  }
  get events(): readonly Event[] {
    return this.#recorder.events;
  }

  #call(name: string, ...args: number[]): number {
    return this.#module.call[name]!(...args) ?? 0;
  }

  run(op: Op): Outcome {
    /* The disk under the C code is the port's, and has asserts of its own. */
    const failed = (e: unknown): string | null => (e instanceof CAssertion ? e.message : assertionOf(e));
    return perform(op, this.#recorder, this.#guard, (out) => this.#run(op, out), failed);
  }

  #run(op: Op, out: (number | string)[]): number {
    const { memory } = this.#module;
    const pager = "c" in op ? (this.#pagers.get(op.c) ?? 0) : 0;
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
        if (rc === 0) this.#pagers.set(op.c, p);
        out.push(p === 0 ? 0 : 1);
        memory.free(name);
        return rc;
      }
      case "Close": {
        const rc = this.#call("Close", pager, op.noCheckpoint ? 1 : 0);
        this.#pagers.delete(op.c);
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
        if (this.#call("PageRefcount", page) === 1) this.#pages.delete(op.slot);
        return this.#call(op.op, page);
      case "Ref":
      case "Write":
      case "DontWrite":
      case "PageRefcount":
        return this.#call(op.op, page);
      case "Poke":
        this.#data(page).set(pokedBytes(op.n, op.seed), op.offset);
        return 0;
      case "Movepage":
        return this.#call("Movepage", pager, page, op.pgno, op.isCommit ? 1 : 0);
      case "Rekey":
        return this.#call("Rekey", page, op.pgno, op.flags);
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
        this.#recorder.busy.set(op.c, op.n);
        return 0;
      case "Fault":
        this.#recorder.fault(op.rule);
        return 0;
      case "FailAllocation":
        this.#recorder.failAllocation(
          op.at === null ? null : { at: op.at, persistent: op.persistent ?? false },
        );
        return 0;
      case "SyncDisk":
        this.disk.syncAll();
        return 0;
      case "Crash":
        this.disk.restore(this.disk.crash({ mode: "random", seed: op.seed }).snapshot());
        this.#pagers.clear();
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
    return [...this.#pagers.keys()];
  }

  state(c: number): Connection {
    return { scalars: this.#scalars(this.#pagers.get(c)!), lists: this.#lists(this.#pagers.get(c)!) };
  }

  #scalars(pager: Address): Scalars {
    const scalars: Scalars = new Map();
    this.#struct(scalars, "Pager", "Pager", pager);
    scalars.set("Pager.xGet", GETTERS[this.#call("oracle_getter", pager)]!);
    const files = this.#call("oracle_files", pager);
    FILES.forEach((name, i) => {
      scalars.set(`Pager.${name}`, (files >> (4 * i)) & 15);
    });
    for (const name of ["zFilename", "zJournal", "zWal"]) {
      scalars.set(`Pager.${name}`, this.#module.text(this.#value("Pager", pager, name)));
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
      scalars.set("Wal.zWalName", this.#module.text(this.#value("Wal", wal, "zWalName")));
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

  #bitvec(scalars: Scalars, name: string, p: Address): void {
    if (p !== 0) this.#struct(scalars, name, "Bitvec", p);
  }

  #lists(pager: Address): Lists {
    const { memory } = this.#module;
    let n = this.#call("oracle_lists", pager, this.#listsAt, this.#listsRoom);
    if (n > this.#listsRoom) {
      memory.free(this.#listsAt);
      this.#listsRoom = n * 2;
      this.#listsAt = memory.malloc(this.#listsRoom * 4);
      n = this.#call("oracle_lists", pager, this.#listsAt, this.#listsRoom);
    }
    const bytes = memory.bytes(this.#listsAt, n * 4);
    return Array.from(new Uint32Array(bytes.buffer, bytes.byteOffset, n));
  }

  contents(c: number): Map<number, number> {
    const pager = this.#pagers.get(c)!;
    const size = this.#value("Pager", pager, "pageSize");
    const max = this.#value("PCache1", this.#call("oracle_pcache1", pager), "iMaxKey");
    const contents = new Map<number, number>();
    for (let pgno = 1; pgno <= max; pgno++) {
      const p = this.#call("oracle_cached", pager, pgno);
      if (p !== 0) contents.set(pgno, fnv1a(this.#module.memory.bytes(p, size)));
    }
    return contents;
  }

  sets(c: number): Map<string, readonly number[]> {
    const pager = this.#pagers.get(c)!;
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
