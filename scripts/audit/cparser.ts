/** tree-sitter with the grammar of C, loaded once. */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Language, type Node, Parser, type Tree } from "web-tree-sitter";

let loaded: Promise<Parser> | null = null;

async function load(): Promise<Parser> {
  await Parser.init();
  const require = createRequire(import.meta.url);
  const grammar = await Language.load(readFileSync(require.resolve("tree-sitter-c/tree-sitter-c.wasm")));
  const parser = new Parser();
  parser.setLanguage(grammar);
  return parser;
}

export type CParser = (text: string) => Tree;

/** A function that parses a text of C. */
export async function cParser(): Promise<CParser> {
  loaded ??= load();
  const parser = await loaded;
  return (text) => {
    const tree = parser.parse(text);
    if (tree === null) throw new Error("tree-sitter gave up");
    return tree;
  };
}

/** The places that the grammar could not read; empty for a text that is understood. */
export function parseErrors(tree: Tree): Node[] {
  const found: Node[] = [];
  const visit = (node: Node): void => {
    if (!node.hasError) return;
    if (node.isError || node.isMissing) found.push(node);
    for (const child of node.children) if (child !== null) visit(child);
  };
  visit(tree.rootNode);
  return found;
}
