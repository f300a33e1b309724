/**
 * The conditionals of C, evaluated line by line: which lines a compiler sees under a profile, and for
 * those it does not see, which condition hides them. Headers of the system are not read.
 */

import { evaluateCondition } from "./expression.js";
import { tokenize } from "./lexer.js";
import { MacroTable, parseDefine } from "./macros.js";
import type { Profile } from "./profile.js";

/** What stands between an `#if`, `#elif` or `#else` and the next directive of the same group. */
export interface Arm {
  /** Line of the directive that opens the arm. */
  line: number;
  /** Line of the directive that ends it. */
  end: number;
  /** What must hold, as an expression of C: `SQLITE_DEBUG`, `!NDEBUG`, `X>1 && defined(Y)`. */
  condition: string;
  /** Seen by the compiler. */
  active: boolean;
  /** Would be seen if the arm around it were. */
  chosen: boolean;
  parent: Arm | null;
  children: Arm[];
}

export interface Preprocessed {
  profile: Profile;
  macros: MacroTable;
  /** Arms that are in no other arm. */
  arms: Arm[];
  /** For each line the innermost arm around it, null outside all; directives belong to the outer arm. */
  armOf: (Arm | null)[];
  /** True for lines of directives, continuation lines included. */
  directive: boolean[];
  /** Conditions that could not be evaluated: line and reason. */
  errors: { line: number; message: string }[];
}

interface Group {
  /** An arm has been chosen. */
  done: boolean;
  conditions: string[];
  arm: Arm;
}

const DIRECTIVE = /^\s*#\s*([a-z]*)(.*)$/;

/** Runs over `code` (lines from 1, comments blanked). */
export function preprocess(code: readonly string[], profile: Profile): Preprocessed {
  const macros = new MacroTable();
  for (const [name, text] of profile.defines) {
    const macro = parseDefine(`${name} ${text}`, 0);
    if (macro !== null) macros.define(macro);
  }
  const result: Preprocessed = { profile, macros, arms: [], armOf: [null], directive: [false], errors: [] };
  const groups: Group[] = [];
  const inside = (): Arm | null => groups[groups.length - 1]?.arm ?? null;

  const open = (parent: Arm | null, line: number, condition: string, chosen: boolean): Arm => {
    const active = chosen && (parent === null || parent.active);
    const arm: Arm = { line, end: line, condition, active, chosen, parent, children: [] };
    (parent === null ? result.arms : parent.children).push(arm);
    return arm;
  };

  for (let i = 1; i < code.length; i++) {
    const m = DIRECTIVE.exec(code[i]!);
    if (m === null) {
      result.armOf[i] = inside();
      result.directive[i] = false;
      continue;
    }
    const first = i;
    let text = m[2]!;
    while (text.trimEnd().endsWith("\\") && i + 1 < code.length)
      text = `${text.trimEnd().slice(0, -1)} ${code[++i]}`;
    text = text.trim().replace(/\s+/g, " ");

    const test = (around: Arm | null): boolean => {
      if (m[1] === "ifdef") return macros.at(text, first) !== undefined;
      if (m[1] === "ifndef") return macros.at(text, first) === undefined;
      try {
        return evaluateCondition(macros.expand(tokenize(text), first, true));
      } catch (e) {
        if (around === null || around.active) {
          result.errors.push({ line: first, message: `#${m[1]} ${text}: ${(e as Error).message}` });
        }
        return false;
      }
    };

    let owner = inside();
    switch (m[1]) {
      case "if":
      case "ifdef":
      case "ifndef": {
        const condition = m[1] === "ifndef" ? `!${text}` : text;
        const chosen = test(owner);
        groups.push({ done: chosen, conditions: [condition], arm: open(owner, first, condition, chosen) });
        break;
      }
      case "elif":
      case "else": {
        const group = groups[groups.length - 1];
        if (group === undefined) break;
        group.arm.end = first;
        owner = group.arm.parent;
        const not = group.conditions.map((c) =>
          /^!\w+$/.test(c) ? c.slice(1) : /^\w+$/.test(c) ? `!${c}` : `!(${c})`,
        );
        if (m[1] === "elif") not.push(text);
        group.conditions.push(text);
        const chosen = !group.done && (m[1] === "else" || test(owner));
        group.done ||= chosen;
        group.arm = open(owner, first, not.join(" && "), chosen);
        break;
      }
      case "endif": {
        const group = groups.pop();
        if (group === undefined) break;
        group.arm.end = first;
        owner = group.arm.parent;
        break;
      }
      case "define":
        if (owner === null || owner.active) {
          const macro = parseDefine(text, first);
          if (macro !== null && profile.fixed?.has(macro.name) !== true) macros.define(macro);
        }
        break;
      case "undef":
        if (owner === null || owner.active) macros.undef(text, first);
        break;
      default:
        break;
    }
    for (let j = first; j <= i; j++) {
      result.armOf[j] = owner;
      result.directive[j] = true;
    }
  }
  if (groups.length > 0) result.errors.push({ line: groups[0]!.arm.line, message: "#if without #endif" });
  return result;
}

/** Whether the compiler sees the line, directives not counted. */
export function isActive(pre: Preprocessed, line: number): boolean {
  const arm = pre.armOf[line];
  return !pre.directive[line] && (arm === null || arm!.active);
}
