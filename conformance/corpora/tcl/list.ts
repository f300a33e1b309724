/** TCL's lists: strings whose elements are separated by blanks and protected by braces, quotes, backslashes. */

import { bracedText, readEscape } from "./words.js";

const BLANK = /[ \t\n\r\f\v]/;

/** An element and the line, from 0, on which its content begins. */
export interface ListElement {
  text: string;
  line: number;
}

/** The elements of a list, or null if the string is not one. */
export function parseElements(text: string): ListElement[] | null {
  const elements: ListElement[] = [];
  let at = 0;
  let line = 0;
  const pass = (to: number): void => {
    for (let i = at; i < to; i++) if (text[i] === "\n") line++;
    at = to;
  };
  for (;;) {
    while (at < text.length && BLANK.test(text[at] as string)) pass(at + 1);
    if (at >= text.length) return elements;
    const c = text[at];
    const begin = line;
    if (c === "{") {
      let depth = 1;
      let end = at + 1;
      for (; end < text.length; end++) {
        const d = text[end];
        if (d === "\\") end++;
        else if (d === "{") depth++;
        else if (d === "}" && --depth === 0) break;
      }
      if (depth !== 0) return null;
      if (end + 1 < text.length && !BLANK.test(text[end + 1] as string)) return null;
      elements.push({ text: bracedText(text.slice(at + 1, end)), line: begin });
      pass(end + 1);
      continue;
    }
    const quoted = c === '"';
    let end = quoted ? at + 1 : at;
    let value = "";
    for (;;) {
      const d = text[end];
      if (d === undefined) {
        if (quoted) return null;
        break;
      }
      if (quoted ? d === '"' : BLANK.test(d)) break;
      if (d === "\\") {
        const sequence = readEscape(text, end);
        value += sequence.value;
        end += sequence.length;
      } else {
        value += d;
        end++;
      }
    }
    if (quoted) end++;
    if (quoted && end < text.length && !BLANK.test(text[end] as string)) return null;
    elements.push({ text: value, line: begin });
    pass(end);
  }
}

/** The elements of a list as strings, or null if the string is not one. */
export function parseList(text: string): string[] | null {
  return parseElements(text)?.map((e) => e.text) ?? null;
}

/** Whether an element may stand between braces: they balance, and no backslash is at the end. */
function bracesBalance(text: string): boolean {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === "\\") {
      if (i + 1 >= text.length || text[i + 1] === "\n") return false;
      i++;
    } else if (c === "{") depth++;
    else if (c === "}" && --depth < 0) return false;
  }
  return depth === 0;
}

/** A string as an element of a list. */
export function quoteElement(text: string): string {
  if (text === "") return "{}";
  if (!/[\s"\\$;[\]{}]/.test(text) && !text.startsWith("#")) return text;
  if (bracesBalance(text)) return `{${text}}`;
  return text.replace(/[\s"\\$;[\]{}]/g, (c) => {
    const known: Record<string, string> = { "\n": "\\n", "\t": "\\t", "\r": "\\r", "\f": "\\f", "\v": "\\v" };
    return known[c] ?? `\\${c}`;
  });
}

/** The list of these elements. */
export function formatList(elements: readonly string[]): string {
  return elements.map(quoteElement).join(" ");
}
