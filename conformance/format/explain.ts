/** Says where two byte strings differ, in the terms of the file format. */

import type { FileKind, Finding } from "../core/case.js";
import { databaseFields, databasePageSize, locateInDatabase } from "./database.js";
import { hexdump } from "./hexdump.js";
import { locateInJournal } from "./journal.js";
import { locateInShm, shmDifferences } from "./shm-fields.js";
import { locateInWal, walDifferences } from "./wal-fields.js";

/** Explains the first differing byte and counts the rest. */
export function explainDifference(kind: FileKind, actual: Uint8Array, expected: Uint8Array): Finding {
  const shorter = Math.min(actual.length, expected.length);
  let first = 0;
  while (first < shorter && actual[first] === expected[first]) first++;
  const pageSize = databasePageSize(expected) || databasePageSize(actual);
  const place = (offset: number): string => {
    const longer = expected.length > offset ? expected : actual;
    switch (kind) {
      case "database":
        return locateInDatabase(longer, offset, pageSize);
      case "journal":
        return locateInJournal(longer, offset);
      case "wal":
        return locateInWal(longer, offset);
      case "shm":
        return locateInShm(offset);
      case "bytes":
        return `byte ${offset}`;
    }
  };
  const byField = (): string[] =>
    kind === "wal"
      ? walDifferences(actual, expected)
      : kind === "shm"
        ? shmDifferences(actual, expected)
        : [];
  if (first === shorter) {
    return {
      summary: `the file has ${actual.length} bytes, expected ${expected.length}; the first ${shorter} are equal`,
      detail: [
        `first ${actual.length > expected.length ? "superfluous" : "missing"} byte: ${place(first)}`,
        ...byField(),
        "longer one:",
        hexdump(actual.length > expected.length ? actual : expected, first, 4),
      ].join("\n"),
    };
  }
  let differing = 0;
  const pages = new Set<number>();
  for (let i = first; i < shorter; i++) {
    if (actual[i] === expected[i]) continue;
    differing++;
    if (kind === "database" && pageSize > 0) pages.add(Math.floor(i / pageSize) + 1);
  }
  const marked = (i: number): boolean => actual[i] !== expected[i];
  const from = Math.max(0, first - (first % 16) - 16);
  const lines = [
    `first differing byte: offset ${first} (0x${first.toString(16)}): got 0x${(actual[first] as number).toString(16).padStart(2, "0")}, expected 0x${(expected[first] as number).toString(16).padStart(2, "0")}`,
    `it lies in: ${place(first)}`,
    `bytes that differ: ${differing}${pages.size > 0 ? ` on ${pages.size} pages (${[...pages].slice(0, 12).join(", ")}${pages.size > 12 ? ", ..." : ""})` : ""}`,
  ];
  if (actual.length !== expected.length)
    lines.push(`sizes: got ${actual.length}, expected ${expected.length}`);
  if (kind === "database" && first < 100) {
    const a = databaseFields(actual);
    for (const [i, e] of databaseFields(expected).entries()) {
      if (a[i]?.value !== e.value)
        lines.push(`${e.name}: got ${a[i]?.value ?? "nothing"}, expected ${e.value}`);
    }
  }
  lines.push(...byField());
  lines.push("actual:", hexdump(actual, from, 5, marked), "expected:", hexdump(expected, from, 5, marked));
  return {
    summary: `${place(first)}: got 0x${(actual[first] as number).toString(16).padStart(2, "0")}, expected 0x${(expected[first] as number).toString(16).padStart(2, "0")}`,
    detail: lines.join("\n"),
  };
}
