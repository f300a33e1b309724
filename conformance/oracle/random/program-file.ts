/**
 * Programs as files: `{"why": "...", "program": {"setup": {...}, "ops": [...]}}`.
 *
 * Whatever is in a file, reading it ends with a program that can be run or with a sentence for whoever wrote it.
 */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { MemOp } from "../../../src/index.js";
import { packageRoot } from "../../core/package-root.js";
import { UsageError } from "../../core/usage.js";
import type { Op, Program, Setup } from "../ops.js";
import type { Promises } from "../systematic/model.js";

/** What a file of a program has. */
export interface ProgramFile {
  /** What the program shows. */
  why: string;
  program: Program;
  /** What the content is held against, if that is what failed; see systematic/judge.ts. */
  promises?: Promises;
  /** The operation from which on nothing may fail; goes with `promises`. */
  verifyFrom?: number;
}

/** Where programs are kept that once showed something. */
const SAVED = join(packageRoot(), "conformance", "oracle", "saved");

/** All of them by name, without the ending. */
export function savedPrograms(): Map<string, ProgramFile> {
  const names = readdirSync(SAVED).filter((name) => name.endsWith(".json"));
  return new Map(
    names.sort().map((name) => [name.slice(0, -".json".length), readProgram(join(SAVED, name))]),
  );
}

/**
 * Reads a program.
 *
 * @throws UsageError if there is no such file, or it is no program
 */
export function readProgram(path: string): ProgramFile {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (e) {
    throw new UsageError(`cannot read the program ${path}: ${e instanceof Error ? e.message : String(e)}`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (e) {
    throw new UsageError(`${path} is no JSON: ${e instanceof Error ? e.message : String(e)}`);
  }
  try {
    return programOf(value);
  } catch (e) {
    if (!(e instanceof UsageError)) throw e;
    throw new UsageError(`${path} is no program: ${e.message}`);
  }
}

/**
 * Checks what JSON.parse gave.
 *
 * @throws UsageError that says where something is wrong, and what
 */
export function programOf(value: unknown): ProgramFile {
  const file = fieldsOf(value, "the file", {
    why: text(1, 4000),
    program: anything,
    promises: optional(promises),
    verifyFrom: optional(int(0, MOST)),
  });
  if ((file["promises"] === undefined) !== (file["verifyFrom"] === undefined)) {
    throw new UsageError('"promises" and "verifyFrom" go together');
  }
  const program = fieldsOf(file["program"], "program", { setup: optional(anything), ops: anything });
  const ops = program["ops"];
  if (!Array.isArray(ops) || ops.length < 1 || ops.length > MOST) {
    throw new UsageError(`program.ops must be a list of 1 to ${MOST} operations`);
  }
  ops.forEach((op: unknown, i) => {
    checkOp(op, `program.ops[${i}]`);
  });
  const setup = program["setup"];
  if (setup !== undefined) fieldsOf(setup, "program.setup", SETUP);
  /* Checked field by field, just now. */
  return {
    why: file["why"] as string,
    program: { ...(setup === undefined ? {} : { setup: setup as Setup }), ops: ops as readonly Op[] },
    ...(file["promises"] === undefined
      ? {}
      : { promises: file["promises"] as Promises, verifyFrom: file["verifyFrom"] as number }),
  };
}

/** Operations that a file may have at most. */
const MOST = 100_000;
/** The last page that a program may name; 65536 bytes each, they still fit into the oracle's memory. */
const LAST_PAGE = 2000;

/** Says what is wrong with a value, or null. */
type Check = (value: unknown) => string | null;

interface Optional {
  readonly isOptional: true;
  readonly check: Check;
}

type Fields<K extends string = string> = Readonly<Record<K, Check | Optional>>;

function optional(check: Check): Optional {
  return { isOptional: true, check };
}

const anything: Check = () => null;

function int(from: number, to: number): Check {
  return (value) =>
    typeof value === "number" && Number.isInteger(value) && value >= from && value <= to
      ? null
      : `must be a whole number from ${from} to ${to}`;
}

function oneOf(...allowed: readonly (string | number)[]): Check {
  return (value) => (allowed.some((one) => one === value) ? null : `must be one of ${allowed.join(", ")}`);
}

const bool: Check = (value) => (typeof value === "boolean" ? null : "must be true or false");

function text(from: number, to: number): Check {
  return (value) =>
    typeof value === "string" && value.length >= from && value.length <= to && !value.includes("\0")
      ? null
      : `must be a text of ${from} to ${to} characters without a zero`;
}

function orNull(check: Check): Check {
  return (value) => (value === null ? null : check(value));
}

function list(check: Check, most: number): Check {
  return (value) => {
    if (!Array.isArray(value) || value.length > most) return `must be a list of at most ${most}`;
    for (const one of value as unknown[]) {
      const wrong = check(one);
      if (wrong !== null) return `must be a list of which each ${wrong}`;
    }
    return null;
  };
}

const promises: Check = (value) =>
  wrongWith(() =>
    fieldsOf(value, "it", {
      onError: oneOf("always", "if the rollback works", "never"),
      onPowerLoss: oneOf("all", "all but the last", "the first ones", "anything"),
      commitsInPhaseOne: optional(bool),
    }),
  );

const name = text(1, 200);
const c = int(0, 15);
const slot = int(0, 1_000_000);
const pgno = int(0, LAST_PAGE);
const seed = int(0, 0xffffffff);
const power = oneOf("drop", "keep", "prefix", "random");

/** Powers of two. */
function power2(from: number, to: number): number[] {
  return from > to ? [] : [from, ...power2(from * 2, to)];
}

const SETUP: Fields<keyof Setup> = {
  sectorSize: optional(oneOf(...power2(512, 65536))),
  deviceCharacteristics: optional(int(0, 0xffff)),
  ioVersion: optional(oneOf(1, 2, 3)),
  seed: optional(seed),
  pendingByte: optional((value) =>
    int(512, 0x40000000)(value) === null && (value as number) % 512 === 0
      ? null
      : "must be a multiple of 512, at most 1073741824",
  ),
  pageCache: optional((value) => {
    try {
      fieldsOf(value, "it", { size: int(0, 70_000), n: int(0, 2000) });
      return null;
    } catch (e) {
      if (!(e instanceof UsageError)) throw e;
      return `is not right: ${e.message}`;
    }
  }),
  softHeapLimit: optional(int(0, 0x40000000)),
};

/** Every method of the VFS. */
const METHODS: Readonly<Record<MemOp, true>> = {
  open: true,
  close: true,
  delete: true,
  access: true,
  fullpathname: true,
  randomness: true,
  sleep: true,
  currenttime: true,
  read: true,
  write: true,
  truncate: true,
  sync: true,
  filesize: true,
  lock: true,
  unlock: true,
  checkreservedlock: true,
  filecontrol: true,
  sectorsize: true,
  devicecharacteristics: true,
  shmmap: true,
  shmlock: true,
  shmbarrier: true,
  shmunmap: true,
  fetch: true,
  unfetch: true,
};
const method = oneOf(...Object.keys(METHODS), "all");

const RULE: Fields = {
  op: (value) => (Array.isArray(value) ? list(method, 25)(value) : method(value)),
  nth: int(1, 1_000_000),
  persistent: optional(bool),
  /* SQLITE_BUSY comes from locks only: the pager's callers wait for those. */
  code: optional((value) =>
    int(1, 0xffff)(value) === null && (value === 5 || value === 13 || ((value as number) & 0xff) === 10)
      ? null
      : "must be 13 (SQLITE_FULL), or 10 or an extended code of it (SQLITE_IOERR), or 5 (SQLITE_BUSY) for a lock",
  ),
  partial: optional(int(0, 65536)),
  scribble: optional(bool),
  file: optional(name),
};

const NOTHING_ELSE = { c } as const;
const PAGE = { slot } as const;

/** The fields of every operation besides `op`. */
const OPS: Readonly<Record<Op["op"], Fields>> = {
  Open: {
    c,
    file: orNull(text(0, 200)),
    flags: optional(int(0, 3)),
    vfsFlags: optional(int(0, 0x7ff)),
    uri: optional(list(list(text(0, 100), 2), 10)),
    extra: optional(int(8, 999)),
  },
  Close: { c, noCheckpoint: optional(bool) },
  CloseWal: { c, noCheckpoint: optional(bool) },
  ReadFileheader: { c, n: int(1, 65536) },
  SetPagesize: { c, size: oneOf(0, ...power2(512, 65536)), reserve: int(-1, 255) },
  MaxPageCount: { c, n: int(0, 0xfffffffe) },
  SetCachesize: { c, n: int(-0x7fffffff, 0x7fffffff) },
  SetSpillsize: { c, n: int(-0x7fffffff, 0x7fffffff) },
  SetMmapLimit: { c, n: int(-1, 0x7fff0000) },
  SetFlags: { c, n: int(0, 63) },
  LockingMode: { c, n: int(-1, 1) },
  SetJournalMode: { c, n: int(0, 5) },
  JournalSizeLimit: { c, n: int(-1, 0x7fffffff) },
  OpenSavepoint: { c, n: int(0, 100) },
  TruncateImage: { c, n: pgno },
  DirectReadOk: { c, n: pgno },
  Shrink: NOTHING_ELSE,
  GetJournalMode: NOTHING_ELSE,
  OkToChangeJournalMode: NOTHING_ELSE,
  Flush: NOTHING_ELSE,
  ExclusiveLock: NOTHING_ELSE,
  CommitPhaseTwo: NOTHING_ELSE,
  Rollback: NOTHING_ELSE,
  SharedLock: NOTHING_ELSE,
  WalSupported: NOTHING_ELSE,
  WalCallback: NOTHING_ELSE,
  OpenWal: NOTHING_ELSE,
  Isreadonly: NOTHING_ELSE,
  DataVersion: NOTHING_ELSE,
  MemUsed: NOTHING_ELSE,
  Journalname: NOTHING_ELSE,
  TempSpace: NOTHING_ELSE,
  IsMemdb: NOTHING_ELSE,
  ClearCache: NOTHING_ELSE,
  Pagecount: NOTHING_ELSE,
  Get: { c, pgno, slot, flags: optional(int(0, 3)) },
  Lookup: { c, pgno, slot },
  Ref: PAGE,
  Unref: PAGE,
  UnrefNotNull: PAGE,
  UnrefPageOne: PAGE,
  Write: PAGE,
  DontWrite: PAGE,
  PageRefcount: PAGE,
  Poke: { slot, offset: int(0, 65535), n: int(1, 65536), seed, extra: optional(bool) },
  Movepage: { c, slot, pgno, isCommit: bool },
  Swap: { slot, with: slot },
  Begin: { c, exFlag: int(0, 1), subjInMemory: bool },
  CommitPhaseOne: { c, superJournal: optional(name), noSync: optional(bool) },
  Sync: { c, superJournal: optional(name) },
  Savepoint: { c, kind: oneOf("release", "rollback"), i: int(-1, 100) },
  Checkpoint: { c, mode: int(-1, 3) },
  CacheStat: { c, stat: int(7, 10), reset: bool },
  Filename: { c, nullIfMemDb: bool },
  SetBackup: { c, on: bool },
  Busy: { c, n: int(0, 10_000) },
  Fault: { rule: orNull((value) => wrongWith(() => checkRule(value))) },
  FailAllocation: { at: orNull(int(1, 1_000_000)), persistent: optional(bool) },
  SyncDisk: {},
  Crash: { seed, mode: optional(power) },
  PowerLoss: {
    of: oneOf("sync", "write", "call"),
    at: int(1, 1_000_000),
    mode: power,
    seed,
    file: optional(name),
  },
  Damage: { file: name, offset: int(0, 1_000_000), n: int(1, 65536), seed },
  Scan: NOTHING_ELSE,
  WriteSuper: { file: name, names: list(name, 20) },
  DeleteSuper: { file: name },
};

function checkRule(value: unknown): void {
  const { op, code } = fieldsOf(value, "rule", RULE);
  if (code === 5 && op !== "lock" && op !== "shmlock") {
    throw new UsageError('only "lock" and "shmlock" can come back with 5');
  }
}

function checkOp(value: unknown, where: string): void {
  const op = isRecord(value) ? value["op"] : undefined;
  if (typeof op !== "string" || !Object.hasOwn(OPS, op)) {
    throw new UsageError(`${where} must be an object whose "op" is one of ${Object.keys(OPS).join(", ")}`);
  }
  fieldsOf(value, `${where} (${op})`, { op: anything, ...OPS[op as Op["op"]] });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The fields of an object, each checked, none missing and none too many. */
function fieldsOf(value: unknown, where: string, fields: Fields): Record<string, unknown> {
  if (!isRecord(value)) throw new UsageError(`${where} must be an object`);
  for (const key of Object.keys(value)) {
    if (Object.hasOwn(fields, key)) continue;
    throw new UsageError(
      `${where} has a field ${JSON.stringify(key)}; known are ${Object.keys(fields).join(", ")}`,
    );
  }
  for (const [key, field] of Object.entries(fields)) {
    const isOptional = typeof field === "object";
    if (!Object.hasOwn(value, key)) {
      if (isOptional) continue;
      throw new UsageError(`${where} has no field "${key}"`);
    }
    const wrong = (isOptional ? field.check : field)(value[key]);
    if (wrong !== null) throw new UsageError(`${where}: "${key}" ${wrong}`);
  }
  return value;
}

/** The sentence of a check that throws one, as part of another. */
function wrongWith(check: () => void): string | null {
  try {
    check();
    return null;
  } catch (e) {
    if (!(e instanceof UsageError)) throw e;
    return `is wrong: ${e.message}`;
  }
}
