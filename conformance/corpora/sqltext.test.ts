import { describe, expect, it } from "vitest";
import { reasonToExclude } from "./exclude.js";
import { numberParameters, splitSql, sqlTokens } from "./sqltext.js";

const split = (sql: string): string[] => splitSql(sql).map((s) => s.sql);
const number = (sql: string): [string, (string | null)[]] => {
  const { sql: text, names } = numberParameters(splitSql(sql)[0] as never);
  return [text, names];
};

describe("splitSql", () => {
  it("cuts at semicolons outside of strings, names and comments", () => {
    expect(split("a ';' b; \"c;\" [d;] `e;` -- f;\n; /* g; */ h")).toEqual([
      "a ';' b",
      '"c;" [d;] `e;`',
      "h",
    ]);
    expect(split(" ; ;; -- nothing\n")).toEqual([]);
    expect(split("select 'it''s'; x'00'")).toEqual(["select 'it''s'", "x'00'"]);
  });

  it("keeps a trigger together", () => {
    const trigger =
      "CREATE TEMP TRIGGER r AFTER INSERT ON t BEGIN SELECT CASE WHEN 1 THEN 2 END; DELETE FROM t; END";
    expect(split(`${trigger}; SELECT 1`)).toEqual([trigger, "SELECT 1"]);
    expect(split(`EXPLAIN ${trigger}; SELECT 1`)).toEqual([`EXPLAIN ${trigger}`, "SELECT 1"]);
    expect(split("CREATE TRIGGER broken; SELECT 1")).toEqual(["CREATE TRIGGER broken", "SELECT 1"]);
  });

  it("says where statements begin", () => {
    expect(splitSql("a;\n b").map((s) => s.start)).toEqual([0, 4]);
  });
});

describe("sqlTokens", () => {
  it("tells kinds", () => {
    expect(sqlTokens("a.b 1.5e-3 .5 0x1F x'00' 'c' \"d\" ?1 $e @f :g || é").map((t) => t.kind)).toEqual([
      ...["word", "operator", "word", "number", "number", "number", "blob", "string", "name"],
      ...["parameter", "parameter", "parameter", "parameter", "operator", "operator", "word"],
    ]);
  });
});

describe("numberParameters", () => {
  it("numbers as SQLite does", () => {
    expect(number("SELECT ?, $a, ?5, :b, $a, ?")).toEqual([
      "SELECT ?, $a, ?5, :b, $a, ?",
      [null, "$a", null, null, null, ":b", null],
    ]);
  });

  it("renames what the builds cannot read", () => {
    expect(number("SELECT $::a, $b(c), $::a, $d")).toEqual([
      "SELECT $p1____a, $p2__b_c_, $p1____a, $d",
      ["$::a", "$b(c)", "$d"],
    ]);
  });
});

describe("reasonToExclude", () => {
  const reason = (sql: string): string | null => reasonToExclude(splitSql(sql)[0]?.tokens ?? []);

  it.each([
    ["SELECT date('now')", "the present time"],
    ["SELECT datetime()", "the present time"],
    ["SELECT strftime('%s')", "the present time"],
    ["INSERT INTO t VALUES(current_timestamp)", "the present time"],
    ["SELECT load_extension('x')", "loadable extensions"],
    ["ATTACH '/tmp/x.db' AS y", "a file outside of the folder"],
    ["ATTACH '../x.db' AS y", "a file outside of the folder"],
    ["VACUUM INTO '/x'", "a file outside of the folder"],
    ["PRAGMA compile_options", "the build's compile options"],
    ["SELECT zeroblob(1000000000)", "hundreds of megabytes in one value"],
    ["SELECT fts3_tokenizer('simple')", "an address in the answer"],
    ["PRAGMA threads=7", "worker threads"],
    ["PRAGMA hard_heap_limit=5", "memory limits of the whole process"],
  ])("%s", (sql, expected) => {
    expect(reason(sql)).toBe(expected);
  });

  it.each([
    "PRAGMA journal_mode=persist",
    "SELECT date('2020-01-01')",
    "SELECT strftime('%s', a) FROM t",
    "SELECT 'wal', \"now\"",
    "SELECT random(), randomblob(10)",
    "ATTACH 'x.db' AS y",
    "CREATE TABLE date(a)",
  ])("%s is run", (sql) => {
    expect(reason(sql)).toBeNull();
  });
});
