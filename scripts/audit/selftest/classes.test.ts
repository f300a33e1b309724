import { describe, expect, it } from "vitest";
import { CLASSES, explain } from "./classes.js";
import { mutantsOf } from "./mutate.js";
import type { TestedFunction } from "./plan.js";

/** Descriptions of the mutants that belong to a class, of a function whose body is given. */
function members(id: string, body: string, dead?: string): string[] {
  const fn: TestedFunction = {
    path: "src/a.ts",
    name: "f",
    first: 1,
    text: `function f(p, a, b) {\n${body}\n}`,
  };
  expect(CLASSES.some((c) => c.id === id)).toBe(true);
  return mutantsOf(fn.text, dead ?? "seed")
    .filter((m) => explain({ ...m, path: fn.path, function: fn.name, line: m.at, class: null }, fn) === id)
    .map((m) => m.description);
}

describe("classes of survivors", () => {
  it("have ids of their own and a reason", () => {
    expect(new Set(CLASSES.map((c) => c.id)).size).toBe(CLASSES.length);
    for (const c of CLASSES) expect(c.reason).toMatch(/^[A-Z].*\.$/);
  });

  it("independent-declarations: nothing is called or written", () => {
    const id = "independent-declarations";
    expect(members(id, "let x = 0; const y = p.x! + 1;")).toHaveLength(1);
    expect(members(id, "const x = p.y; const y = f();")).toEqual([]);
    expect(members(id, "const x = p.y; const y = a++;")).toEqual([]);
    expect(members(id, "const x = p.y; a = 1;")).toEqual([]);
  });

  it("constant-declaration: the value is the same wherever it stands", () => {
    const id = "constant-declaration";
    expect(members(id, "const x = new Ref<P | null>(null); g(a);")).toEqual([
      "const x = new Ref<P | null>(null); and g(a); change places",
    ]);
    expect(members(id, "let rc = -S_OK; g(a);")).toHaveLength(1);
    expect(members(id, "const x = a; g(a);")).toEqual([]);
    expect(members(id, "const x = new Ref(a); a = 1;")).toEqual([]);
  });

  it("null-and-zero: what C writes the same way", () => {
    const id = "null-and-zero";
    expect(members(id, "g(0, null);")).toEqual(["arguments 1 and 2 of g(0, null) change places"]);
    expect(members(id, "g(a !== null);")).toEqual([]);
    const text = "function f(p) {\nif (ALWAYS(p !== null)) g(p !== null);\n}";
    const fn: TestedFunction = { path: "src/a.ts", name: "f", first: 1, text };
    const survivor = {
      function: "f",
      path: "",
      line: 2,
      description: "",
      class: null,
      was: "p !== null",
      now: "p",
    };
    const at = (start: number): string | null =>
      explain({ ...survivor, operator: "change-argument", start, end: start + 10 }, fn);
    expect(at(text.indexOf("p !== null"))).toBe(id);
    expect(at(text.lastIndexOf("p !== null"))).toBeNull();
    expect(members(id, "g(0, 1);")).toEqual([]);
  });

  it("option-test: the condition names options only", () => {
    const id = "option-test";
    expect(members(id, "if (S_MAX > 0) g();")).toEqual([
      "g(); goes before if (S_MAX > 0)",
      "g(); goes behind if (S_MAX > 0)",
      "S_MAX > 0 becomes !(S_MAX > 0)",
      "> becomes >= in S_MAX > 0",
      "0 becomes 1",
    ]);
    expect(members(id, "if (a > S_MAX) g();")).toEqual([]);
    expect(members(id, "if (S_MAX) g(a);").some((d) => d.startsWith("argument"))).toBe(false);
  });

  it("option-arm: an arm of ?: by an option", () => {
    expect(members("option-arm", "return S_ON ? g(a) : h();")).toContain("g(a) becomes a");
    expect(members("option-test", "if (S_ON) g(); else h();")).toContain("else h(); is dropped");
    expect(members("option-test", "if (a) g(); else h();")).toEqual([]);
    expect(members("option-arm", "return a ? g(a) : h();")).toEqual([]);
  });

  it("end-of-subarray: only the second argument", () => {
    const id = "end-of-subarray";
    const found = members(id, "return p.subarray(a, a + b);");
    expect(found).toContain("argument 2 of p.subarray(a, a + b) is dropped");
    expect(found).toContain("+ becomes - in a + b");
    expect(members(id, "return p.subarray(0, a);")).toContain("p.subarray(0, a) becomes p");
    expect(found.some((d) => /argument 1|change places|p\.subarray.* becomes p$/.test(d))).toBe(false);
  });

  it("size-of-array: lengths of new arrays", () => {
    expect(members("size-of-array", "const x = new Uint8Array(10 * S_LEN); g(x);")).toContain(
      "10 becomes 11",
    );
    expect(members("size-of-array", "const x = new Ref(10); g(x);")).toEqual([]);
  });

  it("first-value: constants that a declaration starts with", () => {
    const id = "first-value";
    expect(members(id, "const x = new Ref(0); let y = null; g(x, y);")).toEqual([
      "let y = null; loses its value",
      "0 becomes 1",
      expect.stringMatching(/^null becomes/),
    ]);
    expect(members(id, "let y = a + 1; y = 0;")).toEqual([]);
  });

  it("object-of-block: new objects change places", () => {
    const id = "object-of-block";
    expect(members(id, "if (a === null) return b; const x = new P(a);")).toHaveLength(1);
    expect(members(id, "g(b); x = new P(a);")).toHaveLength(1);
    expect(members(id, "if (a) { x = new P(a); g(x); }")).toHaveLength(3);
    expect(members(id, "g(b); x = h(a);")).toEqual([]);
  });

  it("block-beside-array: fields that end in Mem", () => {
    const id = "block-beside-array";
    expect(members(id, "p.apHash = a; p.apHashMem = b;")).toHaveLength(1);
    expect(members(id, "p.apHash = a; p.nHash = b;")).toEqual([]);
  });
});
