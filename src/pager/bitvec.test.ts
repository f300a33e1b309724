/**
 * Bitvec: upstream's own programs with upstream's numbers of allocations, and a model.
 *
 * The programs are those of SQLite's test/bitvec.test. The allocation counts beside them were printed
 * by the C file, compiled with gcc around a counting malloc and the generator {@link lcg}; the
 * `wasm32` column by the same file with pointers taken to be four bytes wide.
 */

import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { PagerMirrorOptions } from "../options.js";

type Abi = "lp64" | "wasm32";

/** Loads the port anew under one ABI, with an allocator that counts and fails on request. */
async function load(abi: Abi) {
  (globalThis as { PAGER_MIRROR?: PagerMirrorOptions }).PAGER_MIRROR = { abi };
  vi.resetModules();
  const { sqlite3_initialize } = await import("../main.js");
  const { sqlite3Config } = await import("../global.js");
  const { sqlite3_malloc } = await import("../malloc.js");
  const { queueRandomness } = await import("../random.js");
  const bitvec = await import("./bitvec.js");
  expect(sqlite3_initialize()).toBe(0);
  const { xMalloc, xFree } = { ...sqlite3Config.m };
  const heap = { nAlloc: 0, iFail: -1, live: new Set<Uint8Array>() };
  sqlite3Config.m.xMalloc = (n) => {
    if (heap.nAlloc++ === heap.iFail) return null;
    const p = xMalloc(n);
    if (p !== null) heap.live.add(p);
    return p;
  };
  sqlite3Config.m.xFree = (p) => {
    if (!heap.live.delete(p)) throw new Error("double free");
    xFree(p);
  };
  return { ...bitvec, sqlite3_malloc, queueRandomness, heap };
}

/** The bytes that the C harness used for sqlite3_randomness. */
function lcg(n: number): Uint8Array {
  const a = new Uint8Array(n);
  let seed = 1;
  for (let i = 0; i < n; i++) {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    a[i] = seed >>> 16;
  }
  return a;
}

/** Label, size, program, result, allocations under lp64, allocations under wasm32. */
type Case = [label: string, sz: number, aOp: number[], rc: number, nLp64: number, nWasm32: number];

const rep = (n: number, a: number[]): number[] => Array.from({ length: n }, () => a).flat();

const cases: Case[] = [
  ["1.0.1", 400, [5, 1, 1, 1, 0], 1, 3, 3],
  ["1.0.2", 400, [5, 1, 234, 1, 0], 234, 3, 3],
  ["1.1", 400, [1, 400, 1, 1, 0], 0, 3, 3],
  ["1.2", 4000, [1, 4000, 1, 1, 0], 0, 6, 3],
  ["1.3", 40000, [1, 40000, 1, 1, 0], 0, 15, 14],
  ["1.4", 400000, [1, 400000, 1, 1, 0], 0, 252, 104],
  ["1.5", 400, [1, 400, 1, 7, 0], 0, 3, 3],
  ["1.6", 4000, [1, 4000, 1, 7, 0], 0, 6, 3],
  ["1.7", 40000, [1, 40000, 1, 7, 0], 0, 15, 14],
  ["1.8", 400000, [1, 400000, 1, 7, 0], 0, 252, 104],
  ["1.9", 400, [1, 400, 1, 1, 2, 400, 1, 1, 0], 0, 3, 3],
  ["1.10", 4000, [1, 4000, 1, 1, 2, 4000, 1, 1, 0], 0, 6, 3],
  ["1.11", 40000, [1, 40000, 1, 1, 2, 40000, 1, 1, 0], 0, 15, 14],
  ["1.12", 400000, [1, 400000, 1, 1, 2, 400000, 1, 1, 0], 0, 252, 104],
  ["1.13", 400, [1, 400, 1, 1, 2, 400, 1, 7, 0], 0, 3, 3],
  ["1.15", 4000, [1, 4000, 1, 1, 2, 4000, 1, 7, 0], 0, 6, 3],
  ["1.16", 40000, [1, 40000, 1, 1, 2, 40000, 1, 77, 0], 0, 15, 14],
  ["1.17", 400000, [1, 400000, 1, 1, 2, 400000, 1, 777, 0], 0, 252, 104],
  ["1.18", 400000, [1, 5000, 100000, 1, 2, 400000, 1, 37, 0], 0, 11, 7],
  ...[1, 2, 3, 4, 5, 6, 7, 8].flatMap((start) =>
    [124, 125].map(
      (incr): Case => [`1.20.${start}.${incr}`, 5000, [1, 60, start, incr, 2, 5000, 1, 1, 0], 0, 3, 3],
    ),
  ),
  ["1.30.big_and_slow", 17000000, [1, 17000000, 1, 1, 2, 17000000, 1, 1, 0], 0, 15504, 4504],
  ["2.1", 4000, [3, 2000, 4, 2000, 0], 0, 6, 3],
  ["2.2", 4000, [...rep(6, [3, 1000, 4, 1000]), 0], 0, 6, 3],
  ["2.3", 400000, [3, 10, 0], 0, 3, 3],
  ["2.4", 4000, [3, 10, 2, 4000, 1, 1, 0], 0, 3, 3],
  ["2.5", 5000, [3, 20, 2, 5000, 1, 1, 0], 0, 3, 3],
  ["2.6", 50000, [3, 60, 2, 50000, 1, 1, 0], 0, 3, 3],
  ["2.7", 5000, [1, 25, 121, 125, 1, 50, 121, 125, 2, 25, 121, 125, 0], 0, 3, 3],
  ["3.1", 5000, [...rep(3, [3, 60, 2, 5000, 1, 1]), 0], 0, 3, 3],
  ["3.2", 5000, [...rep(3, [3, 600, 2, 5000, 1, 1]), 0], 0, 6, 6],
  ["3.3", 50000, [1, 50000, 1, 1, 0], 0, 17, 17],
  /* Not upstream's: a size above 2^31, given as a negative number. */
  ["negative size", -2000000000, [1, 300, 1, 14000000, 2, 20, 1, 14000000, 0], 0, 34, 66],
];

describe.each<Abi>(["lp64", "wasm32"])("bitvec, %s", (abi) => {
  let m: Awaited<ReturnType<typeof load>>;
  beforeAll(async () => {
    m = await load(abi);
  });
  afterAll(() => {
    m.queueRandomness(null);
    delete (globalThis as { PAGER_MIRROR?: PagerMirrorOptions }).PAGER_MIRROR;
  });

  test.each(cases)("bitvec-%s", { timeout: 120_000 }, (_label, sz, aOp, rc, nLp64, nWasm32) => {
    m.queueRandomness(null);
    m.queueRandomness(lcg(60_000));
    m.heap.nAlloc = 0;
    const nLive = m.heap.live.size;
    expect(m.sqlite3BitvecBuiltinTest(sz, [...aOp])).toBe(rc);
    expect(m.heap.nAlloc).toBe(abi === "lp64" ? nLp64 : nWasm32);
    expect(m.heap.live.size).toBe(nLive);
  });

  /* Every allocation in turn fails once: -1 and nothing leaks, until there is none left to fail. */
  test.each(
    cases.filter(([label]) => /^(3\.|1\.18|negative)/.test(label)),
  )("bitvec-%s, each allocation failing", (_label, sz, aOp, _rc, nLp64, nWasm32) => {
    const nLive = m.heap.live.size;
    const n = abi === "lp64" ? nLp64 : nWasm32;
    for (let i = 0; i <= n; i++) {
      m.queueRandomness(null);
      m.queueRandomness(lcg(60_000));
      m.heap.nAlloc = 0;
      m.heap.iFail = i;
      const rc = m.sqlite3BitvecBuiltinTest(sz, [...aOp]);
      m.heap.iFail = -1;
      expect([i, rc]).toEqual([i, i < n ? -1 : 0]);
      expect(m.heap.live.size).toBe(nLive);
    }
  });

  /* A hash table of NINT slots subdivides at a collision once it holds 62, and when one slot is left. */
  test("the moment of subdivision", () => {
    const nint = abi === "lp64" ? 124 : 125;
    const nAlloc = (aOp: number[]): number => {
      m.heap.nAlloc = 0;
      expect(m.sqlite3BitvecBuiltinTest(5000, aOp)).toBe(0);
      return m.heap.nAlloc;
    };
    expect(nAlloc([1, 61, 1, 1, 1, 1, nint + 1, 1, 0])).toBe(3);
    expect(nAlloc([1, 62, 1, 1, 1, 1, nint + 1, 1, 0])).toBe(5);
    expect(nAlloc([1, nint - 1, 1, 1, 0])).toBe(3);
    expect(nAlloc([1, nint, 1, 1, 0])).toBe(5);
  });

  test("opcodes 6 and 7 print in the debug build", () => {
    const log = vi.spyOn(console, "log").mockImplementation(() => {});
    expect(m.sqlite3BitvecBuiltinTest(400, [7, 1, 3, 1, 5, 6, 0])).toBe(0);
    expect(m.sqlite3BitvecBuiltinTest(5000, [1, 3, 1, 5, 6, 0])).toBe(0);
    expect(m.sqlite3BitvecBuiltinTest(5000, [1, 70, 1, 1, 1, 2, 1, 500, 6, 0])).toBe(0);
    m.sqlite3ShowBitvec(null);
    const out = log.mock.calls.map(([z]) => String(z));
    log.mockRestore();
    const [nByte, nPtr] = abi === "lp64" ? [496, 62] : [500, 125];
    expect(out.slice(0, 7)).toEqual([
      "BITVEC_SZ     = 512 (512 by sizeof)",
      `BITVEC_USIZE  = ${nByte}`,
      `BITVEC_NELEM  = ${nByte}`,
      `BITVEC_NBIT   = ${nByte * 8}`,
      `BITVEC_NINT   = ${nByte / 4}`,
      "BITVEC_MXHASH = 62",
      `BITVEC_NPTR   = ${nPtr}`,
    ]);
    /* 70 values in a row do not collide; the next one does, and the full table subdivides. */
    expect(out.slice(7)).toEqual([
      "Bitvec 0x0 iSize=400 bitmap",
      "   bits: 1 6 11",
      "Bitvec 0x0 iSize=5000 hash with 3 entries",
      "   bits: 1 6 11",
      `Bitvec 0x0 iSize=5000 sub-bitvec with iDivisor=${nByte * 8}`,
      `   apSub[0]=Bitvec 0x0 iSize=${nByte * 8} bitmap`,
      `       bits: ${Array.from({ length: 70 }, (_, i) => i + 1).join(" ")} 501`,
      "NULL",
    ]);
  });

  test("a set of 2^32-1 values, filled from the top", () => {
    const nLive = m.heap.live.size;
    m.heap.nAlloc = 0;
    const p = m.sqlite3BitvecCreate(0xffffffff)!;
    m.heap.nAlloc = 0;
    for (let i = 0; i < 500; i++) expect(m.sqlite3BitvecSet(p, 0xffffffff - i * 8000000)).toBe(0);
    expect(m.heap.nAlloc).toBe(abi === "lp64" ? 59 : 118);
    expect(p.iDivisor).toBe(abi === "lp64" ? 69273667 : 34359739);
    for (let i = 0; i < 500; i++) {
      expect(m.sqlite3BitvecTest(p, 0xffffffff - i * 8000000)).toBe(1);
      expect(m.sqlite3BitvecTest(p, 0xffffffff - i * 8000000 - 1)).toBe(0);
    }
    expect(m.sqlite3BitvecTest(p, 0)).toBe(0);
    expect(m.sqlite3BitvecSize(p)).toBe(0xffffffff);
    m.sqlite3BitvecDestroy(p);
    expect(m.heap.live.size).toBe(nLive);
  });

  test("a null set is empty and takes every call", () => {
    expect(m.sqlite3BitvecTest(null, 1)).toBe(0);
    expect(m.sqlite3BitvecSet(null, 1)).toBe(0);
    m.sqlite3BitvecClear(null, 1, new Uint8Array(m.BITVEC_SZ));
    m.sqlite3BitvecDestroy(null);
  });

  test("agrees with a Set", () => {
    const pBuf = new Uint8Array(m.BITVEC_SZ + 1);
    /* Sizes on both sides of each change of shape. */
    const size = fc.constantFrom(1, 8, 9, 3968, 3969, 4000, 4001, 5000, 60000, 246016, 246017, 0xffffffff);
    /* Values that crowd (consecutive), collide (multiples of the table's size) and lie anywhere. */
    const value = fc.oneof(
      fc.nat(150),
      fc.nat(150).map((k) => k * 124),
      fc.nat(150).map((k) => k * 125),
      fc.integer({ min: 0, max: 0xfffffffe }),
    );
    const op = fc.record({
      op: fc.constantFrom("set", "set", "set", "clear"),
      i: value,
      fromTop: fc.boolean(),
    });
    const seen = { hash: 0, sub: 0, bitmap: 0 };
    const run = (iSize: number, ops: { op: string; i: number; fromTop: boolean }[], iAlign: number) => {
      const p = m.sqlite3BitvecCreate(iSize)!;
      const model = new Set<number>();
      for (const { op, i, fromTop } of ops) {
        const v = fromTop ? iSize - (i % iSize) : 1 + (i % iSize);
        if (op === "set") {
          expect(m.sqlite3BitvecSet(p, v)).toBe(0);
          model.add(v);
        } else {
          m.sqlite3BitvecClear(p, v, pBuf.subarray(iAlign));
          model.delete(v);
        }
        expect(m.sqlite3BitvecTest(p, v)).toBe(model.has(v) ? 1 : 0);
      }
      for (const { i, fromTop } of ops) {
        for (const d of [-1, 0, 1]) {
          const v = (fromTop ? iSize - (i % iSize) : 1 + (i % iSize)) + d;
          if (v <= 0xffffffff) expect(m.sqlite3BitvecTest(p, v)).toBe(model.has(v) ? 1 : 0);
        }
      }
      for (const v of model) expect(m.sqlite3BitvecTestNotNull(p, v)).toBe(1);
      if (p.iDivisor) seen.sub++;
      else if (iSize > 4000) {
        seen.hash++;
        expect(p.nSet).toBe(model.size);
      } else seen.bitmap++;
      m.sqlite3BitvecDestroy(p);
    };
    const nLive = m.heap.live.size;
    fc.assert(fc.property(size, fc.array(op, { maxLength: 300, size: "max" }), fc.constantFrom(0, 1), run), {
      seed: 20080218,
      numRuns: 400,
    });
    expect(m.heap.live.size).toBe(nLive);
    for (const n of Object.values(seen)) expect(n).toBeGreaterThan(20);
  });
});
