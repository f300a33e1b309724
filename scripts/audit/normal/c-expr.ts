/** Expressions of C in the normal form, each with its type and, where that is known, its range. */

import { typeOfWord } from "./c-expand.js";
import { characters, integerLiteral } from "./c-literals.js";
import { bare, type CNode, part } from "./c-tree.js";
import {
  type CType,
  decayed,
  FLOAT,
  I8,
  I32,
  I64,
  type IntType,
  intName,
  pointee,
  pointer,
  type TypeTable,
  U32,
  U64,
  UNKNOWN,
} from "./c-types.js";
import { asTest, binary, conditional, isZero, type Node, node, not } from "./form.js";

/** An expression, its type, and the least and greatest value it can have as far as that is known. */
export interface Typed {
  e: Node;
  t: CType;
  range?: readonly [low: number, high: number] | undefined;
}

/** What an expression needs to know of the world around its function. */
export interface Surroundings {
  types: TypeTable;
  /** Of a macro with a constant value, or an enumerator. */
  constant(name: string): bigint | null;
  /** The characters of a macro that is a string. */
  string(name: string): string | null;
  /** Of a macro that stays a call or a name, given the types of its arguments and what it is used among. */
  macroType(name: string, line: number, args: readonly CType[], scopes: Scopes): CType | undefined;
  /** Notes a construct that is not understood. */
  fallback(what: string): void;
}

/** The left operand of `>>`: marked if it may have its 32nd bit, which JavaScript's `>>` takes for the sign. */
function unsigned(v: Typed, t: CType): Node {
  if (t.kind !== "int" || t.bits !== 32 || t.signed) return v.e;
  const high = v.range?.[1] ?? (v.t.kind === "int" ? rangeOf(v.t)[1] : 2 ** 32);
  return high < 2 ** 31 ? v.e : node("wrap", "shr", [v.e], v.e.line, v.e.end);
}

/** Names in scope, innermost last. */
/** A signed character that is read from memory, where TypeScript has bytes. */
function signed(v: Typed): Typed {
  if (v.e.op !== "index" || v.t.kind !== "int" || v.t.bits !== 8 || !v.t.signed) return v;
  return { ...v, e: wrap(v.t, v.e, "?") };
}

export class Scopes {
  private readonly levels: Map<string, CType>[] = [new Map()];

  constructor(private readonly outer?: Scopes) {}

  push(): void {
    this.levels.push(new Map());
  }

  pop(): void {
    this.levels.pop();
  }

  declare(name: string, type: CType): void {
    this.levels[this.levels.length - 1]!.set(name, type);
  }

  get(name: string): CType | undefined {
    for (let i = this.levels.length - 1; i >= 0; i--) {
      const t = this.levels[i]!.get(name);
      if (t !== undefined) return t;
    }
    return this.outer?.get(name);
  }
}

/** Operators under which only the low bits of the operands matter for the low bits of the result. */
const RING: ReadonlySet<string> = new Set(["+", "-", "*"]);
const COMPARISONS: ReadonlySet<string> = new Set(["==", "!=", "<", "<=", ">", ">="]);
const MASKS: Readonly<Record<string, string>> = { "255": "u8", "65535": "u16", "4294967295": "u32" };
const INTERIOR: ReadonlySet<string> = new Set(["int", "float"]);

function rangeOf(t: IntType): readonly [number, number] {
  const size = 2 ** t.bits;
  return t.signed ? [-size / 2, size / 2 - 1] : [0, size - 1];
}

function fits(v: Typed, to: IntType): boolean {
  const range = v.range ?? (v.t.kind === "int" ? rangeOf(v.t) : undefined);
  if (range === undefined) return false;
  const [low, high] = rangeOf(to);
  return range[0] >= low && range[1] <= high;
}

/** Takes away an implicit wrap that keeps at least as many bits as are looked at afterwards. */
function unwrapped(e: Node, bits: number): Node {
  if (e.op === "wrap" && e.text.endsWith("?") && Number.parseInt(e.text.slice(1), 10) >= bits)
    return e.kids[0]!;
  return e;
}

function wrap(to: IntType, e: Node, mark: "" | "?"): Node {
  return node("wrap", intName(to) + mark, [unwrapped(e, to.bits)], e.line, e.end);
}

/** The type in which two numbers are combined. */
function common(a: CType, b: CType): CType {
  if (a.kind === "float" || b.kind === "float") return FLOAT;
  if (a.kind !== "int" || b.kind !== "int") return UNKNOWN;
  const bits = Math.max(a.bits, b.bits, 32);
  if (bits === 32) {
    return (a.bits === 32 && !a.signed) || (b.bits === 32 && !b.signed) ? U32 : I32;
  }
  return (a.bits === 64 && !a.signed) || (b.bits === 64 && !b.signed) ? U64 : I64;
}

function promoted(t: CType): CType {
  return t.kind === "int" && t.bits < 32 ? I32 : t;
}

/** Whether computing it does nothing but yield a value. */
export function isPure(e: Node): boolean {
  return !["call", "assign", "step", "copy", "clear"].includes(e.op) && e.kids.every(isPure);
}

export class Expressions {
  constructor(
    private readonly around: Surroundings,
    readonly scopes: Scopes,
    private readonly file: string,
    /** Line of the amalgamation that row 0 of the tree is. */
    private readonly base: number,
  ) {}

  line(n: CNode): number {
    return this.base + n.row;
  }

  end(n: CNode): number {
    return this.base + n.end;
  }

  private make(op: string, text: string, kids: readonly Node[], n: CNode): Node {
    return node(op, text, kids, this.line(n), this.end(n));
  }

  private num(value: bigint | number, n: CNode): Node {
    return this.make("num", String(value), [], n);
  }

  /** A value, converted to the type of where it goes. */
  convert(v: Typed, to: CType): Node {
    if (to.kind !== "int" || to.bits === 64) return v.e;
    if (v.t.kind === "float") return wrap(to, v.e, "?");
    if (v.t.kind !== "int" || fits(v, to)) return v.e;
    return wrap(to, v.e, "?");
  }

  test(n: CNode): Node {
    return asTest(this.expr(n).e);
  }

  expr(n: CNode): Typed {
    switch (n.type) {
      case "parenthesized_expression":
        return this.expr(n.kids[0]!);
      case "identifier":
        return this.name(n);
      case "null":
        return { e: this.num(0, n), t: pointer({ kind: "void" }), range: [0, 0] };
      case "true":
      case "false":
        return { e: this.num(n.type === "true" ? 1 : 0, n), t: I32, range: [0, 1] };
      case "number_literal":
        return this.number(n);
      case "char_literal": {
        const code = (characters(n.text).charCodeAt(0) << 24) >> 24;
        return { e: this.num(code, n), t: I32, range: [code, code] };
      }
      case "string_literal":
      case "concatenated_string": {
        const parts = n.type === "string_literal" ? [n] : n.kids;
        const text = parts
          .map((p) => (p.type === "string_literal" ? characters(p.text) : (this.around.string(p.text) ?? "")))
          .join("");
        return { e: this.make("str", text, [], n), t: { kind: "array", of: I8, length: text.length + 1 } };
      }
      case "field_expression":
        return this.field(n);
      case "subscript_expression":
        return this.subscript(n);
      case "pointer_expression":
        return part(n, "operator")?.type === "&" ? this.addressOf(n) : this.dereference(n);
      case "unary_expression":
        return this.unary(n);
      case "update_expression": {
        const of = this.expr(part(n, "argument")!);
        const op = part(n, "operator")!.type;
        const text = n.kids[0]!.field === "operator" ? `${op}x` : `x${op}`;
        return { e: this.make("step", text, [of.e], n), t: of.t };
      }
      case "binary_expression": {
        const op = part(n, "operator")!.type;
        const count = op === "/" ? this.elementCount(n) : null;
        if (count !== null) return { e: this.num(count, n), t: U64, range: [count, count] };
        return this.binary(op, this.expr(part(n, "left")!), this.expr(part(n, "right")!), n);
      }
      case "comma_expression": {
        const left = this.effect(part(n, "left")!);
        const right = this.expr(part(n, "right")!);
        return { ...right, e: this.make("bin", ",", [left, right.e], n) };
      }
      case "assignment_expression":
        return this.assignment(n);
      case "conditional_expression":
        return this.conditional(n);
      case "cast_expression":
        return this.cast(this.around.types.descriptor(part(n, "type")!), this.expr(part(n, "value")!));
      case "sizeof_expression":
        return this.size(n);
      case "call_expression":
        return this.call(n);
      case "initializer_list":
        return { e: this.make("list", "", this.elements(n), n), t: UNKNOWN };
      case "compound_literal_expression": {
        const list = this.expr(part(n, "value")!);
        return { e: list.e, t: this.around.types.descriptor(part(n, "type")!) };
      }
      case "offsetof_expression": {
        const type = this.around.types.descriptor(part(n, "type")!);
        const of = this.make("name", type.kind === "struct" ? type.name : "?", [], n);
        const member = this.make("name", part(n, "member")?.text ?? "", [], n);
        return { e: this.make("call", "", [this.make("name", "offsetof", [], n), of, member], n), t: U64 };
      }
      case "type_descriptor":
        return { e: this.make("name", "type", [], n), t: this.around.types.descriptor(n) };
      case "primitive_type":
        return { e: this.make("name", n.text, [], n), t: this.around.types.typedef(n.text) ?? UNKNOWN };
      default:
        this.around.fallback(`${n.type} at line ${this.line(n)}: ${n.text}`);
        return {
          e: this.make(
            "name",
            `<${n.type}>`,
            n.kids.map((k) => this.expr(k).e),
            n,
          ),
          t: UNKNOWN,
        };
    }
  }

  private elements(n: CNode): Node[] {
    return n.kids.map((k) => {
      const value = k.type === "initializer_pair" ? (part(k, "value") ?? k) : k;
      return this.expr(value).e;
    });
  }

  /** An expression whose value nobody uses. */
  effect(n: CNode): Node {
    const e = bare(n);
    switch (e.type) {
      case "update_expression": {
        const of = this.expr(part(e, "argument")!);
        const one: Typed = { e: this.num(1, e), t: I32, range: [1, 1] };
        const op = part(e, "operator")!.type === "++" ? "+" : "-";
        const to = this.convert(this.binary(op, of, one, e), of.t);
        return this.make("assign", "=", [of.e, to], e);
      }
      case "comma_expression":
        return this.make("bin", ",", [this.effect(part(e, "left")!), this.effect(part(e, "right")!)], e);
      case "cast_expression":
        return this.effect(part(e, "value")!);
      default:
        return this.expr(e).e;
    }
  }

  private number(n: CNode): Typed {
    const literal = integerLiteral(n.text);
    if (literal === null) {
      const text = String(Number(n.text.replace(/[fFlL]+$/, "")));
      return { e: this.make("num", text, [], n), t: FLOAT };
    }
    const value = Number(literal.value);
    return { e: this.num(literal.value, n), t: literal.type, range: [value, value] };
  }

  private name(n: CNode): Typed {
    const e = this.make("name", n.text, [], n);
    const local = this.scopes.get(n.text);
    if (local !== undefined) return { e, t: local };
    const variable = this.around.types.variable(n.text, this.file);
    if (variable !== undefined) return { e, t: variable };
    const t = this.around.macroType(n.text, this.line(n), [], this.scopes);
    const value = this.around.constant(n.text);
    if (value !== null) {
      const at = Number(value);
      const own =
        value >= -(1n << 31n) && value < 1n << 31n ? I32 : value >= 0n && value < 1n << 32n ? U32 : I64;
      return { e, t: t?.kind === "int" ? t : own, range: [at, at] };
    }
    return { e, t: t ?? UNKNOWN };
  }

  private field(n: CNode): Typed {
    const of = part(n, "argument")!;
    const arrow = part(n, "operator")?.type === "->";
    const name = part(n, "field")!.text;
    let base = this.expr(of);
    if (arrow) {
      if (base.t.kind === "array") base = this.at(base, { e: this.num(0, of), t: I32, range: [0, 0] }, of);
      else base = this.pointed(base, bare(of), of);
    }
    const t = base.t.kind === "struct" ? this.around.types.field(base.t.name, name) : undefined;
    return { e: this.make("field", name, [base.e], n), t: t ?? UNKNOWN };
  }

  private at(base: Typed, index: Typed, n: CNode): Typed {
    return { e: this.make("index", "", [base.e, index.e], n), t: pointee(base.t) };
  }

  private subscript(n: CNode): Typed {
    const base = this.expr(part(n, "argument")!);
    return this.at(base, this.expr(part(n, "index")!), n);
  }

  /** What a pointer to a struct points to: the struct is the pointer, an element where it was a sum. */
  private pointed(p: Typed, written: CNode, n: CNode): Typed {
    const to = pointee(p.t);
    if (
      written.type === "binary_expression" &&
      p.e.op === "bin" &&
      p.e.text === "+" &&
      to.kind === "struct"
    ) {
      return { e: this.make("index", "", p.e.kids, n), t: to };
    }
    return { e: p.e, t: to };
  }

  private dereference(n: CNode): Typed {
    const of = part(n, "argument")!;
    const p = this.expr(of);
    const t = pointee(p.t);
    if (p.t.kind === "function" || t.kind === "function") return p;
    if (p.t.kind === "pointer" && t.kind === "struct") return this.pointed(p, bare(of), n);
    if (p.e.op === "un" && p.e.text === "&") return { e: p.e.kids[0]!, t };
    if (bare(of).type === "binary_expression" && p.e.op === "bin" && p.e.text === "+") {
      return { e: this.make("index", "", p.e.kids, n), t };
    }
    return this.at(p, { e: this.num(0, n), t: I32, range: [0, 0] }, n);
  }

  private addressOf(n: CNode): Typed {
    const of = bare(part(n, "argument")!);
    if (of.type === "subscript_expression") {
      const base = this.expr(part(of, "argument")!);
      const index = this.expr(part(of, "index")!);
      const t = pointee(base.t);
      if (INTERIOR.has(t.kind) || t.kind === "unknown" || t.kind === "void") {
        return { e: binary("+", base.e, index.e, this.line(n), this.end(n)), t: pointer(t) };
      }
      const element = this.at(base, index, of).e;
      if (t.kind === "pointer") return { e: this.make("un", "&", [element], n), t: pointer(t) };
      return { e: element, t: pointer(t) };
    }
    const v = this.expr(of);
    if (of.type === "pointer_expression" && part(of, "operator")?.type === "*") {
      const p = this.expr(part(of, "argument")!);
      return { e: p.e, t: decayed(p.t) };
    }
    if (v.t.kind === "struct" || v.t.kind === "array" || v.t.kind === "function") {
      return { e: v.e, t: pointer(v.t) };
    }
    return { e: this.make("un", "&", [v.e], n), t: pointer(v.t) };
  }

  private unary(n: CNode): Typed {
    const op = part(n, "operator")!.type;
    const of = this.expr(part(n, "argument")!);
    if (op === "!") return { e: not(of.e), t: I32, range: [0, 1] };
    const t = promoted(of.t);
    if (op === "+") return { ...of, t };
    if (op === "-" && of.e.op === "num" && !of.e.text.startsWith("-") && of.e.text !== "0") {
      const range = of.range === undefined ? undefined : ([-of.range[1], -of.range[0]] as const);
      if (t !== U32) return { e: this.make("num", `-${of.e.text}`, [], n), t, range };
    }
    const cut = t.kind === "int" && t.bits === 32 && !t.signed;
    const e = this.make("un", op, [cut ? unwrapped(of.e, 32) : of.e], n);
    return { e: cut ? wrap(U32, e, "?") : e, t };
  }

  /** `a op b`, with the conversions of C. */
  binary(op: string, a: Typed, b: Typed, n: CNode): Typed {
    const line = this.line(n);
    const end = this.end(n);
    if (COMPARISONS.has(op) || op === "&&" || op === "||") {
      return { e: binary(op, a.e, b.e, line, end), t: I32, range: [0, 1] };
    }
    const left = decayed(a.t);
    const right = decayed(b.t);
    if (left.kind === "pointer" || right.kind === "pointer") {
      const t = left.kind === right.kind ? I64 : left.kind === "pointer" ? left : right;
      /* `n + p` is `p + n`. */
      const swapped = op === "+" && left.kind !== "pointer";
      return { e: swapped ? binary(op, b.e, a.e, line, end) : binary(op, a.e, b.e, line, end), t };
    }
    if (op === "+" || op === "-") return this.sum(op, signed(a), signed(b), n);
    return this.sum(op, a, b, n);
  }

  /** Operators on numbers. */
  private sum(op: string, a: Typed, b: Typed, n: CNode): Typed {
    const line = this.line(n);
    const end = this.end(n);
    const shift = op === "<<" || op === ">>";
    const left = decayed(a.t);
    const right = decayed(b.t);
    const t = shift ? promoted(left) : common(left, right);
    const range = within(resultRange(op, a, b), t);
    if (op === "&") {
      for (const [x, y] of [
        [a, b],
        [b, a],
      ] as const) {
        const width = y.e.op === "num" ? MASKS[y.e.text] : undefined;
        if (width === undefined || x.e.op === "num") continue;
        const kept = Number.parseInt(width.slice(1), 10);
        return { e: node("wrap", width, [unwrapped(x.e, kept)], line, end), t, range };
      }
    }
    if (t.kind === "int" && t.bits === 32 && !t.signed && (RING.has(op) || op === "<<")) {
      const x = unwrapped(a.e, 32);
      const e = binary(op, x, shift ? b.e : unwrapped(b.e, 32), line, end);
      const inside = range !== undefined;
      if (inside || e === a.e || e === b.e)
        return { e: inside ? binary(op, a.e, b.e, line, end) : e, t, range };
      return { e: wrap(U32, e, "?"), t };
    }
    /* `//` is the division that rounds nothing. */
    const exact = op === "/" && t.kind === "float" ? "//" : op;
    return { e: binary(exact, op === ">>" ? unsigned(a, t) : a.e, b.e, line, end), t, range };
  }

  private assignment(n: CNode): Typed {
    const to = this.expr(part(n, "left")!);
    const from = this.expr(part(n, "right")!);
    const op = part(n, "operator")!.type;
    if (op === "=") {
      const range = to.t.kind === "int" && fits(from, to.t) ? from.range : undefined;
      return { e: this.assigned(to, from, n), t: to.t, range };
    }
    const value = this.binary(op.slice(0, -1), to, from, n);
    return { e: this.make("assign", "=", [to.e, this.convert(value, to.t)], n), t: to.t };
  }

  /** `to = from`. */
  assigned(to: Typed, from: Typed, n: CNode): Node {
    if (to.t.kind === "struct" && from.e.op !== "list") return this.make("copy", "", [to.e, from.e], n);
    return this.make("assign", "=", [to.e, this.convert(from, to.t)], n);
  }

  private conditional(n: CNode): Typed {
    const test = this.expr(part(n, "condition")!).e;
    const yes = this.expr(part(n, "consequence")!);
    const no = this.expr(part(n, "alternative")!);
    const a = decayed(yes.t);
    const b = decayed(no.t);
    const t =
      a.kind === "pointer"
        ? a
        : b.kind === "pointer"
          ? b
          : a.kind === b.kind && a.kind !== "int"
            ? a
            : common(a, b);
    const range =
      yes.range !== undefined && no.range !== undefined
        ? ([Math.min(yes.range[0], no.range[0]), Math.max(yes.range[1], no.range[1])] as const)
        : undefined;
    return { e: conditional(test, yes.e, no.e, this.line(n), this.end(n)), t, range };
  }

  private cast(to: CType, v: Typed): Typed {
    if (to.kind !== "int") return { e: v.e, t: to };
    if (v.t.kind === "int" && fits(v, to)) {
      return { e: v.e, t: to, range: v.range ?? rangeOf(v.t) };
    }
    if (to.bits === 64 && v.t.kind === "float") {
      return { e: node("wrap", "trunc", [v.e], v.e.line, v.e.end), t: to };
    }
    if (to.bits === 64) return { e: v.e, t: to };
    return { e: wrap(to, v.e, ""), t: to };
  }

  private size(n: CNode): Typed {
    const type = part(n, "type");
    const value = part(n, "value");
    let t: CType = UNKNOWN;
    if (type !== undefined) t = this.around.types.descriptor(type);
    else if (value !== undefined) {
      const of = bare(value);
      const named = of.type === "identifier" && this.scopes.get(of.text) === undefined;
      t = (named ? this.around.types.typedef(of.text) : undefined) ?? this.expr(of).t;
    }
    /* As wide as a pointer on every ABI. */
    const e =
      (type ?? (value && bare(value)))?.text.trim() === "size_t"
        ? this.make("size", "ptr", [], n)
        : this.sizeOf(t, n);
    const range = e.op === "num" ? ([Number(e.text), Number(e.text)] as const) : ([0, 2 ** 31 - 1] as const);
    return { e, t: U64, range };
  }

  private sizeOf(t: CType, n: CNode): Node {
    switch (t.kind) {
      case "int":
        return this.num(t.bits / 8, n);
      case "float":
        return this.num(8, n);
      case "pointer":
        return this.make("size", "ptr", [], n);
      case "struct":
        return this.make("size", t.name, [], n);
      case "array": {
        const one = this.sizeOf(t.of, n);
        if (t.length === null) return this.make("size", "?", [], n);
        if (one.op === "num") return this.num(Number(one.text) * t.length, n);
        return this.make("bin", "*", [one, this.num(t.length, n)], n);
      }
      default:
        this.around.fallback(`sizeof of something unknown at line ${this.line(n)}`);
        return this.make("size", "?", [], n);
    }
  }

  /** The number of elements that `sizeof(a)/sizeof(a[0])` is; null for any other division. */
  private elementCount(n: CNode): number | null {
    const all = bare(part(n, "left")!);
    const one = bare(part(n, "right")!);
    if (all.type !== "sizeof_expression" || one.type !== "sizeof_expression") return null;
    const value = part(one, "value");
    const of = part(all, "value");
    const t = of === undefined ? UNKNOWN : this.expr(bare(of)).t;
    if (value === undefined || t.kind !== "array") return null;
    const element = bare(value);
    if (element.type === "subscript_expression") return t.length;
    /* The element's type by its name. */
    const isType = element.type === "identifier" && this.scopes.get(element.text) === undefined;
    return isType && t.of.kind === "struct" && t.of.name === element.text ? t.length : null;
  }

  private call(n: CNode): Typed {
    let f = bare(part(n, "function")!);
    const written = part(n, "arguments")!.kids.filter((k) => k.type !== "comment");
    if (f.type === "pointer_expression" && part(f, "operator")?.type === "*") {
      const inner = bare(part(f, "argument")!);
      const t = this.expr(inner).t;
      if (t.kind === "unknown" || t.kind === "function" || pointee(t).kind === "function") f = inner;
    }
    if (f.type === "identifier") {
      if (f.text === "va_arg" && written.length === 2) return this.variadic(f, written, n);
      if ((f.text === "UINT64_C" || f.text === "INT64_C") && written.length === 1) {
        return { ...this.expr(written[0]!), t: f.text === "UINT64_C" ? U64 : I64 };
      }
      const whole = this.wholeStruct(f.text, written, n);
      if (whole !== null) return whole;
    }
    const callee = this.expr(f);
    const type = callee.t.kind === "function" ? callee.t : pointee(callee.t);
    const args = written.map((a) => this.expr(a));
    const kids = args.map((a, i) => {
      const to = type.kind === "function" ? type.params[i] : undefined;
      return to === undefined ? a.e : this.convert(a, to);
    });
    let t = type.kind === "function" ? type.returns : UNKNOWN;
    if (type.kind !== "function" && f.type === "identifier") {
      const own = this.around.macroType(
        f.text,
        this.line(n),
        args.map((a) => a.t),
        this.scopes,
      );
      t =
        own ??
        (f.text.startsWith("__atomic_load") || f.text === "AtomicLoad"
          ? pointee(args[0]?.t ?? UNKNOWN)
          : UNKNOWN);
    }
    const truth = t === I32 && f.text === "isOpen" ? ([0, 1] as const) : undefined;
    return { e: this.make("call", "", [callee.e, ...kids], n), t, range: truth };
  }

  private variadic(f: CNode, args: readonly CNode[], n: CNode): Typed {
    const words = typeOfWord(args[1]!.text).filter((w) => w !== "const" && w !== "struct");
    const stars = words.filter((w) => w === "*").length;
    let t: CType = this.around.types.typedef(words.filter((w) => w !== "*").join(" ")) ?? UNKNOWN;
    for (let i = 0; i < stars; i++) t = pointer(t);
    const list = this.expr(args[0]!).e;
    return { e: this.make("call", "", [this.make("name", "va_arg", [], f), list], n), t };
  }

  /** memcpy and memset of a whole struct; null if it is not one. */
  private wholeStruct(name: string, args: readonly CNode[], n: CNode): Typed | null {
    if ((name !== "memcpy" && name !== "memset") || args.length !== 3) return null;
    const size = bare(args[2]!);
    if (size.type !== "sizeof_expression") return null;
    const { e } = this.size(size);
    if (e.op !== "size") return null;
    const to = this.expr(this.uncast(args[0]!));
    const t = pointee(decayed(to.t));
    if (t.kind !== "struct" || t.name !== e.text) return null;
    if (name === "memset") {
      if (!isZero(this.expr(args[1]!).e)) return null;
      return { e: this.make("clear", "", [to.e], n), t: to.t };
    }
    const from = this.expr(this.uncast(args[1]!));
    return { e: this.make("copy", "", [this.element(to, n), this.element(from, n)], n), t: to.t };
  }

  /** The struct that a pointer or the beginning of an array is. */
  private element(v: Typed, n: CNode): Node {
    if (v.t.kind !== "array") return v.e;
    return this.at(v, { e: this.num(0, n), t: I32, range: [0, 0] }, n).e;
  }

  /** Without casts to `void *`. */
  private uncast(n: CNode): CNode {
    let e = bare(n);
    while (e.type === "cast_expression") {
      if (pointee(this.around.types.descriptor(part(e, "type")!)).kind !== "void") break;
      e = bare(part(e, "value")!);
    }
    return e;
  }
}

/** A range, unless the type has not all of it. */
function within(range: Typed["range"], t: CType): Typed["range"] {
  if (range === undefined || t.kind !== "int") return undefined;
  const [low, high] = rangeOf(t);
  return range[0] >= low && range[1] <= high ? range : undefined;
}

/** What `a op b` can be, computed exactly. */
function resultRange(op: string, a: Typed, b: Typed): readonly [number, number] | undefined {
  const full = (v: Typed): readonly [number, number] | undefined =>
    v.range ?? (v.t.kind === "int" && v.t.bits < 64 ? rangeOf(v.t) : undefined);
  const x = full(a);
  const y = full(b);
  if (op === "&") {
    const highs = [x, y].filter((r) => r !== undefined && r[0] >= 0).map((r) => r![1]);
    return highs.length === 0 ? undefined : [0, Math.min(...highs)];
  }
  if (x === undefined || y === undefined) return undefined;
  const corners = (f: (p: number, q: number) => number): readonly [number, number] => {
    const all = [f(x[0], y[0]), f(x[0], y[1]), f(x[1], y[0]), f(x[1], y[1])];
    return [Math.min(...all), Math.max(...all)];
  };
  switch (op) {
    case "+":
      return corners((p, q) => p + q);
    case "-":
      return corners((p, q) => p - q);
    case "*":
      return corners((p, q) => p * q);
    case "<<":
      return y[0] >= 0 && y[1] < 64 ? corners((p, q) => p * 2 ** q) : undefined;
    case ">>":
      return x[0] >= 0 && y[0] >= 0 && y[1] < 64 ? corners((p, q) => Math.floor(p / 2 ** q)) : undefined;
    case "%":
      return x[0] >= 0 && y[0] > 0 ? [0, Math.min(x[1], y[1] - 1)] : undefined;
    case "/":
      return x[0] >= 0 && y[0] > 0 ? [0, Math.floor(x[1] / y[0])] : undefined;
    case "|":
    case "^": {
      if (x[0] < 0 || y[0] < 0) return undefined;
      const top = Math.max(x[1], y[1]);
      return [0, 2 ** Math.ceil(Math.log2(top + 1)) - 1];
    }
    default:
      return undefined;
  }
}
