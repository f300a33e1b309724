import { beforeAll, describe, expect, it } from "vitest";
import { comparerOf } from "./bodies.js";
import { checkDefinitions, parseDefinitions } from "./definitions.js";
import { match } from "./match.js";
import { profilesOf } from "./profiles.js";
import { projectRoot } from "./root.js";
import { loadOurs, loadUpstream, type OurSide, type UpstreamSide } from "./run.js";
import { readTypeScript } from "./typescript.js";
import { installedUpstream } from "./upstream.js";

const ROOT = projectRoot();
let theirs: UpstreamSide;
let ours: OurSide;

beforeAll(async () => {
  theirs = await loadUpstream(ROOT, installedUpstream(ROOT), profilesOf(ROOT).slice(0, 1));
  ours = loadOurs(ROOT);
}, 60_000);

/** Findings about a port in whose files texts are replaced by others. */
function findings(edits: readonly (readonly [path: string, was: string, now: string])[]): string[] {
  const sources = new Map(ours.sources);
  for (const [path, was, now] of edits) {
    const text = sources.get(path)!;
    expect(text).toContain(was);
    sources.set(path, text.replace(was, now));
  }
  const side = readTypeScript(sources);
  const { rows } = match(theirs.inventoryOf, side, ours.decisions);
  const found = checkDefinitions(
    comparerOf(theirs, { ...ours, sources }, side),
    rows,
    side,
    ours.definitions,
  );
  return found.map((f) => `${f.rule} ${f.subject}: ${f.message}`).sort();
}

describe("macros that are functions here", () => {
  it("say what they stand for, and differ only as the ledger says", () => {
    const unix = "src/os/os_unix.ts";
    const put = "put32bits(p: Uint8Array, v: number, i = ";
    expect(findings([])).toEqual([]);
    expect(
      findings([
        ["src/wal/wal.ts", "WAL_HDRSIZE + (iFrame - 1)", "WAL_HDRSIZE + iFrame"],
        [unix, "(aSyscall[12]!", "(aSyscall[9]!"],
        [unix, "=> number)(fd, sz)", "=> number)(sz, fd)"],
        ["src/pager/pager.ts", `${put}0`, `${put}1`],
        ["src/sqliteInt.ts", "const r = x & 7;", "const r = x & 3;"],
      ]),
    ).toEqual([
      "PM021 ROUND8: C: x + 7 & ~7; TypeScript: r = x & 3; !r ? x : x + 8 - r",
      "PM021 osFtruncate: C: aSyscall[6].pCurrent; TypeScript: aSyscall[6].pCurrent(sz, fd)",
      "PM021 osPwrite: C: aSyscall[12].pCurrent; TypeScript: aSyscall[9].pCurrent",
      "PM021 put32bits: C: sqlite3Put4byte(p, v); TypeScript: sqlite3Put4byte(p + i, v)",
      "PM021 walFrameOffset: C: WAL_HDRSIZE + (iFrame - 1) * (szPage + WAL_FRAME_HDRSIZE); TypeScript: WAL_HDRSIZE + iFrame * (szPage + WAL_FRAME_HDRSIZE)",
    ]);
  });
});

describe("data", () => {
  it("is C's: numbers, texts, methods in their slots, and what fields start with", () => {
    const unix = "src/os/os_unix.ts";
    expect(
      findings([
        ["src/pager/pager.ts", "Uint8Array.of(0xd9, 0xd5,", "Uint8Array.of(0xd5, 0xd9,"],
        ["src/status.ts", "1 /* SQLITE_STATUS_PAGECACHE_USED */", "0"],
        [unix, "xSync: unixSync", "xSync: unixRead"],
        [unix, 'unix_syscall("close", close,', 'unix_syscall("close", access,'],
        [unix, 'toCString("/usr/tmp")', 'toCString("/user/tmp")'],
        [
          "src/global.ts",
          "sqlite3PendingByte: number = 0x40000000",
          "sqlite3PendingByte: number = 0x40000001",
        ],
        ["src/global.ts", "bCoreMutex: number = 1", "bCoreMutex: number = 0"],
        ["src/wal/wal.ts", "readLock = 0", "readLock = -1"],
      ]),
    ).toEqual([
      "PM027 Wal.readLock: starts with `-1`, C's memory with zeros",
      "PM027 aJournalMagic: [0]: C has `217`, TypeScript `213`",
      "PM027 aJournalMagic: [1]: C has `213`, TypeScript `217`",
      "PM027 aSyscall: [1][1]: C has `close`, TypeScript `access`",
      'PM027 azTempDirs: [3]: C has `"/usr/tmp"`, TypeScript `"/user/tmp"`',
      "PM027 posixIoMethods: .xSync: C has `unixSync`, TypeScript `unixRead`",
      "PM027 sqlite3Config: .bCoreMutex: C has `1`, TypeScript `0`",
      "PM027 sqlite3PendingByte: C has `1073741824`, TypeScript `1073741825`",
      "PM027 statMutex: [1]: C has `1`, TypeScript `0`",
    ]);
  });
});

describe("classes that mirror structs", () => {
  it("clear and copy all their fields, and have them where C has them", () => {
    const wal = "src/wal/wal.ts";
    expect(
      findings([
        ["src/global.ts", "    this.xSize = from.xSize;\n", "    this.xSize = from.xRoundup;\n"],
        ["src/pcache/pcache.ts", "    this.nRefSum = 0;\n", ""],
        [wal, "return this.a[4]!;", "return this.a[5]!;"],
        [wal, "AtomicStore(this.a, 8, v)", "AtomicStore(this.a, 7, v)"],
        [wal, "this.aSalt = this.a.subarray(8, 10)", "this.aSalt = this.a.subarray(6, 8)"],
        [wal, "this.aReadMark = a.subarray(1,", "this.aReadMark = a.subarray(2,"],
      ]),
    ).toEqual([
      "PM027 MemMethods.assign: leaves xSize as it is, or does not say so",
      "PM027 PCache.clear: leaves nRefSum as it is, or does not say so",
      "PM027 WalCkptInfo.aReadMark: lies at byte 8, in C at 4",
      "PM027 WalCkptInfo.nBackfillAttempted: lies at byte 28, in C at 32",
      "PM027 WalIndexHdr.aSalt: lies at byte 24, in C at 32",
      "PM027 WalIndexHdr.mxFrame: lies at byte 20, in C at 16",
    ]);
  });
});

describe("docs/ledger/definitions.json", () => {
  it("says what is wrong with it", () => {
    expect(parseDefinitions("{").errors).toHaveLength(1);
    expect(parseDefinitions('{ "macros": [], "data": {} }').errors).toEqual(["macros is not an object"]);
    expect(parseDefinitions('{ "data": { "x": { "says": "y", "reason": "z" } } }').errors).toEqual([
      "x: needs says, a list of what the audit finds, and a reason",
    ]);
  });
});
