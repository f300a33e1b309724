import { describe, expect, it } from "vitest";
import { assume } from "./assume.js";
import { Allowance, parseDeclared } from "./declared.js";
import { type Diff, diffBodies } from "./diff.js";
import type { Node } from "./form.js";
import { printStatement } from "./print.js";
import { applyRules, type Rewrite, ruleOf } from "./rewrites.js";
import { rewrite } from "./tree.js";
import { lowerTs, parseTs } from "./ts-side.js";

const NO_WIDTHS = new Map<string, string>();

/** Bodies are written in TypeScript on both sides: what counts here are trees. */
function tree(text: string): Node {
  const file = parseTs("x.ts", `function f() {\n${text}\n}`);
  return lowerTs(file, "f", {
    constants: {
      options: new Map(),
      numbers: new Map(),
      texts: new Map(),
      lengths: new Map(),
      refs: new Set(),
    },
    refFields: new Set(),
  }).body;
}

function diff(c: string, ts: string, uninitialized: readonly string[] = []): Diff {
  return diffBodies(tree(c), tree(ts), { uninitialized: new Set(uninitialized), widths: NO_WIDTHS });
}

const shown = (d: Diff): string[] => d.differences.map((x) => `${x.kind}: ${x.c ?? ""} | ${x.ts ?? ""}`);

describe("diffBodies", () => {
  it("finds nothing in equal bodies, and counts heads", () => {
    const d = diff("a(); if (b) { c(); } return d;", "a(); if (b) c(); return d;");
    expect(d).toMatchObject({ differences: [], c: 4, ts: 4, same: 4 });
  });
  it("names what one side lacks", () => {
    expect(shown(diff("a(); b(); c();", "a(); c();"))).toEqual(["missing: b() | "]);
    expect(shown(diff("a(); c();", "a(); b(); c();"))).toEqual(["extra:  | b()"]);
  });
  it("blames a head and goes on inside", () => {
    expect(shown(diff("if (a > 1) { b(); c(); }", "if (a >= 1) { b(); d(); }"))).toEqual([
      "changed: if (a > 1) | if (a >= 1)",
      "changed: c() | d()",
    ]);
  });
  it("sees an order", () => {
    expect(shown(diff("a(1); b(2);", "b(2); a(1);"))).toHaveLength(2);
  });
  it("sees what stands outside of a branch and inside on the other side", () => {
    expect(shown(diff("if (a) { b(); } c();", "if (a) { b(); c(); }"))).toEqual([
      "extra:  | c()",
      "missing: c() | ",
    ]);
  });
  it("lets a variable start with a value that C does not give it", () => {
    expect(shown(diff("let x; x = f();", "let x = 0; x = f();", ["x"]))).toEqual([]);
    expect(shown(diff("let x; x = f();", "let x = 5; x = f();", ["y"]))).toEqual(["extra:  | x = 5"]);
  });
  it("aligns lines", () => {
    const d = diff("a();\nb();\nif (c) {\nd();\n}", "a();\nx();\nif (c) {\nd();\n}");
    expect(d.aligned).toEqual([
      { c: [2, 2], ts: [2, 2], same: true },
      { c: [3, 3], ts: [3, 3], same: false },
      { c: [4, 4], ts: [4, 4], same: true },
      { c: [5, 5], ts: [5, 5], same: true },
    ]);
  });
});

describe("widths", () => {
  /** What C's side says with casts, and with conversions (`?`). */
  const cut = (type: string, n: Node): Node =>
    rewrite(n, (x) =>
      x.op === "call" && x.kids[0]!.text === "CUT" ? { ...x, op: "wrap", text: type, kids: [x.kids[1]!] } : x,
    );
  const masks = (type: string, c: string, ts: string): string[] =>
    diffBodies(cut(type, tree(c)), tree(ts), {
      uninitialized: new Set(),
      widths: new Map([["narrow", "u16"]]),
    }).differences.map((d) => d.kind);

  it("demands a mask where C casts", () => {
    expect(masks("u8", "p.n = CUT(v);", "p.n = v & 0xff;")).toEqual([]);
    expect(masks("u8", "p.n = CUT(v);", "p.n = v;")).toEqual(["mask"]);
    expect(masks("u8", "p.n = CUT(a > b);", "p.n = a > b;")).toEqual([]);
  });
  it("demands none for a conversion of a plain value, or of one that counts up", () => {
    expect(masks("u32", "n = CUT(v);", "n = v;")).toEqual(["mask"]);
    expect(masks("u32?", "n = CUT(v);", "n = v;")).toEqual([]);
    expect(masks("u32?", "n = CUT(a - 1);", "n = a - 1;")).toEqual(["mask"]);
    expect(masks("u32", "n = CUT(a * b);", "n = a * b;")).toEqual(["mask"]);
    expect(masks("u32?", "n = CUT(a - b);", "n = a - b;")).toEqual(["mask"]);
    expect(masks("u32?", "n = CUT(a + 1);", "n = a + 1;")).toEqual([]);
  });
  it("demands >>> where C shifts an unsigned number", () => {
    expect(masks("shr", "n = CUT(v) >> 3;", "n = v >>> 3;")).toEqual([]);
    expect(masks("shr", "n = CUT(v) >> 3;", "n = v >> 3;")).toEqual(["mask"]);
    expect(masks("shr", "n = v >> 3;", "n = v >>> 3;")).toEqual([]);
  });
  it("has Math.imul where C multiplies 32-bit numbers only", () => {
    expect(masks("u32?", "n = CUT(a * b);", "n = Math.imul(a, b) >>> 0;")).toEqual([]);
    expect(masks("u32?", "n = CUT(a * 10 + b);", "n = (Math.imul(a, 10) + b) >>> 0;")).toEqual([]);
    expect(masks("u32?", "n = a * b;", "n = Math.imul(a, b);")).toEqual(["mask"]);
  });
  it("does not let TypeScript cut what C does not", () => {
    expect(masks("u8", "n = v;", "n = v & 0xff;")).toEqual(["mask"]);
    /* What C cuts when it calls. */
    expect(masks("u8", "n = narrow;", "n = narrow & 0xffff;")).toEqual([]);
    expect(masks("u8", "n = narrow;", "n = narrow & 0xff;")).toEqual(["mask"]);
    /* The operators of JavaScript give signed numbers. */
    expect(masks("u8", "n = a | b;", "n = (a | b) >>> 0;")).toEqual([]);
  });
});

describe("rewrites", () => {
  const applied = (r: Omit<Rewrite, "id" | "times">, c: string, ts: string): [string[], number] => {
    let used = 0;
    const body = applyRules(tree(ts), [ruleOf({ id: "x", times: 1, ...r })], () => used++);
    return [shown(diffBodies(tree(c), body, { uninitialized: new Set(), widths: NO_WIDTHS })), used];
  };
  it("put C's expression in place of ours", () => {
    expect(applied({ ts: "$h.aSaltByte", c: "$h.aSalt" }, "f(p.hdr.aSalt);", "f(p.hdr.aSaltByte);")).toEqual([
      [],
      1,
    ]);
    expect(applied({ ts: "$a[i]", c: "$a[0]" }, "f(z[0], y[j]);", "f(z[i], y[j]);")).toEqual([[], 1]);
    expect(applied({ ts: "same($x, $x)", c: "$x" }, "f(a);", "f(same(a, b));")[1]).toBe(0);
  });
  it("remove a statement", () => {
    expect(applied({ ts: "note($p)", c: "" }, "a();", "a(); note(q);")).toEqual([[], 1]);
  });
  it("refuse what is no expression", () => {
    expect(() => ruleOf({ id: "x", ts: "if (a) b", c: "", times: 1 })).toThrow("not an expression");
  });
});

describe("assumptions", () => {
  const assumed = (text: string): string =>
    printStatement(assume(tree(text), [{ id: "x", c: "p.db", value: "0", functions: [] }], () => {}));
  it("fold what depends on them", () => {
    expect(
      assumed("if (p.db) a(); else b(); x = p.db ? c : d; if (e && !p.db) f(); if (g || p.db) h();"),
    ).toBe("b()\nx = d\nif (e)\n  f()\nif (g)\n  h()");
  });
  it("leave assignments alone", () => {
    expect(assumed("p.db = q; p.db.x = 1;")).toBe("p.db = q\n0.x = 1");
  });
});

describe("the ledger of statements", () => {
  it("covers a difference as often as it says", () => {
    const errors: string[] = [];
    const file = parseDeclared(
      JSON.stringify({
        functions: {
          f: [
            { id: "a", c: "x", after: "f()", times: 2 },
            { id: "b", c: ["if (x)", "  y"], ts: "z" },
          ],
        },
      }),
      (e) => errors.push(e),
    );
    expect(errors).toEqual([]);
    const allowance = new Allowance(file.functions.get("f")!);
    expect(allowance.take({ c: "x", ts: null, after: "f()" })).toBe("a");
    expect(allowance.take({ c: "x", ts: null, after: "f()" })).toBe("a");
    expect(allowance.take({ c: "x", ts: null, after: "f()" })).toBeNull();
    expect(allowance.unused().map((e) => e.id)).toEqual(["b"]);
    expect(allowance.take({ c: "if (x)\n  y", ts: "z", after: "" })).toBe("b");
    expect(allowance.unused()).toEqual([]);
  });
  it("covers a run of statements that one side lacks", () => {
    const { differences } = diff("a(); b(); c(); d();", "a(); d();");
    expect(new Allowance([{ id: "x", c: "b()\nc()", ts: null, after: "a()" }]).cover(differences)).toEqual([
      "x",
      "x",
    ]);
    expect(new Allowance([{ id: "x", c: "c()", ts: null, after: "a()" }]).cover(differences)).toEqual([
      null,
      "x",
    ]);
    const apart = diff("b(); a(); c();", "a();").differences;
    expect(new Allowance([{ id: "x", c: "b()\nc()", ts: null, after: "a()" }]).cover(apart)).toEqual([
      null,
      null,
    ]);
  });
  it("says what is wrong with an entry", () => {
    const errors: string[] = [];
    parseDeclared("{", (e) => errors.push(e));
    parseDeclared(JSON.stringify({ functions: { f: [{ id: "a" }] } }), (e) => errors.push(e));
    parseDeclared(JSON.stringify({ rewrites: [{ id: "a", ts: "if", c: "" }] }), (e) => errors.push(e));
    expect(errors).toHaveLength(3);
  });
});
