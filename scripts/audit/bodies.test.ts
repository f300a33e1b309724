import { beforeAll, describe, expect, it } from "vitest";
import { projectRoot } from "./root.js";
import type { Finding } from "./rules.js";
import { type AuditResult, audit, loadOurs, loadUpstream, type OurSide } from "./run.js";

/** Faults of the port, each in a function of its own: what stands there, and what then stands there. */
const FAULTS: readonly { id: string; path: string; fn: string; rule: string; find: string; put: string }[] = [
  {
    ...{
      id: "the fix of the WAL-reset bug is gone",
      path: "src/wal/wal.ts",
      fn: "walCheckpoint",
      rule: "PM021",
    },
    ...{ find: "if (0 === bChg) {", put: "if (0 === bChg || true) {" },
  },
  {
    ...{ id: "an assignment in a condition is lost", path: "src/wal/wal.ts", fn: "walFrames", rule: "PM021" },
    ...{
      find: "if (SQLITE_OK !== (rc = walRestartLog(pWal))) {",
      put: "if (SQLITE_OK !== walRestartLog(pWal)) {",
    },
  },
  {
    ...{ id: "a call is lost", path: "src/pager/pager.ts", fn: "pager_reset", rule: "PM021" },
    ...{ find: "  sqlite3BackupRestart(pPager.pBackup.value);\n", put: "" },
  },
  {
    ...{ id: "a mask is lost", path: "src/pager/pager.ts", fn: "pagerLockDb", rule: "PM025" },
    ...{
      find: "eLock === EXCLUSIVE_LOCK)) {\n      pPager.eLock = eLock & 0xff;",
      put: "eLock === EXCLUSIVE_LOCK)) {\n      pPager.eLock = eLock;",
    },
  },
  {
    ...{
      id: "a comparison is another one",
      path: "src/pcache/pcache1.ts",
      fn: "pcache1FetchStage2",
      rule: "PM021",
    },
    ...{ find: "createFlag === 1 &&", put: "createFlag === 2 &&" },
  },
  {
    ...{ id: "an arm that no default compiles is another one", path: "src/wal/wal.ts", rule: "PM021" },
    ...{ fn: "sqlite3_snapshot_cmp", find: "  if (", put: "  if (!" },
  },
  {
    ...{
      id: "a line is named that is not C's",
      path: "src/pager/pager.ts",
      fn: "getPageMMap",
      rule: "PM024",
    },
    ...{ find: "SQLITE_CORRUPT_BKPT(65272)", put: "SQLITE_CORRUPT_BKPT(65273)" },
  },
  {
    ...{ id: "a parameter has another place", path: "src/pager/pager.ts", fn: "read32bits", rule: "PM023" },
    ...{
      find: "function read32bits(fd: sqlite3_file, offset: number, pRes: Ref<number>)",
      put: "function read32bits(offset: number, fd: sqlite3_file, pRes: Ref<number>)",
    },
  },
  {
    ...{ id: "what was declared is not so any more", path: "src/pager/pager.ts", rule: "PM022" },
    ...{
      fn: "sqlite3PagerCheckpoint",
      find: 'db.xExec("PRAGMA table_list")',
      put: 'db.xExec("PRAGMA main.table_list")',
    },
  },
];

let ours: OurSide;
let base: AuditResult;
let faulty: AuditResult;

function plant(): ReadonlyMap<string, string> {
  const sources = new Map(ours.sources);
  for (const { id, path, fn, find, put } of FAULTS) {
    const text = sources.get(path)!;
    const from = text.search(new RegExp(`\\n(?:export )?function ${fn}\\(`)) + 1;
    const end = text.indexOf("\n}\n", from);
    const body = text.slice(from, end);
    expect(body.includes(find), `${id}: ${find}`).toBe(true);
    sources.set(path, text.slice(0, from) + body.replace(find, put) + text.slice(end));
  }
  return sources;
}

const about = (r: AuditResult, fn: string): Finding[] => r.findings.filter((f) => f.subject === fn);

beforeAll(async () => {
  const theirs = await loadUpstream(projectRoot());
  ours = loadOurs(projectRoot());
  base = audit(theirs, ours);
  faulty = audit(theirs, { ...ours, sources: plant() });
}, 300_000);

describe("the port as it is", () => {
  it("says what upstream says, or somebody declared otherwise", () => {
    expect([...base.comparisons.values()].filter((c) => c.verdict === "differs")).toEqual([]);
    expect(base.findings.filter((f) => /^PM02[1-6]$/.test(f.rule))).toEqual([]);
  });
  it("is compared function by function", () => {
    expect(base.comparisons.size).toBeGreaterThan(570);
    for (const name of ["pager.c pager_playback", "wal.c walCheckpoint", "os_unix.c unixLock"]) {
      const { statements, aligned, score } = base.comparisons.get(name)!;
      expect(statements, name).toBeGreaterThan(30);
      expect(aligned.length, name).toBeGreaterThanOrEqual(statements);
      expect(score, name).toBeGreaterThan(0.9);
    }
  });
});

describe("a fault in the port is a finding", () => {
  it.each(FAULTS)("$id", ({ fn, rule }) => {
    expect(about(base, fn)).toEqual([]);
    expect(about(faulty, fn).map((f) => f.rule)).toContain(rule);
  });
  it("and blames no other function", () => {
    const faults = new Set(FAULTS.map((f) => f.fn));
    const blamed = faulty.findings.filter((f) => /^PM02[1345]$/.test(f.rule)).map((f) => f.subject);
    expect(blamed.filter((name) => !faults.has(name))).toEqual([]);
  });
});
