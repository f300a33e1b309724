/** A tree of tree-sitter as plain objects, since every question to the original crosses into wasm. */

import type { Tree } from "web-tree-sitter";
import type { CParser } from "../cparser.js";

export interface CNode {
  /** Of the grammar; an operator's is the operator itself. */
  type: string;
  /** Which part of its parent it is, or empty. */
  field: string;
  /** What is written, where there are no kids. */
  text: string;
  kids: CNode[];
  /** Lines from 0. */
  row: number;
  end: number;
}

/** Kinds whose inner structure does not matter. */
const LEAVES: ReadonlySet<string> = new Set([
  "string_literal",
  "char_literal",
  "number_literal",
  "sized_type_specifier",
  "primitive_type",
]);

export interface CTree {
  root: CNode;
  /** What could not be parsed, as text. */
  errors: string[];
}

/** Trees by text. Lines count from the first, so the same text elsewhere has the same tree. */
export class TreeCache {
  private readonly trees = new Map<string, CTree>();

  constructor(private readonly parse: CParser) {}

  get(text: string): CTree {
    let found = this.trees.get(text);
    if (found === undefined) {
      const tree = this.parse(text);
      found = plain(tree, text);
      tree.delete();
      this.trees.set(text, found);
    }
    return found;
  }
}

function plain(tree: Tree, text: string): CTree {
  const starts = [0];
  for (let i = text.indexOf("\n"); i >= 0; i = text.indexOf("\n", i + 1)) starts.push(i + 1);
  const rowOf = (pos: number): number => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle]! <= pos) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  const errors: string[] = [];
  const broken = tree.rootNode.hasError;
  const cursor = tree.walk();
  const visit = (): CNode | null => {
    const type = cursor.nodeType;
    const named = cursor.nodeIsNamed;
    const field = cursor.currentFieldName ?? "";
    if (!named && field !== "operator") return null;
    const from = cursor.startIndex;
    const to = cursor.endIndex;
    if (broken && (type === "ERROR" || cursor.nodeIsMissing)) errors.push(text.slice(from, to + 20));
    const kids: CNode[] = [];
    if (!LEAVES.has(type) && cursor.gotoFirstChild()) {
      do {
        const kid = visit();
        if (kid !== null) kids.push(kid);
      } while (cursor.gotoNextSibling());
      cursor.gotoParent();
    }
    const row = rowOf(from);
    const end = to > from ? rowOf(to - 1) : row;
    return { type, field, text: kids.length === 0 ? text.slice(from, to) : "", kids, row, end };
  };
  const root = visit()!;
  cursor.delete();
  return { root, errors };
}

/** The part of that name. */
export function part(n: CNode, field: string): CNode | undefined {
  for (const k of n.kids) if (k.field === field) return k;
  return undefined;
}

/** Without the parentheses around it. */
export function bare(n: CNode): CNode {
  let e = n;
  while (e.type === "parenthesized_expression" && e.kids.length > 0) e = e.kids[0]!;
  return e;
}
