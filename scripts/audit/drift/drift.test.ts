import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { UsageError } from "../../../conformance/core/usage.js";
import type { Aligned } from "../normal/comparison.js";
import { projectRoot } from "../root.js";
import { loadOurs, type OurSide, type UpstreamSide } from "../run.js";
import { installedUpstream, type Upstream, upstreamOf } from "../upstream.js";
import { diffRanges, touchedLines } from "./diff.js";
import { entitiesOf, portNames } from "./entities.js";
import { FIXES, fixNamed, parseFixes, readFixes } from "./fixes.js";
import {
  compareVersions,
  type DriftReport,
  isRelease,
  loadOther,
  openUpstream,
  type PortSide,
  portOf,
  runDrift,
  runFix,
} from "./index.js";
import { checkLock, parseLock, renderLock } from "./lock.js";
import { driftCounts, renderDrift, renderFix } from "./render.js";

const root = projectRoot();
let installed: Upstream;
let pinned: UpstreamSide;
let ours: OurSide;
let port: PortSide;
beforeAll(async () => {
  installed = installedUpstream(root);
  pinned = await loadOther(root, installed);
  ours = loadOurs(root);
  port = portOf(pinned, ours);
});

/** A part of the installed amalgamation, which is read faster. */
const FILES: ReadonlySet<string> = new Set([
  "sqlite3.c",
  "sqliteInt.h",
  "sqlite3.h",
  "pager.h",
  "random.c",
  "wal.h",
  "wal.c",
  "vacuum.c",
]);

let part: UpstreamSide;
let partText: string;
beforeAll(async () => {
  partText = installed.lines.filter((_, i) => i > 0 && FILES.has(installed.fileOf[i]!)).join("\n");
  part = await loadOther(root, upstreamOf("part.c", partText));
});

/** The part with changes. */
async function changed(...edits: [string, string][]): Promise<UpstreamSide> {
  let text = partText;
  for (const [from, to] of edits) {
    expect(text, "what is to be changed").toContain(from);
    text = text.replace(from, () => to);
  }
  return await loadOther(root, upstreamOf("other.c", text));
}

const SALTS = "int bChg = memcmp(pLive->aSalt, pWal->hdr.aSalt, sizeof(pWal->hdr.aSalt));";

function summary(report: DriftReport): string[] {
  return report.changes.map((c) => `${c.file} ${c.kind} ${c.name} ${c.change}`);
}

describe("another upstream", () => {
  it("that says the same does not drift, whatever its comments say", async () => {
    const other = await changed(["/* Two salt values copied from WAL header */", "/* salts */"]);
    const report = runDrift(part, other, port);
    expect(report.changes).toEqual([]);
    expect(report.age).toBe("same version");
    expect(renderDrift(report)).toContain("nothing changes");
  });

  it("changes functions, structs, constants and macros", async () => {
    const other = await changed(
      ['#define SQLITE_VERSION        "3.53.2"', '#define SQLITE_VERSION        "3.9.9"'],
      [SALTS, "int bChg = 0;"],
      ["  u32 nCkpt;                 /*", "  u8 nAdded;\n  u64 nCkpt;                 /*"],
      ["#define WAL_MAX_VERSION      3007000", "#define WAL_MAX_VERSION      3007001"],
      [
        "static int walPagesize(Wal *pWal){",
        "static int walNew(void){ return 1; }\nint walPagesize(Wal *pWal){",
      ],
    );
    const report = runDrift(part, other, port);
    expect(summary(report)).toEqual([
      "sqlite3.h constant SQLITE_VERSION changed",
      "wal.c constant WAL_MAX_VERSION changed",
      "wal.c struct Wal changed",
      "wal.c function walPagesize changed",
      "wal.c function walNew added",
      "wal.c function walCheckpoint changed",
    ]);
    expect(report.age).toBe("older");
    const [, limit, wal, pagesize, , checkpoint] = report.changes;
    expect(limit!.notes).toEqual(["value 3007000 becomes 3007001"]);
    expect(limit!.ts[0]!.path).toBe("src/wal/wal.ts");
    expect(wal!.notes).toEqual(["field nCkpt becomes u64", "field nAdded comes (u8)"]);
    expect(pagesize!.notes).toEqual(["is no longer static"]);
    expect([checkpoint!.removed, checkpoint!.added]).toEqual([1, 1]);
    const fn = port.rows.find((r) => r.name === "walCheckpoint")!.ts!;
    expect(checkpoint!.ts).toEqual([{ path: fn.path, first: fn.first, last: fn.last, what: "all" }]);
    expect(driftCounts(report)).toBe(
      "functions: 2 changed, 1 added; structs: 1 changed; constants: 2 changed",
    );
    const text = renderDrift(report);
    expect(text).toMatch(/SQLite 3\.9\.9 \(other\.c\) is older than the pinned/);
    expect(text).toContain(`- ${" ".repeat(6)}${SALTS}`);
    expect(
      renderDrift(report, { diffs: false, paint: (await import("./render.js")).NO_PAINT }),
    ).not.toContain(SALTS);
  });

  it("moves functions, also to files that have no mirror here", async () => {
    const fn = /static int walPagesize\(Wal \*pWal\)\{[\s\S]*?\n\}\n/.exec(partText)![0];
    for (const file of ["random.c", "vacuum.c"]) {
      const end = new RegExp(`/\\*+ End of ${file.replace(".", "\\.")} \\*+/`).exec(partText)![0];
      const other = await changed([fn, ""], [end, `${fn}${end}`]);
      const report = runDrift(part, other, port);
      expect(summary(report)).toEqual(["wal.c function walPagesize moved"]);
      expect(report.changes[0]!.movedTo).toBe(file);
      expect(report.changes[0]!.hunks).toEqual([]);
    }
    expect(summary(runDrift(part, await changed([fn, ""]), port))).toEqual([
      "wal.c function walPagesize removed",
    ]);
  });

  it("points at the lines that are aligned", async () => {
    const other = await changed(
      [SALTS, "int bChg = 0;"],
      ["    mxPage = pWal->hdr.nPage;\n", "    mxPage = pWal->hdr.nPage;\n    i = 0;\n"],
    );
    const at = (text: string): number => part.up.lines.findIndex((l) => l.includes(text));
    const salts = at(SALTS);
    const page = at("    mxPage = pWal->hdr.nPage;");
    const aligned: Aligned[] = [
      { c: [salts - 60, salts + 60], ts: [1, 99], same: true },
      { c: [salts, salts], ts: [50, 51], same: true },
      { c: [page, page], ts: [20, 20], same: true },
      { c: [page + 1, page + 1], ts: [21, 21], same: true },
    ];
    const report = runDrift(part, other, port, () => aligned);
    const path = "src/wal/wal.ts";
    expect(report.changes[0]!.ts).toEqual([
      { path, first: 20, last: 21, what: "around" },
      { path, first: 50, last: 51, what: "changed" },
    ]);
  });
});

describe("versions", () => {
  it("are ordered by number", () => {
    expect(compareVersions("3.9.1", "3.53.2")).toBeLessThan(0);
    expect(compareVersions("3.53.2", "3.53.2")).toBe(0);
    expect(compareVersions("3.53.2.1", "3.53.2")).toBeGreaterThan(0);
  });
});

describe("the diff", () => {
  const diff = (a: string, b: string): string[] => {
    const [x, y] = [upstreamOf("a", a), upstreamOf("b", b)];
    const whole = (up: Upstream): [number, number][] => [[1, up.lines.length - 1]];
    const hunks = diffRanges({ up: x, ranges: whole(x) }, { up: y, ranges: whole(y) });
    return hunks.map((h) => h.lines.map((l) => l.sign + l.text).join(""));
  };

  it("shows what differs with three lines around it", () => {
    const lines = Array.from({ length: 30 }, (_, i) => `${i};`);
    const other = lines.with(10, "x;").with(25, "y;");
    expect(diff(lines.join("\n"), other.join("\n"))).toEqual([
      " 7; 8; 9;-10;+x; 11; 12; 13;",
      " 22; 23; 24;-25;+y; 26; 27; 28;",
    ]);
    expect(diff(lines.join("\n"), lines.with(10, "x;").with(14, "y;").join("\n"))).toEqual([
      " 7; 8; 9;-10;+x; 11; 12; 13;-14;+y; 15; 16; 17;",
    ]);
  });

  it("sees neither comments nor white space", () => {
    expect(diff("a; /* one */\n\nb;", "a;\n  b; // two")).toEqual([]);
    expect(diff("a;\nb;", "a;\nc;\nb;")).toEqual([" a;+c; b;"]);
    expect(diff("a;", "")).toEqual(["-a;"]);
  });

  it("tells what it touches", () => {
    const [x, y] = [upstreamOf("a", "a;\nb;\nc;\nd;"), upstreamOf("b", "a;\nB;\nc;\nnew;\nd;")];
    const hunks = diffRanges({ up: x, ranges: [[1, 4]] }, { up: y, ranges: [[1, 5]] });
    expect(touchedLines(hunks)).toEqual({ changed: [2], around: [3, 4] });
  });
});

describe("the lock", () => {
  it("is of what is installed", () => {
    const findings = checkLock(pinned, entitiesOf(pinned, portNames(port.side)), ours.lock);
    expect(findings.filter((f) => f.rule === "PM020")).toEqual([]);
  });

  it("is stale if the port looks at something else in the same upstream", () => {
    const entities = entitiesOf(part, portNames(port.side));
    const lock = renderLock(part, entities);
    expect(checkLock(part, entities, lock)).toEqual([]);
    entities.delete("function wal.c walCheckpoint");
    expect(checkLock(part, entities, lock).map((f) => f.rule)).toEqual(["PM011"]);
  });

  it("names what has changed", async () => {
    const names = portNames(port.side);
    const lock = renderLock(part, entitiesOf(part, names));
    const other = await changed(
      ['#define SQLITE_VERSION        "3.53.2"', '#define SQLITE_VERSION        "3.99.0"'],
      [SALTS, "int bChg = 0;"],
      ["static int walPagesize(Wal *pWal){", "static int walNewName(Wal *pWal){"],
    );
    const findings = checkLock(other, entitiesOf(other, names), lock);
    expect(findings.map((f) => `${f.rule} ${f.subject}`).sort()).toEqual([
      "PM020 SQLITE_VERSION",
      "PM020 version",
      "PM020 walCheckpoint",
      "PM020 walNewName",
      "PM020 walPagesize",
    ]);
    const line = findings.find((f) => f.subject === "walCheckpoint")!.line!;
    expect(lock.split("\n")[line - 1]).toContain("walCheckpoint");
  });

  it("must be there and readable", () => {
    expect(checkLock(pinned, new Map(), null)).toHaveLength(1);
    for (const text of ["{", "[]", '{"version": "1", "sha256": "x"}']) {
      expect(parseLock(text), text).toBeNull();
      expect(checkLock(pinned, new Map(), text)).toHaveLength(1);
    }
  });

  it("notices an amalgamation that was edited", () => {
    const entities = entitiesOf(part, portNames(port.side));
    const text = renderLock(part, entities).replace(part.up.sha256, "0".repeat(64));
    const findings = checkLock(part, entities, text);
    expect(findings.map((f) => f.subject)).toEqual(["sha256"]);
  });
});

describe("fixes", () => {
  const ask = (theirs: UpstreamSide, name: string) => runFix(root, theirs, port.rows, ours.sources, name);

  it("are in or not, on both sides", async () => {
    const result = ask(pinned, "wal-reset");
    expect([result.c.has, result.ts.has]).toEqual([true, true]);
    expect(result.c.text.join("\n")).toContain(SALTS);
    expect(result.ts.place!.path).toBe("src/wal/wal.ts");
    const without = ask(await changed([SALTS, "int bChg = 0;"]), "wal-reset");
    expect([without.c.has, without.ts.has]).toEqual([false, true]);
    expect(renderFix(without)).toMatch(/SQLite 3\.\d+\.\d+: no\nthe port: yes {2}src\/wal\/wal\.ts:\d+/);
  });

  it("of the table are in the releases that the table says", () => {
    for (const fix of readFixes(root)) {
      const due = fix.since.some((v) => compareVersions(v, pinned.up.version) <= 0);
      expect(ask(pinned, fix.id).c.has, fix.id).toBe(due);
    }
  });

  it("can be asked for by text and by regular expression", () => {
    const answers = (name: string) => {
      const { c, ts } = ask(pinned, name);
      return [c.has, ts.has];
    };
    expect(answers("walCheckpoint:mxSafeFrame = pWal->hdr.mxFrame")).toEqual([true, true]);
    expect(answers("walCheckpoint:if( 0==bChg )")).toEqual([true, true]);
    expect(answers("walCheckpoint:if( 1==bChg )")).toEqual([false, false]);
    expect(answers("walCheckpoint:/mxSafe\\w+ = y/")).toEqual([true, true]);
    expect(answers("noSuchFunction:x")).toEqual([null, null]);
    expect(() => ask(pinned, "no-such-fix")).toThrow(UsageError);
    expect(() => fixNamed([], "f:/(/")).toThrow(UsageError);
  });

  it("must be complete in the table", () => {
    expect(() => parseFixes('{"a": {"title": "t"}}')).toThrow(FIXES);
    expect(() => parseFixes('{"a": {"title": "t", "since": [], "file": "wal.c", "function": "f"}}')).toThrow(
      /needs c/,
    );
  });
});

describe("where an upstream comes from", () => {
  it("is a release of better-sqlite3 if it looks like one", () => {
    expect(isRelease("better-sqlite3@12.8.0")).toBe(true);
    expect(isRelease("better-sqlite3")).toBe(false);
    expect(isRelease("better-sqlite3@1.0.0; rm")).toBe(false);
    expect(isRelease("sqlite3.c")).toBe(false);
  });

  it("must be there and be one", async () => {
    await expect(openUpstream(root, "/no/such/place")).rejects.toThrow(UsageError);
    await expect(openUpstream(root, join(root, "docs"))).rejects.toThrow(/neither/);
    const dir = mkdtempSync(join(tmpdir(), "pager-mirror-drift-"));
    try {
      writeFileSync(join(dir, "sqlite3.c"), "int x;\n");
      await expect(openUpstream(root, dir)).rejects.toThrow(/no amalgamation/);
      await expect(openUpstream(root, join(dir, "sqlite3.c"))).rejects.toThrow(/no amalgamation/);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  it("may be a folder with an amalgamation", async () => {
    const up = await openUpstream(root, join(root, "node_modules/better-sqlite3/deps/sqlite3"));
    expect(up.sha256).toBe(installed.sha256);
    expect(up.path).toBe(installed.path);
  });
});
