/**
 * Upstream's own printf: formatting into buffers that are given, grown or allocated, and the log.
 *
 * A format is a JavaScript string, what comes out is a {@link CString}. Arguments come as a list:
 * numbers or bigints for the integer conversions (cut to the width that C's type has), C strings or
 * JavaScript strings or null for text, a `Ref<number>` for `%n`; functions whose names contain a `v`
 * take them in a {@link va_list}. The text of `%z` must be a block from the allocator; it is freed.
 *
 * Not here: floating point (`%f %e %g`) and the conversions that take pieces of SQL (`%T %S`).
 *
 * @upstream printf.c
 * @module
 */

import { fromCString, memcpy, memset, strlen, toCString } from "./cstring.js";
import { sqlite3GlobalConfig } from "./global.js";
import { sqlite3_initialize } from "./main.js";
import {
  sqlite3_free,
  sqlite3_malloc,
  sqlite3_malloc64,
  sqlite3DbFree,
  sqlite3DbMallocRaw,
  sqlite3DbMallocSize,
  sqlite3Realloc,
} from "./malloc.js";
import {
  assert,
  type Counted,
  type CString,
  type Ref,
  SMALLEST_INT64,
  SQLITE_MAX_LENGTH,
  SQLITE_NOMEM,
  SQLITE_TOOBIG,
  sizeof,
  type sqlite3,
  testcase,
} from "./sqliteInt.js";
import { asI64, asInt, asText, asU64, asUnsigned, va_arg, va_end, va_list, va_start } from "./stdarg.js";
import { sqlite3Strlen30 } from "./util.js";

/* ------------------------------------------------------------------ sqlite3_str */

/** Conversions for internal use are allowed. @upstream sqliteInt.h SQLITE_PRINTF_INTERNAL */
export const SQLITE_PRINTF_INTERNAL: number = 0x01;
/** Arguments come from an SQL function. @upstream sqliteInt.h SQLITE_PRINTF_SQLFUNC */
export const SQLITE_PRINTF_SQLFUNC: number = 0x02;
/** `zText` is a block from the allocator. @upstream sqliteInt.h SQLITE_PRINTF_MALLOCED */
export const SQLITE_PRINTF_MALLOCED: number = 0x04;

/**
 * A string under construction.
 *
 * @upstream sqliteInt.h sqlite3_str
 */
export class sqlite3_str implements Counted {
  /** Always null here: strings are not built on behalf of a connection. */
  db: sqlite3 | null = null;
  /** What has been collected; the terminating zero is added at the end. */
  zText: Uint8Array | null = null;
  /** Room in `zText`, in bytes. */
  nAlloc = 0;
  /** Most bytes that may be allocated; 0 if the first buffer is all there is. */
  mxAlloc = 0;
  /** Bytes collected so far. */
  nChar = 0;
  /** SQLITE_NOMEM or SQLITE_TOOBIG after an error. */
  accError = 0;
  printfFlags = 0;
  mem: Uint8Array | null;

  constructor(mem: Uint8Array | null = null) {
    this.mem = mem;
  }
}

/** The older name of {@link sqlite3_str}. */
export type StrAccum = sqlite3_str;

/** @upstream sqliteInt.h isMalloced */
export function isMalloced(X: StrAccum): boolean {
  return (X.printfFlags & SQLITE_PRINTF_MALLOCED) !== 0;
}

/* ------------------------------------------------------------------ the conversion table */

/* What a conversion does. The numbers are upstream's. */
const etRADIX = 0;
const etFLOAT = 1;
const etEXP = 2;
const etGENERIC = 3;
const etSIZE = 4;
const etSTRING = 5;
const etDYNSTRING = 6;
const etPERCENT = 7;
const etCHARX = 8;
const etESCAPE_q = 9;
const etESCAPE_Q = 10;
const etTOKEN = 11;
const etSRCITEM = 12;
const etPOINTER = 13;
const etESCAPE_w = 14;
const etORDINAL = 15;
const etDECIMAL = 16;
const etINVALID = 17;

/** One conversion letter. @upstream printf.c et_info */
interface et_info {
  /** ASCII code of the letter. */
  readonly fmttype: number;
  readonly base: number;
  readonly flags: number;
  readonly type: number;
  /** Offset into {@link aDigits}. */
  readonly charset: number;
  /** Offset into {@link aPrefix}. */
  readonly prefix: number;
  /** The next entry of the same hash, 0 at the end. */
  readonly iNxt: number;
}

const FLAG_SIGNED: number = 1;

const aDigits = toCString("0123456789ABCDEF0123456789abcdef");
/* Prefixes back to front, each ended by a zero: "0x" at 1, "0" at 2, "0X" at 4. */
const aPrefix = toCString("-x0\0X0\0");
/* Endings of ordinal numbers, two letters each: of those that end in 0, 1, 2, 3. */
const zOrd = toCString("thstndrd");

/** NON-UPSTREAM: one row of the table below; C has an initialiser. */
function info(
  fmttype: string,
  base: number,
  flags: number,
  type: number,
  charset: number,
  prefix: number,
  iNxt: number,
): et_info {
  return { fmttype: fmttype.charCodeAt(0), base, flags, type, charset, prefix, iNxt };
}

/* Searched by the ASCII code modulo 23, then along iNxt. @upstream printf.c fmtinfo */
// biome-ignore format: a table
const fmtinfo: readonly et_info[] = [
  /*  0 */ info("s",  0, 4, etSTRING,     0, 0,  1),
  /*  1 */ info("E",  0, 1, etEXP,       14, 0,  0), /* hash 0 */
  /*  2 */ info("u", 10, 0, etDECIMAL,    0, 0,  3),
  /*  3 */ info("G",  0, 1, etGENERIC,   14, 0,  0), /* hash 2 */
  /*  4 */ info("w",  0, 4, etESCAPE_w,   0, 0,  0),
  /*  5 */ info("x", 16, 0, etRADIX,     16, 1,  0),
  /*  6 */ info("c",  0, 0, etCHARX,      0, 0,  0), /* hash 7 */
  /*  7 */ info("z",  0, 4, etDYNSTRING,  0, 0,  6),
  /*  8 */ info("d", 10, 1, etDECIMAL,    0, 0,  0),
  /*  9 */ info("e",  0, 1, etEXP,       30, 0,  0),
  /* 10 */ info("f",  0, 1, etFLOAT,      0, 0,  0),
  /* 11 */ info("g",  0, 1, etGENERIC,   30, 0,  0),
  /* 12 */ info("Q",  0, 4, etESCAPE_Q,   0, 0,  0),
  /* 13 */ info("i", 10, 1, etDECIMAL,    0, 0,  0),
  /* 14 */ info("%",  0, 0, etPERCENT,    0, 0, 16),
  /* 15 */ info("T",  0, 0, etTOKEN,      0, 0,  0),
  /* 16 */ info("S",  0, 0, etSRCITEM,    0, 0,  0), /* hash 14 */
  /* 17 */ info("X", 16, 0, etRADIX,      0, 4,  0), /* hash 19 */
  /* 18 */ info("n",  0, 0, etSIZE,       0, 0,  0),
  /* 19 */ info("o",  8, 0, etRADIX,      0, 2, 17),
  /* 20 */ info("p", 16, 0, etPOINTER,    0, 1,  0),
  /* 21 */ info("q",  0, 4, etESCAPE_q,   0, 0,  0),
  /* 22 */ info("r", 10, 1, etORDINAL,    0, 0,  0),
];

/**
 * Marks a string as failed; what has been collected is dropped if the string could have grown.
 *
 * @param eError SQLITE_NOMEM or SQLITE_TOOBIG.
 * @upstream printf.c sqlite3StrAccumSetError
 * @divergence str-no-db
 */
export function sqlite3StrAccumSetError(p: StrAccum, eError: number): void {
  assert(eError === SQLITE_NOMEM || eError === SQLITE_TOOBIG);
  p.accError = eError;
  if (p.mxAlloc) sqlite3_str_reset(p);
  /* Upstream also tells the parser of p.db, if there is one. */
}

/**
 * Allocates `n` bytes for one conversion. Null, with the string marked as failed, if there is no
 * memory or if the conversion alone would be longer than the string may become.
 *
 * @upstream printf.c printfTempBuf
 */
function printfTempBuf(pAccum: sqlite3_str, n: number): Uint8Array | null {
  if (pAccum.accError) return null;
  if (n > pAccum.nAlloc && n > pAccum.mxAlloc) {
    sqlite3StrAccumSetError(pAccum, SQLITE_TOOBIG);
    return null;
  }
  const z = sqlite3_malloc(n);
  if (z === null) {
    sqlite3StrAccumSetError(pAccum, SQLITE_NOMEM);
  }
  return z;
}

/** Size in bytes of the buffers on C's stack. */
const SQLITE_PRINT_BUF_SIZE: number = 70;
const etBUFSIZE: number = SQLITE_PRINT_BUF_SIZE;

/**
 * Writes one character as UTF-8 into the first bytes of `zOut`, four at most; returns how many.
 *
 * @param v the code point, as u32.
 * @upstream utf.c sqlite3AppendOneUtf8Character
 */
function sqlite3AppendOneUtf8Character(zOut: Uint8Array, v: number): number {
  if (v < 0x00080) {
    zOut[0] = v & 0xff;
    return 1;
  }
  if (v < 0x00800) {
    zOut[0] = 0xc0 + ((v >>> 6) & 0x1f);
    zOut[1] = 0x80 + (v & 0x3f);
    return 2;
  }
  if (v < 0x10000) {
    zOut[0] = 0xe0 + ((v >>> 12) & 0x0f);
    zOut[1] = 0x80 + ((v >>> 6) & 0x3f);
    zOut[2] = 0x80 + (v & 0x3f);
    return 3;
  }
  zOut[0] = 0xf0 + ((v >>> 18) & 0x07);
  zOut[1] = 0x80 + ((v >>> 12) & 0x3f);
  zOut[2] = 0x80 + ((v >>> 6) & 0x3f);
  zOut[3] = 0x80 + (v & 0x3f);
  return 4;
}

/** C's long, which is as wide as a pointer. NON-UPSTREAM: for va_arg. */
function asLong(x: unknown): bigint {
  return BigInt.asIntN(8 * sizeof.ptr, asI64(x));
}

/** C's unsigned long. NON-UPSTREAM: for va_arg. */
function asUnsignedLong(x: unknown): bigint {
  return BigInt.asUintN(8 * sizeof.ptr, asU64(x));
}

/** A text that is going to be freed: a block from the allocator. NON-UPSTREAM: for va_arg. */
function asBlock(x: unknown): CString | null {
  assert(x === null || x instanceof Uint8Array);
  return asText(x);
}

/** Fails: a conversion that is not here. NON-UPSTREAM. */
function leftOut(): void {
  assert(false);
}

/**
 * Formats `ap` as `fmt` says and appends the result.
 *
 * Errors do not come back as a result code: they stay in the string (`sqlite3_str_errcode`). An
 * unknown conversion ends the formatting at that point, without an error.
 *
 * @param ap the arguments, see the top of this file.
 * @upstream printf.c sqlite3_str_vappendf
 * @divergence printf-arguments
 * @divergence varargs
 * @divergence printf-goto
 * @divergence printf-no-float
 * @divergence str-no-db
 * @divergence text-offsets
 * @divergence bigint-words
 */
export function sqlite3_str_vappendf(pAccum: sqlite3_str, fmt: string, ap: va_list): void {
  const zFmt = toCString(fmt);
  /* Offsets stand for pointers that walk: iFmt into zFmt for C's fmt, iBuf into zOut for bufpt. */
  let iFmt = 0;
  let iBuf: number;
  let c: number;
  let bufpt: Uint8Array | null;
  let precision: number;
  let length: number;
  let idx: number;
  let width: number;
  let flag_leftjustify: number;
  let flag_prefix: number;
  let flag_alternateform: number;
  let flag_altform2: number;
  let flag_zeropad: number;
  let flag_long: number;
  let done: number;
  let cThousand: number;
  let xtype: number = etINVALID;
  let prefix: number;
  let longvalue: bigint;
  let infop: et_info;
  let zOut: Uint8Array | null;
  let nOut: number;
  let zExtra: Uint8Array | null = null;
  const buf = new Uint8Array(etBUFSIZE);

  /* A string that is still empty never owns a block: the shortcut of "%z" below counts on it. */
  assert(pAccum.nChar > 0 || (pAccum.printfFlags & SQLITE_PRINTF_MALLOCED) === 0);
  /* Arguments from SQL functions are not supported. */
  assert((pAccum.printfFlags & SQLITE_PRINTF_SQLFUNC) === 0);

  bufpt = null;
  for (; (c = zFmt[iFmt]!) !== 0; ++iFmt) {
    if (c !== 0x25 /* % */) {
      iBuf = iFmt;
      iFmt = zFmt.indexOf(0x25, iFmt);
      if (iFmt < 0) {
        iFmt = zFmt.length - 1;
      }
      sqlite3_str_append(pAccum, zFmt.subarray(iBuf), (iFmt - iBuf) | 0);
      if (zFmt[iFmt] === 0) break;
    }
    if ((c = zFmt[++iFmt]!) === 0) {
      sqlite3_str_append(pAccum, toCString("%"), 1);
      break;
    }
    /* Flags, width, precision and length, in this order but for the flags' own. */
    flag_leftjustify = flag_prefix = cThousand = flag_alternateform = flag_altform2 = flag_zeropad = 0;
    done = 0;
    width = 0;
    flag_long = 0;
    precision = -1;
    do {
      switch (c) {
        case 0x2d /* - */:
          flag_leftjustify = 1;
          break;
        case 0x2b /* + */:
          flag_prefix = 0x2b;
          break;
        case 0x20 /* space */:
          flag_prefix = 0x20;
          break;
        case 0x23 /* # */:
          flag_alternateform = 1;
          break;
        case 0x21 /* ! */:
          flag_altform2 = 1;
          break;
        case 0x30 /* 0 */:
          flag_zeropad = 1;
          break;
        case 0x2c /* , */:
          cThousand = 0x2c;
          break;
        // biome-ignore lint/suspicious/useDefaultSwitchClauseLast: upstream's order
        default:
          done = 1;
          break;
        case 0x6c: {
          /* l */
          flag_long = 1;
          c = zFmt[++iFmt]!;
          if (c === 0x6c) {
            c = zFmt[++iFmt]!;
            flag_long = 2;
          }
          done = 1;
          break;
        }
        case 0x31:
        case 0x32:
        case 0x33:
        case 0x34:
        case 0x35:
        case 0x36:
        case 0x37:
        case 0x38:
        case 0x39: {
          let wx = (c - 0x30) >>> 0;
          while ((c = zFmt[++iFmt]!) >= 0x30 && c <= 0x39) {
            wx = (Math.imul(wx, 10) + c - 0x30) >>> 0;
          }
          testcase(wx > 0x7fffffff);
          width = wx & 0x7fffffff;
          if (c !== 0x2e && c !== 0x6c) {
            done = 1;
          } else {
            iFmt--;
          }
          break;
        }
        case 0x2a: {
          /* * */
          width = va_arg(ap, asInt);
          if (width < 0) {
            flag_leftjustify = 1;
            width = width >= -2147483647 ? -width : 0;
          }
          if ((c = zFmt[iFmt + 1]!) !== 0x2e && c !== 0x6c) {
            c = zFmt[++iFmt]!;
            done = 1;
          }
          break;
        }
        case 0x2e: {
          /* . */
          c = zFmt[++iFmt]!;
          if (c === 0x2a) {
            precision = va_arg(ap, asInt);
            if (precision < 0) {
              precision = precision >= -2147483647 ? -precision : -1;
            }
            c = zFmt[++iFmt]!;
          } else {
            let px = 0;
            while (c >= 0x30 && c <= 0x39) {
              px = (Math.imul(px, 10) + c - 0x30) >>> 0;
              c = zFmt[++iFmt]!;
            }
            testcase(px > 0x7fffffff);
            precision = px & 0x7fffffff;
          }
          if (c === 0x6c) {
            --iFmt;
          } else {
            done = 1;
          }
          break;
        }
      }
    } while (!done && (c = zFmt[++iFmt]!) !== 0);

    assert(fmtinfo.length === 23);
    idx = (c >>> 0) % 23;
    if (fmtinfo[idx]!.fmttype === c || fmtinfo[(idx = fmtinfo[idx]!.iNxt)]!.fmttype === c) {
      infop = fmtinfo[idx]!;
      xtype = infop.type;
    } else {
      infop = fmtinfo[0]!;
      xtype = etINVALID;
    }

    assert(width >= 0);
    assert(precision >= -1);
    switch (xtype) {
      case etPOINTER:
        flag_long = sizeof.ptr === 8 ? 2 : 1;
      /* fall through */
      case etORDINAL:
      case etRADIX:
        cThousand = 0;
      /* fall through */
      case etDECIMAL: {
        if (infop.flags & FLAG_SIGNED) {
          let v: bigint;
          if (flag_long) {
            if (flag_long === 2) {
              v = va_arg(ap, asI64);
            } else {
              v = va_arg(ap, asLong);
            }
          } else {
            v = BigInt(va_arg(ap, asInt));
          }
          if (v < 0n) {
            testcase(v === SMALLEST_INT64);
            testcase(v === -1n);
            longvalue = ~v;
            longvalue++;
            prefix = 0x2d;
          } else {
            longvalue = v;
            prefix = flag_prefix;
          }
        } else {
          if (flag_long) {
            if (flag_long === 2) {
              longvalue = va_arg(ap, asU64);
            } else {
              longvalue = va_arg(ap, asUnsignedLong);
            }
          } else {
            longvalue = BigInt(va_arg(ap, asUnsigned));
          }
          prefix = 0;
        }

        if (longvalue === 0n) flag_alternateform = 0;
        if (flag_zeropad && precision < width - (prefix !== 0 ? 1 : 0)) {
          precision = width - (prefix !== 0 ? 1 : 0);
        }
        if (precision < etBUFSIZE - 10 - Math.floor(etBUFSIZE / 3)) {
          nOut = etBUFSIZE;
          zOut = buf;
        } else {
          let n = precision + 10;
          if (cThousand) n += Math.floor(precision / 3);
          zOut = zExtra = printfTempBuf(pAccum, n);
          if (zOut === null) return;
          nOut = n | 0;
        }
        iBuf = nOut - 1;
        if (xtype === etORDINAL) {
          let x = Number(longvalue % 10n) | 0;
          if (x >= 4 || (longvalue / 10n) % 10n === 1n) {
            x = 0;
          }
          zOut[--iBuf] = zOrd[x * 2 + 1]!;
          zOut[--iBuf] = zOrd[x * 2]!;
        }
        {
          const cset = aDigits.subarray(infop.charset);
          const base = BigInt(infop.base);
          do {
            zOut[--iBuf] = cset[Number(longvalue % base)]!;
            longvalue = longvalue / base;
          } while (longvalue > 0n);
        }
        length = (nOut - 1 - iBuf) | 0;
        if (precision > length) {
          const nn = precision - length;
          iBuf -= nn;
          memset(zOut.subarray(iBuf), 0x30, nn);
          length = precision;
        }
        if (cThousand) {
          let nn = Math.trunc((length - 1) / 3); /* commas to insert */
          let ix = ((length - 1) % 3) + 1;
          iBuf -= nn;
          for (idx = 0; nn > 0; idx++) {
            zOut[iBuf + idx] = zOut[iBuf + (idx + nn)]!;
            ix--;
            if (ix === 0) {
              zOut[iBuf + ++idx] = cThousand;
              nn--;
              ix = 3;
            }
          }
        }
        if (prefix) zOut[--iBuf] = prefix;
        if (flag_alternateform && infop.prefix) {
          let pre: CString;
          let x: number;
          pre = aPrefix.subarray(infop.prefix);
          for (; (x = pre[0]!) !== 0; pre = pre.subarray(1)) zOut[--iBuf] = x;
        }
        bufpt = zOut.subarray(iBuf);
        length = (nOut - 1 - iBuf) | 0;
        break;
      }
      case etFLOAT:
      case etEXP:
      case etGENERIC:
        leftOut(); /* nothing below the SQL layers prints a real number */
        return;
      case etSIZE:
        (va_arg(ap) as Ref<number>).value = pAccum.nChar;
        length = width = 0;
        break;
      case etPERCENT:
        buf[0] = 0x25;
        bufpt = buf;
        length = 1;
        break;
      case etCHARX: {
        const ch = va_arg(ap, asUnsigned);
        length = sqlite3AppendOneUtf8Character(buf, ch);
        if (precision > 1) {
          /* The precision repeats the character, doubling what is there already. */
          let nPrior = 1;
          width -= precision - 1;
          if (width > 1 && !flag_leftjustify) {
            sqlite3_str_appendchar(pAccum, width - 1, 0x20);
            width = 0;
          }
          sqlite3_str_append(pAccum, buf, length);
          precision--;
          while (precision > 1) {
            if (nPrior > precision - 1) nPrior = precision - 1;
            const nCopyBytes = length * nPrior;
            if (sqlite3StrAccumEnlargeIfNeeded(pAccum, nCopyBytes)) {
              break;
            }
            sqlite3_str_append(pAccum, pAccum.zText!.subarray(pAccum.nChar - nCopyBytes), nCopyBytes);
            precision -= nPrior;
            nPrior *= 2;
          }
        }
        bufpt = buf;
        flag_altform2 = 1;
        /* As at the end of etSTRING, where upstream jumps to. */
        if (flag_altform2 && width > 0) {
          let ii = length - 1;
          while (ii >= 0) if ((bufpt[ii--]! & 0xc0) === 0x80) width++;
        }
        break;
      }
      case etSTRING:
      case etDYNSTRING: {
        bufpt = va_arg(ap, xtype === etDYNSTRING ? asBlock : asText);
        if (bufpt === null) {
          bufpt = toCString("");
        } else if (xtype === etDYNSTRING) {
          if (pAccum.nChar === 0 && pAccum.mxAlloc && width === 0 && precision < 0 && pAccum.accError === 0) {
            /* A leading "%z" becomes the string's own block instead of being copied. */
            assert((pAccum.printfFlags & SQLITE_PRINTF_MALLOCED) === 0);
            pAccum.zText = bufpt;
            pAccum.nAlloc = sqlite3DbMallocSize(pAccum.db, bufpt);
            pAccum.nChar = 0x7fffffff & strlen(bufpt);
            pAccum.printfFlags |= SQLITE_PRINTF_MALLOCED;
            length = 0;
            break;
          }
          zExtra = bufpt;
        }
        if (precision >= 0) {
          if (flag_altform2) {
            /* The precision counts characters: find where the last of them ends. */
            let z = 0;
            while (precision-- > 0 && bufpt[z]) {
              if (bufpt[z++]! >= 0xc0) {
                while ((bufpt[z]! & 0xc0) === 0x80) {
                  z++;
                }
              }
            }
            length = z;
          } else {
            for (length = 0; length < precision && bufpt[length]; length++) {}
          }
        } else {
          length = 0x7fffffff & strlen(bufpt);
        }
        if (flag_altform2 && width > 0) {
          /* The width counts characters: add the bytes that continue one. */
          let ii = length - 1;
          while (ii >= 0) if ((bufpt[ii--]! & 0xc0) === 0x80) width++;
        }
        break;
      }
      case etESCAPE_q:
      case etESCAPE_Q:
      case etESCAPE_w: {
        let i: number;
        let j: number;
        let k: number;
        let n: number;
        let needQuote = 0;
        let ch: number;
        let q: number;

        let escarg = va_arg(ap, asText);
        if (escarg === null) {
          escarg = toCString(xtype === etESCAPE_Q ? "NULL" : "(NULL)");
        } else if (xtype === etESCAPE_Q) {
          needQuote = 1;
        }
        if (xtype === etESCAPE_w) {
          q = 0x22; /* " */
          flag_alternateform = 0;
        } else {
          q = 0x27; /* ' */
        }
        /* The precision limits what is read, not what is written. */
        k = precision;
        for (i = n = 0; k !== 0 && (ch = escarg[i]!) !== 0; i++, k--) {
          if (ch === q) n++;
          if (flag_altform2 && (ch & 0xc0) === 0xc0) {
            while ((escarg[i + 1]! & 0xc0) === 0x80) {
              i++;
            }
          }
        }
        if (flag_alternateform) {
          /* Control characters become \u00XX; %#Q wraps the result in unistr() if it has any. */
          let nBack = 0;
          let nCtrl = 0;
          for (k = 0; k < i; k++) {
            if (escarg[k] === 0x5c /* \ */) {
              nBack++;
            } else if (escarg[k]! <= 0x1f) {
              nCtrl++;
            }
          }
          if (nCtrl || xtype === etESCAPE_q) {
            n += nBack + 5 * nCtrl;
            if (xtype === etESCAPE_Q) {
              n += 10;
              needQuote = 2;
            }
          } else {
            flag_alternateform = 0;
          }
        }
        n += i + 3;
        if (n > etBUFSIZE) {
          bufpt = zExtra = printfTempBuf(pAccum, n);
          if (bufpt === null) return;
        } else {
          bufpt = buf;
        }
        j = 0;
        if (needQuote) {
          if (needQuote === 2) {
            memcpy(bufpt.subarray(j), toCString("unistr('"), 8);
            j += 8;
          } else {
            bufpt[j++] = 0x27;
          }
        }
        k = i;
        if (flag_alternateform) {
          for (i = 0; i < k; i++) {
            bufpt[j++] = ch = escarg[i]!;
            if (ch === q) {
              bufpt[j++] = ch;
            } else if (ch === 0x5c) {
              bufpt[j++] = 0x5c;
            } else if ((ch & 0xff) <= 0x1f) {
              bufpt[j - 1] = 0x5c;
              bufpt[j++] = 0x75; /* u */
              bufpt[j++] = 0x30;
              bufpt[j++] = 0x30;
              bufpt[j++] = ch >= 0x10 ? 0x31 : 0x30;
              bufpt[j++] = toCString("0123456789abcdef")[ch & 0xf]!;
            }
          }
        } else {
          for (i = 0; i < k; i++) {
            bufpt[j++] = ch = escarg[i]!;
            if (ch === q) bufpt[j++] = ch;
          }
        }
        if (needQuote) {
          bufpt[j++] = 0x27;
          if (needQuote === 2) bufpt[j++] = 0x29; /* ) */
        }
        bufpt[j] = 0;
        length = j;
        /* As at the end of etSTRING, where upstream jumps to. */
        if (flag_altform2 && width > 0) {
          let ii = length - 1;
          while (ii >= 0) if ((bufpt[ii--]! & 0xc0) === 0x80) width++;
        }
        break;
      }
      /* Conversions of the SQL layers, whose structs do not exist here. */
      case etTOKEN: {
        if ((pAccum.printfFlags & SQLITE_PRINTF_INTERNAL) === 0) return;
        leftOut();
        length = width = 0;
        break;
      }
      case etSRCITEM: {
        if ((pAccum.printfFlags & SQLITE_PRINTF_INTERNAL) === 0) return;
        leftOut();
        length = width = 0;
        break;
      }
      default:
        assert(xtype === etINVALID);
        return;
    }
    /* From here on length and width are bytes, whatever the conversion counted in. */
    width -= length;
    if (width > 0) {
      if (!flag_leftjustify) sqlite3_str_appendchar(pAccum, width, 0x20);
      sqlite3_str_append(pAccum, bufpt, length);
      if (flag_leftjustify) sqlite3_str_appendchar(pAccum, width, 0x20);
    } else {
      sqlite3_str_append(pAccum, bufpt, length);
    }

    if (zExtra !== null) {
      sqlite3DbFree(pAccum.db, zExtra);
      zExtra = null;
    }
  }
}

/**
 * Makes room for `N` more bytes, with a reallocation that may double the size. Called only when there
 * is not enough.
 *
 * Returns how many bytes may be appended now: `N`, or fewer (down to none) with the string marked
 * SQLITE_TOOBIG or SQLITE_NOMEM.
 *
 * @upstream printf.c sqlite3StrAccumEnlarge
 * @divergence str-no-db
 */
export function sqlite3StrAccumEnlarge(p: StrAccum, N: number): number {
  let zNew: Uint8Array | null;
  assert(p.nChar + N >= p.nAlloc);
  if (p.accError) {
    testcase(p.accError === SQLITE_TOOBIG);
    testcase(p.accError === SQLITE_NOMEM);
    return 0;
  }
  if (p.mxAlloc === 0) {
    sqlite3StrAccumSetError(p, SQLITE_TOOBIG);
    return (p.nAlloc - p.nChar - 1) | 0;
  } else {
    const zOld = isMalloced(p) ? p.zText : null;
    let szNew = p.nChar + N + 1;
    if (szNew + p.nChar <= p.mxAlloc) {
      /* Grow exponentially while the limit allows it, so that appending stays cheap. */
      szNew += p.nChar;
    }
    if (szNew > p.mxAlloc) {
      sqlite3_str_reset(p);
      sqlite3StrAccumSetError(p, SQLITE_TOOBIG);
      return 0;
    } else {
      p.nAlloc = szNew | 0;
    }
    assert(p.db === null); /* else upstream calls sqlite3DbRealloc */
    zNew = sqlite3Realloc(zOld, p.nAlloc);
    if (zNew !== null) {
      assert(p.zText !== null || p.nChar === 0);
      if (!isMalloced(p) && p.nChar > 0) memcpy(zNew, p.zText!, p.nChar);
      p.zText = zNew;
      p.nAlloc = sqlite3DbMallocSize(p.db, zNew);
      p.printfFlags |= SQLITE_PRINTF_MALLOCED;
    } else {
      sqlite3_str_reset(p);
      sqlite3StrAccumSetError(p, SQLITE_NOMEM);
      return 0;
    }
  }
  assert(N >= 0 && N <= 0x7fffffff);
  return N | 0;
}

/**
 * Makes room for `N` more bytes if there is not enough; returns the string's error code.
 *
 * @upstream printf.c sqlite3StrAccumEnlargeIfNeeded
 */
export function sqlite3StrAccumEnlargeIfNeeded(p: StrAccum, N: number): number {
  if (N + p.nChar >= p.nAlloc) {
    sqlite3StrAccumEnlarge(p, N);
  }
  return p.accError;
}

/**
 * Appends `N` times the byte `c`.
 *
 * @upstream printf.c sqlite3_str_appendchar
 */
export function sqlite3_str_appendchar(p: sqlite3_str, N: number, c: number): void {
  testcase(p.nChar + N > 0x7fffffff);
  if (p.nChar + N >= p.nAlloc && (N = sqlite3StrAccumEnlarge(p, N)) <= 0) {
    return;
  }
  while (N-- > 0) p.zText![p.nChar++] = c;
}

/**
 * The slow half of {@link sqlite3_str_append}: makes room, then appends as much as there is room for.
 *
 * @upstream printf.c enlargeAndAppend
 */
function enlargeAndAppend(p: StrAccum, z: Uint8Array | null, N: number): void {
  N = sqlite3StrAccumEnlarge(p, N);
  if (N > 0) {
    memcpy(p.zText!.subarray(p.nChar), z!, N);
    p.nChar = (p.nChar + N) >>> 0;
  }
}

/**
 * Appends the first `N` bytes of `z`.
 *
 * @upstream printf.c sqlite3_str_append
 */
export function sqlite3_str_append(p: sqlite3_str, z: Uint8Array | null, N: number): void {
  assert(z !== null || N === 0);
  assert(p.zText !== null || p.nChar === 0 || p.accError);
  assert(N >= 0);
  assert(p.accError === 0 || p.nAlloc === 0 || p.mxAlloc === 0);
  if ((p.nChar + N) >>> 0 >= p.nAlloc) {
    enlargeAndAppend(p, z, N);
  } else if (N) {
    assert(p.zText);
    p.nChar = (p.nChar + N) >>> 0;
    memcpy(p.zText!.subarray((p.nChar - N) >>> 0), z!, N);
  }
}

/** Appends a C string. @upstream printf.c sqlite3_str_appendall */
export function sqlite3_str_appendall(p: sqlite3_str, z: CString): void {
  sqlite3_str_append(p, z, sqlite3Strlen30(z));
}

/**
 * Moves a finished string out of the buffer it was started in into a block of its own, so that it can
 * outlive that buffer. Null, with the error set, if there is no memory.
 *
 * @upstream printf.c strAccumFinishRealloc
 */
function strAccumFinishRealloc(p: StrAccum): Uint8Array | null {
  assert(p.mxAlloc > 0 && !isMalloced(p));
  const zText = sqlite3DbMallocRaw(p.db, 1 + p.nChar);
  if (zText !== null) {
    memcpy(zText, p.zText!, p.nChar + 1);
    p.printfFlags |= SQLITE_PRINTF_MALLOCED;
  } else {
    sqlite3StrAccumSetError(p, SQLITE_NOMEM);
  }
  p.zText = zText;
  return zText;
}

/**
 * Adds the terminating zero and returns the text; null after an error. The caller owns it if the
 * string could have grown.
 *
 * @upstream printf.c sqlite3StrAccumFinish
 */
export function sqlite3StrAccumFinish(p: StrAccum): CString | null {
  if (p.zText !== null) {
    p.zText[p.nChar] = 0;
    if (p.mxAlloc > 0 && !isMalloced(p)) {
      return strAccumFinishRealloc(p);
    }
  }
  return p.zText;
}

/* Stands in for a string that could not be allocated: takes nothing and reports SQLITE_NOMEM. */
const sqlite3OomStr: sqlite3_str = new sqlite3_str();
sqlite3OomStr.accError = SQLITE_NOMEM;

/**
 * Ends a string made by {@link sqlite3_str_new} and returns its text, which the caller must free;
 * null after an error or if the string is empty.
 *
 * @upstream printf.c sqlite3_str_finish
 */
export function sqlite3_str_finish(p: sqlite3_str | null): CString | null {
  let z: CString | null;
  if (p !== null && p !== sqlite3OomStr) {
    z = sqlite3StrAccumFinish(p);
    sqlite3_free(p);
  } else {
    z = null;
  }
  return z;
}

/** The error that has befallen the string, or SQLITE_OK. @upstream printf.c sqlite3_str_errcode */
export function sqlite3_str_errcode(p: sqlite3_str | null): number {
  return p !== null ? p.accError : SQLITE_NOMEM;
}

/** Bytes collected so far. @upstream printf.c sqlite3_str_length */
export function sqlite3_str_length(p: sqlite3_str | null): number {
  return p !== null ? p.nChar : 0;
}

/** Drops what is beyond the first `N` bytes. @upstream printf.c sqlite3_str_truncate */
export function sqlite3_str_truncate(p: sqlite3_str | null, N: number): void {
  if (p !== null && N >= 0 && N >>> 0 < p.nChar) {
    p.nChar = N;
    p.zText![p.nChar] = 0;
  }
}

/**
 * The text so far, valid until the string changes; null if it is empty.
 *
 * @upstream printf.c sqlite3_str_value
 */
export function sqlite3_str_value(p: sqlite3_str | null): CString | null {
  if (p === null || p.nChar === 0) return null;
  p.zText![p.nChar] = 0;
  return p.zText;
}

/**
 * Empties a string and frees its text. An error stays.
 *
 * @upstream printf.c sqlite3_str_reset
 */
export function sqlite3_str_reset(p: StrAccum): void {
  if (isMalloced(p)) {
    sqlite3DbFree(p.db, p.zText);
    p.printfFlags &= ~SQLITE_PRINTF_MALLOCED;
  }
  p.nAlloc = 0;
  p.nChar = 0;
  p.zText = null;
}

/** Frees a string and its text. @upstream printf.c sqlite3_str_free */
export function sqlite3_str_free(p: sqlite3_str | null): void {
  if (p !== null && p !== sqlite3OomStr) {
    sqlite3_str_reset(p);
    sqlite3_free(p);
  }
}

/**
 * Prepares a string.
 *
 * @param zBase where to collect first, or null.
 * @param n bytes in `zBase`.
 * @param mx most bytes to collect; 0 if `zBase` must do and nothing may be allocated.
 * @upstream printf.c sqlite3StrAccumInit
 */
export function sqlite3StrAccumInit(
  p: StrAccum,
  db: sqlite3 | null,
  zBase: Uint8Array | null,
  n: number,
  mx: number,
): void {
  p.zText = zBase;
  p.db = db;
  p.nAlloc = n;
  p.mxAlloc = mx;
  p.nChar = 0;
  p.accError = 0;
  p.printfFlags = 0;
}

/**
 * Makes an empty string. Never null: without memory it is one that reports SQLITE_NOMEM.
 *
 * @upstream printf.c sqlite3_str_new
 * @divergence str-no-db
 */
export function sqlite3_str_new(_db: sqlite3 | null): sqlite3_str {
  let p: sqlite3_str;
  const mem = sqlite3_malloc64(sizeof.sqlite3_str);
  if (mem !== null) {
    p = new sqlite3_str(mem);
    sqlite3StrAccumInit(p, null, null, 0, SQLITE_MAX_LENGTH);
  } else {
    p = sqlite3OomStr;
  }
  return p;
}

/* ------------------------------------------------------------------ printing */

/**
 * Formats into memory that the caller must free. Null if there is no memory or nothing was printed
 * before an error.
 *
 * @upstream printf.c sqlite3_vmprintf
 * @divergence printf-arguments
 * @divergence api-armor
 */
export function sqlite3_vmprintf(zFormat: string, ap: va_list): CString | null {
  const zBase = new Uint8Array(SQLITE_PRINT_BUF_SIZE);
  const acc = new sqlite3_str();
  if (sqlite3_initialize()) return null;
  sqlite3StrAccumInit(acc, null, zBase, zBase.length, SQLITE_MAX_LENGTH);
  sqlite3_str_vappendf(acc, zFormat, ap);
  const z = sqlite3StrAccumFinish(acc);
  return z;
}

/**
 * As {@link sqlite3_vmprintf}, with the arguments written out.
 *
 * @upstream printf.c sqlite3_mprintf
 * @divergence printf-arguments
 * @divergence varargs
 */
export function sqlite3_mprintf(zFormat: string, ...args: unknown[]): CString | null {
  const ap = new va_list();
  if (sqlite3_initialize()) return null;
  va_start(ap, args);
  const z = sqlite3_vmprintf(zFormat, ap);
  va_end(ap);
  return z;
}

/**
 * Formats into the first `n` bytes of `zBuf`; what does not fit is dropped, the zero is always
 * written. Nothing happens for `n` below 1.
 *
 * @upstream printf.c sqlite3_vsnprintf
 * @divergence printf-arguments
 * @divergence api-armor
 */
export function sqlite3_vsnprintf(n: number, zBuf: Uint8Array, zFormat: string, ap: va_list): Uint8Array {
  const acc = new sqlite3_str();
  if (n <= 0) return zBuf;
  sqlite3StrAccumInit(acc, null, zBuf, n, 0);
  sqlite3_str_vappendf(acc, zFormat, ap);
  zBuf[acc.nChar] = 0;
  return zBuf;
}

/**
 * As {@link sqlite3_vsnprintf}, with the arguments written out. Mind the order: the size comes first.
 *
 * @upstream printf.c sqlite3_snprintf
 * @divergence printf-arguments
 * @divergence varargs
 * @divergence api-armor
 */
export function sqlite3_snprintf(
  n: number,
  zBuf: Uint8Array,
  zFormat: string,
  ...args: unknown[]
): Uint8Array {
  const acc = new sqlite3_str();
  const ap = new va_list();
  if (n <= 0) return zBuf;
  sqlite3StrAccumInit(acc, null, zBuf, n, 0);
  va_start(ap, args);
  sqlite3_str_vappendf(acc, zFormat, ap);
  va_end(ap);
  zBuf[acc.nChar] = 0;
  return zBuf;
}

/** Longest log message in bytes, terminating zero included. */
const SQLITE_MAX_LOG_MESSAGE: number = SQLITE_PRINT_BUF_SIZE * 10;

/**
 * Formats a log message and hands it to the logger. The message lies in a buffer of fixed size: no
 * memory may be allocated here, the allocator itself logs.
 *
 * @upstream printf.c renderLogMsg
 */
function renderLogMsg(iErrCode: number, zFormat: string, ap: va_list): void {
  const acc = new sqlite3_str();
  const zMsg = new Uint8Array(SQLITE_MAX_LOG_MESSAGE);
  sqlite3StrAccumInit(acc, null, zMsg, zMsg.length, 0);
  sqlite3_str_vappendf(acc, zFormat, ap);
  sqlite3GlobalConfig.xLog!(sqlite3GlobalConfig.pLogArg, iErrCode, sqlite3StrAccumFinish(acc)!);
}

/**
 * Writes to the log, if one is configured.
 *
 * @param iErrCode the result code that the message is about.
 * @upstream printf.c sqlite3_log
 * @divergence printf-arguments
 * @divergence varargs
 */
export function sqlite3_log(iErrCode: number, zFormat: string, ...args: unknown[]): void {
  if (sqlite3GlobalConfig.xLog !== null) {
    const ap = new va_list();
    va_start(ap, args);
    renderLogMsg(iErrCode, zFormat, ap);
    va_end(ap);
  }
}

/* What sqlite3DebugPrintf has printed since the last end of line. */
let zDebugLine = "";

/**
 * Prints to the console, for debugging. A console prints whole lines, so an unfinished one waits.
 *
 * @upstream printf.c sqlite3DebugPrintf
 * @divergence varargs
 * @divergence debug-printf-lines
 */
export function sqlite3DebugPrintf(zFormat: string, ...args: unknown[]): void {
  const ap = new va_list();
  const acc = new sqlite3_str();
  const zBuf = new Uint8Array(SQLITE_PRINT_BUF_SIZE * 10);
  sqlite3StrAccumInit(acc, null, zBuf, zBuf.length, 0);
  va_start(ap, args);
  sqlite3_str_vappendf(acc, zFormat, ap);
  va_end(ap);
  sqlite3StrAccumFinish(acc);
  zDebugLine += fromCString(zBuf);
  const iEnd = zDebugLine.lastIndexOf("\n");
  if (iEnd >= 0) {
    console.log(zDebugLine.slice(0, iEnd));
    zDebugLine = zDebugLine.slice(iEnd + 1);
  }
}

/**
 * Formats and appends.
 *
 * @upstream printf.c sqlite3_str_appendf
 * @divergence printf-arguments
 * @divergence varargs
 */
export function sqlite3_str_appendf(p: StrAccum, zFormat: string, ...args: unknown[]): void {
  const ap = new va_list();
  va_start(ap, args);
  sqlite3_str_vappendf(p, zFormat, ap);
  va_end(ap);
}
