/** What a version of upstream consists of, as far as the port looks at it: the things that can drift. */

import type { CConstant } from "../cvalue.js";
import { MACRO_FILES } from "../defines/match.js";
import { tokenHash } from "../lexer.js";
import { parseDefine } from "../macros.js";
import { HEADERS, MIRRORS, WHOLE } from "../mirrors.js";
import type { UpstreamSide } from "../run.js";
import { rangeOf } from "../structs/upstream.js";
import type { TypeScriptSide } from "../typescript.js";

export type EntityKind = "function" | "struct" | "constant" | "macro";

/** A function, struct, constant or macro of one of upstream's files. */
export interface Entity {
  kind: EntityKind;
  /** Upstream's file. */
  file: string;
  name: string;
  /** Changes when a token of it does, in any arm. */
  hash: string;
  /** A constant's value under the default profile, as C writes it; null for all others. */
  value: string | null;
  /** First and last lines: several where several arms define it. */
  ranges: [number, number][];
  /** A static function. */
  static: boolean;
}

/** Names of our side, by which the port picks things out of files that it does not mirror whole. */
export interface PortNames {
  names: ReadonlySet<string>;
  /** Files that tags name. */
  files: readonly string[];
}

export function portNames(side: TypeScriptSide): PortNames {
  const tags = [...side.functions, ...side.classes].flatMap((f) => f.tags);
  const names = new Set<string>(tags.map((t) => t.name!));
  for (const list of [side.functions, side.classes, side.constants])
    for (const entry of list) if (!entry.nonUpstream) names.add(entry.name);
  const others = [...HEADERS, "sqlite3.h", "sqliteLimit.h", ...tags.map((t) => t.file)];
  return { names, files: [...new Set([...MIRRORS.keys(), ...others])] };
}

export const WHOLE_FILES: ReadonlySet<string> = new Set([...WHOLE, ...MACRO_FILES]);

/** The entities by `kind file name`. */
export type Entities = Map<string, Entity>;

export function entityKey(e: { kind: EntityKind; file: string; name: string }): string {
  /* A macro that has become a constant is the same thing. */
  return `${e.kind === "constant" ? "macro" : e.kind} ${e.file} ${e.name}`;
}

export function entitiesOf(theirs: UpstreamSide, port: PortNames): Entities {
  const found: Entities = new Map();
  for (const file of port.files) {
    const relevant = (name: string): boolean => WHOLE_FILES.has(file) || port.names.has(name);
    for (const e of [...functionsOf(theirs, file), ...structsIn(theirs, file), ...definesIn(theirs, file)])
      if (relevant(e.name)) found.set(entityKey(e), e);
  }
  return found;
}

function functionsOf(theirs: UpstreamSide, file: string): Entity[] {
  const byName = new Map<string, { hashes: string[]; ranges: [number, number][]; static: boolean }>();
  for (const fn of theirs.inventoryOf(file)?.functions ?? []) {
    const known = byName.get(fn.name) ?? { hashes: [], ranges: [], static: fn.static };
    known.hashes.push(fn.hash);
    known.ranges.push([fn.first, fn.last]);
    byName.set(fn.name, known);
  }
  return [...byName].map(([name, { hashes, ranges, static: isStatic }]) => ({
    kind: "function",
    file,
    name,
    hash: hashes.length === 1 ? hashes[0]! : tokenHash(hashes.join(" ")),
    value: null,
    ranges,
    static: isStatic,
  }));
}

function structsIn(theirs: UpstreamSide, file: string): Entity[] {
  return theirs.structsOf(file).map(({ name, hash, first, last }) => ({
    kind: "struct",
    file,
    name,
    hash,
    value: null,
    ranges: [[first, last]],
    static: false,
  }));
}

/** A constant's value as text; null for what is no constant. */
export function valueText(c: CConstant): string | null {
  if (c.kind === "number") return String(c.value);
  return c.kind === "string" ? JSON.stringify(c.value) : null;
}

/** The macros of all arms, those that are constants as such. */
function definesIn(theirs: UpstreamSide, file: string): Entity[] {
  const { up, pre, sides } = theirs;
  const range = rangeOf(up, file);
  if (range === null) return [];
  const byName = new Map<string, { texts: string[]; ranges: [number, number][] }>();
  for (let i = range[0]; i <= range[1]; i++) {
    if (up.fileOf[i] !== file || !pre.directive[i]) continue;
    const start = /^\s*#\s*define\s+(.*)$/.exec(up.code[i]!);
    if (start === null) continue;
    const first = i;
    let text = start[1]!;
    while (text.trimEnd().endsWith("\\") && i < range[1])
      text = `${text.trimEnd().slice(0, -1)} ${up.code[++i]}`;
    const name = parseDefine(text, first)?.name;
    if (name === undefined) continue;
    const known = byName.get(name) ?? { texts: [], ranges: [] };
    known.texts.push(text);
    known.ranges.push([first, i]);
    byName.set(name, known);
  }
  const table = sides[0]!.constants;
  return [...byName].map(([name, { texts, ranges }]) => {
    const value = valueText(table.get(name, range[1]));
    return {
      kind: value === null ? "macro" : "constant",
      file,
      name,
      hash: tokenHash(texts.join("\n")),
      value,
      ranges,
      static: false,
    };
  });
}
