/** Which functions look different under another profile than under the default one. */

import type { Macro } from "../macros.js";
import type { Row } from "../match.js";
import { isActive } from "../preprocess.js";
import type { ProfileSide } from "../sides.js";
import type { Upstream } from "../upstream.js";
import type { Constants } from "./constants.js";

/** What a profile changes: macros of C, lines that the compiler sees, and constants of ours. */
export interface ProfileWords {
  macros: ReadonlySet<string>;
  isOther: (line: number) => boolean;
  constants: ReadonlySet<string>;
}

/** A profile with our constants under it. */
export interface ProfileConstants {
  side: ProfileSide;
  constants: Pick<Constants, "options" | "numbers">;
}

function meanings(side: ProfileSide): Map<string, string> {
  const found = new Map<string, string>();
  const spell = (m: Macro): string => `${m.line}(${m.params?.join() ?? ""})${m.text}`;
  for (const m of side.pre.macros.all()) found.set(m.name, `${found.get(m.name) ?? ""};${spell(m)}`);
  return found;
}

/** Names that mean something else than under the first profile. */
export function wordsOf(base: ProfileConstants, other: ProfileConstants): ProfileWords {
  const a = meanings(base.side);
  const b = meanings(other.side);
  const macros = [...new Set([...a.keys(), ...b.keys()])].filter((name) => a.get(name) !== b.get(name));
  const constants = (["options", "numbers"] as const).flatMap((kind) =>
    [...other.constants[kind]].filter(([name, v]) => base.constants[kind].get(name) !== v),
  );
  const isOther = (line: number): boolean => isActive(base.side.pre, line) !== isActive(other.side.pre, line);
  return { macros: new Set(macros), isOther, constants: new Set(constants.map(([name]) => name)) };
}

/** Whether a function mentions such a name, or has such a line. */
export function isAffected(up: Upstream, row: Row, ts: string, words: ProfileWords): boolean {
  const fn = row.upstream!;
  if (fn.generator !== null) return true;
  for (let i = fn.first; i <= fn.last; i++) {
    if (words.isOther(i)) return true;
    for (const w of up.code[i]!.match(/[A-Za-z_]\w*/g) ?? []) if (words.macros.has(w)) return true;
  }
  return (ts.match(/[A-Za-z_]\w*/g) ?? []).some((w) => words.constants.has(w));
}
