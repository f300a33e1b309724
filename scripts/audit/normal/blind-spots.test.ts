/** Changes of real functions that once went unnoticed, or are of such a kind. */

import { beforeAll, describe, expect, it } from "vitest";
import { comparerOf } from "../bodies.js";
import { match, type Row } from "../match.js";
import { profilesOf } from "../profiles.js";
import { projectRoot } from "../root.js";
import { loadOurs, loadUpstream } from "../run.js";
import { readTypeScript } from "../typescript.js";
import { installedUpstream } from "../upstream.js";
import type { BodyComparer } from "./compare.js";

let comparer: BodyComparer;
let rows: readonly Row[];
let sources: ReadonlyMap<string, string>;

beforeAll(async () => {
  const root = projectRoot();
  const theirs = await loadUpstream(root, installedUpstream(root), profilesOf(root).slice(0, 1));
  const ours = loadOurs(root);
  const side = readTypeScript(ours.sources);
  sources = ours.sources;
  rows = match(theirs.inventoryOf, side, ours.decisions).rows;
  comparer = comparerOf(theirs, ours, side);
}, 60_000);

function rowOf(name: string): Row {
  return rows.find((r) => r.name === name && r.status === "ported")!;
}

/** The declaration of a function, without its comment. */
function textOf(name: string): string {
  const { path, first, last } = rowOf(name).ts!;
  const lines = sources
    .get(path)!
    .split("\n")
    .slice(first - 1, last);
  return lines.slice(lines.findIndex((l) => /^(export )?function /.test(l))).join("\n");
}

/** Whether the audit notices that a text of a function is replaced. */
function notices(name: string, was: string, now: string): boolean {
  const text = textOf(name);
  expect(text).toContain(was);
  return comparer.notices(rowOf(name), text.replace(was, now));
}

describe("a change is noticed that", () => {
  it("hides a variable by another one", () => {
    const size = "rc = sqlite3OsFileSize(pWal.pDbFd!, nSize);";
    expect(notices("walCheckpoint", size, `const ${size}`)).toBe(true);
    const savepoint = "if (pPager.nSavepoint > 0) {";
    expect(notices("pager_write", savepoint, `${savepoint} let rc: number;`)).toBe(true);
    const frame = "let mxSafeFrame: number;";
    expect(notices("walCheckpoint", frame, `${frame} let SQLITE_OK: number;`)).toBe(true);
  });
  it("calls something besides, or only if it is there", () => {
    expect(notices("pager_write", "CHECK_PAGE(pPg);", "CHECK_PAGE(pPg); void pager_reset(pPager);")).toBe(
      true,
    );
    expect(notices("walCheckpoint", "rc = walIteratorInit(", "rc = walIteratorInit?.(")).toBe(true);
  });
  it("looks at a field before it changes", () => {
    const locked = "if (pPager.eState === PAGER_WRITER_LOCKED) {";
    const opened = "assert(pPager.eState >= PAGER_WRITER_CACHEMOD);";
    const fn = textOf("pager_write").replace(locked, `const eState = pPager.eState;\n${locked}`);
    expect(comparer.notices(rowOf("pager_write"), fn)).toBe(false);
    const early = fn.replace(opened, "assert(eState >= PAGER_WRITER_CACHEMOD);");
    expect(comparer.notices(rowOf("pager_write"), early)).toBe(true);
  });
  it("calls in any case, or once, what C calls in a condition", () => {
    const next = "while (rc === SQLITE_OK && 0 === walIteratorNext(pIter.value, iDbpage, iFrame)) {";
    const once =
      "const t = walIteratorNext(pIter.value, iDbpage, iFrame); while (rc === SQLITE_OK && 0 === t) {";
    expect(notices("walCheckpoint", next, once)).toBe(true);
  });
  it("takes a value behind its use, or shares what C has twice", () => {
    const taken = "const pPgHdr = ppPgHdr.value!;";
    const used = "pPgHdr.flags |= PGHDR_NEED_SYNC;";
    expect(notices("sqlite3PagerMovepage", `${taken}\n    ${used}`, `${used}\n    ${taken}`)).toBe(true);
    expect(notices("walIndexTryHdr", "{ h1, h2, aCksum }", "{ h1, h1: h2, aCksum }")).toBe(true);
  });
  it("cuts a product, or shifts a sign in", () => {
    expect(notices("walCheckpoint", "mxPage * szPage", "Math.imul(mxPage, szPage)")).toBe(true);
    expect(notices("sqlite3AppendOneUtf8Character", "v >>> 18", "v >> 18")).toBe(true);
  });
  it("has less memory, or copies less", () => {
    expect(notices("readJournalHdr", "new Uint8Array(8)", "new Uint8Array(4)")).toBe(true);
    expect(notices("unixRead", "subarray(offset, offset + nCopy)", "subarray(offset, offset)")).toBe(true);
  });
  it("names a line of another function", () => {
    expect(notices("walCheckpoint", "SQLITE_CORRUPT_BKPT(", "SQLITE_CORRUPT_BKPT(1")).toBe(true);
  });
  it("has an index that does not start at 0", () => {
    expect(notices("sqlite3Get4byte", "i = 0", "i = 1")).toBe(true);
  });
});
