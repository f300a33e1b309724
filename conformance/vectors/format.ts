/**
 * The format of the vectors: what lies in a folder of them, as types, and the tables from which the README, the
 * schema, the writer and the player are made, so that none of them can say something else than the others.
 *
 * Nothing of the port's is imported here: a player decides itself how the port is loaded.
 */

/** Number of the format. A reader that knows another one refuses. */
export const FORMAT = 1;

/** What the file that makes a folder a folder of vectors says of itself. */
export const KIND = "pager vectors";

/** Levels of conformance; each includes those below. */
export const LEVELS = [1, 2, 3, 4] as const;
export type Level = (typeof LEVELS)[number];

/** What a player must have beyond the pager's functions and plain files. */
export const REQUIREMENTS = {
  wal: "the write-ahead log, and with it xShmMap, xShmLock, xShmBarrier, xShmUnmap",
  mmap: "pages read through xFetch",
  uri: "URI parameters behind the file's name",
  memory: "in-memory and temporary databases",
  connections: "more than one pager at a time on one disk",
  faults: "calls of the VFS that fail on demand",
  backup: "a running backup, told of pages that change",
  allocator:
    "allocations that fail on demand, counted as on 32-bit WebAssembly with SQLITE_THREADSAFE=0: an optional class",
} as const;
export type Requirement = keyof typeof REQUIREMENTS;

/** A value as JSON has it. */
export type Value = number | string | boolean | null | readonly number[] | readonly string[];

/** An operation: its name and its arguments. */
export type Do = { readonly op: string } & Readonly<Record<string, unknown>>;

/**
 * A call that the pager made during an operation: its name, the file or "", and numbers that are 0 where they mean
 * nothing. The hash is FNV-1a of bytes handed over or read, in eight hexadecimal digits, or "".
 */
export type Call = readonly [
  call: string,
  file: string,
  offset: number,
  amount: number,
  arg: number,
  hash: string,
  out: number,
  rc: number,
];

/** An edit of a list: at a position, so many elements go, these come. */
export type Edit = readonly [at: number, removed: number, inserted: readonly number[]];

/** What has changed in a connection's state since the step before. */
export interface StateChange {
  pager?: Record<string, Value>;
  /** Null: no log is open any more. */
  wal?: Record<string, Value> | null;
  cache?: Record<string, Value>;
  savepoints?: readonly Record<string, Value>[];
  /** Members of the sets of pages, ascending; null: there is no such set any more. */
  sets?: Record<string, Edit | null>;
  /** Flags and reference count of cached pages; null: no longer cached. */
  pages?: Record<string, readonly [flags: number, nRef: number] | null>;
}

/** What has changed in the order of a connection's page cache. */
export interface OrderChange {
  dirty?: Edit;
  lru?: Edit;
  synced?: number;
}

/** The shared memory of a database's write-ahead log: SHA-256 of each region's defined part, and the locks. */
export interface Shm {
  regions: readonly string[];
  locks: readonly number[];
}

/** One operation with everything that is known of it. */
export interface Step {
  do: Do;
  /** Result code of a function that has one. */
  rc?: number;
  /** What a function without a result code returned. */
  value?: number;
  /** Outputs by name. */
  out?: Record<string, Value>;
  /** A marked point: files whose bytes have changed since the last one; null: gone. */
  files?: Record<string, string | null>;
  /** Level 2, at marked points likewise. */
  shm?: Record<string, Shm | null>;
  /** Level 2, by the connection's number; null: closed. */
  state?: Record<string, StateChange | null>;
  /** Level 3. */
  calls?: readonly Call[];
  /** Level 4, by the connection's number. */
  order?: Record<string, OrderChange>;
}

/** The disk on which a vector runs. */
export interface DiskSetup {
  sectorSize: number;
  deviceCharacteristics: number;
  ioVersion: 1 | 2 | 3;
  seed: number;
  pendingByte: number;
}

/** One scenario. */
export interface Vector {
  format: typeof FORMAT;
  name: string;
  title: string;
  group: string;
  requires: readonly Requirement[];
  disk: DiskSetup;
  /** Files that are there at the beginning, by name. */
  start: Record<string, string>;
  steps: readonly Step[];
}

/** A vector as the index has it. */
export interface IndexEntry {
  name: string;
  title: string;
  group: string;
  requires: readonly Requirement[];
  steps: number;
  sha256: string;
}

/** index.json */
export interface Index {
  kind: typeof KIND;
  format: typeof FORMAT;
  sqlite: { version: string; sourceId: string };
  compileOptions: readonly string[];
  totals: { vectors: number; steps: number; calls: number; files: number };
  vectors: readonly IndexEntry[];
  /** Every content that a vector names: its size, and whether files/ has it. */
  files: Record<string, { size: number; stored: boolean }>;
}

/* ---------------------------------------------------------------- state */

/** A field of the state at level 2, by its name in C, and what it says if the name does not. */
export interface StateField {
  name: string;
  /** `hex`: an array of bytes as hexadecimal digits. */
  form?: "hex" | "numbers" | "text";
  about?: string;
}

const plain = (...names: string[]): StateField[] => names.map((name) => ({ name }));

export const PAGER_FIELDS: readonly StateField[] = [
  { name: "eState", about: "0 OPEN, 1 READER, 2 WRITER_LOCKED, 3 CACHEMOD, 4 DBMOD, 5 FINISHED, 6 ERROR" },
  { name: "eLock", about: "0 NONE, 1 SHARED, 2 RESERVED, 3 PENDING, 4 EXCLUSIVE, 5 UNKNOWN" },
  { name: "journalMode", about: "0 DELETE, 1 PERSIST, 2 OFF, 3 TRUNCATE, 4 MEMORY, 5 WAL" },
  ...plain("errCode", "exclusiveMode", "useJournal", "noSync", "fullSync", "extraSync"),
  ...plain("syncFlags", "walSyncFlags", "tempFile", "noLock", "readOnly", "memDb", "memVfs"),
  ...plain("changeCountDone", "setSuper", "doNotSpill", "subjInMemory", "bUseFetch", "hasHeldSharedLock"),
  ...plain("dbSize", "dbOrigSize", "dbFileSize", "dbHintSize", "nRec", "cksumInit", "nSubRec"),
  ...plain("journalOff", "journalHdr", "nSavepoint", "iDataVersion"),
  { name: "dbFileVers", form: "hex", about: "bytes 24 to 39 of the database, as last read" },
  ...plain("nMmapOut", "szMmap", "nExtra", "nReserve", "vfsFlags", "sectorSize", "mxPgno", "lckPgno"),
  ...plain("pageSize", "journalSizeLimit"),
  { name: "aStat", form: "numbers", about: "cache hits, misses, writes, spills" },
  { name: "fd", about: "the database file: 0 closed, 1 in memory, 2 a file of the VFS" },
  { name: "jfd", about: "the journal, likewise" },
  { name: "sjfd", about: "the sub-journal, likewise" },
  { name: "xGet", form: "text", about: "which of getPageNormal, getPageError, getPageMMap reads pages" },
];

export const WAL_FIELDS: readonly StateField[] = [
  ...plain("iCallback", "mxWalSize", "nWiData", "szFirstBlock", "szPage", "readLock", "syncFlags"),
  ...plain("exclusiveMode", "writeLock", "ckptLock", "readOnly", "truncateOnCommit", "syncHeader"),
  ...plain("padToSectorBoundary", "bShmUnreliable", "minFrame", "iReCksum", "nCkpt"),
];

/** Fields of Wal.hdr, from its 48 bytes. */
export const WAL_HEADER_FIELDS: readonly StateField[] = [
  ...plain("iVersion", "iChange", "isInit", "bigEndCksum", "szPage", "mxFrame", "nPage"),
  { name: "aFrameCksum", form: "numbers" },
  { name: "aSalt", form: "hex", about: "the eight bytes as they stand in the log's header" },
  { name: "aCksum", form: "numbers" },
];

export const PCACHE_FIELDS: readonly StateField[] = plain(
  ...["nRefSum", "szCache", "szSpill", "szPage", "szExtra", "bPurgeable", "eCreate"],
);

/** Of PCache1; null while the cache has not been made. */
export const PCACHE1_FIELDS: readonly StateField[] = plain("nMax");

export const SAVEPOINT_FIELDS: readonly StateField[] = [
  ...plain("iOffset", "iHdrOffset", "nOrig", "iSubRec", "bTruncateOnRelease"),
  { name: "aWalData", form: "numbers" },
];

/** The values of Wal.hdr from its bytes on a little-endian machine. */
export function walHeader(bytes: Uint8Array): Record<string, Value> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const word = (at: number): number => view.getUint32(at, true);
  return {
    iVersion: word(0),
    iChange: word(8),
    isInit: bytes[12]!,
    bigEndCksum: bytes[13]!,
    szPage: view.getUint16(14, true),
    mxFrame: word(16),
    nPage: word(20),
    aFrameCksum: [word(24), word(28)],
    aSalt: hex(bytes.subarray(32, 40)),
    aCksum: [word(40), word(44)],
  };
}

export function hex(bytes: Iterable<number>): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Eight digits of a 32-bit number. */
export function hex32(n: number): string {
  return n.toString(16).padStart(8, "0");
}

/* ---------------------------------------------------------------- calls */

/** What the members of a call mean. */
export interface CallSpec {
  method: string;
  about: string;
  /** Code of a fault that names none; absent: cannot be made to fail. */
  code?: number;
}

/** Calls of the VFS, of its files and of hooks, as level 3 has them. */
export const CALLS: Readonly<Record<string, CallSpec>> = {
  open: {
    method: "sqlite3_vfs.xOpen",
    about: "arg: flags; file: name, made up for a temporary file; out: 2 read-write or 1 read-only",
    code: 14,
  },
  close: { method: "sqlite3_io_methods.xClose", about: "", code: 4106 },
  delete: { method: "xDelete", about: "arg: the sync flag", code: 2570 },
  access: { method: "xAccess", about: "arg: flags; out: the answer", code: 3338 },
  fullpathname: {
    method: "xFullPathname",
    about: "file: the name given; amount: room for the result",
    code: 14,
  },
  randomness: { method: "xRandomness", about: "amount: bytes; hash: of the bytes given" },
  sleep: { method: "xSleep", about: "amount, out: microseconds" },
  currenttime: { method: "xCurrentTimeInt64", about: "out: the time" },
  read: {
    method: "xRead",
    about: "offset, amount; hash: of all of the buffer after rc 0 or 522",
    code: 266,
  },
  write: { method: "xWrite", about: "offset, amount; hash: of the bytes handed over", code: 778 },
  truncate: { method: "xTruncate", about: "offset: the new size", code: 1546 },
  sync: { method: "xSync", about: "arg: flags", code: 1034 },
  filesize: { method: "xFileSize", about: "out: the size", code: 1802 },
  lock: { method: "xLock", about: "arg: level asked for; out: level held afterwards", code: 3850 },
  unlock: { method: "xUnlock", about: "arg, out: likewise", code: 2058 },
  checkreservedlock: { method: "xCheckReservedLock", about: "out: the answer", code: 3594 },
  filecontrol: {
    method: "xFileControl",
    about:
      "arg: the opcode; amount and out: the number behind the argument before and after, 0 if it is none",
    code: 10,
  },
  sectorsize: { method: "xSectorSize", about: "out: the size" },
  shmmap: {
    method: "xShmMap",
    about: "offset: region; amount: its size; arg: bExtend; out: 1 if mapped",
    code: 5386,
  },
  shmlock: { method: "xShmLock", about: "offset: first slot; amount: slots; arg: flags", code: 5130 },
  shmbarrier: { method: "xShmBarrier", about: "" },
  shmunmap: { method: "xShmUnmap", about: "arg: deleteFlag", code: 10 },
  fetch: { method: "xFetch", about: "offset, amount; out: 1 if there is a page", code: 6154 },
  unfetch: { method: "xUnfetch", about: "offset" },
  busy: { method: "the busy handler", about: "arg: the connection; rc: its answer" },
  reinit: { method: "xReiniter", about: "arg: number of the page" },
  "backup-update": { method: "sqlite3BackupUpdate", about: "arg: number of the page; hash: of its content" },
  "backup-restart": { method: "sqlite3BackupRestart", about: "" },
  exec: { method: "sqlite3_exec", about: "file: the SQL, of which nothing is run; it answers 0" },
};

/* ---------------------------------------------------------------- operations */

/** How an argument or an output is written. */
export type ArgKind =
  | "int"
  | "bool"
  | "text"
  | "text?"
  | "pairs"
  | "hash"
  | "hashes"
  | "content"
  | "calls"
  | "int?";

/** What an operation is in terms of pager.h. */
export interface OpSpec {
  /** C. Arguments stand under their names in the vector; `pager` is that of connection c, `page` that of slot. */
  c: string;
  returns: "rc" | "value" | "nothing";
  args: Readonly<Record<string, ArgKind>>;
  out?: Readonly<Record<string, ArgKind>>;
  about?: string;
}

const c = "int";
const slot = "int";
const ofPager = (
  name: string,
  returns: OpSpec["returns"],
  args: OpSpec["args"] = {},
  more: Partial<OpSpec> = {},
): OpSpec => ({
  c: `sqlite3Pager${name}(${["pager", ...Object.keys(args)].join(", ")})`,
  returns,
  args: { c, ...args },
  ...more,
});
const ofPage = (name: string, returns: OpSpec["returns"], about?: string): OpSpec => ({
  c: `sqlite3Pager${name}(page)`,
  returns,
  args: { slot },
  ...(about === undefined ? {} : { about }),
});

const UNREF = "If this was the last reference, the slot is empty from now on.";

/** Every operation. */
export const OPS: Readonly<Record<string, OpSpec>> = {
  Open: {
    c: "sqlite3PagerOpen(vfs, &pager, name, extra, flags, vfsFlags, xReinit)",
    returns: "rc",
    args: { c, file: "text?", uri: "pairs", extra: "int", flags: "int", vfsFlags: "int" },
    out: { pager: "bool" },
    about:
      "`name` is null if `file` is; else it is laid out as sqlite3_create_filename does it: four zero bytes before, " +
      "then the file's name, a zero, each key and value of `uri` with a zero behind, three zeros. `pager`: whether " +
      "there is one. With rc 0, sqlite3PagerSetBusyHandler(pager, busy, c) follows in the same step.",
  },
  Close: {
    c: "sqlite3PagerClose(pager, db)",
    returns: "rc",
    args: { c, noCheckpoint: "bool" },
    about: "`db` is an empty connection, whose flags are SQLITE_NoCkptOnClose with `noCheckpoint`, else 0.",
  },
  CloseWal: {
    c: "sqlite3PagerCloseWal(pager, db)",
    returns: "rc",
    args: { c, noCheckpoint: "bool" },
    about: "`db` as for Close.",
  },
  ReadFileheader: ofPager(
    "ReadFileheader",
    "rc",
    { n: "int" },
    {
      c: "sqlite3PagerReadFileheader(pager, n, buffer)",
      out: { hash: "hash" },
      about: "`hash`: of all n bytes of the buffer.",
    },
  ),
  SetPagesize: ofPager(
    "SetPagesize",
    "rc",
    { size: "int", reserve: "int" },
    {
      c: "sqlite3PagerSetPagesize(pager, &size, reserve)",
      out: { size: "int" },
    },
  ),
  MaxPageCount: ofPager("MaxPageCount", "value", { n: "int" }),
  SetCachesize: ofPager("SetCachesize", "nothing", { n: "int" }),
  SetSpillsize: ofPager("SetSpillsize", "value", { n: "int" }),
  SetMmapLimit: ofPager("SetMmapLimit", "nothing", { n: "int" }),
  SetFlags: ofPager("SetFlags", "nothing", { n: "int" }),
  LockingMode: ofPager("LockingMode", "value", { n: "int" }),
  SetJournalMode: ofPager("SetJournalMode", "value", { n: "int" }),
  JournalSizeLimit: ofPager("JournalSizeLimit", "value", { n: "int" }),
  OpenSavepoint: ofPager("OpenSavepoint", "rc", { n: "int" }),
  TruncateImage: ofPager("TruncateImage", "nothing", { n: "int" }),
  DirectReadOk: ofPager("DirectReadOk", "value", { n: "int" }),
  Shrink: ofPager("Shrink", "nothing"),
  GetJournalMode: ofPager("GetJournalMode", "value"),
  OkToChangeJournalMode: ofPager("OkToChangeJournalMode", "value"),
  Flush: ofPager("Flush", "rc"),
  ExclusiveLock: ofPager("ExclusiveLock", "rc"),
  CommitPhaseTwo: ofPager("CommitPhaseTwo", "rc"),
  Rollback: ofPager("Rollback", "rc"),
  SharedLock: ofPager("SharedLock", "rc"),
  WalSupported: ofPager("WalSupported", "value"),
  WalCallback: ofPager("WalCallback", "value"),
  OpenWal: ofPager(
    "OpenWal",
    "rc",
    {},
    {
      c: "sqlite3PagerOpenWal(pager, &open)",
      out: { open: "int" },
      about: "`open` is 0 before.",
    },
  ),
  Isreadonly: ofPager("Isreadonly", "value"),
  DataVersion: ofPager("DataVersion", "value"),
  Filename: ofPager("Filename", "nothing", { nullIfMemDb: "bool" }, { out: { name: "text" } }),
  Journalname: ofPager("Journalname", "nothing", {}, { out: { name: "text" } }),
  TempSpace: ofPager("TempSpace", "value", {}, { about: "1: not null." }),
  IsMemdb: ofPager("IsMemdb", "value"),
  ClearCache: ofPager("ClearCache", "nothing"),
  Pagecount: ofPager(
    "Pagecount",
    "nothing",
    {},
    {
      c: "sqlite3PagerPagecount(pager, &pages)",
      out: { pages: "int" },
    },
  ),
  Get: {
    c: "sqlite3PagerGet(pager, pgno, &page, flags)",
    returns: "rc",
    args: { c, pgno: "int", slot, flags: "int" },
    out: { page: "bool", hash: "hash" },
    about: "`page`: whether it is not null. With rc 0 it is in the slot, and `hash` is that of its content.",
  },
  Scan: {
    c: "sqlite3PagerPagecount(pager, &pages); for each pgno: sqlite3PagerGet(pager, pgno, &page, 0), sqlite3PagerUnref(page)",
    returns: "rc",
    args: { c },
    out: { pages: "int", hashes: "hashes" },
    about:
      "Ends at the first Get that fails, with its code. `hashes`: of the content of each page read; of page 1 as if bytes " +
      "24 to 27 and 92 to 99 were zeros.",
  },
  Lookup: {
    c: "page = sqlite3PagerLookup(pager, pgno)",
    returns: "value",
    args: { c, pgno: "int", slot },
    about: "1: not null, and in the slot.",
  },
  Ref: ofPage("Ref", "nothing"),
  Unref: ofPage("Unref", "nothing", UNREF),
  UnrefNotNull: ofPage("UnrefNotNull", "nothing", UNREF),
  UnrefPageOne: ofPage("UnrefPageOne", "nothing", UNREF),
  Write: ofPage("Write", "rc"),
  DontWrite: ofPage("DontWrite", "nothing"),
  PageRefcount: ofPage("PageRefcount", "value"),
  Poke: {
    c: "memcpy(page->pData + offset, bytes, n)",
    returns: "nothing",
    args: { slot, offset: "int", n: "int", x: "int" },
    about: "`bytes` are made from x as the section on algorithms says.",
  },
  Movepage: {
    c: "sqlite3PagerMovepage(pager, page, pgno, isCommit)",
    returns: "rc",
    args: { c, slot, pgno: "int", isCommit: "bool" },
  },
  Swap: {
    c: "sqlite3PagerRekey(page, lckPgno, flagsB); sqlite3PagerRekey(other, a, flagsA); sqlite3PagerRekey(page, b, flagsB)",
    returns: "nothing",
    args: { slot, with: "int" },
    about:
      "`other` is the page in slot `with`; a, flagsA and b, flagsB are number and flags of both pages before.",
  },
  Begin: ofPager("Begin", "rc", { exFlag: "int", subjInMemory: "bool" }),
  CommitPhaseOne: ofPager(
    "CommitPhaseOne",
    "rc",
    { superJournal: "text?", noSync: "bool" },
    {
      about: "The name is laid out like that of Open.",
    },
  ),
  Sync: ofPager("Sync", "rc", { superJournal: "text?" }),
  Savepoint: ofPager(
    "Savepoint",
    "rc",
    { kind: "int", i: "int" },
    { about: "`kind`: 1 release, 2 rollback." },
  ),
  Checkpoint: {
    c: "sqlite3PagerCheckpoint(pager, db, mode, &log, &done)",
    returns: "rc",
    args: { c, mode: "int" },
    out: { log: "int", done: "int" },
    about:
      "`mode`: 0 PASSIVE, 1 FULL, 2 RESTART, 3 TRUNCATE. `log` and `done` are -1 before. `db` is an empty connection.",
  },
  CacheStat: ofPager(
    "CacheStat",
    "value",
    { stat: "int", reset: "bool" },
    {
      c: "sqlite3PagerCacheStat(pager, stat, reset, &value)",
      about: "`value` is 0 before. `stat`: 7 hits, 8 misses, 9 writes, 10 spills.",
    },
  ),
  SetBackup: {
    c: "*sqlite3PagerBackupPtr(pager) = on ? backup : 0",
    returns: "nothing",
    args: { c, on: "bool" },
    about: "A backup that only notes the calls of sqlite3BackupUpdate and sqlite3BackupRestart.",
  },
  Busy: {
    c: "",
    returns: "nothing",
    args: { c, n: "int" },
    about:
      "The busy handler of connection c answers 1 to its next n calls, then 0. Before the first such step: 0.",
  },
  Fault: {
    c: "",
    returns: "nothing",
    args: {
      calls: "calls",
      nth: "int",
      persistent: "bool",
      code: "int?",
      partial: "int",
      scribble: "bool",
      file: "text?",
    },
    about: "Adds a rule by which calls fail; see the section on faults.",
  },
  ClearFaults: { c: "", returns: "nothing", args: {}, about: "Takes all rules away." },
  FailAllocation: {
    c: "",
    returns: "nothing",
    args: { at: "int?", persistent: "bool" },
    about:
      "The at-th call of xMalloc or xRealloc from now on returns null, with `persistent` all after it too; null: none.",
  },
  PutFile: {
    c: "",
    returns: "nothing",
    args: { file: "text", content: "content" },
    about: "Puts a file on the disk, or another in its place: its bytes have this SHA-256.",
  },
  DeleteFile: { c: "", returns: "nothing", args: { file: "text" }, about: "Takes a file from the disk." },
  Crash: {
    c: "",
    returns: "nothing",
    args: {},
    about:
      "The power fails. All pagers and pages of all connections are forgotten without being closed, all slots are " +
      "empty, nobody holds a lock, all shared memory is gone, and the disk has exactly the files that this step's " +
      "`files` leave: here they are not compared but set. The generators of random numbers (the library's and the " +
      "disk's), the counter of temporary names, rules for faults and what Busy has said go on.",
  },
};
