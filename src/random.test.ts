/**
 * The random number generator against C's, byte for byte.
 *
 * The expected bytes were printed by random.c itself, compiled with gcc around a stub VFS whose
 * seed is the one of {@link seedBytes}; the first one of the second test stands in RFC 7539, 2.3.2.
 */

import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { sqlite3_initialize } from "./main.js";
import { sqlite3_vfs_find, sqlite3_vfs_register, sqlite3_vfs_unregister } from "./os/os.js";
import {
  queueRandomness,
  sqlite3_randomness,
  sqlite3PrngRestoreState,
  sqlite3PrngSaveState,
} from "./random.js";
import { SQLITE_CANTOPEN, type sqlite3_vfs } from "./sqliteInt.js";

let nSeed = 0;
let seedBytes = (i: number): number => (i * 7 + 3 * nSeed) & 0xff;
const asked: number[] = [];

const pVfs: sqlite3_vfs = {
  iVersion: 1,
  szOsFile: 8,
  mxPathname: 512,
  pNext: null,
  zName: "random.test",
  pAppData: null,
  xOpen: () => SQLITE_CANTOPEN,
  xDelete: () => 0,
  xAccess: () => 0,
  xFullPathname: () => SQLITE_CANTOPEN,
  xRandomness(_pVfs, nByte, zOut) {
    nSeed++;
    asked.push(nByte);
    for (let i = 0; i < nByte; i++) zOut[i] = seedBytes(i);
    return nByte;
  },
  xSleep: () => 0,
};

/** The next `n` random bytes in hexadecimal. */
function hex(n: number): string {
  const buf = new Uint8Array(n + 2).fill(0xee);
  sqlite3_randomness(n, buf);
  expect([...buf.subarray(n)]).toEqual([0xee, 0xee]); /* exactly n bytes are written */
  return Buffer.from(buf.subarray(0, n)).toString("hex");
}

beforeEach(() => {
  expect(sqlite3_initialize()).toBe(0);
  if (sqlite3_vfs_find("random.test") === null) sqlite3_vfs_register(pVfs, 1);
  expect(sqlite3_vfs_find(null)).toBe(pVfs);
  queueRandomness(null);
  sqlite3_randomness(0, null);
  nSeed = 0;
  asked.length = 0;
  seedBytes = (i) => (i * 7 + 3 * nSeed) & 0xff;
});

afterAll(() => {
  sqlite3_vfs_unregister(pVfs);
});

describe("sqlite3_randomness", () => {
  test("gives the stream that C gives", () => {
    expect(hex(16)).toBe("f43780a7f1e0d5342aaa0025739827d0");
    expect(hex(1)).toBe("18");
    expect(hex(100)).toBe(
      "0eb146d3157e021111af9b21fdac0080b5c1d3ba5554a1b31ba558b9445aae8c14dbd0b15a8c9e3a8755d843f96063160192b16d2db32ffc8412c6ee3ceb68a997957aa0f43b7111086d15bcc6112f3fe788bc32f586a97301739bd0b34f9e56daa84a47",
    );
    expect(hex(64)).toBe(
      "2b8ace18f75c5dfca91c4c50c4b1760f0eaf7f4b12ccaebbeb93e33a09e0c6578b631ea23ea6005c3d86560e5452d712ae76a60dedd66636197be971fec7b3c5",
    );
    expect(hex(11)).toBe("fc0d94ef21088010c869cf");
    expect(hex(64)).toBe(
      "1eb85354b82f28a9716f4d9af31d4657992f0d20e449b7c8d4e80d047bc295ad7995e95dc53085da47da693a6f7cdddd258a4d0386d81cfb6defce531cee18e7",
    );
    expect(hex(200)).toBe(
      "ff2f0c3989f9c938fb95ad14ba693692180b2d1256968aae254fdc76e116634f593ebe3dcbadbc2aff6ad48afe67a4d78cbebd390f19c8b3bf6daf8b3ae93a2b78aa02c48205b912da53ed6bc28437aa8b6ff4873f948d1b6adc2c6d30d83293d1579943ba32a1f479fae9dba221dfded404686750f177f5532fdee2020d45048d14f0e14c0565cf80c54bc5b39d0528a1a014ffd5a7dcea1e236f7fc6d8a6a7aa8b4baae62140ba9ef9281dd77730bc81a814b5397419f0de7e71a9d74cae805fd8fd53b29c0025",
    );
    /* The state can be remembered and put back... */
    sqlite3PrngSaveState();
    const b37 = "2a257efa442336f51e2f30ba04bb671dce40d79682936ef4d28ab71007a6174819398383d8";
    const b130 =
      "d4549f9239733a1a83701e3a65d918d268d07f96733927a06b4e47ef7ff10e0dfb01ed146af357618f9826fb443257d2d9a714261339d7f044d4c9c4ebc425feb6192e177db8c836083e570c4aa924618e2c7d222ea30b310d1708d80a3a8db0b5d923cf5c145f963e491bb23868711d1bbde1bbb6ca232c6fd9f8a1e52e993897b8";
    expect(hex(37)).toBe(b37);
    expect(hex(130)).toBe(b130);
    sqlite3PrngRestoreState();
    expect(hex(37)).toBe(b37);
    expect(hex(130)).toBe(b130);
    expect(asked).toEqual([44]);
    /* ...and forgotten: then the VFS is asked again. */
    sqlite3_randomness(0, null);
    expect(asked).toEqual([44]);
    expect(hex(80)).toBe(
      "1379a6048b06edbe0effe456fefb73b839b7e74d4d0deebb0f0a5f0ed6f940cb40d87d07e879711947867b887428df5e80c41b3291ab4bfd6288f5c53b49d36807ec718c3828abf53c816c9f5b125aad",
    );
    expect(asked).toEqual([44, 44]);
    sqlite3PrngRestoreState();
    expect(hex(12)).toBe("8ab71007a6174819398383d8");
    sqlite3_randomness(-1, new Uint8Array(4));
    expect(hex(8)).toBe("f30b54a2be6fa7f8");
    expect(asked).toEqual([44, 44, 44]);
  });

  test("is ChaCha20 with the key and nonce of RFC 7539, 2.3.2", () => {
    /* 32 bytes of key, the first word of the nonce (which takes the counter's place), the other two. */
    const seed = [...Array(32).keys(), 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0x4a];
    seedBytes = (i) => seed[i] as number;
    expect(seed.length).toBe(44);
    /* The RFC's nonce is 00 00 00 09 | 00 00 00 4a | 00 00 00 00; its first block has counter 1. */
    expect(hex(64)).toBe(
      "10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c068030422aa9ac3d46c4ed2826446079faa0914c2d705d98b02a2b5129cd1de164eb9cbd083e8a2503c4e",
    );
  });

  test("a buffer of N bytes may come without a buffer: then the seed is forgotten", () => {
    hex(1);
    sqlite3_randomness(5, null);
    hex(1);
    expect(asked).toEqual([44, 44]);
  });
});

describe("queueRandomness (NON-UPSTREAM)", () => {
  test("bytes come first, in order, and do not advance the generator", () => {
    queueRandomness(Uint8Array.of(1, 2, 3));
    queueRandomness(Uint8Array.of(4, 5));
    expect(hex(2)).toBe("0102");
    expect(asked).toEqual([]);
    expect(hex(4)).toBe("030405d0"); /* one byte of the generator: the last of its block */
    expect(asked).toEqual([44]);
    queueRandomness(Uint8Array.of(9, 9));
    queueRandomness(null);
    expect(hex(1)).not.toBe("09");
  });
});
