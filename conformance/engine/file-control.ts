/**
 * File controls across the border: C passes a pointer whose meaning depends on the opcode, the port
 * takes a `Ref` or nothing.
 */

import {
  type CString,
  Ref,
  SQLITE_FCNTL_CHUNK_SIZE,
  SQLITE_FCNTL_EXTERNAL_READER,
  SQLITE_FCNTL_FILESTAT,
  SQLITE_FCNTL_HAS_MOVED,
  SQLITE_FCNTL_LAST_ERRNO,
  SQLITE_FCNTL_LOCK_TIMEOUT,
  SQLITE_FCNTL_LOCKSTATE,
  SQLITE_FCNTL_MMAP_SIZE,
  SQLITE_FCNTL_OVERWRITE,
  SQLITE_FCNTL_PERSIST_WAL,
  SQLITE_FCNTL_POWERSAFE_OVERWRITE,
  SQLITE_FCNTL_SIZE_HINT,
  SQLITE_FCNTL_SIZE_LIMIT,
  SQLITE_FCNTL_TEMPFILENAME,
  SQLITE_FCNTL_VFSNAME,
  SQLITE_NOTFOUND,
} from "../../src/index.js";
import type { CMemory } from "./memory.js";

/** What `pArg` points to. */
type Argument = "int" | "int64" | "string";

const ARGUMENTS = new Map<number, Argument>([
  [SQLITE_FCNTL_LOCKSTATE, "int"],
  [SQLITE_FCNTL_LAST_ERRNO, "int"],
  [SQLITE_FCNTL_SIZE_HINT, "int64"],
  [SQLITE_FCNTL_CHUNK_SIZE, "int"],
  [SQLITE_FCNTL_PERSIST_WAL, "int"],
  [SQLITE_FCNTL_OVERWRITE, "int64"],
  [SQLITE_FCNTL_VFSNAME, "string"],
  [SQLITE_FCNTL_POWERSAFE_OVERWRITE, "int"],
  [SQLITE_FCNTL_TEMPFILENAME, "string"],
  [SQLITE_FCNTL_MMAP_SIZE, "int64"],
  [SQLITE_FCNTL_HAS_MOVED, "int"],
  [SQLITE_FCNTL_LOCK_TIMEOUT, "int"],
  [SQLITE_FCNTL_SIZE_LIMIT, "int64"],
  [SQLITE_FCNTL_EXTERNAL_READER, "int"],
]);

/** A file control of the port. */
type Control = (op: number, pArg: unknown) => number;

/** Calls `control` for C's `xFileControl(file, op, pArg)`; values go both ways. */
export function controlFromC(memory: CMemory, control: Control, op: number, pArg: number): number {
  /* Its argument is a string builder of C's, which the port cannot write to. */
  if (op === SQLITE_FCNTL_FILESTAT) return SQLITE_NOTFOUND;
  const kind = pArg === 0 ? undefined : ARGUMENTS.get(op);
  if (kind === undefined) return control(op, null);
  if (kind === "string") {
    const text = new Ref<CString | null>(null);
    const rc = control(op, text);
    /* The port's blocks are the upper half's, which frees this one. */
    memory.setPointer(pArg, text.value === null ? 0 : memory.addressOf(text.value));
    return rc;
  }
  const value = new Ref(kind === "int" ? memory.i32(pArg) : memory.i64(pArg));
  const rc = control(op, value);
  if (kind === "int") memory.setI32(pArg, value.value);
  else memory.setI64(pArg, value.value);
  return rc;
}

/** A file control of C's. */
type CControl = (op: number, pArg: number) => number;

/** Calls `control` for the port's `xFileControl(file, op, pArg)`. */
export function controlFromPort(memory: CMemory, control: CControl, op: number, pArg: unknown): number {
  const kind = ARGUMENTS.get(op);
  /* C would store through the pointer that it does not get. */
  if (kind === "string") return SQLITE_NOTFOUND;
  if (!(pArg instanceof Ref) || kind === undefined) return control(op, 0);
  const p = memory.malloc(8);
  if (p === 0) return SQLITE_NOTFOUND;
  const value = pArg as Ref<number>;
  if (kind === "int") memory.setI32(p, value.value);
  else memory.setI64(p, value.value);
  const rc = control(op, p);
  value.value = kind === "int" ? memory.i32(p) : memory.i64(p);
  memory.free(p);
  return rc;
}
