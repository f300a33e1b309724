import { beforeAll, describe, expect, it } from "vitest";
import { parseDecisions } from "./decisions.js";
import { checkDivergences } from "./divergences.js";
import { longestIncreasing } from "./match.js";
import { countFiles } from "./report/counts.js";
import { reportOf } from "./report/from.js";
import { functionReport } from "./report/function.js";
import { only } from "./report/model.js";
import { PLAIN } from "./report/terminal.js";
import { projectRoot } from "./root.js";
import type { RuleId } from "./rules.js";
import { type AuditResult, audit, loadOurs, loadUpstream, type OurSide, type UpstreamSide } from "./run.js";
import { readTypeScript } from "./typescript.js";

let theirs: UpstreamSide;
let ours: OurSide;
let base: AuditResult;
beforeAll(async () => {
  theirs = await loadUpstream(projectRoot());
  ours = loadOurs(projectRoot());
  base = audit(theirs, ours);
}, 300_000);

function key(f: { rule: RuleId; subject: string }): string {
  return `${f.rule} ${f.subject}`;
}

/** The findings that a change of one source adds; the ledger's are left out. */
function planted(path: string, change: (text: string) => string): string[] {
  const text = ours.sources.get(path)!;
  const changed = change(text);
  expect(changed, "the fault was planted").not.toBe(text);
  const sources = new Map(ours.sources).set(path, changed);
  const result = audit(theirs, { ...ours, sources }, { bodies: false });
  const before = new Set(base.findings.map(key));
  return result.findings.map(key).filter((k) => !before.has(k) && !k.startsWith("PM011"));
}

/** The text of a top-level function with its doc comment. */
function functionText(text: string, name: string): string {
  const m = new RegExp(
    `/\\*\\*(?:(?!\\*/)[\\s\\S])*\\*/\\n(?:export )?function ${name}\\b[\\s\\S]*?\\n}\\n`,
  ).exec(text);
  expect(m, name).not.toBeNull();
  return m![0];
}

const BITVEC = "src/pager/bitvec.ts";

describe("planted faults", () => {
  it("a function is gone", () => {
    expect(planted(BITVEC, (t) => t.replace(functionText(t, "sqlite3BitvecTest"), ""))).toEqual([
      "PM001 sqlite3BitvecTest",
    ]);
  });

  it("a function that is not compiled may go", () => {
    expect(planted(BITVEC, (t) => t.replace(functionText(t, "sqlite3ShowBitvec"), ""))).toEqual([]);
  });

  it("a function is in another file", () => {
    const text = functionText(ours.sources.get(BITVEC)!, "sqlite3BitvecTest");
    const random = ours.sources.get("src/random.ts")!;
    const sources = new Map(ours.sources)
      .set(BITVEC, ours.sources.get(BITVEC)!.replace(text, ""))
      .set("src/random.ts", `${random}\n${text}`);
    const added = audit(theirs, { ...ours, sources }, { bodies: false }).findings.filter(
      (f) => f.rule === "PM002",
    );
    expect(added.map(key)).toEqual(["PM002 sqlite3BitvecTest"]);
  });

  it("a function comes too early", () => {
    const moved = planted(BITVEC, (t) => {
      const text = functionText(t, "sqlite3BitvecSize");
      const first = functionText(t, "sqlite3BitvecCreate");
      return t.replace(text, "").replace(first, `${text}\n${first}`);
    });
    expect(moved).toEqual(["PM003 sqlite3BitvecSize"]);
  });

  it("an external function is not exported, a static one is", () => {
    expect(
      planted(BITVEC, (t) => t.replace("export function sqlite3BitvecSize", "function sqlite3BitvecSize")),
    ).toEqual(["PM004 sqlite3BitvecSize"]);
    expect(
      planted("src/os/os.ts", (t) => t.replace("\nfunction vfsUnlink", "\nexport function vfsUnlink")),
    ).toEqual(["PM004 vfsUnlink"]);
  });

  it("a function has another name", () => {
    expect(
      planted(BITVEC, (t) => t.replace(/\bfunction sqlite3BitvecSize\b/, "function sqlite3BitvecLength")),
    ).toEqual(["PM005 sqlite3BitvecSize"]);
  });

  it("a tag names nothing", () => {
    const added = planted(BITVEC, (t) =>
      t.replace("@upstream bitvec.c sqlite3BitvecSize", "@upstream bitvec.c bitvecSize"),
    );
    /* The name and the place still match; only the tag is wrong. */
    expect(added).toEqual(["PM006 bitvec.c bitvecSize"]);
    expect(
      planted(BITVEC, (t) => t.replace("@upstream bitvec.c sqlite3BitvecSize", "@upstream bits.c x")),
    ).toEqual(["PM006 bits.c x"]);
  });

  it("a function says nothing about itself", () => {
    expect(planted(BITVEC, (t) => `${t}\n/** Helps. */\nfunction helper(): void {}\n`)).toEqual([
      "PM007 helper",
    ]);
    expect(planted(BITVEC, (t) => `${t}\n/** NON-UPSTREAM: helps. */\nfunction helper(): void {}\n`)).toEqual(
      [],
    );
  });

  it("a constant has another value, or is not upstream's", () => {
    const wrong = (t: string): string => t.replace("SQLITE_BUSY: number = 5", "SQLITE_BUSY: number = 6");
    expect(planted("src/sqlite3.ts", wrong)).toContain("PM008 SQLITE_BUSY");
    expect(planted("src/sqlite3.ts", (t) => `${t}\nexport const SQLITE_NEW: number = 1;\n`)).toEqual([
      "PM008 SQLITE_NEW",
    ]);
    expect(
      planted("src/os/os.ts", (t) => t.replace("SHARED_SIZE: number = 510", "SHARED_SIZE: number = 511")),
    ).toEqual(["PM008 SHARED_SIZE"]);
    expect(planted("src/sqlite3.ts", (t) => t.replace('"3.53.2"', '"3.53.1"'))).toEqual([
      "PM008 SQLITE_VERSION",
    ]);
  });

  it("a divergence has no entry", () => {
    expect(planted(BITVEC, (t) => `${t}\n/* @divergence no-such-entry */\n`)).toEqual([
      "PM009 no-such-entry",
    ]);
  });

  it("an option has another default", () => {
    const path = "src/options.ts";
    expect(planted(path, (t) => t.replace('flag("USE_PREAD", true)', 'flag("USE_PREAD", false)'))).toContain(
      "PM013 USE_PREAD",
    );
    expect(planted(path, (t) => t.replace('"SQLITE_MAX_SYMLINK", 200', '"SQLITE_MAX_SYMLINK", 100'))).toEqual(
      ["PM013 SQLITE_MAX_SYMLINK"],
    );
  });

  it("a function is there twice", () => {
    const copy = (t: string): string =>
      `${t}\n/** @upstream bitvec.c sqlite3BitvecSize */\nfunction again(): void {}\n`;
    expect(planted(BITVEC, copy)).toEqual(["PM015 sqlite3BitvecSize"]);
  });
});

describe("the ledger", () => {
  it("is current when it is what the audit generates, and stale otherwise", () => {
    const stale = (ledger: string | null): string[] =>
      audit(theirs, { ...ours, ledger }, { bodies: false })
        .findings.filter((f) => f.rule === "PM011")
        .map((f) => f.message);
    expect(stale(base.ledger)).toEqual([]);
    expect(stale(null)[0]).toContain("does not exist");
    expect(stale(base.ledger.replace('"ported"', '"omitted"'))[0]).toContain("1 lines differ");
  });

  it("does not change with our line numbers", () => {
    const shifted = new Map(ours.sources).set(BITVEC, `// one more line\n${ours.sources.get(BITVEC)!}`);
    expect(audit(theirs, { ...ours, sources: shifted }, { bodies: false }).ledger).toBe(base.ledger);
  });

  it("is JSON with a function on each line", () => {
    const parsed = JSON.parse(base.ledger) as { functions: { file: string; name: string; status: string }[] };
    expect(parsed.functions.length).toBe(base.rows.length);
    expect(base.ledger.split("\n").filter((l) => l.startsWith('{"file"')).length).toBe(base.rows.length);
    expect(parsed.functions.find((f) => f.name === "sqlite3PagerOpen")).toMatchObject({ file: "pager.c" });
  });
});

describe("decisions", () => {
  it("must name functions that exist and are not ported", () => {
    const entry = (file: string): string => `{"file":"${file}","status":"omitted","reason":"because"}`;
    const decisions = parseDecisions(
      `{"noSuchFunction":${entry("pager.c")},"sqlite3BitvecSize":${entry("bitvec.c")},"a":{"file":"b.c"}}`,
      '{"nothing.c":"later","wal.c":""}',
    );
    const result = audit(theirs, { ...ours, decisions }, { bodies: false });
    expect(
      result.findings
        .filter((f) => f.rule === "PM012")
        .map((f) => f.subject)
        .sort(),
    ).toEqual([
      "docs/ledger/omitted.json",
      "docs/ledger/pending.json",
      "noSuchFunction",
      "nothing.c",
      "sqlite3BitvecSize",
    ]);
  });

  it("that are not JSON are a finding", () => {
    expect(parseDecisions("{", "[]").errors.map((e) => e.path)).toEqual([
      "docs/ledger/omitted.json",
      "docs/ledger/pending.json",
    ]);
  });
});

describe("divergences", () => {
  it("have an entry and a tag each", () => {
    const side = readTypeScript(
      new Map([["src/a.ts", "/** @divergence one */\nconst a = 1;\n// @divergence two\n"]]),
    );
    const findings = checkDivergences("# Title\n\n## one\n\n## three\n\n## omitted\n", side);
    expect(findings.map(key)).toEqual(["PM009 two", "PM010 three"]);
  });
});

describe("the report", () => {
  it("counts every function once", () => {
    for (const c of countFiles(reportOf(base, ours, ["default"], null)))
      expect(c.ported + c.omitted + c.pending + c.notNeeded + c.missing, c.file).toBe(c.functions);
  });

  it("shows both sides of a function", () => {
    const report = only(reportOf(base, ours, ["default"], null), "sqlite3BitvecSize");
    const text = functionReport(report, { paint: PLAIN, width: 110, pages: new Map() });
    expect(text).toContain("SQLITE_PRIVATE u32 sqlite3BitvecSize(Bitvec *p){");
    expect(text).toContain("export function sqlite3BitvecSize(p: Bitvec): number {");
  });
});

describe("order", () => {
  it("blames as few functions as possible", () => {
    expect([...longestIncreasing([1, 2, 9, 3, 4])].sort()).toEqual([0, 1, 3, 4]);
    expect([...longestIncreasing([])]).toEqual([]);
  });
});
