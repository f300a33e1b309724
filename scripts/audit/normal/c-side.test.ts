import { beforeAll, describe, expect, it } from "vitest";
import { type CParser, cParser } from "../cparser.js";
import { inventory } from "../inventory.js";
import { MIRRORS } from "../mirrors.js";
import { preprocess } from "../preprocess.js";
import { defaultProfile } from "../profile.js";
import { projectRoot } from "../root.js";
import { installedUpstream, type Upstream, upstreamOf } from "../upstream.js";
import { CSide, type LoweredC } from "./c-side.js";
import { typeName } from "./c-types.js";
import type { Node } from "./form.js";
import { printStatement } from "./print.js";

let parse: CParser;

beforeAll(async () => {
  parse = await cParser();
});

const TYPES = `
/************** Begin file t.h ***********/
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef long long i64;
typedef struct Small Small;
typedef struct Thing Thing;
#define KEPT 7
#define GONE (1<<3)
#define TWICE(X) ((X)+(X))
#define CALL(X) ((u32)(X)*2)
#define NAMED sqlite3Something
#define PUT(P,V) { (P)[0] = (u8)(V); (P)[1] = 0; }
#define SWAP(A,B) t = A; A = B; \\
  B = t
#define UNUSED_PARAMETER(x) (void)(x)
#define NOTHING(x)
#define MAKE(N) static int N##Impl(Thing *p){ return p->n; }
struct Small { int a; int b; };
struct Thing {
  u8 c; u16 s; u32 n; i64 big; char z[10];
  Small one; Small many[3]; Small *pOne; u32 *aNum; Thing *pNext;
  unsigned bit :1;
  union { int in; char *zIn; };
  int (*xFunc)(Thing*, u8);
};
static const u8 aGlobal[] = { 1, 2, 3 };
int f(int);
int g(u8 x, u32 y);
u32 h(Thing*);
/************** End of t.h ***********/
/************** Begin file t.c ***********/
`;

/** Lowers `void x(...)` with that body; `names` stay macros. */
function lower(
  parameters: string,
  body: string,
  names: readonly string[] = ["KEPT", "CALL", "NAMED"],
): LoweredC {
  const text = `${TYPES}int x(${parameters}){\n${body}\n}\n/************** End of t.c ***********/\n`;
  const up = upstreamOf("small.c", text);
  const pre = preprocess(up.code, { name: "test", defines: new Map() });
  const known = new Set(names);
  const side = new CSide(up, pre, parse, { functions: known, constants: known });
  const fn = inventory(up, pre, parse, "t.c").functions.find((f) => f.name === "x")!;
  const lowered = side.lower(fn);
  expect(side.fallbacks).toEqual([]);
  return lowered;
}

const ALL = "Thing *p, Thing **pp, Small *q, u8 *a, u32 *aNum, u32 n, int i, i64 big, u8 c, int *pRes";

function form(body: string, parameters = ALL): string {
  return printStatement(lower(parameters, body).body);
}

function lines(...all: string[]): string {
  return all.join("\n");
}

describe("places", () => {
  it("says pointers to structs and structs the same way", () => {
    expect(form("p->n = 1; (*p).n = 1; p->one.a = 1; (*pp)->n = 1; pp[0]->pNext->n = 1;")).toBe(
      lines("p.n = 1", "p.n = 1", "p.one.a = 1", "pp[0].n = 1", "pp[0].pNext.n = 1"),
    );
    expect(form("*pRes = i; *a = c; (**pp).n = 1; *pp = p;")).toBe(
      lines("pRes[0] = i", "a[0] = c", "pp[0].n = 1", "pp[0] = p"),
    );
    expect(form("p->many[i].a = p->many->b; (p+1)->n = 2; *(a+i) = 3;")).toBe(
      lines("p.many[i].a = p.many[0].b", "p[1].n = 2", "a[i] = 3"),
    );
    expect(form("p->in = 1; i = p->zIn[0];")).toBe(lines("p.in = 1", "i = p.zIn[0]"));
  });

  it("takes addresses by what is there", () => {
    expect(form("h((void*)(&i));")).toBe("h(&i)");
    expect(form("f2(&p->n, &p->one, &p->z, &p->pOne, &p->many[i], &p->z[i], &p->z[0], &a[4], &pp[i]);")).toBe(
      "f2(&p.n, p.one, p.z, &p.pOne, p.many[i], p.z + i, p.z, a + 4, &pp[i])",
    );
    expect(form("Small s; Small as[2]; int v; f2(&s, as, &as[1], &v, &f, &*p);")).toBe(
      lines("declare s", "declare as", "declare v", "f2(s, as, as[1], &v, f, p)"),
    );
    expect(form("i = *&i;")).toBe("i = i");
  });

  it("calls through pointers", () => {
    expect(form("p->xFunc(p, 1); (*p->xFunc)(p, 2); (p->xFunc)(p, i);")).toBe(
      lines("p.xFunc(p, 1)", "p.xFunc(p, 2)", "p.xFunc(p, u8?(i))"),
    );
    expect(form("int (*xF)(int) = f; (*xF)(i); xF(2);")).toBe(lines("xF = f", "xF(i)", "xF(2)"));
  });
});

describe("values", () => {
  it("reads literals", () => {
    expect(form(`i = 0x1F; i = 017; i = 'a'; i = '\\0'; i = '\\xff'; i = -1; p = NULL; p = (void*)0;`)).toBe(
      lines("i = 31", "i = 15", "i = 97", "i = 0", "i = -1", "i = -1", "p = 0", "p = 0"),
    );
    expect(form(`f2("a\\"b" "\\n" "\\101");`)).toBe(String.raw`f2("a\"b\nA")`);
  });

  it("says zero, truth and negation one way", () => {
    expect(form("if( p!=0 && i==0 ) f(1); i = (n!=0); i = n ? 1 : 0; i = n==3 ? 0 : 1; i = !!n;")).toBe(
      lines("if (p && !i)", "  f(1)", "i = !!n", "i = !!n", "i = !(n == 3)", "i = !!n"),
    );
    expect(form("if( (i = f(2))!=0 ) return 1; if( 0==(i = f(2)) ) return 2;")).toBe(
      lines("if (i = f(2))", "  return 1", "if (!(i = f(2)))", "  return 2"),
    );
  });

  it("tells a division that rounds from one that does not", () => {
    expect(form("i = n/3; i = n/3.5; i = big*2/10.0;")).toBe(
      lines("i = n / 3", "i = i32?(n // 3.5)", "i = i32?(big * 2 // 10)"),
    );
  });

  it("takes sizes", () => {
    expect(
      form(
        "f2(sizeof(Thing), sizeof(*p), sizeof(p), sizeof(u32), sizeof(p->z), sizeof(p->many), sizeof(i64));",
      ),
    ).toBe("f2(sizeof(Thing), sizeof(Thing), sizeof(ptr), 4, 10, sizeof(Small) * 3, 8)");
    expect(
      form("u32 b[4]; f2(sizeof(b), sizeof(b)/sizeof(b[0]), sizeof(aGlobal), sizeof(p->aNum[0]));"),
    ).toBe(lines("declare b", "f2(16, 4, 3, 4)"));
  });

  it("copies and clears whole structs, and nothing else", () => {
    expect(
      form(
        "*q = p->one; p->one = *q; memcpy(&p->one, q, sizeof(Small)); memcpy((void*)&p->many[1], (const void*)q, sizeof(*q));",
      ),
    ).toBe(lines("copy(q, p.one)", "copy(p.one, q)", "copy(p.one, q)", "copy(p.many[1], q)"));
    expect(
      form(
        "memset(q, 0, sizeof(*q)); memset(&p->one, 0, sizeof(p->one)); memset(q, 1, sizeof(*q)); memset(p->z, 0, sizeof(p->z)); memcpy(a, &n, sizeof(n));",
      ),
    ).toBe(
      lines(
        "clear(q)",
        "clear(p.one)",
        "memset(q, 1, sizeof(Small))",
        "memset(p.z, 0, 10)",
        "memcpy(a, &n, 4)",
      ),
    );
    expect(form("Small s = *q;")).toBe("copy(s, q)");
    expect(form("memcpy(p, q, sizeof(Small)); memset(a, 0, sizeof(Small)); memset(q, 0, sizeof(q));")).toBe(
      lines("memcpy(p, q, sizeof(Small))", "memset(a, 0, sizeof(Small))", "memset(q, 0, sizeof(ptr))"),
    );
  });
});

describe("widths", () => {
  it("keeps casts that change something", () => {
    expect(
      form(
        "c = (u8)i; c = (u8)c; n = (u32)i; n = (u32)7; i = (int)n; i = (int)c; big = (i64)n; i = (int)big;",
      ),
    ).toBe(
      lines("c = u8(i)", "c = c", "n = u32(i)", "n = 7", "i = i32(n)", "i = c", "big = n", "i = i32(big)"),
    );
    expect(form("i = i & 0xff; i = 0xffff & i; n = (u32)(big & 0xffffffff); i = i & 0x7f;")).toBe(
      lines("i = u8(i)", "i = u16(i)", "n = u32(big)", "i = i & 127"),
    );
  });

  it("marks conversions that nobody wrote", () => {
    expect(form("c = i; c = i & 15; c = (i>3); p->s = n; i = n; n = i; n = big; c += 1; i += 1;")).toBe(
      lines(
        "c = u8?(i)",
        "c = i & 15",
        "c = i > 3",
        "p.s = u16?(n)",
        "i = i32?(n)",
        "n = u32?(i)",
        "n = u32?(big)",
        "c = u8?(c + 1)",
        "i = i + 1",
      ),
    );
    expect(form("g(i, i); u8 k = i; return n;")).toBe(
      lines("g(u8?(i), u32?(i))", "k = u8?(i)", "return i32?(n)"),
    );
  });

  it("marks 32-bit unsigned arithmetic once", () => {
    expect(
      form("n = n + 1 - i*2; n = ~n; n = n<<i; n = n>>3; n = n/2; big = n - 1; n = (n & 7) + 1; n++;"),
    ).toBe(
      lines(
        "n = u32?(n + 1 - i * 2)",
        "n = u32?(~n)",
        "n = u32?(n << i)",
        "n = shr(n) >> 3",
        "n = n / 2",
        "big = u32?(n - 1)",
        "n = (n & 7) + 1",
        "n = u32?(n + 1)",
      ),
    );
    expect(form("c = (u8)(n + 1); i = ((n+1) & 0xff);")).toBe(lines("c = u8(n + 1)", "i = u8(n + 1)"));
  });

  it("knows the types of macros that stay", () => {
    expect(form("c = CALL(i); n = CALL(i); c = KEPT;")).toBe(
      lines("c = u8?(CALL(i))", "n = CALL(i)", "c = KEPT"),
    );
  });
});

describe("macros", () => {
  it("expands what the port has not by name", () => {
    expect(form("i = KEPT + GONE; i = TWICE(f(i)); n = CALL(TWICE(3)); i = NAMED;")).toBe(
      lines("i = KEPT + (1 << 3)", "i = f(i) + f(i)", "n = CALL(3 + 3)", "i = NAMED"),
    );
    expect(
      form("int t; PUT(a, i); SWAP(i, p->one.a); UNUSED_PARAMETER(c); NOTHING(f(1)); (void)f(2); (void)c;"),
    ).toBe(lines("declare t", "a[0] = u8(i)", "a[1] = 0", "t = i", "i = p.one.a", "p.one.a = t", "f(2)"));
  });

  it("expands a macro inside its own argument", () => {
    expect(form("i = TWICE(TWICE(f(3)));")).toBe("i = f(3) + f(3) + (f(3) + f(3))");
  });

  it("gives what is expanded the line of the use", () => {
    const { body, first } = lower(ALL, "i = 1;\nPUT(a,\n  i);\nf(\n i );", []);
    expect(body.kids.map((s) => [s.line - first, s.end - first])).toEqual([
      [1, 1],
      [2, 2],
      [2, 2],
      [4, 5],
    ]);
  });

  it("keeps asserts and testcases", () => {
    expect(form("assert( p!=0 && i==0 ); testcase( i==3 ); assert( i ); i = ALWAYS(p!=0);")).toBe(
      lines("assert(p && !i)", "testcase(i == 3)", "assert(i)", "i = ALWAYS(!!p)"),
    );
  });

  it("finds functions that a macro defines", () => {
    const up = upstreamOf("small.c", `${TYPES}MAKE(one)\n/************** End of t.c ***********/\n`);
    const pre = preprocess(up.code, { name: "test", defines: new Map() });
    const none: ReadonlySet<string> = new Set();
    const side = new CSide(up, pre, parse, { functions: none, constants: none });
    const fn = inventory(up, pre, parse, "t.c").functions.find((f) => f.name === "oneImpl")!;
    const lowered = side.lower(fn);
    expect(printStatement(lowered.body)).toBe("return i32?(p.n)");
    expect(lowered.body.kids[0]!.line).toBe(fn.first);
  });
});

describe("statements", () => {
  it("keeps loops, their heads and their ends", () => {
    expect(
      form("for(i=0, n=1; i<3; i++, n--) f(i); for(;;){ break; } while(1){ continue; } for(; i; ){ f(1); }"),
    ).toBe(
      lines(
        "for (i = 0, n = 1; i < 3; i = i + 1, n = u32?(n - 1))",
        "  f(i)",
        "while (1)",
        "  break",
        "while (1)",
        "  continue",
        "while (i)",
        "  f(1)",
      ),
    );
    expect(form("do{ f(1); }while( 0 ); while( *a++ ); do f(2); while( i-- > 0 );")).toBe(
      lines("do while (0)", "  f(1)", "while ((a++)[0])", "do while (i-- > 0)", "  f(2)"),
    );
  });

  it("keeps branches, labels and gotos; blocks that only group are gone", () => {
    expect(
      form(
        "if( i ){ f(1); }else if( n ) f(2); else{ f(3); } { { f(4); } f(5); } out: ; again: f(6); goto out;",
      ),
    ).toBe(
      lines(
        "if (i)",
        "  f(1)",
        "else",
        "  if (n)",
        "    f(2)",
        "  else",
        "    f(3)",
        "f(4)",
        "f(5)",
        "out:",
        "again:",
        "f(6)",
        "goto out",
      ),
    );
  });

  it("lists the cases of a switch flat", () => {
    expect(
      form("switch( i ){ case 1: case KEPT: { f(1); break; } default: f(2); case -1: f(3); f(4); }"),
    ).toBe(
      lines(
        "switch (i)",
        "  case 1:",
        "  case KEPT:",
        "  f(1)",
        "  break",
        "  default:",
        "  f(2)",
        "  case -1:",
        "  f(3)",
        "  f(4)",
      ),
    );
  });

  it("tells initializers from declarations", () => {
    const body =
      'int v = 1, w; static int s; u8 aList[2] = { 1, 2 }; char zT[] = "xy"; { int v = 2; f(v); } w = v;';
    const lowered = lower(ALL, body);
    expect(printStatement(lowered.body)).toBe(
      lines("v = 1", "declare w", "declare s", "aList = {1, 2}", 'zT = "xy"', "v = 2", "f(v)", "w = v"),
    );
    const init = (s: Node): boolean => s.kids[0]?.init === true;
    expect(lowered.body.kids.map(init)).toEqual([true, false, false, true, true, true, false, false]);
    expect([...lowered.locals].map(([k, t]) => `${k} ${typeName(t)}`)).toEqual([
      "v i32",
      "w i32",
      "s i32",
      "aList u8[2]",
      "zT i8[3]",
    ]);
    expect([...lowered.uninitialized]).toEqual(["w"]);
    expect(lowered.params.map((q) => typeName(q.type)).slice(0, 3)).toEqual(["Thing*", "Thing**", "Small*"]);
    expect(typeName(lowered.returns)).toBe("i32");
  });

  it("knows where a value is used", () => {
    expect(form("i++; --i; a[i++] = 1; f(--i); (*pRes)++; a += 2; i = (f(1), 2); i++, c--;")).toBe(
      lines(
        "i = i + 1",
        "i = i - 1",
        "a[i++] = 1",
        "f(--i)",
        "pRes[0] = pRes[0] + 1",
        "a = a + 2",
        "i = (f(1) , 2)",
        "i = i + 1 , c = u8?(c - 1)",
      ),
    );
  });
});

describe("the installed amalgamation", () => {
  let up: Upstream;

  beforeAll(() => {
    up = installedUpstream(projectRoot());
  });

  type Lower = (file: string, name: string) => LoweredC;

  function side(defines: Readonly<Record<string, string>>, names: readonly string[]): Lower {
    const pre = preprocess(up.code, defaultProfile(projectRoot(), defines));
    const kept = new Set(names);
    const c = new CSide(up, pre, parse, { functions: kept, constants: kept });
    return (file, name) =>
      c.lower(inventory(up, pre, parse, file).functions.find((f) => f.name === name && f.compiled)!);
  }

  const CODES = ["SQLITE_OK", "SQLITE_NOMEM", "BITVEC_NBIT", "BITVEC_NINT", "BITVEC_MXHASH", "BITVEC_NPTR"];

  it("lowers every function that is compiled, whatever the profile", () => {
    const options = { SQLITE_ENABLE_BATCH_ATOMIC_WRITE: "1", SQLITE_ENABLE_SNAPSHOT: "1" };
    const runs = [
      { defines: {}, files: [...MIRRORS.keys()], least: 700 },
      { defines: options, files: ["pager.c", "wal.c", "os_unix.c"], least: 280 },
    ];
    for (const { defines, files, least } of runs) {
      const pre = preprocess(up.code, defaultProfile(projectRoot(), defines));
      const none: ReadonlySet<string> = new Set();
      const c = new CSide(up, pre, parse, { functions: none, constants: none });
      let n = 0;
      for (const file of files) {
        for (const f of inventory(up, pre, parse, file).functions) {
          if (!f.compiled) continue;
          const lowered = c.lower(f);
          expect(lowered.body.op).toBe("seq");
          expect(lowered.body.line).toBeGreaterThanOrEqual(f.first);
          expect(lowered.body.end).toBeLessThanOrEqual(f.last);
          n++;
        }
      }
      expect(n).toBeGreaterThan(least);
      expect(c.fallbacks).toEqual([]);
    }
  }, 60_000);

  it("reads sqlite3BitvecSet", () => {
    const text = printStatement(
      side({}, [...CODES, "BITVEC_HASH", "BITVEC_SZELEM"])("bitvec.c", "sqlite3BitvecSet").body,
    );
    expect(text).toContain(
      lines(
        "declare h",
        "if (!p)",
        "  return SQLITE_OK",
        "assert(i > 0)",
        "assert(i <= p.iSize)",
        "i = u32?(i - 1)",
        "while (p.iSize > BITVEC_NBIT && p.iDivisor)",
        "  bin = i / p.iDivisor",
        "  i = i % p.iDivisor",
        "  if (!p.u.apSub[bin])",
        "    p.u.apSub[bin] = sqlite3BitvecCreate(p.iDivisor)",
        "    if (!p.u.apSub[bin])",
        "      return SQLITE_NOMEM_BKPT",
        "  p = p.u.apSub[bin]",
      ),
    );
    expect(text).toContain(
      lines("bitvec_set_end:", "p.nSet = u32?(p.nSet + 1)", "p.u.aHash[h] = i", "return SQLITE_OK"),
    );
  });

  it("reads pcache1ResizeHash", () => {
    expect(
      printStatement(
        side({}, ["pcache1EnterMutex", "pcache1LeaveMutex"])("pcache1.c", "pcache1ResizeHash").body,
      ),
    ).toBe(
      lines(
        "declare apNew",
        "declare nNew",
        "declare i",
        "assert(sqlite3_mutex_held(p.pGroup.mutex))",
        "nNew = 2 * p.nHash",
        "if (nNew < 256)",
        "  nNew = 256",
        "pcache1LeaveMutex(p.pGroup)",
        "if (p.nHash)",
        "  sqlite3BeginBenignMalloc()",
        "apNew = sqlite3MallocZero(sizeof(ptr) * nNew)",
        "if (p.nHash)",
        "  sqlite3EndBenignMalloc()",
        "pcache1EnterMutex(p.pGroup)",
        "if (apNew)",
        "  for (i = 0; i < p.nHash; i = u32?(i + 1))",
        "    declare pPage",
        "    pNext = p.apHash[i]",
        "    while (pPage = pNext)",
        "      h = u32?(pPage.iKey % nNew)",
        "      pNext = pPage.pNext",
        "      pPage.pNext = apNew[h]",
        "      apNew[h] = pPage",
        "  sqlite3_free(p.apHash)",
        "  p.apHash = apNew",
        "  p.nHash = u32?(nNew)",
      ),
    );
  });

  it("reads walCheckpoint", () => {
    const kept = [
      "SQLITE_OK",
      "AtomicLoad",
      "AtomicStore",
      "WAL_READ_LOCK",
      "WAL_NREADER",
      "SEH_INJECT_FAULT",
    ];
    const lowered = side({}, kept)("wal.c", "walCheckpoint");
    const text = printStatement(lowered.body);
    expect(text).toContain(
      lines(
        "  for (i = 1; i < WAL_NREADER; i = i + 1)",
        "    y = AtomicLoad(pInfo.aReadMark + i)",
        "    SEH_INJECT_FAULT(pWal)",
        "    if (mxSafeFrame > y)",
      ),
    );
    /* The comparison of the salts that 3.49 did not have. */
    expect(text).toContain("bChg = memcmp(pLive.aSalt, pWal.hdr.aSalt, 8)");
    expect(text).toContain("nReq = mxPage * szPage");
    expect(text).toContain("iOffset = u32?(iDbpage - 1) * szPage");
    expect(text.endsWith("walcheckpoint_out:\nwalIteratorFree(pIter)\nreturn rc")).toBe(true);
    expect(typeName(lowered.locals.get("nReq")!)).toBe("i64");
    expect(lowered.uninitialized.has("mxPage")).toBe(true);
  });

  it("reads pager_playback under two profiles", () => {
    const kept = ["isOpen", "JOURNAL_HDR_SZ", "JOURNAL_PG_SZ", "MEMDB", "SQLITE_OK", "SQLITE_DONE"];
    const playback = printStatement(side({}, kept)("pager.c", "pager_playback").body);
    const head = lines(
      "pVfs = pPager.pVfs",
      "declare szJ",
      "declare nRec",
      "declare u",
      "mxPg = 0",
      "declare rc",
      "res = 1",
      "zSuper = 0",
      "declare needPagerReset",
      "nPlayback = 0",
    );
    expect(playback.startsWith(head)).toBe(true);
    expect(playback).toContain("nRec = u32?(i32((szJ - JOURNAL_HDR_SZ(pPager)) / JOURNAL_PG_SZ(pPager)))");
    const under = side({ SQLITE_ENABLE_BATCH_ATOMIC_WRITE: "1" }, kept);
    expect(printStatement(under("pager.c", "pager_playback").body)).toBe(playback);
    expect(printStatement(under("os_unix.c", "unixFileControl").body)).toContain("_IO(245, 1)");
  });
});
