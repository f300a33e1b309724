/**
 * C read as characters and tokens: comments are blanked without moving anything, the rest is cut
 * into preprocessing tokens.
 */

import { createHash } from "node:crypto";

export type TokenKind = "id" | "num" | "str" | "chr" | "punct";

export interface Token {
  kind: TokenKind;
  text: string;
  /** Offset in the text that was cut. */
  pos: number;
}

const SKIP =
  /\/\*[\s\S]*?(?:\*\/|$)|\/\/(?:\\\r?\n|[^\n])*|"(?:\\[\s\S]|[^"\\\n])*"|'(?:\\[\s\S]|[^'\\\n])*'/g;

/** The same text, equally long, with every character of a comment but the line ends made a space. */
export function blankComments(text: string): string {
  return text.replace(SKIP, (m) => (m.charCodeAt(0) === 0x2f ? m.replace(/[^\n]/g, " ") : m));
}

/** A text of the same length and lines without any other character. */
export function blank(text: string): string {
  return text.replace(/[^\n]/g, " ");
}

const TOKEN =
  /([A-Za-z_$][\w$]*)|(\.?\d(?:[eEpP][+-]|[\w.])*)|("(?:\\[\s\S]|[^"\\\n])*")|('(?:\\[\s\S]|[^'\\\n])*')|(\.\.\.|<<=|>>=|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|##|[^\s\w])/g;
const KINDS: readonly TokenKind[] = ["id", "num", "str", "chr", "punct"];

/** Cuts a text without comments; a backslash before a line end joins the lines. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  for (const m of text.matchAll(TOKEN)) {
    const kind = KINDS[m.slice(1).findIndex((g) => g !== undefined)]!;
    if (kind === "punct" && m[0] === "\\") continue;
    tokens.push({ kind, text: m[0], pos: m.index });
  }
  return tokens;
}

/**
 * 16 hexadecimal digits that change when a token changes and at nothing else: not with comments,
 * white space or joined lines.
 */
export function tokenHash(text: string): string {
  const hash = createHash("sha256");
  for (const t of tokenize(blankComments(text))) hash.update(`${t.text}\n`);
  return hash.digest("hex").slice(0, 16);
}
