/** Which calls fail, and with what. */

import type { ShimCall } from "../../../engines/shimvfs.js";
import { FAILING_CALLS } from "../../../sql/calls.js";

/** A way to fail. */
export interface FaultKind {
  name: string;
  calls: readonly ShimCall[];
  rc: number;
}

/** Result codes as sqlite3.h has them. */
const IOERR = 10;
const BUSY = 5;
const FULL = 13;
const CANTOPEN = 14;
const extended = (n: number): number => IOERR | (n << 8);

/** Any call whatever fails with the plain code: the n-th call is the n-th of all. */
export const ANY: FaultKind = { name: "any call gives IOERR", calls: FAILING_CALLS, rc: IOERR };

/** Those that a debug build counts as a production build does. */
function kinds(all: readonly FaultKind[]): FaultKind[] {
  return all.filter((k) => k.calls[0] === "fetch" || FAILING_CALLS.includes(k.calls[0] as ShimCall));
}

/** Calls of one kind fail with the code that the Unix VFS gives. */
export const KINDS: readonly FaultKind[] = kinds([
  { name: "read gives IOERR_READ", calls: ["read"], rc: extended(1) },
  { name: "read gives IOERR_CORRUPTFS", calls: ["read"], rc: extended(33) },
  { name: "write gives IOERR_WRITE", calls: ["write"], rc: extended(3) },
  { name: "write gives FULL", calls: ["write"], rc: FULL },
  { name: "sync gives IOERR_FSYNC", calls: ["sync"], rc: extended(4) },
  { name: "truncate gives IOERR_TRUNCATE", calls: ["truncate"], rc: extended(6) },
  { name: "size gives IOERR_FSTAT", calls: ["size"], rc: extended(7) },
  { name: "delete gives IOERR_DELETE", calls: ["delete"], rc: extended(10) },
  { name: "open gives CANTOPEN", calls: ["open"], rc: CANTOPEN },
  { name: "lock gives BUSY", calls: ["lock"], rc: BUSY },
  { name: "lock gives IOERR_LOCK", calls: ["lock"], rc: extended(15) },
  { name: "unlock gives IOERR_UNLOCK", calls: ["unlock"], rc: extended(8) },
  { name: "access gives IOERR_ACCESS", calls: ["access"], rc: extended(13) },
  { name: "reserved gives IOERR_CHECKRESERVEDLOCK", calls: ["reserved"], rc: extended(14) },
  { name: "close gives IOERR_CLOSE", calls: ["close"], rc: extended(16) },
  { name: "control gives IOERR", calls: ["control"], rc: IOERR },
  { name: "fetch gives IOERR_MMAP", calls: ["fetch"], rc: extended(24) },
]);
