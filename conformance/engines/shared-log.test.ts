/** The shared log's reader: whole records, and those that a killed process has not finished. */

import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { emptySharedLog, readSharedLog, SharedLog, sharedLogSize } from "./shared-log.js";
import type { ShimRecord } from "./shimvfs.js";

const folder = mkdtempSync(join(tmpdir(), "shared-log-"));
const path = join(folder, "calls.log");

const write: ShimRecord = {
  ...{ call: "write", file: "a.db-wal", rc: 0, id: 3, offset: 4096, amount: 5 },
  ...{ data: Uint8Array.of(1, 2, 3, 4, 5), index: new Uint8Array(136).fill(7) },
};
const sync: ShimRecord = { call: "sync", file: "a.db", rc: 0, id: 1, argument: 2 };

describe("a shared log", () => {
  afterAll(() => rmSync(folder, { recursive: true }));

  it("gives back what was noted, and the process", () => {
    emptySharedLog(path);
    const log = new SharedLog(path);
    for (const r of [write, sync]) log.note(r);
    const first = sharedLogSize(path);
    log.note(write);
    log.close();
    const whole = [write, sync, write].map((r) => ({ ...r, process: process.pid }));
    expect(readSharedLog(path)).toEqual(whole);
    expect(readSharedLog(path, first)).toEqual(whole.slice(0, 2));
  });

  it("leaves out a record that ends early, wherever that is", () => {
    emptySharedLog(path);
    const log = new SharedLog(path);
    log.note(write);
    const one = readFileSync(path);
    for (let n = 1; n < one.length; n++) {
      appendFileSync(path, one.subarray(0, n));
      log.note(sync);
    }
    appendFileSync(path, one.subarray(0, -1));
    log.close();
    const calls = readSharedLog(path).map((r) => r.call);
    expect(calls).toEqual(["write", ...Array<string>(one.length - 1).fill("sync")]);
  });
});
