/** Performs a play on one engine, and gathers what it leaves behind. */

import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { SQLITE_OPEN_READONLY } from "../../src/index.js";
import type { RecordOptions, ShimPlan, ShimRecord } from "../engines/shimvfs.js";
import { SessionError } from "../engines/sql/protocol.js";
import type { SqlEngine } from "../engines/sql/session.js";
import type { Connection, Play, Step } from "./play.js";
import { pragmas } from "./settings.js";
import { DIR } from "./workloads/words.js";

/** The files of a folder by name. */
export type Files = ReadonlyMap<string, Uint8Array>;

/** What the performance shall gather. */
export interface Gather {
  /** All files of the folder after each step. */
  files?: boolean;
  /** Every call below SQLite, writes with their bytes; or as the options say. */
  trace?: boolean | RecordOptions;
  /** Hits, misses, writes and spills before connection 0 is closed. */
  status?: boolean;
}

/** What a performance left behind. */
export interface Performance {
  steps: readonly Step[];
  /** One per step. */
  outcomes: unknown[];
  /** One per step, if they were asked for. */
  files: Files[];
  trace: ShimRecord[];
  /** Calls that a plan has counted. */
  counted?: number;
  /** The step from which on a wal-index may have been built by a recovery; left out: none has been. */
  recoveredFrom?: number;
}

const CACHE_HIT = 7;
const CACHE_MISS = 8;
const CACHE_WRITE = 9;
const CACHE_SPILL = 12;

/** All steps: opening and settings before the script, a check and closing after it. */
export function wholeScript(play: Play, gather: Gather = {}): Record<"before" | "script" | "after", Step[]> {
  const opened = new Set<Connection>([0]);
  const statements = new Set<number>();
  const blobs = new Set<number>();
  const backups = new Set<number>();
  for (const s of play.steps) {
    if (s.do === "open") opened.add(s.on);
    else if (s.do === "prepare") statements.add(s.stmt);
    else if (s.do === "blobOpen") blobs.add(s.blob);
    else if (s.do === "backup") backups.add(s.backup);
  }
  return {
    before: [{ do: "open", on: 0 }, ...pragmas(play.settings, 0)],
    script: [...play.steps],
    after: [
      ...[...statements].map((stmt): Step => ({ do: "finalize", stmt })),
      ...[...blobs].map((blob): Step => ({ do: "blobClose", blob })),
      ...[...backups].map((backup): Step => ({ do: "backupFinish", backup })),
      ...[...opened].filter((on) => on !== 0).map((on): Step => ({ do: "close", on })),
      { do: "sql", sql: "ROLLBACK" },
      ...(gather.status ? [{ do: "status" } as Step] : []),
      { do: "sql", sql: "PRAGMA integrity_check" },
      { do: "close", on: 0 },
    ],
  };
}

/** Reads the folder; what has not changed is the same object as before. */
export function readFolder(dir: string, before: Files = new Map()): Files {
  const files = new Map<string, Uint8Array>();
  let isSame = true;
  for (const name of readdirSync(dir).sort()) {
    const path = join(dir, name);
    const bytes = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
    const old = before.get(name);
    if (old !== undefined && bytes.equals(old)) files.set(name, old);
    else {
      files.set(name, bytes);
      isSame = false;
    }
  }
  return isSame && files.size === before.size ? before : files;
}

/** Removes everything in the folder. */
export function emptyFolder(dir: string): void {
  for (const name of readdirSync(dir)) rmSync(join(dir, name), { recursive: true, force: true });
}

/** One step; what the engine answers is plain data. */
export async function perform1(engine: SqlEngine, dir: string, s: Step): Promise<unknown> {
  const fill = (text: string): string => text.replaceAll(DIR, dir);
  switch (s.do) {
    case "sql":
      return await engine.run(s.on ?? 0, fill(s.sql), s.params ?? []);
    case "open": {
      const file = s.file ?? "main.db";
      const path = file.startsWith(":") ? file : join(dir, file);
      return await engine.open(s.on, path, s.readonly ? { flags: SQLITE_OPEN_READONLY } : {});
    }
    case "close":
      return await engine.close(s.on);
    case "prepare": {
      const prepared = await engine.prepare(s.stmt, s.on ?? 0, fill(s.sql));
      const bound = prepared.present && s.params !== undefined ? await engine.bind(s.stmt, s.params) : null;
      return { prepared, bound };
    }
    case "step":
      return await engine.step(s.stmt, s.rows);
    case "reset":
      return await engine.resetStatement(s.stmt);
    case "finalize":
      return await engine.finalize(s.stmt);
    case "blobOpen":
      return await engine.blobOpen(s.blob, s.on ?? 0, {
        schema: s.schema ?? "main",
        table: s.table,
        column: s.column,
        rowid: s.row,
        write: s.write,
      });
    case "blobRead":
      return await engine.blobRead(s.blob, s.at, s.bytes);
    case "blobWrite":
      return await engine.blobWrite(s.blob, s.at, s.data);
    case "blobReopen":
      return await engine.blobReopen(s.blob, s.row);
    case "blobClose":
      return await engine.blobClose(s.blob);
    case "backup":
      return await engine.backupInit(s.backup, s.to, s.from, {
        dest: s.toSchema ?? "main",
        source: s.fromSchema ?? "main",
      });
    case "backupStep":
      return await engine.backupStep(s.backup, s.pages);
    case "backupFinish":
      return await engine.backupFinish(s.backup);
    case "serialize":
      return await engine.serialize(s.on ?? 0, s.schema ?? null);
    case "busy":
      return await engine.busy(s.on ?? 0, s.tries);
    case "busyCount":
      return await engine.busyCount(s.on ?? 0, true);
    case "checkpoint":
      return await engine.checkpoint(s.on ?? 0, s.mode, s.schema ?? null);
    case "control":
      return await engine.fileControl(s.on ?? 0, s.op, s.value, s.schema ?? null);
    case "config":
      return await engine.dbConfig(s.on ?? 0, s.op, s.value);
    case "flush":
      return await engine.cacheFlush(s.on ?? 0);
    case "release":
      return await engine.releaseMemory(s.on ?? 0);
    case "status": {
      const figures: Record<string, unknown> = {};
      const ops = { hit: CACHE_HIT, miss: CACHE_MISS, write: CACHE_WRITE, spill: CACHE_SPILL };
      for (const [name, op] of Object.entries(ops)) {
        figures[name] = (await engine.dbStatus(s.on ?? 0, op, s.reset ?? false)).value;
      }
      return figures;
    }
  }
}

/** A step whose handle is not there is an outcome like any other: shrinking makes such scripts. */
export async function outcomeOf(engine: SqlEngine, dir: string, s: Step): Promise<unknown> {
  try {
    return await perform1(engine, dir, s);
  } catch (e) {
    if (e instanceof SessionError && e.why === "handle") return { driver: "no such handle" };
    throw e;
  }
}

/** Sets up process and device as the play says: nothing open, random numbers from a seed. */
export async function prepareEngine(engine: SqlEngine, dir: string, play: Play, seed: number): Promise<void> {
  await engine.reset();
  emptyFolder(dir);
  const { pendingByte, device } = play.settings;
  if (pendingByte !== null) await engine.pendingByte(pendingByte);
  if (device.sectorSize !== null || device.characteristics !== null) {
    await engine.device({
      ...(device.sectorSize === null ? {} : { sectorSize: device.sectorSize }),
      ...(device.characteristics === null ? {} : { characteristics: device.characteristics }),
    });
  }
  await engine.seed(seed);
}

/**
 * Performs the play in the folder, which is emptied first.
 *
 * @param plan what shall fail while the script is under way
 */
export async function perform(
  engine: SqlEngine,
  dir: string,
  play: Play,
  gather: Gather,
  plan?: ShimPlan,
): Promise<Performance> {
  await prepareEngine(engine, dir, play, 0x5eed);
  if (gather.trace) await engine.record(true, gather.trace === true ? {} : gather.trace);
  const { before, script, after } = wholeScript(play, gather);
  const outcomes: unknown[] = [];
  const files: Files[] = [];
  const go = async (steps: readonly Step[]): Promise<void> => {
    for (const s of steps) {
      outcomes.push(await outcomeOf(engine, dir, s));
      if (gather.files) files.push(readFolder(dir, files[files.length - 1]));
    }
  };
  await go(before);
  if (plan !== undefined) await engine.plan(plan);
  await go(script);
  const counted = plan === undefined ? {} : { counted: await engine.count() };
  if (plan !== undefined) await engine.plan(null);
  await go(after);
  const trace = gather.trace ? await engine.record(false) : [];
  await engine.reset();
  return { steps: [...before, ...script, ...after], outcomes, files, trace, ...counted };
}
