import { describe, expect, it } from "vitest";
import { preprocess } from "../preprocess.js";
import { readTypeScript } from "../typescript.js";
import { upstreamOf } from "../upstream.js";
import { parseMacroDecisions } from "./decisions.js";
import { checkMacros } from "./match.js";

const C = `
/************** Begin file wal.h ***********/
#ifndef SQLITE_WAL_H
#define SQLITE_WAL_H
#define WAL_LIMIT 5
#ifdef SNAPSHOT
# define withSnapshot(X) ((X)+1)
#else
# define withSnapshot(X)
#endif
#ifdef OTHER_SYSTEM
# define UNSEEN 1
#endif
#define TRACE(X)
#endif
/************** End of wal.h ***********/
/************** Begin file btree.c ***********/
#define NOT_MIRRORED 1
/************** End of btree.c ***********/
`;

const LEDGER = {
  "SQLITE_*_H": { status: "include guard", reason: "modules" },
  TRACE: { status: "nothing", reason: "a trace" },
};

function findings(ts: string, ledger: object = LEDGER): string[] {
  const up = upstreamOf("small.c", C);
  const side = (defines: [string, string][]) => ({
    pre: preprocess(up.code, { name: "test", defines: new Map(defines) }),
  });
  const ours = readTypeScript(new Map([["src/wal/wal.ts", ts]]));
  const decisions = parseMacroDecisions(JSON.stringify(ledger));
  return checkMacros(up, [side([]), side([["SNAPSHOT", "1"]])], ours, decisions).findings.map(
    (f) => `${f.rule} ${f.subject}`,
  );
}

const TS =
  "export const WAL_LIMIT: number = 5;\nfunction withSnapshot(X: number): number { return X + 1; }\n";

describe("macros", () => {
  it("have a counterpart or a reason", () => {
    expect(findings(TS)).toEqual([]);
    expect(findings(TS.replace("WAL_LIMIT", "WAL_LIMITS"))).toEqual(["PM019 WAL_LIMIT"]);
    expect(findings(TS.replace("withSnapshot", "other"))).toEqual(["PM019 withSnapshot"]);
    expect(findings(`${TS}`, {})).toEqual(["PM019 SQLITE_WAL_H", "PM019 TRACE"]);
  });

  it("are not in the ledger without need", () => {
    const why = (status: string): object => ({ status, reason: "why" });
    expect(findings(TS, { ...LEDGER, WAL_LIMIT: why("inlined") })).toEqual(["PM012 WAL_LIMIT"]);
    expect(findings(TS, { ...LEDGER, UNSEEN: why("platform") })).toEqual(["PM012 UNSEEN"]);
    const without = TS.split("\n")[0]!;
    expect(findings(without, { ...LEDGER, withSnapshot: why("inlined") })).toEqual([]);
    expect(findings(without, { ...LEDGER, withSnapshot: why("nothing") })).toEqual(["PM012 withSnapshot"]);
  });

  it("need a status and a reason", () => {
    const bad = { A: { status: "odd", reason: "x" }, B: { status: "type" }, C: null, "D E": LEDGER.TRACE };
    expect(parseMacroDecisions(JSON.stringify(bad)).errors).toHaveLength(4);
    expect(parseMacroDecisions("3").errors).toHaveLength(1);
    expect(parseMacroDecisions("{").errors).toHaveLength(1);
  });
});
