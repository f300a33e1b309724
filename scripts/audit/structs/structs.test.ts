import { describe, expect, it } from "vitest";
import { cParser } from "../cparser.js";
import { preprocess } from "../preprocess.js";
import { projectRoot } from "../root.js";
import { loadUpstream } from "../run.js";
import { readSources, readTypeScript } from "../typescript.js";
import { upstreamOf } from "../upstream.js";
import { parseStructDecisions, readStructDecisions } from "./decisions.js";
import { checkStructs } from "./match.js";
import { structsOf, type UpstreamStruct } from "./upstream.js";

const C = `
/************** Begin file bitvec.c ***********/
typedef struct Inner Inner;
struct Outer {
  u8 a, *b;                /* two of them */
#ifdef SNAPSHOT
  unsigned bit : 1;
#endif
  u32 aSum[2];
  int (*xCall)(void*,int);
#ifdef NEVER_DEFINED
  int hidden;
#endif
  union { u8 small; u32 big[4]; } u;
  struct Inner { int i; } aInner[1];
};
static struct { int x; } global = { 0 };
int f(void){ struct Local { int z; } l; struct { int w; } m; return l.z; }
/************** End of bitvec.c ***********/
`;

async function structs(text = C): Promise<UpstreamStruct[]> {
  const up = upstreamOf("small.c", text);
  const conditions = [
    { profile: { name: "default" }, pre: preprocess(up.code, { name: "default", defines: new Map() }) },
    {
      profile: { name: "snapshot" },
      pre: preprocess(up.code, { name: "snapshot", defines: new Map([["SNAPSHOT", "1"]]) }),
    },
  ];
  return structsOf(up, conditions, await cParser(), "bitvec.c");
}

const TS = `
/** @upstream bitvec.c Outer */
export class Outer implements Counted {
  mem: Uint8Array | null = null;
  a = 0;
  b = 0;
  bit = 0;
  readonly aSum = [0, 0];
  /** NON-UPSTREAM: a helper. */
  helper = 0;
  xCall = null;
  u = { small: 0, big: [] };
  get aInner(): number { return 1; }
  set aInner(v: number) {}
  clear(): void {}
}
class Inner { i = 0; }
class global { x = 0; }
class Local { z = 0; }
`;

async function findings(ts: string, decisions = "{}"): Promise<string[]> {
  const all = await structs();
  const side = readTypeScript(new Map([["src/pager/bitvec.ts", ts]]));
  const report = checkStructs(
    (file) => (file === "bitvec.c" ? all : []),
    side,
    parseStructDecisions(decisions),
  );
  return report.findings.map((f) => `${f.rule} ${f.subject}`);
}

describe("the structs of a small file", () => {
  it("have their fields in order, with types and profiles", async () => {
    const [outer, ...others] = await structs();
    expect(outer!.fields.map((f) => `${f.name}: ${f.type}`)).toEqual([
      "a: u8",
      "b: u8 *",
      "bit: unsigned : 1",
      "aSum: u32 [ 2 ]",
      "xCall: int ( * ) ( void * , int )",
      "hidden: int",
      "u: union",
      "u.small: u8",
      "u.big: u32 [ 4 ]",
      "aInner: struct [ 1 ]",
    ]);
    expect(outer!.fields.filter((f) => f.profiles.length < 2).map((f) => [f.name, f.profiles])).toEqual([
      ["bit", ["snapshot"]],
      ["hidden", []],
    ]);
    expect(others.map((s) => s.name)).toEqual(["Inner", "global", "Local"]);
  });

  it("have a hash that white space and comments do not change", async () => {
    const hash = async (text: string): Promise<string> => (await structs(text))[0]!.hash;
    expect(await hash(C.replace("two of them", "several"))).toBe(await hash(C));
    expect(await hash(C.replace("int hidden", "u8 hidden"))).not.toBe(await hash(C));
  });
});

describe("classes and structs", () => {
  it("agree", async () => {
    expect(await findings(TS)).toEqual([]);
  });

  it("do not, if a field is missing, extra, or elsewhere", async () => {
    expect(await findings(TS.replace("  a = 0;\n", ""))).toEqual(["PM016 Outer.a"]);
    expect(await findings(TS.replace("  bit = 0;\n", ""))).toEqual(["PM016 Outer.bit"]);
    expect(await findings(TS.replace("small: 0, ", ""))).toEqual(["PM016 Outer.u.small"]);
    expect(await findings(TS.replace("NON-UPSTREAM: a", "A"))).toEqual(["PM017 Outer.helper"]);
    expect(await findings(TS.replace("  a = 0;\n  b = 0;\n", "  b = 0;\n  a = 0;\n"))).toEqual([
      "PM018 Outer.a",
    ]);
    expect(await findings(TS.replace("class Local { z = 0; }", ""))).toEqual(["PM016 Local"]);
    expect(await findings(`${TS}\nclass Unheard { x = 0; }`)).toEqual(["PM007 Unheard"]);
  });

  it("may have fields that no profile has", async () => {
    expect(await findings(TS.replace("  xCall = null;\n", "  xCall = null;\n  hidden = 0;\n"))).toEqual([]);
    expect(await findings(TS.replace("  xCall = null;\n", "  hidden = 0;\n  xCall = null;\n"))).toEqual([
      "PM018 Outer.xCall",
    ]);
  });

  it("may differ as the ledger says, and only where they do", async () => {
    const without = TS.replace("  a = 0;\n", "  aa = 0;\n").replace("class Local { z = 0; }", "");
    const ledger = (outer: object): string => JSON.stringify({ Outer: outer, Local: { missing: "why" } });
    expect(await findings(without, ledger({ renamed: { a: "aa: a word" } }))).toEqual([]);
    expect(await findings(without, ledger({ omitted: { a: "why" }, extra: { aa: "why" } }))).toEqual([]);
    expect(
      await findings(TS, ledger({ omitted: { a: "w" }, extra: { aa: "w" }, renamed: { b: "c: w" } })),
    ).toEqual(["PM012 Outer.a", "PM012 Outer.aa", "PM012 Outer.b", "PM012 Local"]);
    expect(await findings(without, ledger({ omitted: { "*": "why" }, extra: { aa: "why" } }))).toEqual([]);
    expect(await findings(TS, '{ "Gone": { "omitted": { "x": "why" } } }')).toEqual(["PM012 Gone.x"]);
  });

  it("need reasons that are there", () => {
    expect(parseStructDecisions("[]").errors).toHaveLength(1);
    expect(parseStructDecisions("{").errors).toHaveLength(1);
    const bad = { A: { omitted: { x: " " }, renamed: { y: "z" }, missing: "", other: {} }, B: 1 };
    expect(parseStructDecisions(JSON.stringify(bad)).errors).toHaveLength(5);
  });
});

describe("the port", () => {
  it("has a class for every struct, and notices one that is changed", async () => {
    const root = projectRoot();
    const { structsOf: read } = await loadUpstream(root);
    const sources = readSources(root);
    const check = (path: string, change: (text: string) => string): string[] => {
      const side = readTypeScript(new Map(sources).set(path, change(sources.get(path)!)));
      return checkStructs(read, side, readStructDecisions(root)).findings.map(
        (f) => `${f.rule} ${f.subject}`,
      );
    };
    expect(check("src/wal/wal.ts", (text) => text)).toEqual([]);
    expect(check("src/wal/wal.ts", (text) => text.replace(/([gs]et) isInit\(/g, "$1 wasInit("))).toEqual([
      "PM016 WalIndexHdr.isInit",
      "PM017 WalIndexHdr.wasInit",
    ]);
    /* Fields that only other profiles compile. */
    expect(check("src/os/os_unix.ts", (text) => text.replace("\n  iBusyTimeout = 0;", ""))).toEqual([
      "PM016 unixFile.iBusyTimeout",
    ]);
  });
});
