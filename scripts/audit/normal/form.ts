/**
 * The normal form: what a function says, in C and in TypeScript, once the ways of saying it are taken
 * away. Both languages are lowered to the same trees; two functions are the same if their trees are.
 *
 * **Expressions**
 *
 * | op | text | kids | from C | from TypeScript |
 * |---|---|---|---|---|
 * | name | identifier | | `x`; `&x` and decayed arrays where x is a struct or an array | `x` |
 * | num | decimal integer, `-` before negative ones | | `0x1F`, `'a'`, `NULL` | `0x1f`, `97`, `null`, `true` |
 * | str | the characters | | `"a" "b"` | `"ab"`, `toCString("ab")` |
 * | field | name | of | `p->x`, `s.x`, `(*p).x` | `p.x` |
 * | index | | of, at | `a[i]`; `*p` is `p[0]` | `a[i]`; `ref.value` is `ref[0]` |
 * | call | | callee, arguments | `f(a)`, `(*p->x)(a)` | `f(a)`, `p.x!(a)` |
 * | size | type or number | | `sizeof(T)` | `sizeof.T` |
 * | un | `-` `~` `!` `&` | operand | | |
 * | bool | | operand | `x!=0`, where the value counts | `x !== 0 ? 1 : 0` |
 * | bin | `+ - * / % << >> & \| ^ && \|\| == != < <= > >= ,` | two | | |
 * | assign | `=` | to, from | `a += b` is `a = a + b`; so is a `++` whose value nobody uses | |
 * | step | `x++` `x--` `++x` `--x` | of | where the value counts | |
 * | cond | | test, then, else | | |
 * | wrap | u8 u16 u32 i8 i16 i32 | operand | casts, conversions that can change a value | `& 0xff`, `>>> 0`, `\| 0` |
 * | copy | | to, from | a struct assigned, or memcpy of one | `to.assign(from)` |
 * | clear | | of | memset of a whole struct to 0 | `of.clear()` |
 * | list | | elements | `{ 1, 2 }` | `[1, 2]` |
 *
 * **Statements**: seq (a list; blocks that only group are flattened into the list around them), expr,
 * assert, if (test, seq, seq; the last one empty without an else), while (test, seq), do (seq, test),
 * for (seq, test or num 1, seq, seq), switch (value, seq), case (value), default, break, continue,
 * return (value or nothing), goto (text: label), label (text), declare (text: name; no initializer).
 *
 * **What both sides are brought to**
 *
 * - A declaration with an initializer is an assignment with `init`; one without is `declare`.
 * - `x==0`, `x==NULL`, `x === null`: `!x`. `x!=0`: `bool x`, and just `x` where only its truth counts:
 *   tests of if, while, do, for and ?:, operands of `&&`, `||`, `!` and bool, and what assert gets.
 * - `t ? 1 : 0` is `bool t`, `t ? 0 : 1` is `!t`; `bool` of a comparison, of `!`, `&&`, `||` is that itself.
 * - `for(;;)` and `while(1)` are `while 1`.
 * - A cast to a pointer or to void is nothing; `(void)x` and UNUSED_PARAMETER(x) as statements are gone.
 * - `&a[i]` is `a + i` where the elements are scalars, `a[i]` where they are structs;
 *   `a.subarray(i)` is `a + i`. `get4byte(p, 4)` is `get4byte(p + 4)`.
 * - `x + 0` is `x`. A constant operand of `+` stands on the right. Constant subexpressions stay as written.
 */

/** A place in a source: lines of the amalgamation, or of the TypeScript file. */
export interface Node {
  readonly op: string;
  readonly text: string;
  readonly kids: readonly Node[];
  /** First line, counted from 1. */
  readonly line: number;
  /** Last line. */
  readonly end: number;
  /** An assignment that comes from an initializer. */
  readonly init?: true;
}

export const NO_KIDS: readonly Node[] = [];

export function node(
  op: string,
  text: string,
  kids: readonly Node[],
  line: number,
  end: number = line,
): Node {
  return { op, text, kids, line, end };
}

/** Operators whose value is 0 or 1. */
const TRUTHS: ReadonlySet<string> = new Set(["==", "!=", "<", "<=", ">", ">=", "&&", "||"]);

/** Whether an expression's value can only be 0 or 1. */
export function isTruth(e: Node): boolean {
  return (
    e.op === "bool" ||
    (e.op === "un" && e.text === "!") ||
    (e.op === "bin" && TRUTHS.has(e.text)) ||
    (e.op === "num" && (e.text === "0" || e.text === "1"))
  );
}

export function isZero(e: Node): boolean {
  return e.op === "num" && e.text === "0";
}

/** The expression where only its truth counts. */
export function asTest(e: Node): Node {
  return e.op === "bool" ? asTest(e.kids[0]!) : e;
}

/** `!e`. */
export function not(e: Node): Node {
  return node("un", "!", [asTest(e)], e.line, e.end);
}

/** 1 if `e` is not 0, else 0. */
export function bool(e: Node): Node {
  const inner = asTest(e);
  return isTruth(inner) ? inner : node("bool", "", [inner], e.line, e.end);
}

/** `a op b`, with the rules for comparisons with zero, truth, and sums. */
export function binary(op: string, a: Node, b: Node, line: number, end: number): Node {
  if (op === "==" && isZero(b)) return not(a);
  if (op === "==" && isZero(a)) return not(b);
  if (op === "!=" && isZero(b)) return bool(a);
  if (op === "!=" && isZero(a)) return bool(b);
  if (op === "&&" || op === "||") return node("bin", op, [asTest(a), asTest(b)], line, end);
  if (op === "+") {
    if (isZero(b)) return a;
    if (isZero(a)) return b;
    if (a.op === "num" && b.op !== "num") return node("bin", op, [b, a], line, end);
  }
  return node("bin", op, [a, b], line, end);
}

/** `test ? yes : no`. */
export function conditional(test: Node, yes: Node, no: Node, line: number, end: number): Node {
  if (yes.op === "num" && no.op === "num") {
    if (yes.text === "1" && no.text === "0") return bool(test);
    if (yes.text === "0" && no.text === "1") return not(test);
  }
  return node("cond", "", [asTest(test), yes, no], line, end);
}

/** A list of statements; lists inside it are spliced in. */
export function seq(statements: readonly Node[], line: number, end: number = line): Node {
  const flat = statements.flatMap((s) => (s.op === "seq" ? s.kids : [s]));
  return node("seq", "", flat, line, end);
}

/** `while (test)` with what `for(;;)` and `while(1)` have in common. */
export function loop(init: Node, test: Node, step: Node, body: Node, line: number, end: number): Node {
  if (init.kids.length === 0 && step.kids.length === 0) {
    return node("while", "", [asTest(test), body], line, end);
  }
  return node("for", "", [init, asTest(test), step, body], line, end);
}
