/**
 * The structs and unions of upstream's files, with their fields in order: those of every arm, and under
 * which profiles the compiler sees each.
 */

import type { Node } from "web-tree-sitter";
import type { CParser } from "../cparser.js";
import { type Token, tokenHash, tokenize } from "../lexer.js";
import { readable } from "../prepass.js";
import { isActive, type Preprocessed } from "../preprocess.js";
import type { Upstream } from "../upstream.js";

export interface UpstreamField {
  /** `mxFrame`; `u.aHash` for a member of a named union or struct inside. */
  name: string;
  /** As written, with single spaces, the name left out: `u32 [2]`. */
  type: string;
  line: number;
  /** Profiles under which the compiler sees it; empty for a field that no profile has. */
  profiles: string[];
}

export interface UpstreamStruct {
  /** Upstream's file, `wal.c`. */
  file: string;
  /** Tag of the struct; for one without, the typedef or variable that follows. */
  name: string;
  kind: "struct" | "union";
  first: number;
  last: number;
  /** Profiles under which the compiler sees it. */
  profiles: string[];
  fields: UpstreamField[];
  /** Changes when a token of it does, directives and all arms included. */
  hash: string;
}

/** A profile's conditionals, as far as this file needs them. */
export interface Conditions {
  profile: { name: string };
  pre: Preprocessed;
}

interface Place {
  name: string;
  kind: "struct" | "union";
  first: number;
  last: number;
}

/** First and last line that belong to a file, or null. */
export function rangeOf(up: Upstream, file: string): [number, number] | null {
  const first = up.files.get(file);
  if (first === undefined) return null;
  let last = first;
  for (let i = first; i < up.fileOf.length; i++) if (up.fileOf[i] === file) last = i;
  return [first, last];
}

/** Where the structs of a list of tokens are; `lineOf` gives the line of a token. */
function places(tokens: readonly Token[], lineOf: (token: Token) => number): Place[] {
  const found: Place[] = [];
  let depth = 0;
  for (let i = 0; i < tokens.length; i++) {
    const t = tokens[i]!;
    if (t.text === "{") depth++;
    else if (t.text === "}") depth--;
    if (t.text !== "struct" && t.text !== "union") continue;
    const tagged = tokens[i + 1]?.kind === "id";
    const open = i + (tagged ? 2 : 1);
    if (tokens[open]?.text !== "{") continue;
    let close = open;
    for (let nested = 0; close < tokens.length; close++) {
      if (tokens[close]!.text === "{") nested++;
      else if (tokens[close]!.text === "}" && --nested === 0) break;
    }
    const after = tokens[close + 1];
    const name = tagged ? tokens[i + 1]!.text : after?.kind === "id" && depth === 0 ? after.text : null;
    if (name !== null && close < tokens.length) {
      found.push({ name, kind: t.text, first: lineOf(t), last: lineOf(tokens[close]!) });
    }
    i = close;
  }
  return found;
}

/** The name inside nested declarators of a field. */
function fieldName(node: Node): Node | null {
  if (node.type === "field_identifier") return node;
  for (const child of node.namedChildren) {
    const found = child === null || child.type === "parameter_list" ? null : fieldName(child);
    if (found !== null) return found;
  }
  return null;
}

function spell(text: string): string {
  return tokenize(text)
    .map((t) => t.text)
    .join(" ");
}

/**
 * The fields in a list of field declarations; those of unnamed members count as the outer struct's. A
 * struct with a tag of its own inside is put into `nested`.
 */
function fieldsOf(
  list: Node,
  base: number,
  prefix: string,
  nested: Node[],
): Omit<UpstreamField, "profiles">[] {
  const found: Omit<UpstreamField, "profiles">[] = [];
  for (const node of list.namedChildren) {
    if (node === null || node.type !== "field_declaration") continue;
    const type = node.childForFieldName("type");
    const body = type?.childForFieldName("body") ?? null;
    const qualifiers = node.namedChildren.filter((c) => c?.type === "type_qualifier").map((c) => c!.text);
    const declarators = node.childrenForFieldName("declarator").filter((d) => d !== null);
    const typeName = body === null ? (type?.text ?? "") : type!.type.replace("_specifier", "");
    for (const d of declarators) {
      const id = fieldName(d);
      if (id === null) continue;
      const from = id.startIndex - d.startIndex;
      const width = d.nextNamedSibling?.type === "bitfield_clause" ? d.nextNamedSibling.text : "";
      const shape = d.text.slice(0, from) + d.text.slice(from + id.text.length) + width;
      found.push({
        name: prefix + id.text,
        type: spell(`${[...qualifiers, typeName].join(" ")} ${shape}`),
        line: base + id.startPosition.row,
      });
    }
    if (body === null) continue;
    if (type!.childForFieldName("name") !== null) {
      nested.push(type!);
      continue;
    }
    const id = declarators[0] === undefined ? null : fieldName(declarators[0]);
    found.push(...fieldsOf(body, base, id === null ? prefix : `${prefix}${id.text}.`, nested));
  }
  return found;
}

/** The structs of a file in upstream's order; `conditions` starts with the default profile. */
export function structsOf(
  up: Upstream,
  conditions: readonly Conditions[],
  parse: CParser,
  file: string,
): UpstreamStruct[] {
  const range = rangeOf(up, file);
  const { pre } = conditions[0]!;
  if (range === null) return [];
  const [start, end] = range;
  const kept: string[] = [];
  for (let i = start; i <= end; i++) kept.push(up.fileOf[i] !== file || pre.directive[i] ? "" : up.code[i]!);
  const text = kept.join("\n");
  let line = start;
  let at = 0;
  const lineOf = (token: Token): number => {
    if (token.pos < at) {
      at = 0;
      line = start;
    }
    for (; at < token.pos; at++) if (text.charCodeAt(at) === 10) line++;
    return line;
  };
  const seen = (l: number): string[] =>
    conditions.filter((c) => isActive(c.pre, l)).map((c) => c.profile.name);
  const found: UpstreamStruct[] = [];
  for (const place of places(tokenize(text), lineOf)) {
    const part = readable(up, pre, place.first, place.last, () => true);
    const tree = parse(`${part.text};`);
    const outer = tree.rootNode
      .descendantsOfType(["struct_specifier", "union_specifier"])
      .find((n) => n?.childForFieldName("body"));
    const nested = outer ? [outer] : [];
    for (let i = 0; i < nested.length; i++) {
      const node = nested[i]!;
      const first = place.first + node.startPosition.row;
      const last = place.first + node.endPosition.row;
      found.push({
        file,
        name: i === 0 ? place.name : node.childForFieldName("name")!.text,
        kind: node.type === "union_specifier" ? "union" : "struct",
        first,
        last,
        profiles: seen(first),
        fields: fieldsOf(node.childForFieldName("body")!, place.first, "", nested).map((f) => ({
          ...f,
          profiles: seen(f.line),
        })),
        hash: tokenHash(up.lines.slice(first, last + 1).join("\n")),
      });
    }
    tree.delete();
  }
  return found;
}

/** Looks at the structs of one file after the other, at each once. */
export function structReader(
  up: Upstream,
  conditions: readonly Conditions[],
  parse: CParser,
): (file: string) => readonly UpstreamStruct[] {
  const cache = new Map<string, readonly UpstreamStruct[]>();
  return (file) => {
    const known = cache.get(file) ?? structsOf(up, conditions, parse, file);
    cache.set(file, known);
    return known;
  };
}
