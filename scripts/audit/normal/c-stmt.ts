/** Statements of C in the normal form. */

import { type Expressions, isPure, type Surroundings, type Typed } from "./c-expr.js";
import { bare, type CNode, part } from "./c-tree.js";
import type { CType } from "./c-types.js";
import { asTest, loop, type Node, node, seq } from "./form.js";
import { isZeros } from "./tree.js";

export class Statements {
  readonly locals = new Map<string, CType>();
  readonly uninitialized = new Set<string>();

  constructor(
    private readonly around: Surroundings,
    private readonly expressions: Expressions,
  ) {}

  /** A list of statements from one statement or block. */
  block(n: CNode | undefined, line: number): Node {
    if (n === undefined) return seq([], line);
    return seq(this.statement(n), this.expressions.line(n), this.expressions.end(n));
  }

  private statement(n: CNode): Node[] {
    const x = this.expressions;
    const line = x.line(n);
    const end = x.end(n);
    switch (n.type) {
      case "compound_statement": {
        x.scopes.push();
        const all = n.kids.flatMap((k) => this.statement(k));
        x.scopes.pop();
        return all;
      }
      case "expression_statement":
        return n.kids.length === 0 ? [] : this.effects(n.kids[0]!, line, end);
      case "declaration":
        return this.declaration(n);
      case "type_definition":
      case "struct_specifier":
      case "union_specifier":
      case "enum_specifier":
        this.around.types.note(n, "");
        return [];
      case "if_statement": {
        const test = x.test(part(n, "condition")!);
        const yes = this.block(part(n, "consequence"), line);
        const otherwise = part(n, "alternative");
        const no = this.block(otherwise?.type === "else_clause" ? otherwise.kids[0] : otherwise, end);
        return [node("if", "", [test, yes, no], line, end)];
      }
      case "while_statement": {
        const test = x.test(part(n, "condition")!);
        const body = this.block(part(n, "body"), line);
        return [loop(seq([], line), test, seq([], line), body, line, end)];
      }
      case "do_statement": {
        const body = this.block(part(n, "body"), line);
        return [node("do", "", [body, x.test(part(n, "condition")!)], line, end)];
      }
      case "for_statement":
        return [this.forLoop(n, line, end)];
      case "switch_statement": {
        const value = x.expr(part(n, "condition")!).e;
        return [node("switch", "", [value, this.block(part(n, "body"), line)], line, end)];
      }
      case "case_statement": {
        const value = part(n, "value");
        const head =
          value === undefined ? node("default", "", [], line) : node("case", "", [x.expr(value).e], line);
        return [head, ...n.kids.filter((k) => k !== value).flatMap((k) => this.statement(k))];
      }
      case "break_statement":
        return [node("break", "", [], line, end)];
      case "continue_statement":
        return [node("continue", "", [], line, end)];
      case "return_statement": {
        if (n.kids.length === 0) return [node("return", "", [], line, end)];
        const value = x.convert(x.expr(n.kids[0]!), this.returns);
        return [node("return", "", [value], line, end)];
      }
      case "goto_statement":
        return [node("goto", part(n, "label")!.text, [], line, end)];
      case "labeled_statement": {
        const label = part(n, "label")!;
        const rest = n.kids.filter((k) => k !== label).flatMap((k) => this.statement(k));
        return [node("label", label.text, [], line), ...rest];
      }
      default:
        this.around.fallback(`statement ${n.type} at line ${line}: ${n.text}`);
        return [node("expr", "", [node("name", `<${n.type}>`, [], line)], line, end)];
    }
  }

  /** Set before a body is lowered. */
  returns: CType = { kind: "unknown" };

  /** An expression as a statement. */
  private effects(n: CNode, line: number, end: number): Node[] {
    const e = bare(n);
    if (e.type === "call_expression") {
      const f = bare(part(e, "function")!);
      if (f.type === "identifier" && f.text === "assert") {
        const args = part(e, "arguments")!.kids;
        return [node("assert", "", [asTest(this.expressions.expr(args[0]!).e)], line, end)];
      }
    }
    const value = this.expressions.effect(e);
    return isPure(value) ? [] : [node("expr", "", [value], line, end)];
  }

  private forLoop(n: CNode, line: number, end: number): Node {
    const x = this.expressions;
    const list = (e: CNode | undefined): Node => {
      if (e === undefined) return seq([], line);
      const inner = bare(e);
      if (inner.type === "comma_expression") {
        const left = list(part(inner, "left"));
        return seq([left, list(part(inner, "right"))], x.line(e), x.end(e));
      }
      return seq(this.effects(inner, x.line(inner), x.end(inner)), x.line(e), x.end(e));
    };
    x.scopes.push();
    const first = part(n, "initializer");
    const init = first?.type === "declaration" ? seq(this.declaration(first), line) : list(first);
    const condition = part(n, "condition");
    const test = condition === undefined ? node("num", "1", [], line) : x.test(condition);
    const step = list(part(n, "update"));
    const body = this.block(part(n, "body"), line);
    x.scopes.pop();
    return loop(init, test, step, body, line, end);
  }

  private declaration(n: CNode): Node[] {
    const x = this.expressions;
    const { types } = this.around;
    const storage = n.kids.filter((k) => k.type === "storage_class_specifier").map((k) => k.text);
    const base = types.base(n);
    const found: Node[] = [];
    for (const d of n.kids) {
      if (d.field !== "declarator") continue;
      const { name, type: written } = types.declarator(d, base);
      const type = this.sized(written, d);
      if (type.kind === "function") continue;
      x.scopes.declare(name, type);
      if (!this.locals.has(name)) this.locals.set(name, type);
      const value = d.type === "init_declarator" ? part(d, "value") : undefined;
      if (value === undefined) {
        if (!storage.includes("static") && !storage.includes("extern")) this.uninitialized.add(name);
        found.push(node("declare", name, [], x.line(d), x.end(d)));
        continue;
      }
      const to: Typed = { e: node("name", name, [], x.line(d)), t: type };
      const assigned: Node = { ...x.assigned(to, this.named(type, x.expr(value)), d), init: true };
      found.push(node("expr", "", [assigned], x.line(d), x.end(d)));
    }
    return found;
  }

  /** The elements of a struct's initializer with the names of their fields, unless they are zeros. */
  private named(type: CType, value: Typed): Typed {
    if (type.kind !== "struct" || value.e.op !== "list" || isZeros(value.e)) return value;
    const fields = this.around.types.fieldsOf(type.name);
    const kids = value.e.kids.map((k, i) => {
      const field = fields[i];
      return field === undefined
        ? k
        : { ...k, op: "assign", text: "=", kids: [{ ...k, op: "name", text: field[0], kids: [] }, k] };
    });
    return { ...value, e: { ...value.e, kids } };
  }

  /** An array whose length only the expressions around it can tell: `u8 a[sizeof(p->b)]`. */
  private sized(type: CType, d: CNode): CType {
    if (type.kind !== "array" || type.length !== null) return type;
    const size = part(d.type === "init_declarator" ? (part(d, "declarator") ?? d) : d, "size");
    if (size === undefined) return type;
    const { range } = this.expressions.expr(size);
    return range === undefined || range[0] !== range[1] ? type : { ...type, length: range[0] };
  }
}
