import { describe, expect, it } from "vitest";
import { isSqllogictest, parseSqllogictest, sltRecords } from "./parse.js";

const SAMPLE = `# a comment
hash-threshold 8

statement ok
CREATE TABLE t(a INTEGER,
  b TEXT)

statement error
INSERT INTO nope VALUES(1)

onlyif mysql # only there
statement ok
SELECT mysql

skipif sqlite
query I nosort
SELECT 1
----
1

skipif postgresql
query IT rowsort label-1
SELECT a, b FROM t
----
2 values hashing to 1234

query I
SELECT 3

onlyif mssql
halt

statement ok
SELECT 4

halt

statement ok
SELECT 5
`;

describe("sqllogictest", () => {
  it("is told from TCL", () => {
    expect(isSqllogictest(SAMPLE)).toBe(true);
    expect(isSqllogictest("# c\nquery I nosort\nSELECT 1\n----\n1\n")).toBe(true);
    expect(isSqllogictest("# c\nset testdir [file dirname $argv0]\n")).toBe(false);
    expect(isSqllogictest("")).toBe(false);
  });

  it("is read record by record", () => {
    const records = sltRecords(SAMPLE);
    expect(records.map((r) => [r.kind, r.line, r.sql, r.ok, r.types, r.sort, r.label, r.skipped])).toEqual([
      ["statement", 5, "CREATE TABLE t(a INTEGER,\n  b TEXT)", true, "", "", null, null],
      ["statement", 9, "INSERT INTO nope VALUES(1)", false, "", "", null, null],
      ["statement", 13, "SELECT mysql", true, "", "", null, "onlyif mysql"],
      ["query", 17, "SELECT 1", true, "I", "nosort", null, "skipif sqlite"],
      ["query", 23, "SELECT a, b FROM t", true, "IT", "rowsort", "label-1", null],
      ["query", 28, "SELECT 3", true, "I", "nosort", null, null],
      ["statement", 34, "SELECT 4", true, "", "", null, null],
    ]);
  });

  it("becomes statements on one connection", () => {
    const h = parseSqllogictest(SAMPLE.replaceAll("\n", "\r\n"), {
      file: "a.test",
      suite: ".",
      limits: { steps: 100, characters: 1000 },
    });
    expect(h.events.map((e) => e.do)).toEqual(["delete", "open", "sql", "sql", "sql", "sql", "sql", "close"]);
    expect(h.events[4]).toMatchObject({ sql: "SELECT a, b FROM t", at: { file: "a.test", line: 23 } });
    expect(h.exclusions.map((e) => [e.at.line, e.reason])).toEqual([
      [13, "not for SQLite: onlyif mysql"],
      [17, "not for SQLite: skipif sqlite"],
    ]);
  });
});
