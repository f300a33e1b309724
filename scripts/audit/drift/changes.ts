/** What separates two versions of upstream. */

import { MIRRORS } from "../mirrors.js";
import type { UpstreamSide } from "../run.js";
import type { UpstreamStruct } from "../structs/upstream.js";
import { changedLines, diffRanges, type Hunk } from "./diff.js";
import { type Entities, type Entity, entityKey } from "./entities.js";

export type ChangeKind = "added" | "removed" | "changed" | "moved";

export interface Change {
  change: ChangeKind;
  kind: Entity["kind"];
  name: string;
  /** Upstream's file in the pinned version; in the other one for what is added. */
  file: string;
  /** The file in the other version, for what has moved. */
  movedTo: string | null;
  /** In the pinned version; null for what is added. */
  pinned: Entity | null;
  /** In the other version; null for what is removed. */
  other: Entity | null;
  /** From the pinned version to the other. Empty if only the linkage, the place or the value differs. */
  hunks: Hunk[];
  removed: number;
  added: number;
  /** In words: a linkage, a value, fields. */
  notes: string[];
}

/** Where a function that a file no longer has is defined now, in a file that the port does not look at. */
function foundElsewhere(theirs: UpstreamSide, name: string): Entity | null {
  const definition = new RegExp(`^\\w[\\w\\s*]*\\b${name}\\s*\\(`);
  const files = new Set<string>();
  for (const [i, line] of theirs.up.code.entries())
    if (line.includes(name) && definition.test(line)) files.add(theirs.up.fileOf[i]!);
  for (const file of files) {
    if (!file.endsWith(".c")) continue;
    const fn = theirs.inventoryOf(file)?.functions.find((f) => f.name === name);
    if (fn === undefined) continue;
    return {
      kind: "function",
      file,
      name,
      hash: fn.hash,
      value: null,
      ranges: [[fn.first, fn.last]],
      static: fn.static,
    };
  }
  return null;
}

function notesOf(pinned: Entity, other: Entity): string[] {
  const notes: string[] = [];
  if (pinned.value !== other.value)
    notes.push(`value ${pinned.value ?? "none"} becomes ${other.value ?? "none"}`);
  if (pinned.static !== other.static) notes.push(other.static ? "becomes static" : "is no longer static");
  return notes;
}

/** What happens to the fields of a struct. */
function fieldNotes(pinned: UpstreamStruct | undefined, other: UpstreamStruct | undefined): string[] {
  if (pinned === undefined || other === undefined) return [];
  const types = (s: UpstreamStruct): Map<string, string> => new Map(s.fields.map((f) => [f.name, f.type]));
  const [before, after] = [types(pinned), types(other)];
  const notes: string[] = [];
  for (const [name, type] of before) {
    const now = after.get(name);
    if (now === undefined) notes.push(`field ${name} goes`);
    else if (now !== type) notes.push(`field ${name} becomes ${now}`);
  }
  for (const [name, type] of after) if (!before.has(name)) notes.push(`field ${name} comes (${type})`);
  return notes;
}

/** Compares; what happens to the pinned version on the way to the other. */
export function changesBetween(
  pinned: { theirs: UpstreamSide; entities: Entities },
  other: { theirs: UpstreamSide; entities: Entities },
): Change[] {
  const changes: Change[] = [];
  const note = (change: ChangeKind, from: Entity | null, to: Entity | null): void => {
    const hunks = diffRanges(
      { up: pinned.theirs.up, ranges: from?.ranges ?? [] },
      { up: other.theirs.up, ranges: to?.ranges ?? [] },
    );
    const entity = (from ?? to)!;
    const notes = from === null || to === null ? [] : notesOf(from, to);
    if (entity.kind === "struct" && from !== null && to !== null) {
      const structOf = (theirs: UpstreamSide, e: Entity): UpstreamStruct | undefined =>
        theirs.structsOf(e.file).find((s) => s.name === e.name);
      notes.push(...fieldNotes(structOf(pinned.theirs, from), structOf(other.theirs, to)));
    }
    changes.push({
      change,
      kind: entity.kind,
      name: entity.name,
      file: entity.file,
      movedTo: change === "moved" ? to!.file : null,
      pinned: from,
      other: to,
      hunks,
      ...changedLines(hunks),
      notes,
    });
  };

  const added = new Map<string, Entity>();
  for (const [key, to] of other.entities)
    if (!pinned.entities.has(key)) added.set(`${key.split(" ")[0]} ${to.name}`, to);
  for (const [key, from] of pinned.entities) {
    const to = other.entities.get(key);
    if (to !== undefined) {
      if (to.hash !== from.hash || notesOf(from, to).length > 0) note("changed", from, to);
      continue;
    }
    const elsewhere = `${entityKey(from).split(" ")[0]} ${from.name}`;
    const moved =
      added.get(elsewhere) ?? (from.kind === "function" ? foundElsewhere(other.theirs, from.name) : null);
    if (moved === null || moved === undefined) {
      note("removed", from, null);
    } else {
      added.delete(elsewhere);
      note("moved", from, moved);
    }
  }
  for (const to of added.values()) note("added", null, to);

  const order = [...MIRRORS.keys()];
  const place = (c: Change): number => pinned.theirs.up.files.get(c.file) ?? order.length;
  const line = (c: Change): number => (c.pinned ?? c.other)!.ranges[0]![0];
  return changes.sort((a, b) => place(a) - place(b) || line(a) - line(b));
}
