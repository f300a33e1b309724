import { describe, expect, it } from "vitest";
import { tokens } from "./body.js";
import type { Operator, Surroundings } from "./mutant.js";
import { apply, editsOf, mutantsOf } from "./mutate.js";

/** A function of one line around some statements. */
function around(body: string, head = "function f(a: number, b: number): number"): string {
  return `${head} { ${body} }`;
}

/** The bodies of all mutants of one operator, blanks run together. */
function bodies(operator: Operator, body: string, head?: string, more: Surroundings = {}): string[] {
  const text = around(body, head);
  const start = text.indexOf("{ ") + 2;
  return mutantsOf(text, "seed", more)
    .filter((m) => m.operator === operator)
    .map((m) => m.text.slice(start, -2).replace(/\s+/g, " ").trim());
}

describe("statements", () => {
  it("are dropped one by one, with what is inside", () => {
    expect(bodies("drop-statement", "if (a) { b = 1; break; } while (a) a--; return b;")).toEqual([
      "while (a) a--; return b;",
      "if (a) { break; } while (a) a--; return b;",
      "if (a) { b = 1; } while (a) a--; return b;",
      "if (a) { b = 1; break; } return b;",
      "if (a) { b = 1; break; } while (a) {} return b;",
      "if (a) { b = 1; break; } while (a) a--;",
    ]);
  });

  it("that are asserts are dropped, other calls belong to drop-call", () => {
    const body = "assert(a); g(a);";
    expect(bodies("drop-statement", body)).toEqual(["g(a);"]);
    expect(bodies("drop-call", body)).toEqual(["assert(a);"]);
  });

  it("that declare lose their value, and are left if they have none", () => {
    expect(bodies("drop-statement", "let x: number; const y: number = a; let z = b;")).toEqual([
      "let x: number; let y: number; let z = b;",
      "let x: number; const y: number = a; let z;",
    ]);
  });

  it("that create what C only declares are left, a value in it is not", () => {
    expect(bodies("drop-statement", "const x = new Ref(0); const y = new Ref<number>(a);")).toEqual([
      "const x = new Ref(0); const y = new Ref<number>(0);",
    ]);
  });

  it("change places with the next", () => {
    expect(bodies("swap-statements", "a = 1; if (b) { g(); h(); } return a;")).toEqual([
      "if (b) { g(); h(); } a = 1; return a;",
      "a = 1; return a; if (b) { g(); h(); }",
      "a = 1; if (b) { h(); g(); } return a;",
    ]);
  });

  it("do not change places if nothing comes of it, or a name would be used before it exists", () => {
    expect(bodies("swap-statements", "let x: number; x = a; g(); g();")).toEqual([
      "let x: number; g(); x = a; g();",
    ]);
    expect(bodies("swap-statements", "const x = a; g(x);")).toEqual([]);
  });

  it("leave their if", () => {
    expect(bodies("move-out-of-if", "if (a) { g(); h(); }")).toEqual([
      "g(); if (a) { h(); }",
      "if (a) { g(); } h();",
    ]);
    expect(bodies("move-out-of-if", "if (a) g(); else if (b) h();")).toEqual([
      "g(); if (a) {} else if (b) h();",
      "if (a) {} else if (b) h(); g();",
      "if (a) g(); else { h(); if (b) {} }",
      "if (a) g(); else { if (b) {} h(); }",
    ]);
    expect(bodies("move-out-of-if", "if (a) { const x = g(); h(x); }")).toEqual([]);
  });

  it("behind else go", () => {
    expect(bodies("drop-else", "if (a) g(); else if (b) h(); else i();")).toEqual([
      "if (a) g();",
      "if (a) g(); else if (b) h();",
    ]);
  });

  it("of a case go, or only its label", () => {
    expect(bodies("remove-case", "switch (a) { case 1: g(); break; case 2: default: h(); }")).toEqual([
      "switch (a) { case 2: default: h(); }",
      "switch (a) { case 1: g(); break; default: h(); }",
      "switch (a) { case 1: g(); break; case 2: }",
      "switch (a) { case 1: g(); break; case 2: h(); }",
    ]);
  });
});

describe("jumps", () => {
  it("lose a label where a plain break means something else", () => {
    expect(bodies("change-label", "l: { while (a) { break l; } break l; }")).toEqual([
      "l: { while (a) { break; } break l; }",
    ]);
  });

  it("take another label, and break and continue change places", () => {
    expect(bodies("change-label", "l: { while (a) { if (b) break; continue; } }")).toEqual([
      "l: { while (a) { if (b) break l; continue; } }",
      "l: { while (a) { if (b) continue; continue; } }",
      "l: { while (a) { if (b) break; break; } }",
    ]);
    expect(bodies("change-label", "k: { l: { break l; } }")).toEqual(["k: { l: { break k; } }"]);
    expect(bodies("change-label", "while (a) switch (b) { case 1: break; }")).toEqual([]);
  });
});

describe("operators", () => {
  it.each([
    ["a === b", "a !== b"],
    ["a < b", "a <= b"],
    ["a >= b", "a > b"],
    ["a + b", "a - b"],
    ["a / b", "a * b"],
    ["a & b", "a | b"],
    ["a || b", "a && b"],
    ["a << b", "a >> b"],
    ["a++", "a--"],
    ["--a", "++a"],
    ["-a", "a"],
    ["!a", "a"],
    ["a += b", "a -= b"],
    ["a |= b", "a &= b"],
  ])("%s becomes %s", (from, to) => {
    expect(bodies("change-operator", `g(${from});`)).toEqual([`g(${to});`]);
  });

  it("&= ~ loses its ~", () => {
    expect(bodies("change-operator", "a &= ~b;")).toEqual(["a |= ~b;", "a &= b;"]);
  });

  it("that cut a width are masks", () => {
    expect(bodies("change-operator", "a = (b >>> 0) + (b | 0);")).toEqual(["a = (b >>> 0) - (b | 0);"]);
  });

  it.each([
    ["a & 0xff", "a"],
    ["(a + b) & 0xffff", "(a + b)"],
    ["a >>> 0", "a"],
    ["a | 0", "a"],
    ["(a << 24) >> 24", "a"],
    ["Math.floor(a / b)", "(a / b)"],
    ["Math.trunc(a)", "(a)"],
    ["BigInt.asUintN(64, a)", "(a)"],
  ])("the mask in %s goes", (from, to) => {
    expect(bodies("remove-mask", `b = ${from};`)).toEqual([`b = ${to};`]);
  });

  it("other bits than a width's are no mask", () => {
    expect(bodies("remove-mask", "b = (a & 0x0f) | (a >>> 8) | (a << 8 >> 4);")).toEqual([]);
  });
});

describe("conditions", () => {
  it("turn round", () => {
    expect(
      bodies("negate-condition", "if (a === b) g(); while (!a) h(); do i(); while (a); assert(b);"),
    ).toEqual([
      "if (!(a === b)) g(); while (!a) h(); do i(); while (a); assert(b);",
      "if (a === b) g(); while (a) h(); do i(); while (a); assert(b);",
      "if (a === b) g(); while (!a) h(); do i(); while (!a); assert(b);",
      "if (a === b) g(); while (!a) h(); do i(); while (a); assert(!b);",
    ]);
    expect(bodies("negate-condition", "for (; a < 3; ) g(b ? 1 : 2);")).toEqual([
      "for (; !(a < 3); ) g(b ? 1 : 2);",
      "for (; a < 3; ) g(!b ? 1 : 2);",
    ]);
  });

  it("lose an operand", () => {
    expect(bodies("drop-operand", "if (a && (b || c)) g();")).toEqual([
      "if (a) g();",
      "if ((b || c)) g();",
      "if (a && (b)) g();",
      "if (a && (c)) g();",
    ]);
  });

  it("lose their assignments and steps, but keep the values", () => {
    expect(
      bodies("drop-assignment-in-condition", "if (0 !== (a = g())) h(b++); for (a = 0; ; a++) b = a = 1;"),
    ).toEqual([
      "if (0 !== (g())) h(b++); for (a = 0; ; a++) b = a = 1;",
      "if (0 !== (a = g())) h(b); for (a = 0; ; a++) b = a = 1;",
      "if (0 !== (a = g())) h(b++); for (a = 0; ; a++) b = 1;",
    ]);
  });

  it("of loops go one further, and steps go or double", () => {
    expect(bodies("change-loop-bound", "for (a = 0; a < b && a < 9; a++) g();")).toEqual([
      "for (a = 0; a < b + 1 && a < 9; a++) g();",
      "for (a = 0; a < b && a < 9; ) g();",
      "for (a = 0; a < b && a < 9; a += 2) g();",
    ]);
    expect(bodies("change-loop-bound", "while (a > b * 2) a--; if (a < b) g();")).toEqual([
      "while (a > (b * 2) + 1) a--; if (a < b) g();",
    ]);
  });
});

describe("values", () => {
  it("numbers grow by one in the way they are written", () => {
    expect(bodies("change-constant", "g(7, 0xff, 0o644, 2n);")).toEqual([
      "g(8, 0xff, 0o644, 2n);",
      "g(7, 0x100, 0o644, 2n);",
      "g(7, 0xff, 0o645, 2n);",
      "g(7, 0xff, 0o644, 3n);",
    ]);
  });

  it("constants become others of their file", () => {
    const constants = ["SQLITE_OK", "SQLITE_BUSY", "PAGER_OPEN"];
    expect(bodies("change-constant", "a = SQLITE_OK;", undefined, { constants })).toEqual([
      "a = SQLITE_BUSY;",
    ]);
    expect(bodies("change-constant", "a = SQLITE_OK;")).toEqual([]);
    expect(
      bodies("change-constant", "WAL_READ_LOCK(a); p.AB = b; let NN = b; NN = a;", undefined, { constants }),
    ).toEqual([]);
  });

  it("texts change a character, null and truth become something", () => {
    expect(bodies("change-constant", 'g("ab", "", "xy", true, `q`);')).toEqual([
      'g("xb", "", "xy", true, `q`);',
      'g("ab", "x", "xy", true, `q`);',
      'g("ab", "", "yy", true, `q`);',
      'g("ab", "", "xy", false, `q`);',
      'g("ab", "", "xy", true, `x`);',
    ]);
    const hole = "$" + "{a}";
    expect(bodies("change-constant", `g(\`q${hole}r\`, \`${hole}\`);`)).toEqual([
      `g(\`x${hole}r\`, \`${hole}\`);`,
      `g(\`q${hole}r\`, \`x${hole}\`);`,
    ]);
    expect(bodies("change-constant", "return p === null;", "function f(p: P)")).toEqual(["return p === 1;"]);
    expect(bodies("change-constant", "return p === null;", "function f(p: P, q: P)")).toEqual([
      "return p === q;",
    ]);
  });

  it("results become 0 or 1, and another variable", () => {
    expect(bodies("change-return", "return a;")).toEqual(["return 0;", "return b;"]);
    expect(bodies("change-return", "return SQLITE_OK;", "function f()")).toEqual(["return 1;"]);
    expect(bodies("change-return", "return null;", "function f()")).toEqual([]);
    expect(bodies("change-return", "return;")).toEqual([]);
  });
});

describe("calls", () => {
  it("inside expressions become their first argument, or 0, or the pointer", () => {
    expect(bodies("drop-call", "a = g(b, 1) + h() + p.subarray(4);")).toEqual([
      "a = b + h() + p.subarray(4);",
      "a = g(b, 1) + 0 + p.subarray(4);",
      "a = g(b, 1) + h() + p;",
    ]);
    expect(bodies("drop-call", 'a = toCString("x") + toCString(b ? "y" : "z");')).toEqual([]);
    expect(bodies("drop-call", "a = toCString(b);")).toEqual(["a = b;"]);
    expect(bodies("drop-call", "a = g(b + 1) * 2;")).toEqual(["a = (b + 1) * 2;"]);
  });

  it("lose, exchange and change arguments", () => {
    expect(bodies("change-argument", "g(a, 1);")).toEqual([
      "g(1);",
      "g(1, a);",
      "g(b, 1);",
      "g(a);",
      expect.stringMatching(/^g\(a, [ab]\);$/),
    ]);
    expect(bodies("change-argument", "g(\n a, // first\n);")).toEqual([
      "g( // first );",
      "g( b, // first );",
    ]);
    expect(bodies("change-argument", "assert(a); testcase(b);")).toEqual([]);
  });

  it("take a variable of the same type if there is one, and only one that exists there", () => {
    const head = "function f(p: P, q: P, n: number)";
    expect(bodies("change-argument", "g(p); { let r: P; }", head)).toEqual([
      "g(); { let r: P; }",
      "g(q); { let r: P; }",
    ]);
    expect(bodies("change-argument", "g(n); { let m = 0; }", head)).toHaveLength(2);
  });

  it("go to another function with as many arguments", () => {
    expect(bodies("change-callee", "g(a); h(b); i(a, b);")).toEqual([
      "h(a); h(b); i(a, b);",
      "g(a); g(b); i(a, b);",
      expect.stringMatching(/^g\(a\); h\(b\); [gh]\(a, b\);$/),
    ]);
    expect(bodies("change-callee", "assert(a); g(b);")).toEqual([]);
  });
});

describe("targets and fields", () => {
  it("assignments go to another variable, never to a constant", () => {
    expect(bodies("change-target", "const c = 1; a = c;")).toEqual(["const c = 1; b = c;"]);
    expect(bodies("change-target", "a++;")).toEqual(["b++;"]);
    expect(
      bodies("change-target", "r.value = 1;", "function f(n: number, r: Ref<number>, s: Ref<number>)"),
    ).toEqual(["s.value = 1;"]);
    expect(bodies("change-target", "p[1] = 2;", "function f(p: P, q: P)")).toEqual(["q[1] = 2;"]);
  });

  it("assignments go to another field of the function", () => {
    expect(bodies("change-target", "p.x = p.y;", "function f(p: P)")).toEqual(["p.y = p.y;"]);
    expect(bodies("change-target", "p.x = 1;", "function f(p: P)")).toEqual([]);
  });

  it("fields become others, called ones become called ones", () => {
    const field = (body: string): string[] => bodies("change-field", body, "function f(p: P)");
    expect(field("g(p.x, p.y);")).toEqual(["g(p.y, p.y);", "g(p.x, p.x);"]);
    expect(field("g(p.xRead!(), p.xWrite());")).toEqual([
      "g(p.xWrite!(), p.xWrite());",
      "g(p.xRead!(), p.xRead());",
    ]);
    expect(field("g(p.x, p.xRead());")).toEqual([]);
    expect(bodies("change-field", "g(r.value, a.length);")).toEqual([]);
    expect(bodies("change-field", "g(sizeof.PgHdr);")).toEqual(["g(sizeof.ptr);"]);
  });
});

describe("all mutants", () => {
  const text = `/** Says nothing: a + b. */
export function f(p: A | null, n: Map<1, "x">, i = 0): number {
  let rc: 0 | 1 = 0; /* a == b */
  // if (x) y();
  if (p !== null && SQLITE_DEBUG) {
    rc = g(p as Record<"k", 1>, n);
  }
  return rc;
}`;

  it("differ in tokens, parse, and change one place at the line they name", () => {
    const mutants = mutantsOf(text, "seed");
    expect(mutants.length).toBeGreaterThan(20);
    for (const m of mutants) {
      expect(tokens(m.text), m.description).not.toBe(tokens(text));
      const at = text
        .split("\n")
        .slice(0, m.at - 1)
        .join("\n").length;
      expect(m.text.slice(0, at)).toBe(text.slice(0, at));
      expect(m.text).toContain(m.now);
      expect(text).toContain(m.was);
    }
  });

  it("leave comments and types alone, and touch defaults of parameters", () => {
    const lines = text.split("\n");
    for (const m of mutantsOf(text, "seed")) {
      for (const kept of [lines[0]!, 'p: A | null, n: Map<1, "x">', 'Record<"k", 1>', "0 | 1"]) {
        if (!m.was.includes(kept)) expect(m.text, m.description).toContain(kept);
      }
    }
    expect(
      mutantsOf(text, "seed")
        .filter((m) => m.at === 2)
        .map((m) => `${m.was} ${m.now}`),
    ).toEqual(["0 1"]);
  });

  it("are the same for the same seed, and others for another", () => {
    const many = around(
      "a = S_A; a = S_B; a = S_C; a = S_D; a = S_E; g(a, b); return c;",
      "function f(a, b, c, d, e)",
    );
    expect(mutantsOf(many, "one")).toEqual(mutantsOf(many, "one"));
    expect(mutantsOf(many, "two")).not.toEqual(mutantsOf(many, "one"));
  });

  it("are each made once", () => {
    const texts = mutantsOf(text, "seed").map((m) => m.text);
    expect(new Set(texts).size).toBe(texts.length);
  });

  it("spare lines that no profile sees, but not what surrounds them", () => {
    const lines = ["function f(a) {", "  g(a);", "  if (OFF) {", "    h(a);", "  }", "  return 1;", "}"].join(
      "\n",
    );
    const mutants = mutantsOf(lines, "seed", { dead: (line) => line >= 3 && line <= 5 });
    expect(mutants.every((m) => m.at === 2 || m.at === 6)).toBe(true);
    expect(mutants.some((m) => m.operator === "swap-statements")).toBe(false);
    expect(mutantsOf(lines, "seed").some((m) => m.at === 4)).toBe(true);
  });

  it("that do not parse are none", () => {
    const edit = editsOf("function f(a) { return a + 1; }", "seed")[0]!;
    expect(apply("function f(a) { return a + 1; }", { ...edit, replacement: "if (" })).toBeNull();
  });

  it("need a function", () => {
    expect(() => mutantsOf("const x = 1;", "seed")).toThrow("not a function declaration");
  });
});
