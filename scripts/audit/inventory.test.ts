import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { cParser } from "./cparser.js";
import { inventory } from "./inventory.js";
import { WHOLE } from "./mirrors.js";
import { type Arm, preprocess } from "./preprocess.js";
import { gypiDefines } from "./profile.js";
import { PROFILE_NAMES } from "./profiles.js";
import { projectRoot } from "./root.js";
import { loadUpstream, type UpstreamSide } from "./run.js";
import { upstreamOf } from "./upstream.js";

const SMALL = `
/************** Begin file a.h ***********/
#define PRIVATE static
#define NOTHING(X)
#define MAKE(NAME,V) \\
static int NAME##Impl(int x){ return x+V; }
/************** End of a.h ***********/
/************** Begin file a.c ***********/
struct Thing { int a; };
static const int aTable[] = { 1, 2 };
enum { E_ONE = 1, E_TWO };
SQLITE_PRIVATE int outside(void){ return 1; }
static char *inside(struct Thing *p){ NOTHING( x=1 ) return 0; }
#ifdef DEBUGGING
static void forDebug(int a){ if( a ){ /* } */ } }
# ifdef DEEPER
int deeper(void){ return 2; }
# endif
#endif
int twice(
#ifdef DEBUGGING
  int a,
#endif
  int b
){ return b; }
#ifdef DEBUGGING
int empty(int a){ return a; }
#else
# define empty(X)
#endif
MAKE(one, 1)
MAKE(two,
  2)
int last(void){
  empty(3);
  return 0;
}
/************** End of a.c ***********/
`;

describe("the inventory of a small file", () => {
  it("finds functions in every arm, and what macros define", async () => {
    const up = upstreamOf("small.c", SMALL);
    const pre = preprocess(up.code, { name: "test", defines: new Map() });
    const inv = inventory(up, pre, await cParser(), "a.c");
    expect(inv.errors).toEqual([]);
    const rows = inv.functions.map((f) => [f.name, f.static, f.compiled, f.option, f.generator]);
    expect(rows).toEqual([
      ["outside", false, true, null, null],
      ["inside", true, true, null, null],
      ["forDebug", true, false, "DEBUGGING", null],
      ["deeper", false, false, "DEEPER", null],
      ["twice", false, true, null, null],
      ["empty", false, false, "DEBUGGING", null],
      ["oneImpl", true, true, null, "MAKE"],
      ["twoImpl", true, true, null, "MAKE"],
      ["last", false, true, null, null],
    ]);
    const twice = inv.functions.find((f) => f.name === "twice")!;
    expect(up.lines[twice.first]).toBe("int twice(");
    expect(up.lines[twice.last]).toBe("){ return b; }");
    expect(inv.names.get("Thing")).toBe("type");
    expect(inv.names.get("aTable")).toBe("variable");
    expect(inv.names.get("E_TWO")).toBe("variable");
    expect(inv.names.get("empty")).toBe("function");
  });

  it("reports what it cannot read", async () => {
    const up = upstreamOf("small.c", SMALL.replace("return b; }", "return b; } ) = {"));
    const pre = preprocess(up.code, { name: "test", defines: new Map() });
    expect(inventory(up, pre, await cParser(), "a.c").errors.length).toBeGreaterThan(0);
  });
});

describe("the installed amalgamation", () => {
  const root = projectRoot();
  let theirs: UpstreamSide;
  beforeAll(async () => {
    theirs = await loadUpstream(root);
  });

  it("is read without an error", () => {
    for (const { profile, pre, inventoryOf } of theirs.sides) {
      expect(pre.errors, profile.name).toEqual([]);
      for (const file of WHOLE) expect(inventoryOf(file)!.errors, `${profile.name} ${file}`).toEqual([]);
    }
  });

  it("has the functions that its object file has", () => {
    const counts = WHOLE.map((file) => [
      file,
      theirs.inventoryOf(file)!.functions.filter((f) => f.compiled).length,
    ]);
    /* `nm` on a build with -O0; see docs/audit.md. */
    expect(Object.fromEntries(counts)).toEqual({
      "os.c": 38,
      "os_unix.c": 93,
      "memjournal.c": 12,
      "bitvec.c": 8,
      "random.c": 4,
      "pcache.c": 36,
      "pcache1.c": 30,
      "pager.c": 125,
      "wal.c": 62,
    });
  });

  const hasCompiler = spawnSync("cc", ["--version"]).status === 0;

  it.skipIf(!hasCompiler || process.platform !== "linux" || process.arch !== "x64").each(PROFILE_NAMES)(
    "has the same active arms for the compiler's preprocessor, profile %s",
    (name) => {
      const { pre, profile } = theirs.sides.find((side) => side.profile.name === name)!;
      const arms: Arm[] = [];
      const collect = (list: readonly Arm[]): void => {
        for (const arm of list) {
          arms.push(arm);
          collect(arm.children);
        }
      };
      collect(pre.arms);
      /* A copy with a pragma behind each directive that opens an arm; cpp drops those of hidden arms. */
      const openers = new Set(arms.map((a) => a.line));
      const { lines, code } = theirs.up;
      const marked: string[] = [];
      for (let i = 1; i < lines.length; i++) {
        const opener = openers.has(i) ? i : 0;
        const defined = /^\s*#\s*define\s+(\w+)/.exec(lines[i]!)?.[1];
        if (defined !== undefined && profile.profile.fixed?.has(defined)) {
          while (lines[i]!.endsWith("\\")) i++;
          continue;
        }
        marked.push(lines[i]!);
        const unfinished = (): boolean =>
          code[i]!.trimEnd().endsWith("\\") || lines[i]!.lastIndexOf("/*") > lines[i]!.lastIndexOf("*/");
        while (opener > 0 && unfinished()) marked.push(lines[++i]!);
        if (opener > 0) marked.push(`#pragma AUDIT ${opener}`);
      }
      const dir = mkdtempSync(join(tmpdir(), "pager-mirror-audit-"));
      try {
        writeFileSync(join(dir, "marked.c"), marked.join("\n"));
        writeFileSync(join(dir, "tclsqlite.h"), ""); /* of upstream's test builds */
        const gypi = readFileSync(join(root, "node_modules/better-sqlite3/deps/defines.gypi"), "utf8");
        const options = new Map([...gypiDefines(gypi), ["NDEBUG", "1"]]);
        const base = theirs.sides[0]!.profile.profile.defines;
        for (const [macro, value] of profile.profile.defines)
          if (base.get(macro) !== value) options.set(macro, value);
        for (const macro of base.keys()) if (!profile.profile.defines.has(macro)) options.delete(macro);
        const defines = [...options].map(([macro, value]) => `-D${macro}=${value}`);
        const args = ["-std=c99", "-w", ...defines, "-E", "-P", "marked.c", "-o", "out.i"];
        execFileSync("cc", args, { cwd: dir });
        const out = readFileSync(join(dir, "out.i"), "utf8");
        const compiled = new Set([...out.matchAll(/^#pragma AUDIT (\d+)/gm)].map((m) => Number(m[1])));
        const different = arms
          .filter((a) => a.active !== compiled.has(a.line))
          .map((a) => [a.line, a.condition]);
        expect(different).toEqual([]);
        expect(arms.length).toBeGreaterThan(4000);
      } finally {
        rmSync(dir, { recursive: true });
      }
    },
  );
});
