/**
 * Files in sqllogictest's format: records that are separated by empty lines.
 *
 * `statement ok|error` and `query TYPES [SORT] [LABEL]` hold SQL up to an empty line or `----`;
 * `skipif` and `onlyif` say for which engine the next record is meant; `halt` ends the file. Expected
 * rows, sort modes and hash thresholds are read and not needed: the other engine is the expectation.
 */

import { Collector, type Limits } from "../collect.js";
import type { Harvest } from "../events.js";
import type { Place } from "../tcl/value.js";

/** One record that holds SQL. */
export interface SltRecord {
  kind: "statement" | "query";
  /** Line of the SQL, from 1. */
  line: number;
  sql: string;
  /** For a statement: whether it shall succeed. */
  ok: boolean;
  /** For a query: a letter per column. */
  types: string;
  sort: string;
  label: string | null;
  /** Why it is not for SQLite, or null. */
  skipped: string | null;
}

const DIRECTIVE =
  /^(?:statement\s+(?:ok|error|count|maybe)|query(?:\s+\S+|$)|halt\b|skipif\s+\S|onlyif\s+\S|hash-threshold\s+\d)/;

/** Whether a text is in this format: its first line that is no comment is one of the format's. */
export function isSqllogictest(text: string): boolean {
  for (const line of text.split("\n")) {
    const t = line.trim();
    if (t === "" || t.startsWith("#")) continue;
    return DIRECTIVE.test(t);
  }
  return false;
}

/** The records of a text, in order. */
export function sltRecords(text: string): SltRecord[] {
  const lines = text.split(/\r?\n/);
  const records: SltRecord[] = [];
  let skipped: string | null = null;
  for (let i = 0; i < lines.length; i++) {
    const line = (lines[i] as string).replace(/\s+#.*$/, "").trim();
    if (line === "" || line.startsWith("#")) continue;
    const words = line.split(/\s+/);
    switch (words[0]) {
      case "halt":
        if (skipped === null) return records;
        skipped = null;
        continue;
      case "hash-threshold":
        skipped = null;
        continue;
      case "skipif":
        if (words[1]?.toLowerCase() === "sqlite") skipped = "skipif sqlite";
        continue;
      case "onlyif":
        if (words[1]?.toLowerCase() !== "sqlite") skipped = `onlyif ${words[1] ?? ""}`;
        continue;
      case "statement":
      case "query":
        break;
      default:
        continue;
    }
    const sql: string[] = [];
    const first = i + 2;
    for (i++; i < lines.length && lines[i] !== "" && (lines[i] as string).trimEnd() !== "----"; i++) {
      if ((lines[i] as string).trim() === "") break;
      sql.push(lines[i] as string);
    }
    /* The rows that follow are somebody else's. */
    while (i < lines.length && (lines[i] as string).trim() !== "") i++;
    records.push({
      kind: words[0] === "query" ? "query" : "statement",
      line: first,
      sql: sql.join("\n"),
      ok: words[1] !== "error",
      types: words[0] === "query" ? (words[1] ?? "") : "",
      sort: words[0] === "query" ? (words[2] ?? "nosort") : "",
      label: words[0] === "query" ? (words[3] ?? null) : null,
      skipped,
    });
    skipped = null;
  }
  return records;
}

/** Harvests a file in this format: one connection, one database. */
export function parseSqllogictest(
  text: string,
  options: { file: string; suite: string; limits: Limits },
): Harvest {
  const out = new Collector(options.limits);
  const at = (line: number): Place => ({ file: options.file, line });
  out.push({ do: "delete", path: "test.db" }, at(1));
  out.connect("db", "test.db", at(1));
  for (const record of sltRecords(text)) {
    const place = at(record.line);
    if (record.skipped !== null) out.exclude(`not for SQLite: ${record.skipped}`, record.sql, place);
    else out.sql("db", { text: record.sql, at: place }, () => null, place);
  }
  out.finish(at(text.split("\n").length));
  return {
    file: options.file,
    suite: options.suite,
    kind: "sqllogictest",
    events: out.events,
    exclusions: out.exclusions,
    leftOut: out.statements > 0 ? null : "it holds no SQL for SQLite",
  };
}
