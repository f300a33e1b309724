/** Methods of classes that mirror structs: what clears and copies them whole, and where their fields lie. */

import { ts } from "ts-morph";
import type { CSide } from "./c-side.js";
import type { CType } from "./c-types.js";
import { plain } from "./ts-expression.js";
import type { TsFile } from "./ts-side.js";

/** Something about a class that is not as C has it. */
export interface StructDifference {
  name: string;
  path: string;
  line: number;
  says: string;
}

/** Of elements of typed arrays that the port calls so: their bytes. */
const ELEMENTS: Readonly<Record<string, number>> = { a: 4, aByte: 1, "#half": 2 };

export function compareMethods(
  files: ReadonlyMap<string, TsFile>,
  c: CSide,
  isStruct: (path: string, name: string) => boolean,
): StructDifference[] {
  const found: StructDifference[] = [];
  for (const [path, { source }] of files) {
    for (const n of source.statements) {
      if (!ts.isClassDeclaration(n) || n.name === undefined || !isStruct(path, n.name.text)) continue;
      const name = n.name.text;
      const note = (at: ts.Node, member: string, says: string): void => {
        const line = source.getLineAndCharacterOfPosition(at.getStart(source)).line + 1;
        found.push({ name: `${name}.${member}`, path, line, says });
      };
      const offsets = offsetsOf(name, c);
      for (const m of n.members) {
        if (ts.isConstructorDeclaration(m) && m.body !== undefined) {
          /* `this.aSalt = this.a.subarray(8, 10)` */
          const views = /this\.(\w+) = (?:this\.)?(a|aByte)\.subarray\((\d+),/g;
          for (const [, field, array, start] of m.body.getText(source).matchAll(views)) {
            const theirs = offsets.get(field!);
            const ours = Number(start) * ELEMENTS[array!]!;
            if (theirs !== undefined && ours !== theirs)
              note(m, field!, `lies at byte ${ours}, in C at ${theirs}`);
          }
        } else if (ts.isMethodDeclaration(m) && m.body !== undefined) {
          const member = m.name.getText(source);
          if (member !== "clear" && member !== "assign") continue;
          for (const f of left(n, m.body, member, source))
            note(m, member, `leaves ${f} as it is, or does not say so`);
        } else if ((ts.isGetAccessor(m) || ts.isSetAccessor(m)) && m.body !== undefined) {
          const field = m.name.getText(source);
          const theirs = offsets.get(field);
          const ours = offsetIn(m.body, source);
          if (theirs !== undefined && ours !== null && ours !== theirs)
            note(m, field, `lies at byte ${ours}, in C at ${theirs}`);
        }
      }
    }
  }
  return found;
}

/** Fields that a method does not clear, or copy from the field of that name. */
function left(n: ts.ClassDeclaration, body: ts.Block, member: string, source: ts.SourceFile): string[] {
  const done = new Set<string>();
  for (const s of body.statements) {
    const f = ts.isExpressionStatement(s) ? fieldDone(s.expression, member, source) : null;
    if (f !== null) done.add(f);
  }
  return n.members.flatMap((m) => {
    if (!ts.isPropertyDeclaration(m) || m.modifiers?.some((x) => x.kind === ts.SyntaxKind.StaticKeyword))
      return [];
    const field = m.name.getText(source);
    return done.has(field) || isView(field, m, n, source) ? [] : [field];
  });
}

/** The field that a statement of `clear` or `assign` deals with; null if it does something else. */
function fieldDone(e: ts.Expression, member: string, source: ts.SourceFile): string | null {
  const text = e.getText(source).replace(/!/g, "");
  const own = /^this\.(#?\w+)\b/.exec(text)?.[1];
  if (own === undefined) return null;
  if (member === "assign") {
    return [
      `this.${own} = from.${own}`,
      `this.${own}.set(from.${own})`,
      `this.${own}.assign(from.${own})`,
    ].includes(text)
      ? own
      : null;
  }
  if (text === `this.${own}.fill(0)` || text === `this.${own}.clear()`) return own;
  const value =
    /^this\.#?\w+(?:\.value)? = (?:0|0n|null|false|""|\[\]|new \w+(?:<.*>)?\((?:0|null)?\))$/.test(text);
  return value ? own : null;
}

/** Another view of memory that another field has. */
function isView(
  field: string,
  m: ts.PropertyDeclaration,
  n: ts.ClassDeclaration,
  source: ts.SourceFile,
): boolean {
  const set = new RegExp(`this\\.${field} = [^;]*(buffer|subarray|byteOffset)`);
  const made = n.members.find(ts.isConstructorDeclaration)?.body?.getText(source) ?? "";
  return /buffer|subarray|byteOffset/.test(m.initializer?.getText(source) ?? "") || set.test(made);
}

/** Where C has the fields of a struct of integers; empty for one that has others. */
function offsetsOf(struct: string, c: CSide): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  let at = 0;
  for (const [name, type] of c.fieldsOf(struct)) {
    const [size, align] = sizeOf(type);
    if (size === 0) return new Map();
    at = Math.ceil(at / align) * align;
    found.set(name, at);
    at += size;
  }
  return found;
}

function sizeOf(type: CType): readonly [size: number, align: number] {
  if (type.kind === "int") return [type.bits / 8, type.bits / 8];
  if (type.kind !== "array" || type.length === null) return [0, 1];
  const [size, align] = sizeOf(type.of);
  return [size * type.length, align];
}

/** The byte that an accessor reads or writes, `this.a[2]`, `AtomicLoad(this.a, 8)`; null if it does not say. */
function offsetIn(body: ts.Block, source: ts.SourceFile): number | null {
  let found: number | null = null;
  const place = (of: ts.Expression, at: ts.Expression | undefined): void => {
    const array = plain(of);
    if (!ts.isPropertyAccessExpression(array) || at === undefined) return;
    const size = ELEMENTS[array.name.text];
    const index = plain(at);
    if (size !== undefined && ts.isNumericLiteral(index)) found = size * Number(index.text);
  };
  const visit = (n: ts.Node): void => {
    if (ts.isElementAccessExpression(n)) place(n.expression, n.argumentExpression);
    else if (ts.isCallExpression(n) && /^Atomic(Load|Store)$/.test(n.expression.getText(source)))
      place(n.arguments[0]!, n.arguments[1]);
    ts.forEachChild(n, visit);
  };
  visit(body);
  return found;
}
