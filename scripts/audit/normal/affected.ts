/** Which functions look different under another profile than under the default one. */

import type { Macro } from "../macros.js";
import type { Row } from "../match.js";
import type { ProfileSide } from "../sides.js";
import type { Upstream } from "../upstream.js";

/** What a profile changes: macros of C, and options of ours. */
export interface ProfileWords {
  macros: ReadonlySet<string>;
  options: ReadonlySet<string>;
}

function meanings(side: ProfileSide): Map<string, string> {
  const found = new Map<string, string>();
  const spell = (m: Macro): string => `${m.line}(${m.params?.join() ?? ""})${m.text}`;
  for (const m of side.pre.macros.all()) found.set(m.name, `${found.get(m.name) ?? ""};${spell(m)}`);
  return found;
}

/** Names that mean something else than under the first profile. */
export function wordsOf(base: ProfileSide, other: ProfileSide): ProfileWords {
  const a = meanings(base);
  const b = meanings(other);
  const macros = [...new Set([...a.keys(), ...b.keys()])].filter((name) => a.get(name) !== b.get(name));
  const options = [...other.profile.options].filter(([name, v]) => base.profile.options.get(name) !== v);
  return { macros: new Set(macros), options: new Set(options.map(([name]) => name)) };
}

/** Whether a function mentions such a name, or has conditionals in it. */
export function isAffected(up: Upstream, row: Row, ts: string, words: ProfileWords): boolean {
  const fn = row.upstream!;
  if (fn.generator !== null) return true;
  for (let i = fn.first; i <= fn.last; i++) {
    const line = up.code[i]!;
    if (/^\s*#/.test(line)) return true;
    for (const w of line.match(/[A-Za-z_]\w*/g) ?? []) if (words.macros.has(w)) return true;
  }
  return (ts.match(/[A-Za-z_]\w*/g) ?? []).some((w) => words.options.has(w));
}
