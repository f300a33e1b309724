/**
 * A database beyond 4 GiB: offsets no longer fit 32 bits, page numbers times page size must not wrap.
 *
 * The file is sparse (free pages are holes), made by hand and accepted by real SQLite, which then
 * uses pages on both sides of the border. The port repeats its transactions page by page.
 */

import { closeSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { PAGER_JOURNALMODE_DELETE } from "../../../src/index.js";
import type { Case, CaseContext } from "../../core/case.js";
import type { Step } from "../../engines/program.js";
import { type SparseDatabase, sparseDatabase } from "./prepare.js";

const PAGE_SIZE = 65536;
/* 4 GiB and a little more. */
const PAGES = 65536 + 40;
/* The first pages that SQLite is offered: 36 before the border, 41 behind it. */
const FIRST = 65500;

function createSparse(path: string, db: SparseDatabase): void {
  const fd = openSync(path, "w");
  try {
    for (const [pgno, bytes] of db.content) writeSync(fd, bytes, 0, bytes.length, (pgno - 1) * db.pageSize);
    ftruncateSync(fd, db.pages * db.pageSize);
  } finally {
    closeSync(fd);
  }
}

/** Calls `visit` for every page that differs between two files of the same length. */
function differingPages(a: string, b: string, visit: (pgno: number, pageOfA: Uint8Array) => void): void {
  const chunk = 64 * PAGE_SIZE;
  const bufferA = Buffer.alloc(chunk);
  const bufferB = Buffer.alloc(chunk);
  const fdA = openSync(a, "r");
  const fdB = openSync(b, "r");
  try {
    for (let at = 0; ; at += chunk) {
      const n = readSync(fdA, bufferA, 0, chunk, at);
      const m = readSync(fdB, bufferB, 0, chunk, at);
      if (n === 0 && m === 0) break;
      if (n === m && bufferA.compare(bufferB, 0, m, 0, n) === 0) continue;
      for (let k = 0; k < Math.max(n, m); k += PAGE_SIZE) {
        const pageA = bufferA.subarray(k, Math.min(k + PAGE_SIZE, n));
        const pageB = bufferB.subarray(k, Math.min(k + PAGE_SIZE, m));
        if (pageA.compare(pageB) !== 0) visit((at + k) / PAGE_SIZE + 1, Uint8Array.from(pageA));
      }
    }
  } finally {
    closeSync(fdA);
    closeSync(fdB);
  }
}

async function run(ctx: CaseContext): Promise<void> {
  const db = sparseDatabase(PAGE_SIZE, PAGES, FIRST);
  const realPath = join(ctx.dir, "real.db");
  const portPath = join(ctx.dir, "port.db");
  createSparse(realPath, db);
  createSparse(portPath, db);
  const real = await ctx.real();
  ctx.check.equal("real SQLite accepts the prepared file", await real.integrityCheck(realPath), "ok");
  const port = await ctx.port();
  const pager = "sparse";
  await port.run(
    { do: "open", pager, path: portPath },
    { do: "journalMode", pager, mode: PAGER_JOURNALMODE_DELETE },
  );
  const transactions = [
    "CREATE TABLE t(a INTEGER PRIMARY KEY, b BLOB)",
    "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM c WHERE i<60) INSERT INTO t SELECT i, zeroblob(60000) || i FROM c",
    "DELETE FROM t WHERE a % 2 = 0",
  ];
  await real.open("sparse", realPath);
  await real.exec("sparse", "PRAGMA synchronous=OFF");
  let beyond = 0;
  for (const [i, sql] of transactions.entries()) {
    await real.exec("sparse", sql);
    const steps: Step[] = [
      { do: "sharedLock", pager },
      { do: "hold", pager, page: 1 },
      { do: "begin", pager },
    ];
    differingPages(realPath, portPath, (pgno, bytes) => {
      if (pgno * PAGE_SIZE > 2 ** 32) beyond++;
      if (pgno === 1) {
        /* The counters at 24 and 92 are the pager's own business. */
        steps.push({ do: "write", pager, page: 1, data: bytes.subarray(0, 24) });
        steps.push({ do: "write", pager, page: 1, data: bytes.subarray(28, 92), offset: 28 });
        steps.push({ do: "write", pager, page: 1, data: bytes.subarray(100), offset: 100 });
      } else {
        steps.push({ do: "write", pager, page: pgno, data: bytes });
      }
    });
    await port.run(
      ...steps,
      { do: "commitOne", pager },
      { do: "commitTwo", pager },
      { do: "releaseAll", pager },
    );
    differingPages(portPath, realPath, (pgno) => {
      ctx.check.ok(`transaction ${i + 1}: page ${pgno} differs`, false);
    });
    ctx.check.ok(`transaction ${i + 1}: every page is equal`, true);
  }
  await real.close("sparse");
  await port.run({ do: "close", pager });
  ctx.check.ok("pages beyond 4 GiB were written", beyond > 0, `${beyond} of them`);
  ctx.check.equal("integrity_check", await real.integrityCheck(portPath), "ok");
}

/** The case. */
export const sparseCase: Case = {
  name: "sparse database beyond 4 GiB",
  timeoutSeconds: 180,
  run,
};
