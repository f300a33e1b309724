/** A made-up report for tests: every verdict, every kind of difference, characters that need escaping. */

import type { Difference } from "../normal/comparison.js";
import type { Report, ReportFunction } from "./model.js";

export const C_FIRST = 100;

const C = `SQLITE_PRIVATE int walCheck(Wal *p, u8 *aOut){
  int rc = SQLITE_OK;
  /* A comment that is
  ** nobody else's. */
  if( p->n<3 && p->zName!=0 ){
    rc = "<script>alert('x')</script>"[0];
  }
  p->nCheck++;
  return rc;
}

int walSame(int a){
  return a;
}`;

const TS = `/** @upstream wal.c walCheck */
export function walCheck(p: Wal, aOut: Uint8Array): number {
  let rc: number = SQLITE_OK;
  if (p.n < 3) {
    rc = "<script>alert('x')</script>".charCodeAt(0);
  }
  p.nCheck = p.nCheck + 1;
  p.extra = 1;
  return rc;
}

export function walSame(a: number): number {
  return a;
}`;

export const differences: readonly Difference[] = [
  {
    kind: "changed",
    c: "if (p.n < 3 && p.zName)",
    ts: "if (p.n < 3)",
    after: "",
    cLine: C_FIRST + 4,
    tsLine: 4,
    profiles: ["default", "debug"],
    entry: null,
  },
  {
    kind: "mask",
    c: "p.nCheck = u32(p.nCheck + 1)",
    ts: "p.nCheck = p.nCheck + 1",
    after: "",
    cLine: C_FIRST + 7,
    tsLine: 7,
    profiles: ["debug"],
    entry: "wal-words",
  },
  {
    kind: "extra",
    c: null,
    ts: "if (x)\n  p.extra = 1",
    after: "p.nCheck = p.nCheck + 1",
    cLine: null,
    tsLine: 8,
    profiles: ["default", "debug"],
    entry: null,
  },
];

function fn(name: string, more: Partial<ReportFunction>): ReportFunction {
  return {
    file: "wal.c",
    name,
    status: "ported",
    reason: null,
    upstream: null,
    ts: null,
    comparison: null,
    ...more,
  };
}

const compiled = { compiled: true, option: null, generator: null, hash: "0123456789abcdef" };

export function sampleReport(): Report {
  const functions: ReportFunction[] = [
    fn("walCheck", {
      upstream: { first: C_FIRST, last: C_FIRST + 9, static: false, ...compiled },
      ts: { path: "src/wal/wal.ts", name: "walCheck", first: 2, last: 10, exported: true },
      comparison: {
        verdict: "differs",
        score: 0.6665,
        statements: 6,
        differences: [...differences],
        aligned: [
          { c: [C_FIRST + 1, C_FIRST + 1], ts: [3, 3], same: true },
          { c: [C_FIRST + 4, C_FIRST + 6], ts: [4, 6], same: false },
          { c: [C_FIRST + 5, C_FIRST + 5], ts: [5, 5], same: true },
          { c: [C_FIRST + 7, C_FIRST + 7], ts: [7, 7], same: false },
          { c: null, ts: [8, 8], same: false },
          { c: [C_FIRST + 8, C_FIRST + 8], ts: [9, 9], same: true },
        ],
      },
    }),
    fn("walSame", {
      upstream: { first: C_FIRST + 11, last: C_FIRST + 13, static: true, ...compiled },
      ts: { path: "src/wal/wal.ts", name: "walSame", first: 12, last: 14, exported: true },
      comparison: {
        verdict: "identical",
        score: 1,
        statements: 1,
        differences: [],
        aligned: [{ c: [C_FIRST + 12, C_FIRST + 12], ts: [13, 13], same: true }],
      },
    }),
    fn("walGone", {
      status: "missing",
      upstream: { first: 200, last: 210, static: true, ...compiled },
    }),
    fn("walTest", {
      status: "compiled out",
      upstream: {
        ...compiled,
        first: 220,
        last: 230,
        static: true,
        compiled: false,
        option: "SQLITE_TEST<1",
      },
    }),
    fn("unixLeft", {
      file: "os_unix.c",
      status: "omitted",
      reason: 'not here, 100 % "sure" & <done>',
      upstream: { first: 300, last: 310, static: true, ...compiled },
    }),
    fn("walMacro", {
      file: "wal.h",
      status: "macro",
      ts: { path: "src/wal/wal.ts", name: "walMacro", first: 14, last: 14, exported: false },
    }),
  ];
  const cLines = [...Array.from({ length: C_FIRST }, () => ""), ...C.split("\n")];
  return {
    upstream: { path: "node_modules/x/sqlite3.c", version: "3.53.2", sha256: "ab".repeat(32) },
    profiles: ["default", "debug"],
    functions,
    findings: [
      {
        rule: "PM001",
        subject: "walGone",
        message: "wal.c, line 200 of the amalgamation: neither ported nor omitted with a reason",
        path: "src/wal/wal.ts",
        line: null,
      },
      {
        rule: "PM004",
        subject: "walSame",
        message: "is static upstream, and exported here",
        path: "src/wal/wal.ts",
        line: 12,
      },
      {
        rule: "PM011",
        subject: "docs/ledger/functions.json",
        message: "100 % stale:\r\n1,2 lines, <b>differ</b>",
        path: "docs/ledger/functions.json",
        line: null,
      },
      {
        rule: "PM021",
        subject: "walCheck",
        message: "the condition at 4 is another one",
        path: "src/wal/wal.ts",
        line: 4,
        difference: differences[0]!,
      },
      {
        rule: "PM021",
        subject: "walCheck",
        message: "only TypeScript has this",
        path: "src/wal/wal.ts",
        line: 8,
      },
    ],
    constants: { compared: 12, skipped: ["src/wal/wal.ts: X (upstream: sizeof(y))"] },
    structs: { compared: 3, fields: 40 },
    macros: 21,
    divergences: new Map([
      ["wal-words", { id: "wal-words", line: 130, what: "words are `number`s, never <cut>" }],
    ]),
    seconds: 12.34,
    cLines,
    cPlaces: null,
    tsLines: new Map([["src/wal/wal.ts", ["", ...TS.split("\n")]]]),
  };
}
