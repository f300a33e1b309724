import { describe, expect, it } from "vitest";
import { evaluateCondition, evaluateConstant, NotConstant } from "./expression.js";
import { blankComments, tokenHash, tokenize } from "./lexer.js";
import { isActive, type Preprocessed, preprocess } from "./preprocess.js";
import { gypiDefines } from "./profile.js";

function run(text: string, defines: Record<string, string> = {}): Preprocessed {
  const code = `\n${blankComments(text)}`.split("\n");
  return preprocess(code, { name: "test", defines: new Map(Object.entries(defines)) });
}

/** The words of the lines that a compiler sees. */
function seen(text: string, defines: Record<string, string> = {}): string {
  const pre = run(text, defines);
  expect(pre.errors).toEqual([]);
  const lines = `\n${text}`.split("\n");
  return lines
    .filter((_, i) => i > 0 && isActive(pre, i))
    .join(" ")
    .trim();
}

function condition(text: string): boolean {
  return evaluateCondition(tokenize(text));
}

function constant(text: string): bigint {
  return evaluateConstant(tokenize(text), () => undefined);
}

describe("expressions", () => {
  it("follow C's precedence", () => {
    expect(condition("1+2*3==7 && 10-4-3==3 && 100/10/5==2")).toBe(true);
    expect(condition("1<<2+1==8 && (1|2==2)==1")).toBe(true);
    expect(condition("(1<<2)+1==5 && 7%4==3 && (6&3|8^1)==11")).toBe(true);
    expect(condition("0 ? 1/0 : !0")).toBe(true);
    expect(condition("-1 < 0 && ~0 == -1 && 'A' == 65 && '\\301' == -63")).toBe(true);
    expect(condition("unknown || 0x10==020-0")).toBe(true);
  });

  it("are 64 bits wide in a condition and typed in a constant", () => {
    expect(condition("0x7fffffff+1 > 0")).toBe(true);
    expect(constant("0x7fffffff+1")).toBe(-0x80000000n);
    expect(constant("0xffffffff+1")).toBe(0n);
    expect(constant("(u32)-1")).toBe(0xffffffffn);
    expect(constant("(u8)300 + (i8)200")).toBe(44n - 56n);
    expect(constant("0x7fffffffffffffffLL")).toBe(2n ** 63n - 1n);
    expect(constant("((512-3*sizeof(u32))/sizeof(Bitvec*))*sizeof(Bitvec *)")).toBe(496n);
    expect(constant("sizeof(char) + 1 == 2")).toBe(1n);
  });

  it("refuse what they cannot compute", () => {
    for (const text of ["1.5", "f(1)", "name", "sizeof(Pager)", '"a"', "1+", "(1"]) {
      expect(() => constant(text), text).toThrow(NotConstant);
    }
  });
});

describe("conditionals", () => {
  it("choose one arm of a group", () => {
    const text = "#if A==1\none\n#elif A==2\ntwo\n#elif A<9\nsmall\n#else\nother\n#endif\nend";
    expect(seen(text, { A: "1" })).toBe("one end");
    expect(seen(text, { A: "2" })).toBe("two end");
    expect(seen(text, { A: "3" })).toBe("small end");
    expect(seen(text, { A: "9" })).toBe("other end");
    expect(seen(text)).toBe("small end");
  });

  it("nest, and hide everything in an arm that is hidden", () => {
    const text = "#ifdef A\n# ifndef B\na\n# else\nab\n# endif\n#else\n# ifndef B\nnone\n# endif\n#endif";
    expect(seen(text)).toBe("none");
    expect(seen(text, { A: "" })).toBe("a");
    expect(seen(text, { A: "", B: "" })).toBe("ab");
    expect(seen(text, { B: "" })).toBe("");
  });

  it("know defined() in both spellings, also of an empty macro", () => {
    expect(seen("#if defined A && !defined(B) \\\n  && defined ( A )\nyes\n#endif", { A: "" })).toBe("yes");
  });

  it("follow macros that the text defines and undefines, in order", () => {
    expect(seen("#if X\nno\n#endif\n#define X 1\n#if X\nyes\n#endif\n#undef X\n#ifdef X\nno\n#endif")).toBe(
      "yes",
    );
    expect(seen("#if 0\n#define X 1\n#endif\n#ifdef X\nno\n#else\nyes\n#endif")).toBe("yes");
  });

  it("leave macros alone that are fixed", () => {
    const code = ["", "#define A 1", "#define B(x) x", "#ifdef A", "a", "#endif", "B(1)"];
    const defines = new Map([["B(x)", ""]]);
    const pre = preprocess(code, { name: "test", defines, fixed: new Set(["A", "B"]) });
    expect(isActive(pre, 4)).toBe(false);
    expect(pre.macros.at("B", 6)?.body).toEqual([]);
  });

  it("expand object-like and function-like macros, and stop at recursion", () => {
    expect(seen("#define A B\n#define B 3\n#if A==3\nyes\n#endif")).toBe("yes");
    expect(seen("#define V(a,b) ((a)*1000+(b))\n#define N V(3,V(0,4))\n#if N==3004\nyes\n#endif")).toBe(
      "yes",
    );
    expect(seen("#define F F\n#if F\nno\n#else\nyes\n#endif")).toBe("yes");
    expect(seen("#define CAT(a,b) a##b\n#define XY 7\n#if CAT(X,Y)==7\nyes\n#endif")).toBe("yes");
  });

  it("skip comments, and count lines behind joined ones", () => {
    const pre = run("/* #if 0\n*/\n#define M a \\\n  b\n#if 0 /* x\n*/\nno\n#endif\nyes");
    expect(isActive(pre, 7)).toBe(false);
    expect(isActive(pre, 9)).toBe(true);
    expect(pre.directive.slice(1)).toEqual([false, false, true, true, true, false, false, true, false]);
  });

  it("say what an arm needs", () => {
    const pre = run("#ifdef A\n1\n#elif B>1\n2\n#else\n3\n#endif\n#ifndef C\n4\n#else\n5\n#endif");
    expect(pre.arms.map((a) => a.condition)).toEqual(["A", "!A && B>1", "!A && !(B>1)", "!C", "C"]);
    expect(pre.arms.map((a) => [a.line, a.end])).toEqual([
      [1, 3],
      [3, 5],
      [5, 7],
      [8, 10],
      [10, 12],
    ]);
  });

  it("report a condition that cannot be computed, but not in a hidden arm", () => {
    expect(run("#if f(x)\n#endif").errors).toHaveLength(1);
    expect(run("#if 0\n#if f(x)\n#endif\n#endif").errors).toEqual([]);
  });
});

describe("options", () => {
  it("come from the list that better-sqlite3 compiles with", () => {
    const text = "{ 'defines': [ 'A=1', 'B', 'C=-16000',\n ], }";
    expect([...gypiDefines(text)]).toEqual([
      ["A", "1"],
      ["B", "1"],
      ["C", "-16000"],
    ]);
  });
});

describe("the hash of a function's tokens", () => {
  const source = 'static int f(int a){ return a+1; /* one */ }\nconst char *z = "a // b";';

  it("stays the same under comments, white space and joined lines", () => {
    const hash = tokenHash(source);
    expect(hash).toMatch(/^[0-9a-f]{16}$/);
    expect(tokenHash(source.replaceAll(" ", " \n\t "))).not.toBe(hash); /* inside the string */
    expect(tokenHash(source.replace("{ return", "{\n  /* why */\n  return // here\n"))).toBe(hash);
    expect(tokenHash(source.replace("a+1", "a \\\n + 1"))).toBe(hash);
  });

  it("changes with any token", () => {
    const hash = tokenHash(source);
    for (const [from, to] of [
      ["a+1", "a-1"],
      ["a+1", "a+2"],
      ["static ", ""],
      ["// b", "//b"],
      ["return a", "return b"],
      ["a+1", "a+ +1"],
    ]) {
      expect(tokenHash(source.replace(from!, to!)), to).not.toBe(hash);
    }
  });

  it("does not change from one version of the audit to the next", () => {
    expect(tokenHash("int x;")).toBe(tokenHash("int  x ;"));
    expect(tokenHash("int x;")).toBe("74c04fc8d87e286f");
  });
});
