/**
 * A set of page numbers 1..iSize of fixed range, small when few are in it.
 *
 * The pager keeps one per transaction and per savepoint: which pages have their old content in the
 * journal already. One `Bitvec` is one block of 512 bytes in one of three shapes:
 *
 * 1. `iSize <= BITVEC_NBIT`: a plain bitmap, `u.aBitmap`. Bit 0 of byte 0 stands for 1.
 * 2. else, while `iDivisor` is 0: an open-addressed hash table of values, `u.aHash`; 0 is a free slot.
 * 3. else: `u.apSub`, BITVEC_NPTR children of `iDivisor` values each, made when first needed.
 *
 * A set starts as 1 or 2. A hash table that gets too full turns into 3, once and for ever, and its
 * values move to the children, which are sets of their own and may in turn subdivide.
 *
 * @upstream bitvec.c
 * @module
 */

import { sqlite3_free, sqlite3_malloc64, sqlite3Malloc, sqlite3MallocZero } from "../malloc.js";
import { sqlite3DebugPrintf as printf } from "../printf.js";
import { sqlite3_randomness } from "../random.js";
import { assert, type Counted, SQLITE_DEBUG, SQLITE_NOMEM_BKPT, SQLITE_OK, sizeof } from "../sqliteInt.js";

/** Bytes of one Bitvec, and of the scratch buffer that sqlite3BitvecClear wants. */
export const BITVEC_SZ: number = 512;
/** Bytes of the union: what the three u32 fields leave, rounded down to whole pointers. */
const BITVEC_USIZE: number = Math.floor((BITVEC_SZ - 3 * 4) / sizeof.ptr) * sizeof.ptr;
/** Bits per element of the bitmap. */
const BITVEC_SZELEM: number = 8;
/** Elements of the bitmap. */
const BITVEC_NELEM: number = BITVEC_USIZE;
/** Largest iSize that fits a bitmap. */
const BITVEC_NBIT: number = BITVEC_NELEM * BITVEC_SZELEM;
/** Slots of the hash table. */
const BITVEC_NINT: number = Math.floor(BITVEC_USIZE / 4);
/** Entries that make a hash table subdivide at the next collision. */
const BITVEC_MXHASH: number = Math.floor(BITVEC_NINT / 2);
/** Children of a subdivided set. */
const BITVEC_NPTR: number = Math.floor(BITVEC_USIZE / sizeof.ptr);

/**
 * The slot of the hash table where the search for a value starts.
 *
 * @param X the value minus one.
 * @upstream bitvec.c BITVEC_HASH
 */
function BITVEC_HASH(X: number): number {
  return X % BITVEC_NINT;
}

const NO_BITMAP = new Uint8Array(0);
const NO_HASH = new Uint32Array(0);
const NO_SUB: (Bitvec | null)[] = [];

/**
 * `n` words at the start of a block, as C's cast to `u32 *`. The words are scratch: their first
 * content is not looked at, so a block that is not aligned may be replaced by another.
 *
 * NON-UPSTREAM: C's allocations are always aligned.
 */
function u32view(p: Uint8Array, n: number): Uint32Array {
  return p.byteOffset % 4 === 0 ? new Uint32Array(p.buffer, p.byteOffset, n) : new Uint32Array(n);
}

/**
 * The set. The bytes of `mem` are used: the bitmap and the hash table lie at their end, as in C.
 *
 * @upstream bitvec.c Bitvec
 * @divergence bitvec-union
 */
export class Bitvec implements Counted {
  /** Largest value; u32. */
  iSize = 0;
  /** Values in the hash table; meaningless in the other two shapes. */
  nSet = 0;
  /** Values per child, or 0 while there are no children; u32. */
  iDivisor = 0;
  /** The three shapes; those that the set has never been in are empty arrays. */
  u = { aBitmap: NO_BITMAP as Uint8Array, aHash: NO_HASH as Uint32Array, apSub: NO_SUB };
  mem: Uint8Array | null;

  constructor(mem: Uint8Array) {
    this.mem = mem;
  }
}

/** NON-UPSTREAM: a set that was made, and the views of its block that it has needed so far. */
class KeptBitvec {
  readonly p: Bitvec;
  aBitmap: Uint8Array | null = null;
  aHash: Uint32Array | null = null;

  constructor(p: Bitvec) {
    this.p = p;
  }
}

/** The sets that were made last; see {@link bitvecIn}. NON-UPSTREAM. */
const aKept: KeptBitvec[] = [];
let iKept = 0;

/**
 * The empty set in `mem`, a zeroed block of BITVEC_SZ bytes. If the block is one that a set was made in a short
 * while ago, then that set is gone: its object and its views serve again. The shape follows from iSize alone
 * until a hash table subdivides, so only one view is made.
 *
 * NON-UPSTREAM: in C the set is the block.
 */
function bitvecIn(mem: Uint8Array, iSize: number): Bitvec {
  let i = 0;
  while (i < aKept.length && aKept[i]!.p.mem !== mem) i++;
  if (i === aKept.length) {
    i = i < 4 ? i : iKept++ & 3;
    aKept[i] = new KeptBitvec(new Bitvec(mem));
  }
  const kept = aKept[i]!;
  const { p } = kept;
  p.nSet = 0;
  p.iDivisor = 0;
  p.u.aBitmap = NO_BITMAP;
  p.u.aHash = NO_HASH;
  p.u.apSub = NO_SUB;
  if (iSize <= BITVEC_NBIT) {
    p.u.aBitmap = kept.aBitmap ??= mem.subarray(BITVEC_SZ - BITVEC_USIZE, BITVEC_SZ);
  } else {
    p.u.aHash = kept.aHash ??= u32view(mem.subarray(BITVEC_SZ - BITVEC_USIZE, BITVEC_SZ), BITVEC_NINT);
  }
  return p;
}

/**
 * The macro of sqliteInt.h for builds without alloca: a scratch block, null when memory runs out.
 *
 * @upstream sqliteInt.h sqlite3StackAllocRaw
 */
function sqlite3StackAllocRaw(_db: null, n: number): Uint8Array | null {
  return sqlite3Malloc(n);
}

/** Gives a block of {@link sqlite3StackAllocRaw} back. @upstream sqliteInt.h sqlite3StackFree */
function sqlite3StackFree(_db: null, p: Uint8Array): void {
  sqlite3_free(p);
}

/**
 * Makes an empty set for the values 1 to `iSize`.
 *
 * @param iSize u32.
 * @returns null if memory runs out.
 * @upstream bitvec.c sqlite3BitvecCreate
 * @divergence bitvec-union
 */
export function sqlite3BitvecCreate(iSize: number): Bitvec | null {
  let p: Bitvec | null = null;
  assert(sizeof.Bitvec === BITVEC_SZ);
  const mem = sqlite3MallocZero(sizeof.Bitvec);
  if (mem !== null) {
    p = bitvecIn(mem, iSize);
    p.iSize = iSize;
  }
  return p;
}

/**
 * Whether `i` is in the set, for a caller that knows that the set exists.
 *
 * @param i any u32; 0 and values above iSize are in no set.
 * @returns 1 or 0.
 * @upstream bitvec.c sqlite3BitvecTestNotNull
 * @divergence bitvec-byte-index
 */
export function sqlite3BitvecTestNotNull(p: Bitvec | null, i: number): number {
  assert(p !== null);
  i = (i - 1) >>> 0; /* 0 becomes the largest u32 and fails the next test */
  if (i >= p!.iSize) return 0;
  while (p!.iDivisor) {
    const bin = Math.floor(i / p!.iDivisor);
    i = i % p!.iDivisor;
    p = p!.u.apSub[bin] as Bitvec | null;
    if (!p) {
      return 0;
    }
  }
  if (p!.iSize <= BITVEC_NBIT) {
    return (p!.u.aBitmap[i >>> 3] & (1 << (i & (BITVEC_SZELEM - 1)))) !== 0 ? 1 : 0;
  } else {
    const aHash = p!.u.aHash;
    let h = BITVEC_HASH(i++);
    while (aHash[h]) {
      if (aHash[h] === i) return 1;
      h = (h + 1) % BITVEC_NINT;
    }
    return 0;
  }
}

/**
 * Whether `i` is in the set; a null set is empty.
 *
 * @param i any u32.
 * @returns 1 or 0.
 * @upstream bitvec.c sqlite3BitvecTest
 */
export function sqlite3BitvecTest(p: Bitvec | null, i: number): number {
  return p !== null && sqlite3BitvecTestNotNull(p, i) ? 1 : 0;
}

/**
 * Puts `i` into the set. Does nothing if the set is null.
 *
 * @param i 1 to iSize, which the caller guarantees.
 * @returns SQLITE_OK, or SQLITE_NOMEM if a child or the scratch block could not be allocated. After
 *   that some values may be missing from the set, so the caller must give up its use.
 * @upstream bitvec.c sqlite3BitvecSet
 * @divergence bitvec-union
 * @divergence bitvec-byte-index
 */
export function sqlite3BitvecSet(p: Bitvec | null, i: number): number {
  let h: number;
  if (p === null) return SQLITE_OK;
  assert(i > 0);
  assert(i <= p.iSize);
  i = (i - 1) >>> 0;
  while (p.iSize > BITVEC_NBIT && p.iDivisor) {
    const bin = Math.floor(i / p.iDivisor);
    i = i % p.iDivisor;
    if (p.u.apSub[bin] === null) {
      p.u.apSub[bin] = sqlite3BitvecCreate(p.iDivisor);
      if (p.u.apSub[bin] === null) return SQLITE_NOMEM_BKPT;
    }
    p = p.u.apSub[bin] as Bitvec;
  }
  if (p.iSize <= BITVEC_NBIT) {
    p.u.aBitmap[i >>> 3] |= 1 << (i & (BITVEC_SZELEM - 1));
    return SQLITE_OK;
  }
  h = BITVEC_HASH(i++);
  bitvec_set_end: {
    bitvec_set_rehash: {
      /* A free home slot is taken even above MXHASH, as only collisions make a full table slow... */
      /* ...but one slot must stay free, or searches would not end. */
      if (!p.u.aHash[h]) {
        if (p.nSet < BITVEC_NINT - 1) {
          break bitvec_set_end;
        } else {
          break bitvec_set_rehash;
        }
      }
      do {
        if (p.u.aHash[h] === i) return SQLITE_OK;
        h++;
        if (h >= BITVEC_NINT) h = 0;
      } while (p.u.aHash[h]);
      /* h is now a free slot, but the table may be too full to use it. */
    }
    if (p.nSet >= BITVEC_MXHASH) {
      let j: number;
      let rc: number;
      const pBuf = sqlite3StackAllocRaw(null, p.u.aHash.byteLength);
      if (pBuf === null) {
        return SQLITE_NOMEM_BKPT;
      } else {
        const aiValues = u32view(pBuf, BITVEC_NINT);
        aiValues.set(p.u.aHash);
        p.u.apSub = new Array<Bitvec | null>(BITVEC_NPTR).fill(null);
        p.iDivisor = Math.floor(p.iSize / BITVEC_NPTR);
        if (p.iSize % BITVEC_NPTR !== 0) p.iDivisor++;
        if (p.iDivisor < BITVEC_NBIT) p.iDivisor = BITVEC_NBIT;
        rc = sqlite3BitvecSet(p, i);
        for (j = 0; j < BITVEC_NINT; j++) {
          if (aiValues[j]) rc |= sqlite3BitvecSet(p, aiValues[j]);
        }
        sqlite3StackFree(null, pBuf);
        return rc;
      }
    }
  }
  p.nSet++;
  p.u.aHash[h] = i;
  return SQLITE_OK;
}

/**
 * Takes `i` out of the set, if it is in it. Does nothing if the set is null. Cannot fail: where a
 * hash table must be built anew it is done in the caller's scratch buffer.
 *
 * @param i 1 to iSize.
 * @param pBuf at least BITVEC_SZ bytes, overwritten.
 * @upstream bitvec.c sqlite3BitvecClear
 * @divergence bitvec-union
 * @divergence bitvec-byte-index
 */
export function sqlite3BitvecClear(p: Bitvec | null, i: number, pBuf: Uint8Array): void {
  if (p === null) return;
  assert(i > 0);
  i = (i - 1) >>> 0;
  while (p.iDivisor) {
    const bin = Math.floor(i / p.iDivisor);
    i = i % p.iDivisor;
    p = p.u.apSub[bin] as Bitvec | null;
    if (!p) {
      return;
    }
  }
  if (p.iSize <= BITVEC_NBIT) {
    p.u.aBitmap[i >>> 3] &= ~(1 << (i & (BITVEC_SZELEM - 1)));
  } else {
    /* Emptying one slot could cut the chain of another value, so the whole table is filled again. */
    let j: number;
    const aiValues = u32view(pBuf, BITVEC_NINT);
    aiValues.set(p.u.aHash);
    p.u.aHash.fill(0);
    p.nSet = 0;
    for (j = 0; j < BITVEC_NINT; j++) {
      if (aiValues[j] && aiValues[j] !== i + 1) {
        let h = BITVEC_HASH((aiValues[j] - 1) >>> 0);
        p.nSet++;
        while (p.u.aHash[h]) {
          h++;
          if (h >= BITVEC_NINT) h = 0;
        }
        p.u.aHash[h] = aiValues[j];
      }
    }
  }
}

/**
 * Frees the set and all its children; null is ignored.
 *
 * @upstream bitvec.c sqlite3BitvecDestroy
 */
export function sqlite3BitvecDestroy(p: Bitvec | null): void {
  if (p === null) return;
  if (p.iDivisor) {
    for (let i = 0; i < BITVEC_NPTR; i++) {
      sqlite3BitvecDestroy(p.u.apSub[i]);
    }
  }
  sqlite3_free(p);
}

/**
 * The iSize that the set was created with.
 *
 * @upstream bitvec.c sqlite3BitvecSize
 */
export function sqlite3BitvecSize(p: Bitvec): number {
  return p.iSize;
}

/**
 * Prints a set and its children, for a person at a debugger. The address of a set is 0.
 *
 * @param n how far to indent, in characters.
 * @param x what to add to each value printed.
 * @upstream bitvec.c showBitvec
 */
function showBitvec(p: Bitvec | null, n: number, x: number): void {
  let i: number;
  if (p === null) {
    printf("NULL\n");
    return;
  }
  printf("Bitvec 0x%p iSize=%u", p, p.iSize);
  if (p.iSize <= BITVEC_NBIT) {
    printf(" bitmap\n");
    printf("%*s   bits:", n, "");
    for (i = 1; i <= BITVEC_NBIT; i++) {
      if (sqlite3BitvecTest(p, i)) printf(" %u", (x + (i >>> 0)) >>> 0);
    }
    printf("\n");
  } else if (p.iDivisor === 0) {
    printf(" hash with %u entries\n", p.nSet);
    printf("%*s   bits:", n, "");
    for (i = 0; i < BITVEC_NINT; i++) {
      if (p.u.aHash[i]) printf(" %u", (x + p.u.aHash[i]) >>> 0);
    }
    printf("\n");
  } else {
    printf(" sub-bitvec with iDivisor=%u\n", p.iDivisor);
    for (i = 0; i < BITVEC_NPTR; i++) {
      if (p.u.apSub[i] === null) continue;
      printf("%*s   apSub[%d]=", n, "", i);
      showBitvec(p.u.apSub[i], n + 4, (i * p.iDivisor) >>> 0);
    }
  }
}

/**
 * Prints a set and its children on the console.
 *
 * @upstream bitvec.c sqlite3ShowBitvec
 */
export function sqlite3ShowBitvec(p: Bitvec | null): void {
  showBitvec(p, 0, 0);
}

/** Sets bit `I` of a byte array. @upstream bitvec.c SETBIT */
function SETBIT(V: Uint8Array, I: number): void {
  V[I >> 3] |= 1 << (I & 7);
}

/** Clears bit `I` of a byte array. @upstream bitvec.c CLEARBIT */
function CLEARBIT(V: Uint8Array, I: number): void {
  V[I >> 3] &= ~(1 << (I & 7));
}

/** Whether bit `I` of a byte array is set, 1 or 0. @upstream bitvec.c TESTBIT */
function TESTBIT(V: Uint8Array, I: number): number {
  return (V[I >> 3] & (1 << (I & 7))) !== 0 ? 1 : 0;
}

/**
 * Runs a small program against a set and, beside it, against a plain array of bits, and compares
 * the two at the end. SQLITE_TESTCTRL_BITVEC_TEST calls it.
 *
 * The program is a list of integers, an opcode followed by its operands; it is used up while it runs:
 *
 * | program | meaning |
 * |---|---|
 * | `0` | stop |
 * | `1 N S X` | add the N values S, S+X, S+2X... (modulo `sz`) |
 * | `2 N S X` | remove N values likewise |
 * | `3 N` | add N random values |
 * | `4 N` | remove N random values |
 * | `5 N S X` | as 1, but to the array only: makes the comparison fail |
 * | `6` | print the set (debug build) |
 * | `7` | print the compile-time sizes (debug build) |
 *
 * @param sz largest value; if not positive, the set is made for `2 * -sz` values and nothing is compared.
 * @returns 0 if both agree, the first value on which they differ, or -1 if memory ran out.
 * @upstream bitvec.c sqlite3BitvecBuiltinTest
 * @divergence random-words
 */
export function sqlite3BitvecBuiltinTest(sz: number, aOp: number[] | Int32Array): number {
  let pBitvec: Bitvec | null = null;
  let pV: Uint8Array | null = null;
  let rc = -1;
  let i: number;
  let nx: number;
  let pc: number;
  let op: number;
  const aRandom = new Int32Array(1);

  if (sz <= 0) {
    pBitvec = sqlite3BitvecCreate((2 * (-sz >>> 0)) >>> 0);
    pV = null;
  } else {
    pBitvec = sqlite3BitvecCreate(sz);
    pV = sqlite3MallocZero(Math.floor((7 + sz) / 8) + 1);
  }
  const pTmpSpace = sqlite3_malloc64(BITVEC_SZ);
  bitvec_end: {
    if (pBitvec === null || pTmpSpace === null || (pV === null && sz > 0)) break bitvec_end;

    /* A null set takes both calls without harm. */
    sqlite3BitvecSet(null, 1);
    sqlite3BitvecClear(null, 1, pTmpSpace);

    pc = i = 0;
    while ((op = aOp[pc]) !== 0) {
      if (op >= 6) {
        if (SQLITE_DEBUG) {
          if (op === 6) {
            sqlite3ShowBitvec(pBitvec);
          } else if (op === 7) {
            printf("BITVEC_SZ     = %d (%d by sizeof)\n", BITVEC_SZ, sizeof.Bitvec);
            printf("BITVEC_USIZE  = %d\n", BITVEC_USIZE);
            printf("BITVEC_NELEM  = %d\n", BITVEC_NELEM);
            printf("BITVEC_NBIT   = %d\n", BITVEC_NBIT);
            printf("BITVEC_NINT   = %d\n", BITVEC_NINT);
            printf("BITVEC_MXHASH = %d\n", BITVEC_MXHASH);
            printf("BITVEC_NPTR   = %d\n", BITVEC_NPTR);
          }
        }
        pc++;
        continue;
      }
      switch (op) {
        case 1:
        case 2:
        case 5: {
          nx = 4;
          i = aOp[pc + 2] - 1;
          aOp[pc + 2] += aOp[pc + 3];
          break;
        }
        case 3:
        case 4:
        default: {
          nx = 2;
          sqlite3_randomness(4, new Uint8Array(aRandom.buffer));
          i = aRandom[0];
          break;
        }
      }
      /* The count in the program is the loop variable; the opcode stays current until it is used up. */
      if (--aOp[pc + 1] > 0) nx = 0;
      pc += nx;
      i = (i & 0x7fffffff) % sz;
      if ((op & 1) !== 0) {
        if (pV) SETBIT(pV, i + 1);
        if (op !== 5) {
          if (sqlite3BitvecSet(pBitvec, i + 1)) break bitvec_end;
        }
      } else {
        if (pV) CLEARBIT(pV, i + 1);
        sqlite3BitvecClear(pBitvec, i + 1, pTmpSpace);
      }
    }

    /* The four terms are 0 each: values outside the range are in no set, and the size is right. */
    if (pV) {
      rc =
        (sqlite3BitvecTest(null, 0) +
          sqlite3BitvecTest(pBitvec, sz + 1) +
          sqlite3BitvecTest(pBitvec, 0) +
          (sqlite3BitvecSize(pBitvec) - sz)) |
        0;
      for (i = 1; i <= sz; i++) {
        if (TESTBIT(pV, i) !== sqlite3BitvecTest(pBitvec, i)) {
          rc = i;
          break;
        }
      }
    } else {
      rc = 0;
    }
  }
  sqlite3_free(pTmpSpace);
  sqlite3_free(pV);
  sqlite3BitvecDestroy(pBitvec);
  return rc;
}
