import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { UsageError } from "../core/usage.js";
import { emptyDatabase } from "../suites/images/prepare.js";
import { explainDifference } from "./explain.js";
import { inspectFile } from "./inspect.js";

describe("explainDifference", () => {
  it("names the header field", () => {
    const a = emptyDatabase(512, 0);
    const b = emptyDatabase(512, 0);
    b[27] = 9;
    const f = explainDifference("database", a, b);
    expect(f.summary).toBe(
      'database header, field "file change counter" (bytes 24 to 27): got 0x01, expected 0x09',
    );
    expect(f.detail).toContain("file change counter: got 1, expected 9");
    expect(f.detail).toContain("bytes that differ: 1 on 1 pages (1)");
    expect(f.detail).toMatch(/00000010.*>01/);
  });

  it("names page, kind and part for a byte beyond the header", () => {
    const a = new Uint8Array(1024);
    a.set(emptyDatabase(512, 0));
    a[512] = 10;
    a[515] = 0;
    a[516] = 3;
    const b = a.slice();
    b[512 + 9] = 1;
    b[512 + 300] = 1;
    expect(explainDifference("database", a, b).summary).toBe(
      "page 2 (leaf index page), byte 9 of 512, in the cell pointer array: got 0x00, expected 0x01",
    );
  });

  it("tells a missing tail from a wrong byte", () => {
    const b = emptyDatabase(512, 0);
    expect(explainDifference("database", b.subarray(0, 300), b).summary).toBe(
      "the file has 300 bytes, expected 512; the first 300 are equal",
    );
  });
});

describe("inspect", () => {
  let dir = "";
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), "pager-mirror-test-"));
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  it("prints the fields of a database", () => {
    const file = join(dir, "a.db");
    writeFileSync(file, emptyDatabase(4096, 12));
    const text = inspectFile(file, { records: 10 });
    expect(text).toContain("database: 4096 bytes, 1 pages of 4096 bytes");
    expect(text).toMatch(/20 +1 +reserved bytes at the end of each page +12/);
    const data = JSON.parse(inspectFile(file, { records: 10, json: true })) as { pageSize: number };
    expect(data.pageSize).toBe(4096);
  });

  it("answers a user's mistakes with a sentence", () => {
    expect(() => inspectFile(join(dir, "none"), { records: 1 })).toThrow(UsageError);
    expect(() => inspectFile(join(dir, "none"), { records: 1 })).toThrow(/there is no such file/);
    expect(() => inspectFile(dir, { records: 1 })).toThrow(/is not a file/);
    const text = join(dir, "text");
    writeFileSync(text, "hello");
    expect(() => inspectFile(text, { records: 1 })).toThrow(/neither a database nor a rollback journal/);
    writeFileSync(text, "");
    expect(() => inspectFile(text, { records: 1 })).toThrow(/it is empty/);
  });
});
