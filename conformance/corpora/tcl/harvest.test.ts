import { describe, expect, it } from "vitest";
import type { Event, Harvest } from "../events.js";
import { harvestTcl } from "./harvest.js";

function harvest(text: string, read: (path: string) => string | null = () => null): Harvest {
  return harvestTcl(text, {
    file: "test/sample.test",
    suite: "test",
    seed: "1",
    limits: { steps: 2000, characters: 100_000 },
    steps: 20_000,
    read: (path) => {
      const other = read(path);
      return other === null ? null : { file: path, text: other };
    },
  });
}

/** SQL events in short: connection if it is not db, line, SQL, parameters. */
function sql(h: Harvest): string[] {
  return h.events.flatMap((e) => {
    if (e.do !== "sql") return [];
    const parameters = e.parameters.length === 0 ? "" : ` <- ${e.parameters.map(String).join(",")}`;
    return [`${e.connection === "db" ? "" : `${e.connection}: `}${e.at.line} ${e.sql}${parameters}`];
  });
}

function steps(h: Harvest): Event["do"][] {
  return h.events.map((e) => e.do);
}

describe("harvestTcl", () => {
  it("moves the pending byte, opens a fresh test.db, closes what is open at the end", () => {
    expect(steps(harvest(""))).toEqual(["pending-byte", "delete", "delete", "delete", "open", "close"]);
  });

  it("finds SQL in the framework's commands, statement by statement, with lines", () => {
    const h = harvest(`
set testdir [file dirname $argv0]
source $testdir/tester.tcl
do_test a-1 {
  execsql {
    CREATE TABLE t(a); -- one
    INSERT INTO t VALUES(1);
  }
  catchsql {SELECT x} db
} {}
do_execsql_test a-2 { SELECT 2 } {2}
do_catchsql_test a-3 { SELEC 3 } {1 {}}
do_eqp_test a-4 { SELECT 4 } {}
db eval {SELECT 5; SELECT 6} {
  db one "SELECT 7"
}
set r [db eval {SELECT 8}]
if {[catch {execsql {SELECT 9}} msg]} { execsql {SELECT 10} }
`);
    expect(sql(h)).toEqual([
      "6 CREATE TABLE t(a)",
      "7 INSERT INTO t VALUES(1)",
      "9 SELECT x",
      "11 SELECT 2",
      "12 SELEC 3",
      "13 EXPLAIN QUERY PLAN  SELECT 4",
      "14 SELECT 5",
      "14 SELECT 6",
      "15 SELECT 7",
      "17 SELECT 8",
      "18 SELECT 9",
      "18 SELECT 10",
    ]);
    expect(h.exclusions).toEqual([]);
  });

  it("goes through loops whose bounds are known", () => {
    const h = harvest(`
foreach {a b} {1 x 2 y} { execsql "SELECT $a, '$b'" }
for {set i 0} {$i<3} {incr i} {
  if {$i==1} continue
  execsql "SELECT [expr {$i*10}]"
}
set i 0
while {$i<2} { incr i; execsql "INSERT INTO t$i VALUES([string repeat $i 3])" }
`);
    expect(sql(h)).toEqual([
      "2 SELECT 1, 'x'",
      "2 SELECT 2, 'y'",
      "5 SELECT 0",
      "5 SELECT 20",
      "8 INSERT INTO t1 VALUES(111)",
      "8 INSERT INTO t2 VALUES(222)",
    ]);
  });

  it("cuts long loops short and says so", () => {
    const h = harvest("for {set i 0} {$i<100000} {incr i} { execsql {SELECT 1} }\nexecsql {SELECT 2}");
    expect(sql(h).length).toBe(501);
    expect(h.exclusions.map((e) => e.reason)).toEqual(["a loop of more than 500 rounds; the rest of it"]);
  });

  it("ends a file that asks for too much", () => {
    const h = harvest("for {set i 0} {$i<1000} {incr i} { foreach j {1 2 3 4 5} {execsql {SELECT 1} }}");
    expect(h.events.length).toBeLessThanOrEqual(2001);
    expect(h.exclusions[0]?.reason).toBe("more than 2000 statements; the rest of the file");
    expect(harvest("while 1 {}").exclusions[0]?.reason).toBe(
      "more than 20000 steps of TCL; the rest of the file",
    );
  });

  it("binds variables that braces protect", () => {
    const h = harvest(`
set a abc
set b [expr {1+1}]
set c(x) [expr {1.5}]
db eval {INSERT INTO t VALUES($a, $b, $c(x), $a, :b, @a, $nothing, ?)}
proc p {z} { db eval {SELECT $z, $::a} }
p 5
`);
    const [first, second] = h.events.filter((e) => e.do === "sql");
    expect(first).toMatchObject({
      sql: "INSERT INTO t VALUES($a, $b, $p3__c_x_, $a, :b, @a, $nothing, ?)",
      parameters: ["abc", 2n, 1.5, 2n, Uint8Array.from(Buffer.from("abc")), null, null],
    });
    expect(second).toMatchObject({ sql: "SELECT $z, $p2____a", parameters: ["5", "abc"] });
  });

  it("follows procedures, upvar, uplevel and sourced files", () => {
    const h = harvest(
      `
proc twice {sql {n 2}} { for {set i 0} {$i<$n} {incr i} { uplevel [list execsql $sql] } }
twice {SELECT 1}
proc add {name} { upvar $name x; append x " FROM t" }
set q "SELECT 2"
add q
execsql $q
source $testdir/other.tcl
other
`,
      (path) => (path.endsWith("other.tcl") ? "\nproc other {} {\n execsql {SELECT 3}\n}" : null),
    );
    expect(sql(h).map((s) => s.replace(/^\d+ /, ""))).toEqual([
      "SELECT 1",
      "SELECT 1",
      "SELECT 2 FROM t",
      "SELECT 3",
    ]);
    expect(h.events.find((e) => e.do === "sql" && e.sql === "SELECT 3")?.at).toMatchObject({ line: 3 });
  });

  it("leaves out what cannot be told, with the reason", () => {
    const h = harvest(`
set n [db one {SELECT 1}]
execsql "SELECT $n"
execsql "SELECT [md5 abc]"
execsql {PRAGMA threads = 4; SELECT 2}
execsql {SELECT datetime('now'), CURRENT_TIME}
execsql {ATTACH '/etc/x' AS y}
db close
execsql {SELECT 3}
`);
    expect(sql(h)).toEqual(["2 SELECT 1", "5 SELECT 2"]);
    expect(h.exclusions.map((e) => `${e.at.line} ${e.reason}`)).toEqual([
      "3 the text depends on the answer of a query",
      "4 the text depends on the command md5",
      "5 worker threads",
      "6 the present time",
      "7 a file outside of the folder",
      "9 the connection is not open",
    ]);
  });

  it("walks both branches of an unknown condition, and goes on after them", () => {
    const h = harvest(`
if {[some command]} { execsql {SELECT 1}; return } else { execsql {SELECT 2} }
foreach x [some list] { execsql {SELECT 3}; break }
while {[sqlite3_errcode db] ne "x"} { execsql {SELECT 4} }
execsql {SELECT 5}
`);
    expect(sql(h).map((s) => s.slice(-1))).toEqual(["1", "2", "3", "4", "5"]);
  });

  it("answers ifcapable for the build, and says why a file gives nothing", () => {
    const h = harvest("ifcapable fts5&&!session { execsql {SELECT 1} } else { execsql {SELECT 2} }");
    expect(sql(h)).toEqual(["1 SELECT 1"]);
    const none = harvest("ifcapable !session {finish_test; return}\nexecsql {SELECT 1}");
    expect(none.leftOut).toBe("it asks for: not (!session)");
  });

  it("turns connections and files into steps", () => {
    const h = harvest(`
sqlite3 db2 ./test2.db -readonly 1
execsql {SELECT 1} db2
db2 transaction immediate { execsql {SELECT 2} db2 }
forcecopy test.db copy.db
hexio_write test.db 16 [hexio_render_int16 512]
set fd [open test.db r+]
fconfigure $fd -translation binary
seek $fd 100
puts -nonewline $fd "\\x0d"
close $fd
db2 close
reset_db
`);
    expect(sql(h)).toEqual(["db2: 3 SELECT 1", "db2: 4 BEGIN immediate", "db2: 4 SELECT 2", "db2: 4 COMMIT"]);
    expect(h.events.slice(5).filter((e) => e.do !== "sql")).toMatchObject([
      { do: "open", connection: "db2", path: "test2.db", readonly: true },
      { do: "copy", from: "test.db", to: "copy.db" },
      { do: "write", path: "test.db", offset: 16, bytes: Uint8Array.of(2, 0) },
      { do: "write", path: "test.db", offset: 100, bytes: Uint8Array.of(13) },
      { do: "close", connection: "db2" },
      { do: "close", connection: "db" },
      { do: "delete" },
      { do: "delete" },
      { do: "delete" },
      { do: "open", connection: "db" },
      { do: "close" },
    ]);
  });

  it("keeps prepared statements, blobs and backups open", () => {
    const h = harvest(`
set S [sqlite3_prepare_v2 db {SELECT ?; SELECT 2} -1 TAIL]
sqlite3_bind_int $S 1 7
sqlite3_step $S
sqlite3_reset $S
sqlite3_finalize $S
execsql $TAIL
set b [db incrblob t v 3]
seek $b 5
puts -nonewline $b xyz
close $b
sqlite3 db2 test2.db
sqlite3_backup B db2 main db main
B step 5
B finish
`);
    expect(h.events.slice(5, -2)).toMatchObject([
      { do: "prepare", statement: 1, sql: "SELECT ?" },
      { do: "bind", statement: 1, parameters: [7n] },
      { do: "step", statement: 1 },
      { do: "reset", statement: 1 },
      { do: "finalize", statement: 1 },
      { do: "sql", sql: "SELECT 2" },
      { do: "blob-open", blob: 2, table: "t", column: "v", rowid: 3n, write: true },
      { do: "blob-write", blob: 2, offset: 5, data: Uint8Array.from(Buffer.from("xyz")) },
      { do: "blob-close", blob: 2 },
      { do: "open", connection: "db2" },
      { do: "backup-init", backup: 3, to: "db2", from: "db" },
      { do: "backup-step", pages: 5 },
      { do: "backup-finish" },
    ]);
  });

  it("replaces functions of the test program where that can be done", () => {
    const h = harvest(`
proc letters {n} { string repeat x $n }
db function letters letters
execsql {INSERT INTO t VALUES(letters(3), letters(a), randstr(10,10)); SELECT md5sum(a, b) FROM t}
`);
    expect(sql(h)).toEqual([
      "4 INSERT INTO t VALUES('xxx', letters(a), substr(hex(randomblob(5)),1,10))",
      "4 SELECT group_concat(quote(a)||'|'||quote(b)) FROM t",
    ]);
  });

  it("runs fault tests once, without a fault", () => {
    const h = harvest(`
do_faultsim_test 1 -prep { execsql {SELECT 1} } -body { execsql {SELECT 2} } -test {
  faultsim_test_result {0 {}}
  execsql {SELECT 3}
}
do_malloc_test 2 -sqlprep {SELECT 4} -tclbody { db eval {SELECT 5} } -sqlbody {SELECT 6}
`);
    expect(sql(h).map((s) => s.slice(-1))).toEqual(["1", "2", "3", "4", "5", "6"]);
  });

  it("gives the same twice", () => {
    const text = 'for {set i 0} {$i<9} {incr i} { execsql "SELECT [expr {int(rand()*1000)}]" }';
    expect(sql(harvest(text))).toEqual(sql(harvest(text)));
    expect(new Set(sql(harvest(text))).size).toBeGreaterThan(5);
  });
});
