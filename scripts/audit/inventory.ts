/**
 * What upstream consists of: the functions of a file with their linkage and the option that compiles
 * them in, those in arms that the compiler does not see included, and every other name it declares.
 */

import type { Node } from "web-tree-sitter";
import { type CParser, parseErrors } from "./cparser.js";
import { tokenHash } from "./lexer.js";
import { parseDefine } from "./macros.js";
import { type Generator, readable } from "./prepass.js";
import { type Arm, isActive, type Preprocessed } from "./preprocess.js";
import type { Upstream } from "./upstream.js";

export interface UpstreamFunction {
  name: string;
  /** Upstream's file, `pager.c`. */
  file: string;
  /** First and last line in the amalgamation. */
  first: number;
  last: number;
  /** Declared `static`; SQLITE_PRIVATE and SQLITE_API functions are not. */
  static: boolean;
  /** The compiler sees it under the profile. */
  compiled: boolean;
  /** The condition that does not hold; null for a compiled function. */
  option: string | null;
  /** The macro whose call defines it, or null. */
  generator: string | null;
  /** Changes when a token of it does, directives and arms that are not compiled included. */
  hash: string;
}

export type DeclarationKind = "function" | "macro" | "type" | "variable" | "prototype";

export interface FileInventory {
  file: string;
  /** First line. */
  start: number;
  functions: UpstreamFunction[];
  /** Every name that the file declares at its top level, in whatever arm. */
  names: Map<string, DeclarationKind>;
  /** What the grammar could not read among the lines that are compiled. */
  errors: { line: number; text: string }[];
}

/** The identifier inside nested declarators, or null. */
function declaredName(node: Node | null): string | null {
  for (let d = node; d !== null; d = d.childForFieldName("declarator") ?? d.namedChildren[0] ?? null) {
    if (d.type === "identifier" || d.type === "type_identifier") return d.text;
    if (d.type === "parameter_list") return null;
  }
  return null;
}

function isFunctionDeclarator(node: Node): boolean {
  if (node.type === "function_declarator") return node.childForFieldName("declarator")?.type === "identifier";
  return (
    node.type === "pointer_declarator" &&
    isFunctionDeclarator(node.childForFieldName("declarator") ?? node.namedChildren[0]!)
  );
}

/** Brace and parenthesis depth before each line of a text, and whether a declaration is unfinished there. */
function openBefore(text: string): boolean[] {
  const open: boolean[] = [];
  let depth = 0;
  let last = ";";
  for (const line of text.split("\n")) {
    open.push(depth !== 0 || (last !== ";" && last !== "}"));
    for (const c of line.replace(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'/g, "0")) {
      if (c === "{" || c === "(") depth++;
      else if (c === "}" || c === ")") depth--;
      if (c !== " " && c !== "\t" && c !== "\r") last = c;
    }
  }
  return open;
}

/** Takes the inventory of one of upstream's files. */
export function inventory(up: Upstream, pre: Preprocessed, parse: CParser, file: string): FileInventory {
  const start = up.files.get(file) ?? 0;
  const result: FileInventory = { file, start, functions: [], names: new Map(), errors: [] };
  if (start === 0) return result;
  let end = start;
  for (let i = start; i < up.fileOf.length; i++) if (up.fileOf[i] === file) end = i;

  const noteName = (name: string | null, kind: DeclarationKind): void => {
    if (name !== null && (!result.names.has(name) || kind === "function")) result.names.set(name, kind);
  };

  const noteFunction = (node: Node, base: number, arm: Arm | null, generator: Generator | null): void => {
    const name = declaredName(node.childForFieldName("declarator"));
    if (name === null) return;
    const first = generator?.first ?? base + node.startPosition.row;
    const last = generator?.last ?? base + node.endPosition.row;
    const source = up.lines.slice(first, last + 1).join("\n");
    result.functions.push({
      name,
      file,
      first,
      last,
      static: node.children.some((c) => c?.type === "storage_class_specifier" && c.text === "static"),
      compiled: arm === null,
      option: arm?.condition ?? null,
      generator: generator?.macro.name ?? null,
      hash: tokenHash(generator === null ? source : `${name} ${source} ${generator.macro.text}`),
    });
    noteName(name, "function");
  };

  const noteType = (node: Node): void => {
    noteName(node.childForFieldName("name")?.text ?? null, "type");
    for (const e of node.descendantsOfType("enumerator")) {
      noteName(e?.childForFieldName("name")?.text ?? null, "variable");
    }
  };

  const noteDeclaration = (node: Node): void => {
    const type = node.childForFieldName("type");
    if (type !== null && /^(struct|union|enum)_specifier$/.test(type.type)) noteType(type);
    for (const d of node.childrenForFieldName("declarator")) {
      if (d === null) continue;
      const kind =
        node.type === "type_definition" ? "type" : isFunctionDeclarator(d) ? "prototype" : "variable";
      noteName(declaredName(d), kind);
    }
  };

  const visit = (root: Node, base: number, arm: Arm | null, generator: Generator | null): void => {
    for (const node of root.namedChildren) {
      if (node === null) continue;
      if (node.type === "function_definition") noteFunction(node, base, arm, generator);
      else if (node.type === "declaration" || node.type === "type_definition") noteDeclaration(node);
      else if (/^(struct|union|enum)_specifier$/.test(node.type)) noteType(node);
      else if (node.type === "linkage_specification" || node.type === "declaration_list")
        visit(node, base, arm, generator);
    }
  };

  const read = (
    first: number,
    last: number,
    arm: Arm | null,
    keep: (line: number) => boolean,
    inner: readonly Arm[],
  ): void => {
    const part = readable(up, pre, first, last, (line) => up.fileOf[line] === file && keep(line));
    if (/[;{]/.test(part.text) || part.generators.length > 0) {
      const tree = parse(part.text);
      visit(tree.rootNode, first, arm, null);
      if (arm === null) {
        for (const e of parseErrors(tree))
          result.errors.push({ line: first + e.startPosition.row, text: e.text.slice(0, 60) });
      }
      tree.delete();
      for (const g of part.generators) {
        const generated = parse(g.text);
        visit(generated.rootNode, g.first, arm, g);
        if (arm === null && parseErrors(generated).length > 0) {
          result.errors.push({ line: g.first, text: `expansion of ${g.macro.name}` });
        }
        generated.delete();
      }
    }
    const open = openBefore(part.text);
    for (const hidden of inner) {
      if (
        hidden.line < first ||
        hidden.line > last ||
        up.fileOf[hidden.line] !== file ||
        open[hidden.line - first]
      )
        continue;
      if (hidden.end - hidden.line < 2) continue;
      read(
        hidden.line + 1,
        hidden.end - 1,
        hidden,
        (line) => chosenWithin(pre.armOf[line] ?? null, hidden),
        unchosen(hidden.children),
      );
    }
  };

  for (let i = start; i <= end; i++) {
    if (up.fileOf[i] !== file || !pre.directive[i]) continue;
    const m = /^\s*#\s*define\s+(.*)$/.exec(up.code[i]!);
    if (m !== null) noteName(parseDefine(m[1]!, i)?.name ?? null, "macro");
  }
  read(start, end, null, (line) => isActive(pre, line), unchosen(pre.arms));
  result.functions.sort((a, b) => a.first - b.first);
  return result;
}

/** The outermost arms that are not chosen. */
function unchosen(arms: readonly Arm[]): Arm[] {
  const found: Arm[] = [];
  for (const arm of arms) {
    if (arm.chosen) found.push(...unchosen(arm.children));
    else found.push(arm);
  }
  return found;
}

/** Whether the line would be compiled if `outer` were chosen. */
function chosenWithin(arm: Arm | null, outer: Arm): boolean {
  for (let a = arm; a !== null; a = a.parent) {
    if (a === outer) return true;
    if (!a.chosen) return false;
  }
  return false;
}
