/** Expressions of TypeScript in the normal form. */

import { ts } from "ts-morph";
import type { Constants } from "./constants.js";
import { asTest, binary, bool, conditional, isZero, type Node, node, not } from "./form.js";
import { foldOption } from "./options.js";
import { keyOf } from "./tree.js";

/** A line number of the amalgamation that stands in the port. */
export interface LineArgument {
  macro: string;
  value: number;
  /** Line of the TypeScript file. */
  line: number;
}

/** What the lowering of one function knows and collects. */
export interface Scope {
  readonly source: ts.SourceFile;
  readonly constants: Constants;
  /** Elements and bytes of an element of arrays that locals hold. */
  readonly lengths: Map<string, readonly [length: number, size: number]>;
  /** Fields that are a Ref from their creation on: `x.f.value` is C's field, `x.f` its address. */
  readonly refFields: ReadonlySet<string>;
  /** Locals that are a Ref: `x.value` is C's variable, `x` its address. */
  readonly refLocals: Set<string>;
  /** Locals that are another name for a Ref, with what the Ref is in C. */
  readonly refAliases: Map<string, Node>;
  readonly lineArguments: LineArgument[];
}

/** Functions that take an index besides a place in bytes or words: argument 0 is meant to be `p + index`. */
const WITH_INDEX: Readonly<Record<string, number>> = {
  get4byte: 1,
  put4byte: 2,
  get2byte: 1,
  put2byte: 2,
  put32bits: 2,
  sqlite3Get4byte: 1,
  sqlite3Put4byte: 2,
  AtomicLoad: 1,
  AtomicStore: 1,
};

/** Calls whose last argument is the line of the amalgamation; C has `__LINE__` there. */
const WITH_LINE = /^(SQLITE_(CORRUPT|CANTOPEN|MISUSE)_BKPT|unixLogError)$/;

/** Constructors of plain memory: `new Uint8Array(8)` is C's `u8 a[8]`. */
const MEMORY = /^((Ui|I)nt(8|16|32)Array|Big(Ui|I)nt64Array|DataView|Array)$/;

export function lineOf(n: ts.Node, s: Scope): number {
  return s.source.getLineAndCharacterOfPosition(n.getStart(s.source)).line + 1;
}

export function endOf(n: ts.Node, s: Scope): number {
  return s.source.getLineAndCharacterOfPosition(n.getEnd()).line + 1;
}

/** What only tells the compiler something is taken away. */
export function plain(e: ts.Expression): ts.Expression {
  let x = e;
  while (
    ts.isParenthesizedExpression(x) ||
    ts.isNonNullExpression(x) ||
    ts.isAsExpression(x) ||
    ts.isSatisfiesExpression(x) ||
    ts.isTypeAssertionExpression(x)
  ) {
    x = x.expression;
  }
  return x;
}

/** `new Ref(x)`: its argument, undefined where there is none; null for anything else. */
export function newRef(e: ts.Expression): ts.Expression | undefined | null {
  const x = plain(e);
  return ts.isNewExpression(x) && ts.isIdentifier(x.expression) && x.expression.text === "Ref"
    ? x.arguments?.[0]
    : null;
}

/** `new Uint8Array(8)`, `new WalHashLoc()`: memory that C has without saying anything. */
export function isFreshMemory(e: ts.Expression): boolean {
  const x = plain(e);
  if (!ts.isNewExpression(x) || !ts.isIdentifier(x.expression)) return false;
  const args = x.arguments ?? [];
  if (MEMORY.test(x.expression.text)) return args.length <= 1;
  return args.length === 0;
}

/** Words that C allows as names and TypeScript does not carry a `_` behind them. */
const RESERVED = /^(in|new|default|function|delete|this|class|export|import|var|with)_$/;

export function unreserved(name: string): string {
  return RESERVED.test(name) ? name.slice(0, -1) : name;
}

function generic(op: string, text: string, kids: readonly Node[], e: ts.Node, s: Scope): Node {
  return node(op, text, kids, lineOf(e, s), endOf(e, s));
}

function num(value: string, e: ts.Node, s: Scope): Node {
  return generic("num", value, [], e, s);
}

/** A number or a bigint in decimal. */
function decimal(text: string): string {
  const digits = text.replace(/[n_]/g, "");
  return /^[\d.]+e|\./i.test(digits) && !/^0x/i.test(digits)
    ? String(Number(digits))
    : String(BigInt(digits));
}

/** A constant in the sense of the masks: `0xff` and the like. */
function constant(e: ts.Expression): number | null {
  const x = plain(e);
  return ts.isNumericLiteral(x) ? Number(x.text) : null;
}

export function expression(given: ts.Expression, s: Scope): Node {
  const e = plain(given);
  switch (e.kind) {
    case ts.SyntaxKind.NullKeyword:
    case ts.SyntaxKind.FalseKeyword:
      return num("0", e, s);
    case ts.SyntaxKind.TrueKeyword:
      return num("1", e, s);
    default:
      break;
  }
  /* What is skipped if something is null: C has no such thing. */
  if (ts.isOptionalChain(e)) return generic("code", e.getText(s.source).replace(/\s+/g, " "), [], e, s);
  if (ts.isIdentifier(e)) {
    if (e.text === "undefined") return num("0", e, s);
    const alias = s.refAliases.get(e.text);
    if (alias !== undefined) return generic("un", "&", [alias], e, s);
    const name = generic("name", unreserved(e.text), [], e, s);
    return s.refLocals.has(e.text) || s.constants.refs.has(e.text) ? generic("un", "&", [name], e, s) : name;
  }
  if (ts.isNumericLiteral(e)) return num(decimal(e.getText(s.source)), e, s);
  if (ts.isBigIntLiteral(e)) return num(decimal(e.text), e, s);
  if (ts.isStringLiteral(e) || ts.isNoSubstitutionTemplateLiteral(e)) return generic("str", e.text, [], e, s);
  if (ts.isTemplateExpression(e)) {
    const parts = e.templateSpans.map((t) => templatePart(t, s));
    if (parts.every((p) => p !== undefined)) return generic("str", e.head.text + parts.join(""), [], e, s);
  }
  if (ts.isPropertyAccessExpression(e)) return property(e, s);
  if (ts.isElementAccessExpression(e)) {
    const of = expression(e.expression, s);
    const at = expression(e.argumentExpression, s);
    if (of.op === "un" && of.text === "&" && isZero(at)) return of.kids[0]!;
    return generic("index", "", [of, at], e, s);
  }
  if (ts.isCallExpression(e)) return call(e, s);
  if (ts.isNewExpression(e)) return construct(e, s);
  if (ts.isBinaryExpression(e)) return binaryExpression(e, s);
  if (ts.isPrefixUnaryExpression(e)) return prefix(e, s);
  if (ts.isPostfixUnaryExpression(e)) {
    const text = e.operator === ts.SyntaxKind.PlusPlusToken ? "x++" : "x--";
    return generic("step", text, [expression(e.operand, s)], e, s);
  }
  if (ts.isConditionalExpression(e)) {
    const chosen = foldOption(e.condition, s.constants.options);
    if (typeof chosen === "boolean") return expression(chosen ? e.whenTrue : e.whenFalse, s);
    return conditional(
      expression(e.condition, s),
      expression(e.whenTrue, s),
      expression(e.whenFalse, s),
      lineOf(e, s),
      endOf(e, s),
    );
  }
  if (ts.isObjectLiteralExpression(e)) {
    /* C's initializer of a struct: each element with the name of its field. */
    const values = e.properties.map((x) => {
      const value = ts.isPropertyAssignment(x)
        ? x.initializer
        : ts.isShorthandPropertyAssignment(x)
          ? x.name
          : null;
      if (value === null || x.name === undefined || !ts.isIdentifier(x.name)) return null;
      return generic("assign", "=", [generic("name", x.name.text, [], x, s), expression(value, s)], x, s);
    });
    if (values.every((x) => x !== null)) return generic("list", "", values, e, s);
  }
  if (ts.isArrayLiteralExpression(e)) {
    return generic(
      "list",
      "",
      e.elements.map((x) => expression(x, s)),
      e,
      s,
    );
  }
  return generic("code", e.getText(s.source).replace(/\s+/g, " "), [], e, s);
}

/** What a template says from one expression to the next, if that is a constant text. */
function templatePart(t: ts.TemplateSpan, s: Scope): string | undefined {
  const text = ts.isIdentifier(t.expression) ? s.constants.texts.get(t.expression.text) : undefined;
  return text === undefined ? undefined : text + t.literal.text;
}

/** `a.length` and `a.byteLength` of an array whose size is known: C's sizeof. */
function sizeOf(of: ts.Expression, name: string, s: Scope): number | undefined {
  if (name !== "length" && name !== "byteLength") return undefined;
  if (ts.isIdentifier(of)) {
    const local = s.lengths.get(of.text);
    if (local !== undefined) return name === "length" ? local[0] : local[0] * local[1];
  }
  const called = ts.isIdentifier(of) ? of.text : ts.isPropertyAccessExpression(of) ? of.name.text : "";
  return name === "length" ? s.constants.lengths.get(called) : undefined;
}

function property(e: ts.PropertyAccessExpression, s: Scope): Node {
  const name = e.name.text;
  const of = plain(e.expression);
  const size = sizeOf(of, name, s);
  if (size !== undefined) return num(String(size), e, s);
  if (ts.isIdentifier(of) && of.text === "sizeof") return generic("size", name, [], e, s);
  if (name === "value") {
    const ref = expression(of, s);
    if (ref.op === "un" && ref.text === "&") return ref.kids[0]!;
    return generic("index", "", [ref, num("0", e, s)], e, s);
  }
  const field = generic("field", name.replace(/^#/, ""), [expression(of, s)], e, s);
  return s.refFields.has(name) ? generic("un", "&", [field], e, s) : field;
}

function call(e: ts.CallExpression, s: Scope): Node {
  const callee = plain(e.expression);
  const args = e.arguments;
  const at = (i: number): Node => expression(args[i]!, s);

  if (ts.isPropertyAccessExpression(callee)) {
    const method = callee.name.text;
    const of = callee.expression;
    if (method === "subarray" && args.length >= 1) {
      return binary("+", expression(of, s), at(0), lineOf(e, s), endOf(e, s));
    }
    if (method === "assign" && args.length === 1)
      return generic("copy", "", [expression(of, s), at(0)], e, s);
    if (method === "clear" && args.length === 0) return generic("clear", "", [expression(of, s)], e, s);
    if (ts.isIdentifier(of) && of.text === "Math" && method === "imul" && args.length === 2) {
      return wrap("imul", binary("*", at(0), at(1), lineOf(e, s), endOf(e, s)), e, s);
    }
    if (ts.isIdentifier(of) && of.text === "BigInt" && args.length === 2) {
      const bits = constant(args[0]!);
      const sign = method === "asIntN" ? "i" : "u";
      return bits === 64 ? at(1) : wrap(`${sign}${bits ?? "?"}`, at(1), e, s);
    }
    if (ts.isIdentifier(of) && of.text === "Math" && /^(floor|trunc)$/.test(method) && args.length === 1) {
      const inner = plain(args[0]!);
      if (ts.isBinaryExpression(inner) && inner.operatorToken.kind === ts.SyntaxKind.SlashToken) {
        return binary("/", expression(inner.left, s), expression(inner.right, s), lineOf(e, s), endOf(e, s));
      }
      /* C's cast of a double to an integer. */
      if (method === "trunc") return wrap("trunc", at(0), e, s);
    }
  }
  if (ts.isIdentifier(callee)) {
    const name = callee.text;
    if (/^[A-Z][A-Z0-9_]*$/.test(name) && args.length === 0) {
      if (WITH_LINE.test(name)) s.lineArguments.push({ macro: name, value: 0, line: lineOf(e, s) });
      return generic("name", name, [], e, s);
    }
    if ((name === "toCString" || name === "cstr") && args.length === 1) return at(0);
    if ((name === "Number" || name === "BigInt") && args.length === 1) return at(0);
    if (name === "Boolean" && args.length === 1) return bool(at(0));
    if (name === "ptrdiff" && args.length === 2) {
      return binary("-", at(0), at(1), lineOf(e, s), endOf(e, s));
    }
    if (WITH_LINE.test(name)) {
      const last = args[args.length - 1];
      const line = last === undefined ? null : constant(last);
      if (line !== null) {
        s.lineArguments.push({ macro: name, value: line, line: lineOf(e, s) });
        const left = args.slice(0, -1);
        if (left.length === 0) return generic("name", name, [], e, s);
        const kids = [generic("name", name, [], callee, s), ...left.map((a) => expression(a, s))];
        return generic("call", "", kids, e, s);
      }
    }
    const offset = WITH_INDEX[name];
    if (offset !== undefined && args.length > offset && constant(args[0]!) === null) {
      const place = binary("+", at(0), at(offset), lineOf(e, s), endOf(e, s));
      const rest = args.slice(1).filter((_, i) => i + 1 !== offset);
      const kids = [generic("name", name, [], callee, s), place, ...rest.map((a) => expression(a, s))];
      return generic("call", "", kids, e, s);
    }
  }
  const kids = [expression(callee, s), ...args.map((a) => expression(a, s))];
  if (kids[0]!.op === "name" && /^mem(cpy|move|cmp)$/.test(kids[0]!.text)) {
    const short = args.find((a) => !isLongEnough(plain(a), kids[3], s));
    if (short !== undefined) return generic("code", e.getText(s.source).replace(/\s+/g, " "), [], e, s);
  }
  if (kids[0]!.op === "name" && /^(ALWAYS|NEVER)$/.test(kids[0]!.text) && kids.length === 2) {
    return generic("call", "", [kids[0]!, asTest(kids[1]!)], e, s);
  }
  return generic("call", "", kids, e, s);
}

/** Whether a view that is copied from or compared, `a.subarray(i, i + n)`, has the n bytes that are asked for. */
function isLongEnough(e: ts.Expression, n: Node | undefined, s: Scope): boolean {
  if (!ts.isCallExpression(e) || e.arguments.length !== 2 || n === undefined) return true;
  const callee = plain(e.expression);
  if (!ts.isPropertyAccessExpression(callee) || callee.name.text !== "subarray") return true;
  const start = expression(e.arguments[0]!, s);
  const end = expression(e.arguments[1]!, s);
  if (start.op === "num" && end.op === "num" && n.op === "num")
    return Number(end.text) - Number(start.text) === Number(n.text);
  return (
    keyOf(binary("+", start, n, 0, 0)) === keyOf(end) || keyOf(binary("+", n, start, 0, 0)) === keyOf(end)
  );
}

function construct(e: ts.NewExpression, s: Scope): Node {
  const ref = newRef(e);
  if (ref !== null) {
    return generic("un", "&", [ref === undefined ? num("0", e, s) : expression(ref, s)], e, s);
  }
  const name = generic("name", `new ${e.expression.getText(s.source)}`, [], e, s);
  return generic("call", "", [name, ...(e.arguments ?? []).map((a) => expression(a, s))], e, s);
}

const PLAIN_OPERATORS: Readonly<Partial<Record<ts.SyntaxKind, string>>> = {
  [ts.SyntaxKind.PlusToken]: "+",
  [ts.SyntaxKind.MinusToken]: "-",
  [ts.SyntaxKind.AsteriskToken]: "*",
  /* A division that nothing rounds is none of C's. */
  [ts.SyntaxKind.SlashToken]: "//",
  [ts.SyntaxKind.PercentToken]: "%",
  [ts.SyntaxKind.LessThanLessThanToken]: "<<",
  [ts.SyntaxKind.GreaterThanGreaterThanToken]: ">>",
  [ts.SyntaxKind.GreaterThanGreaterThanGreaterThanToken]: ">>",
  [ts.SyntaxKind.AmpersandToken]: "&",
  [ts.SyntaxKind.BarToken]: "|",
  [ts.SyntaxKind.CaretToken]: "^",
  [ts.SyntaxKind.AmpersandAmpersandToken]: "&&",
  [ts.SyntaxKind.BarBarToken]: "||",
  [ts.SyntaxKind.EqualsEqualsEqualsToken]: "==",
  [ts.SyntaxKind.ExclamationEqualsEqualsToken]: "!=",
  [ts.SyntaxKind.LessThanToken]: "<",
  [ts.SyntaxKind.LessThanEqualsToken]: "<=",
  [ts.SyntaxKind.GreaterThanToken]: ">",
  [ts.SyntaxKind.GreaterThanEqualsToken]: ">=",
  [ts.SyntaxKind.CommaToken]: ",",
};

const ASSIGNING: Readonly<Partial<Record<ts.SyntaxKind, string>>> = {
  [ts.SyntaxKind.PlusEqualsToken]: "+",
  [ts.SyntaxKind.MinusEqualsToken]: "-",
  [ts.SyntaxKind.AsteriskEqualsToken]: "*",
  [ts.SyntaxKind.SlashEqualsToken]: "//",
  [ts.SyntaxKind.PercentEqualsToken]: "%",
  [ts.SyntaxKind.LessThanLessThanEqualsToken]: "<<",
  [ts.SyntaxKind.GreaterThanGreaterThanEqualsToken]: ">>",
  [ts.SyntaxKind.GreaterThanGreaterThanGreaterThanEqualsToken]: ">>",
  [ts.SyntaxKind.AmpersandEqualsToken]: "&",
  [ts.SyntaxKind.BarEqualsToken]: "|",
  [ts.SyntaxKind.CaretEqualsToken]: "^",
};

/** Masks that cut to a type. */
const CUTS: Readonly<Partial<Record<number, string>>> = { 255: "u8", 65535: "u16" };

function wrap(type: string, of: Node, e: ts.Node, s: Scope): Node {
  return generic("wrap", type, [of], e, s);
}

/** `/` whose result a mask rounds: C's division. */
function rounded(e: Node): Node {
  return e.op === "bin" && e.text === "//" ? { ...e, text: "/" } : e;
}

/** `(x << 24) >> 24` and `(x << 16) >> 16`: the operand and the type, or null. */
function signExtension(e: ts.BinaryExpression): { of: ts.Expression; type: string } | null {
  const bits = constant(e.right);
  const left = plain(e.left);
  if (
    e.operatorToken.kind !== ts.SyntaxKind.GreaterThanGreaterThanToken ||
    (bits !== 24 && bits !== 16) ||
    !ts.isBinaryExpression(left) ||
    left.operatorToken.kind !== ts.SyntaxKind.LessThanLessThanToken ||
    constant(left.right) !== bits
  )
    return null;
  return { of: left.left, type: bits === 24 ? "i8" : "i16" };
}

function binaryExpression(e: ts.BinaryExpression, s: Scope): Node {
  const kind = e.operatorToken.kind;
  if (kind === ts.SyntaxKind.EqualsToken) {
    return generic("assign", "=", [expression(e.left, s), expression(e.right, s)], e, s);
  }
  const right = constant(e.right);
  const assigning = ASSIGNING[kind];
  if (assigning !== undefined) {
    const to = expression(e.left, s);
    const cut = assigning === "&" ? CUTS[right ?? 0] : undefined;
    const value =
      cut === undefined
        ? binary(assigning, to, expression(e.right, s), lineOf(e, s), endOf(e, s))
        : wrap(cut, to, e, s);
    return generic("assign", "=", [to, value], e, s);
  }
  if (kind === ts.SyntaxKind.GreaterThanGreaterThanGreaterThanToken && right === 0) {
    return wrap("u32", rounded(expression(e.left, s)), e, s);
  }
  if (kind === ts.SyntaxKind.BarToken && right === 0)
    return wrap("i32", rounded(expression(e.left, s)), e, s);
  if (kind === ts.SyntaxKind.AmpersandToken && right !== null) {
    const cut = CUTS[right];
    if (cut !== undefined) return wrap(cut, expression(e.left, s), e, s);
  }
  const extension = signExtension(e);
  if (extension !== null) return wrap(extension.type, expression(extension.of, s), e, s);

  if (kind === ts.SyntaxKind.AmpersandAmpersandToken || kind === ts.SyntaxKind.BarBarToken) {
    const isAnd = kind === ts.SyntaxKind.AmpersandAmpersandToken;
    const left = foldOption(e.left, s.constants.options);
    if (typeof left === "boolean")
      return left === isAnd ? expression(e.right, s) : num(left ? "1" : "0", e, s);
    const other = foldOption(e.right, s.constants.options);
    if (typeof other === "boolean" && other === isAnd) return expression(e.left, s);
  }
  if (kind === ts.SyntaxKind.PlusToken) {
    const a = expression(e.left, s);
    const b = expression(e.right, s);
    if (a.op === "str" && b.op === "str") return generic("str", a.text + b.text, [], e, s);
    return binary("+", a, b, lineOf(e, s), endOf(e, s));
  }
  const operator = PLAIN_OPERATORS[kind] ?? e.operatorToken.getText(s.source);
  if (kind === ts.SyntaxKind.GreaterThanGreaterThanGreaterThanToken) {
    return binary(
      operator,
      wrap("shr", expression(e.left, s), e, s),
      expression(e.right, s),
      lineOf(e, s),
      endOf(e, s),
    );
  }
  return binary(operator, expression(e.left, s), expression(e.right, s), lineOf(e, s), endOf(e, s));
}

function prefix(e: ts.PrefixUnaryExpression, s: Scope): Node {
  const of = expression(e.operand, s);
  switch (e.operator) {
    case ts.SyntaxKind.ExclamationToken:
      return not(of);
    case ts.SyntaxKind.MinusToken:
      return of.op === "num" && !isZero(of) ? num(`-${of.text}`, e, s) : generic("un", "-", [of], e, s);
    case ts.SyntaxKind.PlusToken:
      return bool(of) === of ? of : generic("un", "+", [of], e, s);
    case ts.SyntaxKind.TildeToken:
      return generic("un", "~", [of], e, s);
    case ts.SyntaxKind.PlusPlusToken:
      return generic("step", "++x", [of], e, s);
    default:
      return generic("step", "--x", [of], e, s);
  }
}
