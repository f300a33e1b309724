/**
 * Small functions that everything uses: string comparison, numbers in text and in big-endian bytes.
 *
 * Of upstream's util.c only what the mirrored files call is here; the rest serves SQL.
 *
 * @upstream util.c
 * @module
 */

import { memmove, strlen, toCString } from "./cstring.js";
import { sqlite3GlobalConfig, sqlite3UpperToLower } from "./global.js";
import { sqlite3_uri_boolean } from "./main.js";
import { SQLITE_ENABLE_8_3_NAMES } from "./options.js";
import {
  ALWAYS,
  assert,
  type CString,
  LARGEST_INT64,
  Ref,
  SMALLEST_INT64,
  SQLITE_OK,
  sqlite3Isdigit,
  sqlite3Isspace,
  sqlite3Isxdigit,
  testcase,
} from "./sqliteInt.js";

/** Text encodings as `sqlite3Atoi64` takes them. @upstream sqlite3.h SQLITE_UTF8 */
const SQLITE_UTF8: number = 1;
const SQLITE_UTF16LE: number = 2;
const SQLITE_UTF16BE: number = 3;

/**
 * A point at which a test may make something fail or be skipped. The number tells the place; what
 * the callback of SQLITE_TESTCTRL_FAULT_INSTALL returns is the result, SQLITE_OK without one.
 *
 * @upstream util.c sqlite3FaultSim
 */
export function sqlite3FaultSim(iTest: number): number {
  const xCallback = sqlite3GlobalConfig.xTestCallback;
  return xCallback !== null ? xCallback(iTest) : SQLITE_OK;
}

/**
 * Length of a C string in bytes, cut to 30 bits; 0 for null.
 *
 * @upstream util.c sqlite3Strlen30
 */
export function sqlite3Strlen30(z: CString | null): number {
  if (z === null) return 0;
  return 0x3fffffff & strlen(z);
}

/**
 * Compares two C strings without regard to the case of ASCII letters: negative, zero or positive.
 * Null sorts before everything else.
 *
 * @upstream util.c sqlite3_stricmp
 */
export function sqlite3_stricmp(zLeft: CString | null, zRight: CString | null): number {
  if (zLeft === null) {
    return zRight !== null ? -1 : 0;
  } else if (zRight === null) {
    return 1;
  }
  return sqlite3StrICmp(zLeft, zRight);
}

/**
 * As {@link sqlite3_stricmp}, for strings that are known to exist.
 *
 * @upstream util.c sqlite3StrICmp
 * @divergence text-offsets
 */
export function sqlite3StrICmp(zLeft: CString, zRight: CString): number {
  let a: number;
  let b: number;
  let c: number;
  let x: number;
  a = 0;
  b = 0;
  for (;;) {
    c = zLeft[a]!;
    x = zRight[b]!;
    if (c === x) {
      if (c === 0) break;
    } else {
      c = sqlite3UpperToLower[c]! - sqlite3UpperToLower[x]!;
      if (c) break;
    }
    a++;
    b++;
  }
  return c;
}

/**
 * As {@link sqlite3_stricmp}, but looks at no more than `N` bytes.
 *
 * @upstream util.c sqlite3_strnicmp
 * @divergence text-offsets
 */
export function sqlite3_strnicmp(zLeft: CString | null, zRight: CString | null, N: number): number {
  if (zLeft === null) {
    return zRight !== null ? -1 : 0;
  } else if (zRight === null) {
    return 1;
  }
  let a = 0;
  let b = 0;
  while (N-- > 0 && zLeft[a] !== 0 && sqlite3UpperToLower[zLeft[a]!] === sqlite3UpperToLower[zRight[b]!]) {
    a++;
    b++;
  }
  return N < 0 ? 0 : sqlite3UpperToLower[zLeft[a]!]! - sqlite3UpperToLower[zRight[b]!]!;
}

/**
 * Compares 19 digits with the text of 2^63: negative, zero or positive. If only the last digit
 * differs, the result is that difference.
 *
 * @param incr distance of the digits in bytes: 1 in UTF-8, 2 in UTF-16.
 * @upstream util.c compare2pow63
 */
function compare2pow63(zNum: Uint8Array, incr: number): number {
  let c = 0;
  const pow63 = toCString("922337203685477580");
  for (let i = 0; c === 0 && i < 18; i++) {
    c = (zNum[i * incr]! - pow63[i]!) * 10;
  }
  if (c === 0) {
    c = zNum[18 * incr]! - 0x38; /* '8' */
    testcase(c === -1);
    testcase(c === 0);
    testcase(c === +1);
  }
  return c;
}

/**
 * Reads a decimal integer. Leading and trailing white space is allowed.
 *
 * Returns 0 for a complete number, 1 if other text follows, -1 if there is no number at all, 2 if it
 * does not fit (then the nearest i64 is stored), 3 for exactly 2^63. Something is always stored.
 *
 * @param length bytes to read; the text need not end with a zero.
 * @param enc 1 UTF-8, 2 UTF-16 little-endian, 3 UTF-16 big-endian.
 * @upstream util.c sqlite3Atoi64
 * @divergence text-offsets
 */
export function sqlite3Atoi64(zNum: Uint8Array, pNum: Ref<bigint>, length: number, enc: number): number {
  let incr: number;
  let u = 0n;
  let neg = 0;
  let i: number;
  let j: number;
  let c = 0;
  let nonNum = 0;
  let rc: number;
  /* Offsets into zNum stand for C's pointers. */
  let iNum = 0;
  let iStart: number;
  let iEnd = length;
  assert(enc === SQLITE_UTF8 || enc === SQLITE_UTF16LE || enc === SQLITE_UTF16BE);
  if (enc === SQLITE_UTF8) {
    incr = 1;
  } else {
    incr = 2;
    length &= ~1;
    assert(SQLITE_UTF16LE === 2 && SQLITE_UTF16BE === 3);
    for (i = 3 - enc; i < length && zNum[i] === 0; i += 2) {}
    nonNum = i < length ? 1 : 0;
    iEnd = i ^ 1;
    iNum += enc & 1;
  }
  while (iNum < iEnd && sqlite3Isspace(zNum[iNum]!)) iNum += incr;
  if (iNum < iEnd) {
    if (zNum[iNum] === 0x2d /* - */) {
      neg = 1;
      iNum += incr;
    } else if (zNum[iNum] === 0x2b /* + */) {
      iNum += incr;
    }
  }
  iStart = iNum;
  while (iNum < iEnd && zNum[iNum] === 0x30 /* 0 */) {
    iNum += incr;
  }
  for (i = 0; iNum + i < iEnd && (c = ((zNum[iNum + i]! >>> 0) - 0x30) >>> 0) <= 9; i += incr) {
    u = BigInt.asUintN(64, u * 10n + BigInt(c));
  }
  testcase(i === 18 * incr);
  testcase(i === 19 * incr);
  testcase(i === 20 * incr);
  if (u > LARGEST_INT64) {
    pNum.value = neg ? SMALLEST_INT64 : LARGEST_INT64;
  } else if (neg) {
    pNum.value = -u;
  } else {
    pNum.value = u;
  }
  rc = 0;
  if (i === 0 && iStart === iNum) {
    rc = -1;
  } else if (nonNum) {
    rc = 1;
  } else if (iNum + i < iEnd) {
    let jj = i;
    do {
      if (!sqlite3Isspace(zNum[iNum + jj]!)) {
        rc = 1;
        break;
      }
      jj += incr;
    } while (iNum + jj < iEnd);
  }
  if (i < 19 * incr) {
    /* 18 digits always fit. */
    assert(u <= LARGEST_INT64);
    return rc;
  } else {
    j = i > 19 * incr ? 1 : compare2pow63(zNum.subarray(iNum), incr);
    if (j < 0) {
      assert(u <= LARGEST_INT64);
      return rc;
    } else {
      pNum.value = neg ? SMALLEST_INT64 : LARGEST_INT64;
      if (j > 0) {
        return 2;
      } else {
        /* Exactly 2^63, which fits if it is negative. */
        assert(u - 1n === LARGEST_INT64);
        return neg ? rc : 3;
      }
    }
  }
}

/** How many of the first bytes of `z` are in `accept`. NON-UPSTREAM: the C library's part. */
function strspn(z: CString, accept: string): number {
  let n = 0;
  while (z[n] !== 0 && accept.includes(String.fromCharCode(z[n]!))) n++;
  return n;
}

/**
 * Reads an integer as SQL writes it, decimal or hexadecimal after 0x. Result codes as
 * {@link sqlite3Atoi64}'s, without -1 for hexadecimal.
 *
 * @upstream util.c sqlite3DecOrHexToI64
 * @divergence bigint-words
 */
export function sqlite3DecOrHexToI64(z: CString, pOut: Ref<bigint>): number {
  if (z[0] === 0x30 && (z[1] === 0x78 || z[1] === 0x58)) {
    let u = 0n;
    let i: number;
    let k: number;
    for (i = 2; z[i] === 0x30; i++) {}
    for (k = i; sqlite3Isxdigit(z[k]!); k++) {
      u = BigInt.asUintN(64, u * 16n + BigInt(sqlite3HexToInt(z[k]!)));
    }
    pOut.value = BigInt.asIntN(64, u);
    if (k - i > 16) return 2;
    if (z[k] !== 0) return 1;
    return 0;
  } else {
    let n = (0x3fffffff & strspn(z, "+- \n\t0123456789")) | 0;
    if (z[n]) n++;
    return sqlite3Atoi64(z, pOut, n, SQLITE_UTF8);
  }
}

/**
 * Reads a 32-bit integer, decimal or hexadecimal, from the beginning of `zNum`; what follows it does
 * not matter. Returns 1 and stores it, or 0 and stores nothing.
 *
 * @upstream util.c sqlite3GetInt32
 * @divergence text-offsets
 * @divergence bigint-words
 */
export function sqlite3GetInt32(zNum: CString, pValue: Ref<number>): number {
  let v = 0;
  let i: number;
  let c: number;
  let neg = 0;
  let iNum = 0;
  if (zNum[0] === 0x2d) {
    neg = 1;
    iNum++;
  } else if (zNum[0] === 0x2b) {
    iNum++;
  } else if (zNum[0] === 0x30 && (zNum[1] === 0x78 || zNum[1] === 0x58) && sqlite3Isxdigit(zNum[2]!)) {
    let u = 0;
    iNum += 2;
    while (zNum[iNum] === 0x30) iNum++;
    for (i = 0; i < 8 && sqlite3Isxdigit(zNum[iNum + i]!); i++) {
      u = (u * 16 + sqlite3HexToInt(zNum[iNum + i]!)) >>> 0;
    }
    if ((u & 0x80000000) === 0 && sqlite3Isxdigit(zNum[iNum + i]!) === 0) {
      pValue.value = u;
      return 1;
    } else {
      return 0;
    }
  }
  if (!sqlite3Isdigit(zNum[iNum]!)) return 0;
  while (zNum[iNum] === 0x30) iNum++;
  for (i = 0; i < 11 && (c = zNum[iNum + i]! - 0x30) >= 0 && c <= 9; i++) {
    v = v * 10 + c;
  }

  /* 2^31 has ten digits. */
  testcase(i === 10);
  if (i > 10) {
    return 0;
  }
  testcase(v - neg === 2147483647);
  if (v - neg > 2147483647) {
    return 0;
  }
  if (neg) {
    v = -v;
  }
  pValue.value = v | 0;
  return 1;
}

/** The integer at the beginning of `z`, or 0. @upstream util.c sqlite3Atoi */
export function sqlite3Atoi(z: CString): number {
  const x = new Ref(0);
  sqlite3GetInt32(z, x);
  return x.value;
}

/**
 * Reads a big-endian u32 at byte `i`.
 *
 * @upstream util.c sqlite3Get4byte
 * @divergence big-endian-bytes
 */
export function sqlite3Get4byte(p: Uint8Array, i = 0): number {
  return ((p[i]! << 24) | (p[i + 1]! << 16) | (p[i + 2]! << 8) | p[i + 3]!) >>> 0;
}

/**
 * Writes the low 32 bits of `v` big-endian at byte `i`.
 *
 * @upstream util.c sqlite3Put4byte
 * @divergence big-endian-bytes
 */
export function sqlite3Put4byte(p: Uint8Array, v: number, i = 0): void {
  p[i] = v >>> 24;
  p[i + 1] = v >>> 16;
  p[i + 2] = v >>> 8;
  p[i + 3] = v;
}

/* The names under which most of upstream calls them. */
export { sqlite3Get4byte as get4byte, sqlite3Put4byte as put4byte };

/**
 * The value of one hexadecimal digit, given as an ASCII code.
 *
 * @upstream util.c sqlite3HexToInt
 */
export function sqlite3HexToInt(h: number): number {
  assert((h >= 0x30 && h <= 0x39) || (h >= 0x61 && h <= 0x66) || (h >= 0x41 && h <= 0x46));
  h += 9 * (1 & (h >> 6));
  return h & 0xf;
}

/**
 * Absolute value of an i32; the smallest one gives the largest.
 *
 * @upstream util.c sqlite3AbsInt32
 */
export function sqlite3AbsInt32(x: number): number {
  if (x >= 0) return x;
  if (x === (0x80000000 | 0)) return 0x7fffffff;
  return -x;
}

/**
 * Shortens the suffix of the file name `z`, in place, to its last three characters. Done for
 * databases whose URI says `8_3_names=1`, or for all if SQLITE_ENABLE_8_3_NAMES is 2; without that
 * option this does nothing (C does not even call it).
 *
 * @upstream util.c sqlite3FileSuffix3
 */
export function sqlite3FileSuffix3(zBaseFilename: CString | null, z: Uint8Array): void {
  if (!SQLITE_ENABLE_8_3_NAMES) return;
  if (SQLITE_ENABLE_8_3_NAMES >= 2 || sqlite3_uri_boolean(zBaseFilename, "8_3_names", 0)) {
    let i: number;
    const sz = sqlite3Strlen30(z);
    for (i = sz - 1; i > 0 && z[i] !== 0x2f /* / */ && z[i] !== 0x2e /* . */; i--) {}
    if (z[i] === 0x2e && ALWAYS(sz > i + 4)) memmove(z.subarray(i + 1), z.subarray(sz - 3), 4);
  }
}
