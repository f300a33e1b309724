/** Text for terminals: colours that can be switched off, wrapping, columns. */

import { stripVTControlCharacters } from "node:util";
import pc from "picocolors";

export type Paint = ReturnType<typeof pc.createColors>;

/** Without colours: for files and tests. */
export const PLAIN: Paint = pc.createColors(false);
/** With colours if standard output shows them. */
export const COLOURED: Paint = pc;

/** How wide text may be that nobody measured a terminal for. */
export const WIDTH = 110;

export function width(text: string): number {
  return stripVTControlCharacters(text).length;
}

/** Breaks at spaces; a word that is longer than the line stays whole. `text` has no colours. */
export function wrap(text: string, columns: number, indent = ""): string[] {
  const lines: string[] = [];
  for (const paragraph of text.split("\n")) {
    let line = "";
    for (const word of paragraph.split(" ")) {
      if (line !== "" && indent.length + line.length + 1 + word.length > columns) {
        lines.push(indent + line);
        line = word;
      } else {
        line = line === "" ? word : `${line} ${word}`;
      }
    }
    lines.push((indent + line).trimEnd());
  }
  return lines;
}

/** Cuts code into pieces of at most `columns` characters. */
export function chop(text: string, columns: number): string[] {
  const pieces: string[] = [];
  let rest = text;
  while (rest.length > columns) {
    const space = rest.lastIndexOf(" ", columns);
    const at = space > columns / 2 ? space + 1 : columns;
    pieces.push(rest.slice(0, at).trimEnd());
    rest = rest.slice(at);
  }
  pieces.push(rest);
  return pieces;
}

export function padded(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - width(text)));
}

/** Columns, the first one left, the others right; the gap shrinks if the table would get too wide. */
export function columns(rows: readonly (readonly string[])[], most = WIDTH): string[] {
  const n = Math.max(...rows.map((r) => r.length));
  const widths = Array.from({ length: n }, (_, i) => Math.max(...rows.map((r) => width(r[i] ?? ""))));
  const sum = widths.reduce((a, b) => a + b, 0);
  const gap = " ".repeat(sum + 2 * (n - 1) > most ? 1 : 2);
  return rows.map((r) =>
    r
      .map((cell, i) => {
        const fill = " ".repeat(widths[i]! - width(cell));
        return i === 0 ? cell + fill : fill + cell;
      })
      .join(gap)
      .trimEnd(),
  );
}
