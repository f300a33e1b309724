import { describe, expect, it } from "vitest";
import { printStatement } from "./print.js";
import { type Known, undoIdioms } from "./ts-idioms.js";
import { lowerTs, parseTs, refFieldsOf } from "./ts-side.js";

const NO_CONSTANTS = { numbers: new Map(), texts: new Map(), lengths: new Map(), refs: new Set<string>() };
const OPTIONS = new Map<string, number | boolean>([
  ["SQLITE_ENABLE_X", false],
  ["SQLITE_ENABLE_Y", true],
  ["SQLITE_MAX_MMAP_SIZE", 100],
]);

/** What is known of a C function with these variables. */
function known(variables: readonly string[], structs: readonly string[] = []): Known {
  return {
    variables: new Set(variables),
    cleared: new Set(),
    structs: new Set(structs),
    ownFields: new Set(["scratch"]),
    changes: (name, fields) => name === "change" && fields.has("h"),
  };
}

/** The normal form of a function's body; `variables` are those that C has, `structs` those without a value. */
function formOf(
  text: string,
  variables: readonly string[] | null = null,
  structs: readonly string[] = [],
): string {
  const file = parseTs("x.ts", text);
  const name = [...file.functions.keys()].at(-1) as string;
  const { body } = lowerTs(file, name, {
    constants: { ...NO_CONSTANTS, options: OPTIONS },
    refFields: new Set(refFieldsOf(file)),
  });
  return printStatement(variables === null ? body : undoIdioms(body, known(variables, structs)));
}

/** The same for a body alone. */
function body(
  text: string,
  variables: readonly string[] | null = null,
  structs: readonly string[] = [],
): string {
  return formOf(`function f() { ${text} }`, variables, structs);
}

/** The parameters of a function as C has them. */
function paramsOf(text: string): string[] {
  const file = parseTs("x.ts", text);
  return lowerTs(file, "f", { constants: { ...NO_CONSTANTS, options: OPTIONS }, refFields: new Set() })
    .params;
}

describe("expressions", () => {
  it("forgets what only tells the compiler something", () => {
    expect(body("a!.b = (c as D)!;")).toBe("a.b = c");
  });
  it("compares with zero and null as C does", () => {
    expect(body("if (p === null || n !== 0) return;")).toBe("if (!p || n)\n  return");
    expect(body("x = p !== null ? 1 : 0; y = a === b ? 1 : 0; z = ok ? 0 : 1;")).toBe(
      "x = !!p\ny = a == b\nz = !ok",
    );
  });
  it("keeps assignments in conditions", () => {
    expect(body("if (SQLITE_OK !== (rc = g(x))) return rc;")).toBe(
      "if (SQLITE_OK != (rc = g(x)))\n  return rc",
    );
  });
  it("reads masks as widths", () => {
    expect(body("a = b & 0xff; c = d & 0xffff; e = (f + 1) >>> 0; g = h | 0; i = (j << 24) >> 24;")).toBe(
      "a = u8(b)\nc = u16(d)\ne = u32(f + 1)\ng = i32(h)\ni = i8(j)",
    );
    expect(body("a = b & 0xfe; c = d >>> 8; e = f >> 24;")).toBe("a = b & 254\nc = shr(d) >> 8\ne = f >> 24");
  });
  it("tells a division that is rounded from one that is not", () => {
    expect(body("a = Math.floor(b / c); d = (e / f) | 0; g = h / 2;")).toBe(
      "a = b / c\nd = i32(e / f)\ng = h // 2",
    );
  });
  it("counts places in bytes from where they start", () => {
    expect(body("x = get4byte(a, 24); put4byte(b, v, n + 1); y = a.subarray(4); z = a.subarray(0, 8);")).toBe(
      "x = get4byte(a + 24)\nput4byte(b + (n + 1), v)\ny = a + 4\nz = a",
    );
  });
  it("spells compound assignments out", () => {
    expect(body("a &= 0xff; b &= 0xfe;")).toBe("a = u8(a)\nb = b & 254");
    expect(body("a += b; c |= d; e++; for (; i < n; i++) g(i++);")).toBe(
      "a = a + b\nc = c | d\ne = e + 1\nfor (; i < n; i = i + 1)\n  g(i++)",
    );
  });
  it("drops empty parentheses of macros, and collects line numbers", () => {
    const file = parseTs(
      "x.ts",
      "\nfunction f() { x = PENDING_BYTE();\n return SQLITE_CORRUPT_BKPT(1234); }",
    );
    const lowered = lowerTs(file, "f", {
      constants: { ...NO_CONSTANTS, options: OPTIONS },
      refFields: new Set(),
    });
    expect(printStatement(lowered.body)).toBe("x = PENDING_BYTE\nreturn SQLITE_CORRUPT_BKPT");
    expect(lowered.lineArguments).toEqual([{ macro: "SQLITE_CORRUPT_BKPT", value: 1234, line: 3 }]);
  });
});

describe("Ref", () => {
  it("is C's variable and its address", () => {
    expect(body("const n = new Ref(0); rc = g(p, n); if (n.value > 2) return n.value;")).toBe(
      "n = 0\nrc = g(p, &n)\nif (n > 2)\n  return n",
    );
  });
  it("is a pointer as a parameter", () => {
    expect(formOf("function f(pRes: Ref<number>) { pRes.value = 1; g(pRes); }")).toBe("pRes[0] = 1\ng(pRes)");
  });
  it("is a field where a class has it", () => {
    expect(formOf("class P { n = new Ref(0); } function f(p: P) { p.n.value++; g(p.n); }")).toBe(
      "p.n = p.n + 1\ng(&p.n)",
    );
  });
});

describe("statements", () => {
  it("flattens labelled blocks, and reads break LABEL as goto", () => {
    expect(body("out: { if (a) break out; b(); } c();")).toBe("if (a)\n  goto out\nb()\nout:\nc()");
  });
  it("folds options, and nothing else", () => {
    expect(body("if (SQLITE_ENABLE_X) a(); else b(); if (SQLITE_ENABLE_Y) c();")).toBe("b()\nc()");
    expect(body("if (SQLITE_MAX_MMAP_SIZE > 0) a(); if (n > SQLITE_MAX_MMAP_SIZE) b();")).toBe(
      "a()\nif (n > SQLITE_MAX_MMAP_SIZE)\n  b()",
    );
    expect(body("if (a && (!SQLITE_ENABLE_X || b) && SQLITE_ENABLE_Y) c();")).toBe("if (a)\n  c()");
  });
  it("keeps the order of cases", () => {
    expect(body("switch (x) { case A: case B: f(); break; default: g(); }")).toBe(
      "switch (x)\n  case A:\n  case B:\n  f()\n  break\n  default:\n  g()",
    );
    expect(body("switch (x) { case A: { if (!SQLITE_ENABLE_X) break; f(); break; } case B: g(); }")).toBe(
      "switch (x)\n  case B:\n  g()",
    );
  });
  it("gives for(;;) and while(1) one form", () => {
    expect(body("for (;;) a();")).toBe("while (1)\n  a()");
    expect(body("while (true) a();")).toBe("while (1)\n  a()");
  });
});

describe("idioms of several statements", () => {
  it("an allocation whose block becomes a struct", () => {
    expect(body("const mem = m(sizeof.T); if (mem === null) return 7; p = new T(mem);", ["p"])).toBe(
      "p = m(sizeof(T))\nif (!p)\n  return 7",
    );
  });
  it("a field through a Ref", () => {
    expect(body("const o = new Ref(p.off); rc = g(p, o); p.off = o.value; h();", ["p", "rc"])).toBe(
      "rc = g(p, &p.off)\nh()",
    );
  });
  it("a variable through a Ref", () => {
    expect(body("const r = new Ref(0); rc = g(r); if (rc) return rc; v = r.value; h(v);", ["rc", "v"])).toBe(
      "v = 0\nrc = g(&v)\nif (rc)\n  return rc\nh(v)",
    );
    /* Who takes the value twice, or uses the Ref otherwise, means something else. */
    expect(
      body("const r = new Ref(0); rc = g(r); h(); v = r.value; w = r.value;", ["rc", "v", "w"]),
    ).toContain("&r");
  });
  it("an else that C jumps into", () => {
    expect(body("out: { inner: { if (a) { if (b) break inner; c(); break out; } } d(); } e();", [])).toBe(
      "if (a)\n  if (b)\n    goto inner\n  c()\nelse\n  inner:\n  d()\ne()",
    );
  });
  it("a field kept in a local", () => {
    expect(body("const h = s.h; h[i] = 1; g(h);", ["s", "i"])).toBe("s.h[i] = 1\ng(s.h)");
    expect(body("let h = s.h; h = t; g(h);", ["s", "t"])).toBe("h = s.h\nh = t\ng(h)");
    expect(body("const h = s.h; g(h);", ["s", "h"])).toBe("h = s.h\ng(h)");
  });
  it("no field that changes before the local is looked at", () => {
    const untouched = "n = s.h\n";
    expect(body("const n = s.h; s.h = s.h - 1; if (n === 0) g();", ["s"])).toContain(untouched);
    expect(body("const n = s.h; s = t; g(n);", ["s", "t"])).toContain(untouched);
    expect(body("const n = s.h; change(s); g(n);", ["s"])).toContain(untouched);
    expect(body("const n = s.h; s.x!(s); g(n);", ["s"])).toContain(untouched);
    expect(body("const n = s.h; while (a) { g(n); change(s); }", ["s"])).toContain(untouched);
    expect(body("const n = s.h; g(n); s.h = 1; leave(s);", ["s"])).toBe("g(s.h)\ns.h = 1\nleave(s)");
  });
  it("no value that is taken later than C has it", () => {
    const rest = (text: string): string => body(`const r = new Ref(0); ${text}`, ["rc", "v"]);
    expect(rest("rc = g(r); h(v); v = r.value;")).toContain("&r");
    expect(rest("rc = g(r); if (a) { v = r.value; } h(v);")).toContain("&r");
    expect(rest("if (g(r)) { h(v); } v = r.value;")).toContain("&r");
    expect(rest("if (g(r)) { v = r.value; h(v); }")).not.toContain("&r");
    expect(rest("rc = g(r); if (!rc) { v = r.value; h(v); }")).not.toContain("&r");
    /* Nor one that is changed before it is passed. */
    expect(
      body("const o = new Ref(p.off); p.off += 4; rc = g(p, o); p.off = o.value;", ["p", "rc"]),
    ).toContain("&o");
  });
  it("no call that C makes in some cases only, or again and again", () => {
    expect(body("const t = g(); if (!t) h();", [])).toBe("if (!g())\n  h()");
    expect(body("const t = g(); if (a && !t) h();", [])).toContain("t = g()");
    expect(body("const t = g(); while (t) h();", [])).toContain("t = g()");
    expect(body("const t = p.h; f(change(p), t);", ["p"])).toContain("t = p.h");
  });
  it("a struct that is used again and again, and nothing that is C's", () => {
    expect(body("const s = SCRATCH; g(s);", ["p", "s"], ["s"])).toBe("g(s)");
    expect(body("const s = p.scratch; g(s);", ["p", "s"], ["s"])).toBe("g(s)");
    expect(body("const s = p.other; g(s);", ["p", "s"], ["s"])).toBe("s = p.other\ng(s)");
    expect(body("const s = SCRATCH; const t = SCRATCH; g(s, t);", ["p", "s", "t"], ["s", "t"])).toContain(
      "s = SCRATCH",
    );
  });
});

describe("what C does not have", () => {
  it("a variable that hides another one", () => {
    expect(body("let rc = 0; if (a) { const rc = g(); } return rc;")).toContain("<code hides rc>");
    expect(body("let rc = 0; if (a) { let rc; rc = g(); } return rc;")).toContain("<code hides rc>");
    expect(formOf("function f(rc: number) { if (a) { const { rc } = p; } }")).toContain("<code hides rc>");
    expect(body("if (a) { const rc = g(); } else { const rc = h(); }")).not.toContain("hides");
    expect(formOf("import { G } from 'g'; const H = 1; function f() { let G; }")).toContain("<code hides G>");
    expect(formOf("import { G } from 'g'; const H = 1; function f() { const H = 2; }")).toContain("hides H");
  });
  it("calls and fields that are left out where something is null", () => {
    expect(body("p.x?.(a); b = p?.n;")).toBe("<code p.x?.(a)>()\nb = <code p?.n>()");
  });
  it("objects whose fields have other names", () => {
    expect(body("s = { a: 1, b };")).toBe("s = {a = 1, b = b}");
  });
  it("views that end before what is copied", () => {
    expect(body("memcpy(p, q.subarray(i, i + n), n);")).toBe("memcpy(p, q + i, n)");
    expect(body("memcpy(p, q.subarray(4, 12), 8);")).toBe("memcpy(p, q + 4, 8)");
    expect(body("memcpy(p, q.subarray(i, i + m), n);")).toContain("<code");
  });
  it("effects behind void", () => {
    expect(body("void p; void g(p);")).toBe("g(p)");
  });
  it("a default value, but for an index of 0", () => {
    expect(paramsOf("function f(p: P, i = 0) {}")).toEqual(["p"]);
    expect(paramsOf("function f(p: P, i = 1) {}")).toEqual(["p", "i = 1"]);
    expect(body("const { a = 1 } = p;")).toContain("<code");
  });
  it("continue with a label", () => {
    expect(body("out: for (;;) { for (;;) { continue out; } }")).toContain("<code continue out;>");
  });
  it("a case that only an option has, in a switch that would go on or has a default", () => {
    const left = "case B: if (!SQLITE_ENABLE_X) break; f();";
    expect(body(`switch (x) { case A: g(); break; ${left} }`)).not.toContain("case B");
    expect(body(`switch (x) { case A: g(); ${left} }`)).toContain("case B");
    expect(body(`switch (x) { ${left} break; default: g(); }`)).toContain("case B");
    const usual = "case B: { if (!SQLITE_ENABLE_X) { g(); break; } f(); break; } default: { g(); break; }";
    expect(body(`switch (x) { ${usual} }`)).toBe("switch (x)\n  default:\n  g()\n  break");
    expect(body(`switch (x) { ${usual.replace("g(); break; }", "g(); }")} }`)).toContain("case B");
  });
});
