/**
 * Real SQLite, driven by session.c over the recorder: the child process.
 *
 * better-sqlite3 gives the process its SQLite and one connection in memory, through which the two
 * extensions are reached. The connections that the requests are about are opened by session.c, over the
 * recorder, which has become the default VFS.
 */

import Database from "better-sqlite3";
import { SQLITE_TESTCTRL_PENDING_BYTE, SQLITE_TESTCTRL_PRNG_SEED } from "../../../src/index.js";
import { become, serve } from "../child.js";
import { deviceArguments, planArguments, recordArguments, shareArguments } from "../recorder.js";
import { DEFAULT_PENDING_BYTE, RECORDER_PATH, SESSION_PATH, type SqlRequest } from "./control.js";
import { decodeAnswer, encodeRequest, type SessionRequest } from "./protocol.js";

function extension(variable: string): string {
  const path = process.env[variable];
  if (path === undefined) throw new Error(`the environment does not tell ${variable}`);
  return path;
}

const gate = new Database(":memory:");
gate.loadExtension(extension(RECORDER_PATH));
gate.loadExtension(extension(SESSION_PATH));

/* Prepared once: what a request changes in the process is the request's alone. */
const session = gate.prepare("SELECT session(?)").pluck();
const begin = gate.prepare("SELECT recorder_begin(?, ?)").pluck();
const take = gate.prepare("SELECT recorder_take()").pluck();
const share = gate.prepare("SELECT recorder_share(?, ?)").pluck();
const device = gate.prepare("SELECT recorder_device(?, ?)").pluck();
const plan = gate.prepare("SELECT recorder_plan(?, ?, ?, ?, ?, ?)").pluck();
const count = gate.prepare("SELECT recorder_count()").pluck();

function ask(request: SessionRequest): void {
  decodeAnswer(request.op, session.get(encodeRequest(request)) as Uint8Array);
}

serve((request: SqlRequest): unknown => {
  switch (request.op) {
    case "session":
      return session.get(request.bytes);
    case "record": {
      const log = take.get() as Uint8Array | null;
      if (request.on) begin.get(...recordArguments(request.options));
      return log ?? new Uint8Array(0);
    }
    case "share":
      share.get(...shareArguments(request.path));
      return null;
    case "device":
      device.get(...deviceArguments(request.device));
      return null;
    case "plan":
      plan.get(...planArguments(request.plan));
      return null;
    case "count":
      return count.get();
    case "failAllocation":
    case "allocations":
      throw new Error("allocations of real SQLite cannot be made to fail from here");
    case "become":
      become(request.uid);
      return null;
    case "reset":
      plan.get(...planArguments(null));
      take.get();
      ask({ op: "reset" });
      share.get(...shareArguments(null));
      device.get(...deviceArguments({}));
      ask({
        op: "testControl",
        control: SQLITE_TESTCTRL_PENDING_BYTE,
        conn: null,
        value: DEFAULT_PENDING_BYTE,
      });
      ask({ op: "testControl", control: SQLITE_TESTCTRL_PRNG_SEED, conn: null, value: 0 });
      return null;
  }
});
