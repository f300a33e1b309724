import { describe, expect, it } from "vitest";
import { fromCString, toCString } from "./cstring.js";
import { asI64, asInt, asText, asU64, asUnsigned, va_arg, va_end, va_list, va_start } from "./stdarg.js";

describe("a list of arguments", () => {
  it("is read from the first to the last, then gives null", () => {
    const ap = new va_list();
    va_start(ap, [1, "two", undefined, 4]);
    expect([va_arg(ap), va_arg(ap), va_arg(ap), va_arg(ap), va_arg(ap)]).toEqual([1, "two", null, 4, null]);
  });

  it("begins again, and holds nothing after its end", () => {
    const ap = new va_list();
    va_start(ap, [1]);
    va_arg(ap);
    va_start(ap, [2, 3]);
    expect(va_arg(ap, asInt)).toBe(2);
    va_end(ap);
    expect(va_arg(ap)).toBeNull();
  });
});

describe("the type of an argument", () => {
  it.each([
    [5, 5, 5, 5n, 5n],
    [-1, -1, 0xffffffff, -1n, 0xffffffffffffffffn],
    [2 ** 32 + 7, 7, 7, 4294967303n, 4294967303n],
    [0x80000000, -0x80000000, 0x80000000, 0x80000000n, 0x80000000n],
    [2.9, 2, 2, 2n, 2n],
    [-(2n ** 63n) - 1n, -1, 0xffffffff, 2n ** 63n - 1n, 2n ** 63n - 1n],
    [Number.NaN, 0, 0, 0n, 0n],
    [Number.POSITIVE_INFINITY, 0, 0, 0n, 0n],
    ["7", 0, 0, 0n, 0n],
    [null, 0, 0, 0n, 0n],
  ])("cuts %s to int, unsigned, i64, u64", (x, int, unsigned, i64, u64) => {
    expect([asInt(x), asUnsigned(x), asI64(x), asU64(x)]).toEqual([int, unsigned, i64, u64]);
  });

  it("is a C string for text, or null", () => {
    const z = toCString("bytes");
    expect(asText(z)).toBe(z);
    expect(fromCString(asText("text"))).toBe("text");
    expect([asText(1), asText(null)]).toEqual([null, null]);
  });
});
