/** Patterns: those of `string match`, and regular expressions. */

/** Whether a text is like a pattern of `string match`. */
export function globMatch(pattern: string, text: string, noCase = false): boolean {
  return noCase ? glob(pattern.toLowerCase(), 0, text.toLowerCase(), 0) : glob(pattern, 0, text, 0);
}

function glob(pattern: string, p: number, text: string, t: number): boolean {
  for (; p < pattern.length; p++, t++) {
    const c = pattern[p] as string;
    if (c === "*") {
      while (pattern[p + 1] === "*") p++;
      for (let k = t; k <= text.length; k++) if (glob(pattern, p + 1, text, k)) return true;
      return false;
    }
    if (t >= text.length) return false;
    const d = text[t] as string;
    if (c === "?") continue;
    if (c === "[") {
      const end = pattern.indexOf("]", p);
      if (end < 0) return false;
      let hit = false;
      for (let k = p + 1; k < end; k++) {
        const from = pattern[k] as string;
        const isRange = pattern[k + 1] === "-" && k + 2 < end;
        const to = isRange ? (pattern[k + 2] as string) : from;
        if (from <= d && d <= to) hit = true;
        if (isRange) k += 2;
      }
      if (!hit) return false;
      p = end;
    } else if ((c === "\\" && p + 1 < pattern.length ? pattern[++p] : c) !== d) return false;
  }
  return t === text.length;
}

/** TCL's regular expression as JavaScript's, or null if that one cannot read it. */
export function toRegExp(pattern: string, flags: string): RegExp | null {
  const source = pattern
    .replace(/^\(\?[a-z]+\)/, "")
    .replace(/\\m|\\M|\\y/g, "\\b")
    .replace(/\\A/g, "^")
    .replace(/\\Z/g, "$")
    .replace(/\[\[:space:\]\]/g, "\\s")
    .replace(/\[\[:digit:\]\]/g, "\\d");
  try {
    return new RegExp(source, flags);
  } catch (e) {
    if (e instanceof SyntaxError) return null;
    throw e;
  }
}
