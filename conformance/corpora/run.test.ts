import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { UsageError } from "../core/usage.js";
import { engineModulePath } from "../engine/build/index.js";
import { SqlEngine } from "../engines/sql/session.js";
import { fromSource } from "../engines/sql/testing.js";
import { Comparison, Recording } from "./compare.js";
import { selectFiles } from "./corpora.js";
import type { Event } from "./events.js";
import { emptyFolder } from "./folder.js";
import { harvestFile } from "./harvest.js";
import { Player } from "./play.js";
import { type CorporaReport, closing, exclusionReasons, figuresBySuite, rerunCommand } from "./report.js";
import { Lane, type Starters } from "./run.js";
import { openSource, type Source } from "./sources.js";

const root = mkdtempSync(join(tmpdir(), "corpora-test-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function isBuilt(): boolean {
  try {
    engineModulePath();
    return true;
  } catch {
    return false;
  }
}

/** Engines that run the sources. */
function starter(side: "real" | "port"): (typeof SqlEngine)["real"] {
  return (options = {}) => {
    const source = fromSource(`./sql/${side}-child.js`);
    return SqlEngine[side]({ ...source, ...options, env: { ...source.env, ...options.env } });
  };
}

const SAMPLE = `
set testdir [file dirname $argv0]
source $testdir/tester.tcl
set testprefix sample
do_execsql_test 1.0 {
  PRAGMA page_size = 1024;
  CREATE TABLE t(a INTEGER PRIMARY KEY, b);
  CREATE INDEX i ON t(b);
}
for {set i 0} {$i<20} {incr i} {
  execsql { INSERT INTO t VALUES($i, randstr(300,300)) }
}
do_test 1.1 { execsql { BEGIN; DELETE FROM t WHERE a%2; ROLLBACK; UPDATE t SET b = b || a; SELECT count(*) FROM t } } 20
catchsql { INSERT INTO t VALUES(3, 3) }
sqlite3 db2 test.db
execsql { SELECT sum(length(b)) FROM t; ATTACH 'test2.db' AS aux2; CREATE TABLE aux2.u AS SELECT * FROM t } db2
set S [sqlite3_prepare_v2 db {SELECT a FROM t} -1 TAIL]
sqlite3_step $S
execsql { INSERT INTO t VALUES(100, 1) } db2
sqlite3_finalize $S
execsql { CREATE TABLE w(x); INSERT INTO w VALUES(zeroblob(50)) }
set blob [db incrblob w x 1]
puts -nonewline $blob patched
close $blob
hexio_write test.db 1030 ffff
db close
sqlite3 db test.db
execsql { PRAGMA integrity_check; EXPLAIN SELECT * FROM t; SELECT datetime('now') }
finish_test
`;

function folderWith(name: string, files: Record<string, string>): string {
  const folder = join(root, name);
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(join(folder, file, ".."), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  return folder;
}

describe("sources", () => {
  const files = {
    "pkg/test/b.test": SAMPLE,
    "pkg/test/a.test": "execsql {SELECT 1}",
    "pkg/test/tester.tcl": "",
    "pkg/slt/c.test": "statement ok\nSELECT 1\n",
  };

  it("are folders and tarballs", () => {
    const folder = folderWith("plain", files);
    const names = ["slt/c.test", "test/a.test", "test/b.test"];
    expect(openSource(join(folder, "pkg")).files).toEqual(names);
    execFileSync("tar", ["-cf", join(root, "p.tar"), "-C", folder, "pkg"]);
    const tarball = openSource(join(root, "p.tar"));
    expect(tarball.files).toEqual(names);
    expect(tarball.read("test/a.test")).toBe("execsql {SELECT 1}");
    expect(tarball.read("test/none.test")).toBeNull();
    expect(names.map((n) => harvestFile(tarball, n, "1").kind)).toEqual(["sqllogictest", "tcl", "tcl"]);
    tarball.close();
    expect(tarball.read("test/a.test")).toBeNull();
  });

  it("that are none are the user's mistake", () => {
    writeFileSync(join(root, "no.tar"), "not a tarball at all");
    expect(() => openSource(join(root, "no.tar"))).toThrow(UsageError);
    expect(() => openSource(join(root, "missing"))).toThrow(UsageError);
    const before = process.env["PATH"];
    try {
      process.env["PATH"] = root;
      expect(() => openSource(join(root, "no.tar"))).toThrow(/no program "tar"/);
    } finally {
      process.env["PATH"] = before;
    }
  });

  it("are selected from by name and share", () => {
    const source = { files: ["a/1.test", "a/2.test", "b/1.test", "b/11.test"] };
    expect(selectFiles(source, { filter: ["1.test"] })).toEqual(["a/1.test", "b/1.test", "b/11.test"]);
    expect(selectFiles(source, { filter: ["=b/1.test"] })).toEqual(["b/1.test"]);
    expect(selectFiles(source, { filter: [], shard: { index: 2, count: 3 } })).toEqual(["a/2.test"]);
  });
});

describe("running", () => {
  const source: Source = openSource(join(folderWith("run", { "test/b.test": SAMPLE }), "test"));
  const harvest = harvestFile(source, "b.test", "1");
  const folder = join(root, "lane");
  mkdirSync(folder);
  const budgets = { real: 60, other: 60 };

  it("finds nothing where both sides are real SQLite", { timeout: 60_000 }, async () => {
    const lane = new Lane(folder, { real: starter("real"), other: starter("real") }, budgets);
    const result = await lane.run(harvest);
    await lane.end();
    expect(result).toMatchObject({ mismatches: 0, findings: [], outOfTime: null, leftOut: null });
    expect(result.statements).toBeGreaterThan(30);
    expect(result.points).toBeGreaterThan(20);
    expect(result.excluded).toEqual({ "the present time": 1 });
  });

  it.skipIf(!isBuilt())("finds nothing on the port", { timeout: 120_000 }, async () => {
    const lane = new Lane(folder, { real: starter("real"), other: starter("port") }, budgets);
    const result = await lane.run(harvest);
    await lane.end();
    expect(result.findings).toEqual([]);
    expect(result.mismatches).toBe(0);
  });

  it("takes out a statement that ends real SQLite's process, and reports an engine that ends", {
    timeout: 60_000,
  }, async () => {
    const start = (killAt: number): Starters["real"] => {
      let runs = 0;
      return (options) => {
        const engine = starter("real")(options);
        const ask = engine.askBytes.bind(engine);
        engine.askBytes = async (bytes) => {
          if (bytes[0] === 3 && ++runs === killAt) void engine.kill();
          return await ask(bytes);
        };
        return engine;
      };
    };
    const lane = new Lane(folder, { real: start(5), other: start(9) }, budgets);
    const result = await lane.run(harvest);
    await lane.end();
    expect(Object.keys(result.excluded)).toContain("real SQLite's process ended at b.test:11");
    expect(result.mismatches).toBe(1);
    expect(result.findings[0]).toMatchObject({ what: "ending", actual: expect.stringContaining("SIGKILL") });
  });

  describe("with one side changed", () => {
    let engine: SqlEngine | null = null;
    afterEach(async () => await engine?.kill());

    /** Mismatches when the other side plays changed events. */
    async function compare(change: (events: Event[]) => void): Promise<Comparison> {
      engine = starter("real")({ cwd: folder });
      emptyFolder(folder);
      const recording = new Recording(folder, harvest.events);
      const deadline = performance.now() + 60_000;
      expect(await new Player(engine, folder, recording, deadline).play(harvest.events)).toEqual({
        how: "complete",
      });
      await engine.reset();
      emptyFolder(folder);
      const events = structuredClone(harvest.events);
      change(events);
      const comparison = new Comparison(recording, folder);
      await new Player(engine, folder, comparison, deadline).play(events);
      return comparison;
    }

    const edit = (events: Event[], pattern: RegExp, by: string): void => {
      const event = events.find((e) => e.do === "sql" && pattern.test(e.sql));
      if (event?.do !== "sql") throw new Error("no such statement");
      event.sql = event.sql.replace(pattern, by);
    };

    it("sees another row, column name, message", { timeout: 60_000 }, async () => {
      const one = await compare((events) =>
        edit(events, /count\(\*\) FROM t/, "1+count(*) AS [count(*)] FROM t"),
      );
      expect(one.mismatches).toMatchObject([{ what: "answer", actual: expect.stringContaining("(21)") }]);
      const two = await compare((events) => edit(events, /count\(\*\)/, "COUNT(*)"));
      expect(two.mismatches).toMatchObject([{ actual: expect.stringContaining("[COUNT(*)]") }]);
      const three = await compare((events) =>
        edit(events, /^INSERT INTO t VALUES\(3, 3\)/, "INSERT INTO t(b) VALUES(nope)"),
      );
      expect(three.mismatches[0]).toMatchObject({
        what: "answer",
        actual: expect.stringContaining("no such column"),
      });
    });

    it("sees bytes that no row shows", { timeout: 60_000 }, async () => {
      const comparison = await compare((events) =>
        edit(events, /^ROLLBACK/, "ROLLBACK; PRAGMA user_version = 5"),
      );
      expect(comparison.mismatches[0]?.what).toBe("answer");
      expect(comparison.mismatches.some((m) => m.what === "files")).toBe(true);
      const patched = await compare((events) => {
        const write = events.find((e) => e.do === "blob-write");
        if (write?.do === "blob-write") write.data = Uint8Array.from(Buffer.from("pAtched"));
      });
      expect(patched.mismatches[0]?.what).toBe("files");
    });
  });
});

describe("the report", () => {
  it("counts by suite and gives reasons and a command", () => {
    const result = {
      kind: "tcl" as const,
      rows: 2,
      errors: 1,
      answers: 3,
      points: 4,
      findings: [],
      leftOut: null,
      outOfTime: null,
      milliseconds: { real: 1, other: 1 },
    };
    const results = [
      { ...result, file: "a/1.test", suite: "a", statements: 5, mismatches: 0, excluded: { x: 1, y: 2 } },
      { ...result, file: "b/1.test", suite: "b", statements: 0, mismatches: 7, excluded: { y: 5 } },
    ];
    expect(figuresBySuite(results)).toMatchObject([
      { name: "a", files: 1, run: 1, statements: 5, mismatches: 0, red: 0, excluded: 3 },
      { name: "b", files: 1, run: 0, statements: 0, mismatches: 7, red: 1, excluded: 5 },
      { name: "all", files: 2, run: 1, statements: 5, mismatches: 7, red: 1, excluded: 8 },
    ]);
    expect(exclusionReasons(results)).toEqual([
      ["y", 7],
      ["x", 1],
    ]);
    const report: CorporaReport = {
      source: "some where",
      upstream: "3",
      against: "the port",
      build: "",
      seed: "2",
      filter: [],
      shard: null,
      seconds: 1,
      results,
    };
    expect(closing(report)).toBe(
      "corpora: 1 of 2 files run, 5 statements, 7 mismatches in 1 files, 8 exclusions",
    );
    expect(rerunCommand(report, "a/1.test")).toBe(
      "npm run pager-mirror -- corpora --source 'some where' --filter =a/1.test --seed 2",
    );
  });
});
