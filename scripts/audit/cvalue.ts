/** Values of upstream's constants: macros and enumerators. */

import { evaluateConstant, NotConstant } from "./expression.js";
import { tokenize } from "./lexer.js";
import { isActive, type Preprocessed } from "./preprocess.js";
import type { Upstream } from "./upstream.js";

/** What a name stands for; `none`: nothing under the profile, `other`: no number and no string. */
export type CConstant =
  | { kind: "number"; value: bigint }
  | { kind: "string"; value: string }
  | { kind: "other"; text: string }
  | { kind: "none" };

export class ConstantTable {
  private readonly enumerators: Map<string, bigint>;

  constructor(
    up: Upstream,
    private readonly pre: Preprocessed,
  ) {
    this.enumerators = enumerators(up, pre);
  }

  /** What `name` is at the line, or at the end. */
  get(name: string, line = Number.POSITIVE_INFINITY): CConstant {
    const macro = this.pre.macros.at(name, line);
    if (macro === undefined) {
      const value = this.enumerators.get(name);
      return value === undefined ? { kind: "none" } : { kind: "number", value };
    }
    if (macro.params !== null) return { kind: "other", text: macro.text };
    const tokens = this.pre.macros.expand(macro.body, line);
    if (tokens.length === 1 && tokens[0]!.kind === "str") {
      return { kind: "string", value: JSON.parse(tokens[0]!.text) as string };
    }
    try {
      return { kind: "number", value: evaluateConstant(tokens, (n) => this.enumerators.get(n)) };
    } catch (e) {
      if (!(e instanceof NotConstant)) throw e;
      return { kind: "other", text: macro.text };
    }
  }
}

function enumerators(up: Upstream, pre: Preprocessed): Map<string, bigint> {
  const found = new Map<string, bigint>();
  const text = up.code.map((line, i) => (i > 0 && isActive(pre, i) ? line : "")).join("\n");
  for (const m of text.matchAll(/\benum\b[^{};()]*\{([^}]*)\}/g)) {
    let next = 0n;
    for (const item of m[1]!.split(",")) {
      const [name, value] = item.split("=", 2);
      if (name === undefined || name.trim() === "") continue;
      if (value !== undefined) {
        try {
          next = evaluateConstant(pre.macros.expand(tokenize(value), Number.POSITIVE_INFINITY), (n) =>
            found.get(n),
          );
        } catch {
          break;
        }
      }
      found.set(name.trim(), next++);
    }
  }
  return found;
}
