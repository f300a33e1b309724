/**
 * The pseudo-random numbers of the library: a ChaCha20 key stream, seeded from the default VFS.
 *
 * Journal nonces, WAL salts and names of temporary files come from it. The sixteen words of `s` are
 * ChaCha20's state: four constants, 32 bytes of key, a block counter in word 12, a 12-byte nonce.
 * Each block of 64 bytes is handed out from its end towards its start.
 *
 * @upstream random.c
 * @module
 */

import { memcpy, memset } from "./cstring.js";
import { sqlite3_initialize } from "./main.js";
import { type sqlite3_mutex, sqlite3_mutex_enter, sqlite3_mutex_leave, sqlite3MutexAlloc } from "./mutex.js";
import { sqlite3_vfs_find, sqlite3OsRandomness } from "./os/os.js";
import { assert, MIN, NEVER, SQLITE_MUTEX_STATIC_PRNG, SQLITE_THREADSAFE } from "./sqliteInt.js";

/**
 * The generator's state.
 *
 * @upstream random.c sqlite3PrngType
 */
class sqlite3PrngType {
  /** ChaCha20's state; s[0] is 0 until the generator is seeded. */
  readonly s = new Uint32Array(16);
  /** The current block of output. */
  readonly out = new Uint8Array(64);
  /** How many bytes of `out`, counted from its start, have not been handed out. */
  n = 0;
  /** NON-UPSTREAM: `out` as the words that C casts it to. */
  readonly outWords = new Uint32Array(this.out.buffer);
  /** NON-UPSTREAM: `s` as the bytes that C casts it to. */
  readonly sBytes = new Uint8Array(this.s.buffer);

  /** NON-UPSTREAM: C copies the struct with memcpy. */
  assign(from: sqlite3PrngType): void {
    this.s.set(from.s);
    this.out.set(from.out);
    this.n = from.n;
  }
}

const sqlite3Prng = new sqlite3PrngType();

/** What {@link queueRandomness} has left, next byte first. */
let aQueued: Uint8Array = new Uint8Array(0);

/**
 * NON-UPSTREAM: appends bytes that the next calls of sqlite3_randomness hand out instead of bytes of
 * the generator, so that a test can choose nonces, salts and names. What a call still needs after
 * the last of them comes from the generator, whose stream they do not advance. Null drops those
 * that are left.
 */
export function queueRandomness(bytes: Uint8Array | null): void {
  if (bytes === null) {
    aQueued = new Uint8Array(0);
    return;
  }
  const aNew = new Uint8Array(aQueued.length + bytes.length);
  aNew.set(aQueued);
  aNew.set(bytes, aQueued.length);
  aQueued = aNew;
}

/** Rotates a u32 left. The result may be negative, as JavaScript's operators give it. @upstream random.c ROTL */
function ROTL(a: number, b: number): number {
  return (a << b) | (a >>> (32 - b));
}

/**
 * ChaCha20's quarter round on four words of the state, given by their indexes.
 *
 * @upstream random.c QR
 */
function QR(x: Uint32Array, a: number, b: number, c: number, d: number): void {
  x[a] += x[b];
  x[d] = ROTL(x[d] ^ x[a], 16);
  x[c] += x[d];
  x[b] = ROTL(x[b] ^ x[c], 12);
  x[a] += x[b];
  x[d] = ROTL(x[d] ^ x[a], 8);
  x[c] += x[d];
  x[b] = ROTL(x[b] ^ x[c], 7);
}

const x = new Uint32Array(16);

/**
 * ChaCha20's block function (RFC 7539, 2.3): twenty rounds, then the input is added once more.
 *
 * @param out receives 16 words in host byte order, as in C.
 * @upstream random.c chacha_block
 * @divergence random-views
 */
function chacha_block(out: Uint32Array, in_: Uint32Array): void {
  let i: number;
  x.set(in_);
  for (i = 0; i < 10; i++) {
    QR(x, 0, 4, 8, 12);
    QR(x, 1, 5, 9, 13);
    QR(x, 2, 6, 10, 14);
    QR(x, 3, 7, 11, 15);
    QR(x, 0, 5, 10, 15);
    QR(x, 1, 6, 11, 12);
    QR(x, 2, 7, 8, 13);
    QR(x, 3, 4, 9, 14);
  }
  for (i = 0; i < 16; i++) out[i] = (x[i] + in_[i]) >>> 0;
}

/**
 * Fills the first `N` bytes of `pBuf` with random bytes.
 *
 * Initialises the library if need be; should that fail, the buffer stays as it is. The first call
 * seeds the generator with 44 bytes from the default VFS. With `N <= 0` or no buffer the seed is
 * forgotten and the next call takes a new one.
 *
 * @upstream random.c sqlite3_randomness
 * @divergence random-queue
 * @divergence random-views
 */
export function sqlite3_randomness(N: number, pBuf: Uint8Array | null): void {
  const wsdPrng = sqlite3Prng;
  let mutex: sqlite3_mutex | null = null;
  let zBuf = pBuf;

  if (sqlite3_initialize()) return;

  if (SQLITE_THREADSAFE) {
    mutex = sqlite3MutexAlloc(SQLITE_MUTEX_STATIC_PRNG);
  }

  sqlite3_mutex_enter(mutex);
  if (N <= 0 || pBuf === null) {
    wsdPrng.s[0] = 0;
    sqlite3_mutex_leave(mutex);
    return;
  }

  /* NON-UPSTREAM: queued bytes go first. */
  if (aQueued.length > 0) {
    const n = MIN(N, aQueued.length);
    memcpy(zBuf!, aQueued, n);
    aQueued = aQueued.subarray(n);
    N -= n;
    zBuf = zBuf!.subarray(n);
    if (N === 0) {
      sqlite3_mutex_leave(mutex);
      return;
    }
  }

  if (wsdPrng.s[0] === 0) {
    const pVfs = sqlite3_vfs_find(null);
    /* "expand 32-byte k" */
    const chacha20_init: readonly number[] = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574];
    wsdPrng.s.set(chacha20_init);
    if (NEVER(pVfs === null)) {
      memset(wsdPrng.sBytes.subarray(16), 0, 44);
    } else {
      sqlite3OsRandomness(pVfs!, 44, wsdPrng.sBytes.subarray(16));
    }
    /* The 44 bytes fill words 4 to 14, but word 12 has to be the block counter. */
    wsdPrng.s[15] = wsdPrng.s[12];
    wsdPrng.s[12] = 0;
    wsdPrng.n = 0;
  }

  assert(N > 0);
  while (true /* exit by break */) {
    if (N <= wsdPrng.n) {
      memcpy(zBuf!, wsdPrng.out.subarray(wsdPrng.n - N), N);
      wsdPrng.n = (wsdPrng.n - N) & 0xff;
      break;
    }
    if (wsdPrng.n > 0) {
      memcpy(zBuf!, wsdPrng.out, wsdPrng.n);
      N -= wsdPrng.n;
      zBuf = zBuf!.subarray(wsdPrng.n);
    }
    wsdPrng.s[12]++;
    chacha_block(wsdPrng.outWords, wsdPrng.s);
    wsdPrng.n = 64;
  }
  sqlite3_mutex_leave(mutex);
}

const sqlite3SavedPrng = new sqlite3PrngType();

/**
 * Remembers the generator's state; there is one place for it. For tests.
 *
 * @upstream random.c sqlite3PrngSaveState
 */
export function sqlite3PrngSaveState(): void {
  sqlite3SavedPrng.assign(sqlite3Prng);
}

/**
 * Puts the generator back into the remembered state, so that the same numbers come again.
 *
 * @upstream random.c sqlite3PrngRestoreState
 */
export function sqlite3PrngRestoreState(): void {
  sqlite3Prng.assign(sqlite3SavedPrng);
}
