/**
 * Connections that may not write: an index that is missing, may only be read or not even that. Both engines
 * run as another user than root; whoever shares the index with them runs as root.
 */

import { chmodSync, lstatSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Case, CaseContext } from "../../core/case.js";
import { SqlEngine } from "../../engines/sql/session.js";
import { encodeWal, walParts } from "../../format/wal-encode.js";
import { fileOf, restore, type Snapshot, withFiles } from "../recovery/folder.js";
import { type Act, DB, type Performance, perform, perform1, SHM, WAL } from "./acts.js";
import { comparePerformances, hasNoValidFrame } from "./compare.js";
import { SEEDS, stage } from "./recover.js";
import { ending, type Moment, story, tell } from "./stories.js";
import { READ_ONLY, USUAL } from "./uses.js";

const NOBODY = 65534;

/** Permissions; what is left out has 666, the folder 777. */
interface Modes {
  folder?: number;
  db?: number;
  log?: number;
  shm?: number;
}

interface Scene {
  name: string;
  modes: Modes;
  files: Snapshot;
  acts: readonly Act[];
  /** Another process, as root, has the files open. */
  held?: boolean;
}

function setModes(folder: string, modes: Modes): void {
  const { db = 0o666, log = 0o666, shm = 0o666 } = modes;
  const by: Record<string, number> = { [DB]: db, [WAL]: log, [SHM]: shm };
  for (const name of readdirSync(folder)) chmodSync(join(folder, name), by[name] ?? 0o666);
  chmodSync(folder, modes.folder ?? 0o777);
}

/** Names, permissions, owners. */
function rights(folder: string): string[] {
  return readdirSync(folder)
    .sort()
    .map((name) => {
      const s = lstatSync(join(folder, name));
      return `${name} ${(s.mode & 0o7777).toString(8)} ${s.uid}:${s.gid}`;
    });
}

async function makes(
  ctx: CaseContext,
  subject: SqlEngine,
  scene: Scene,
): Promise<{ performance: Performance; rights: string[] }> {
  const folder = stage(ctx);
  const holder = await ctx.sql("real", 2);
  await holder.reset();
  chmodSync(folder, 0o777);
  restore(folder, scene.files);
  setModes(folder, {});
  if (scene.held) {
    await holder.seed(SEEDS.writer);
    await perform1(holder, folder, { do: "open" });
    await perform1(holder, folder, { do: "sql", sql: "SELECT count(*) FROM t" });
  }
  setModes(folder, scene.modes);
  await subject.reset();
  await subject.seed(SEEDS.recoverer);
  const performance = await perform(subject, folder, scene.acts);
  await subject.reset();
  const found = rights(folder);
  await holder.reset();
  return { performance, rights: found };
}

/** Why another user cannot get to the case's folder, if that is so. */
function closedFolder(ctx: CaseContext): string | null {
  for (let path = dirname(dirname(ctx.dir)); ; path = dirname(path)) {
    if ((statSync(path).mode & 0o001) === 0) return path;
    if (path === dirname(path)) return null;
  }
}

async function runScenes(ctx: CaseContext, make: (ctx: CaseContext) => Promise<Scene[]>): Promise<void> {
  if (process.getuid?.() !== 0) ctx.skip("only root can become somebody else");
  const closed = closedFolder(ctx);
  if (closed !== null) ctx.skip(`other users may not enter ${closed}; TMPDIR can name another one`);
  for (const path of [dirname(ctx.dir), ctx.dir]) chmodSync(path, 0o755);
  const scenes = await make(ctx);
  const subjects = { real: SqlEngine.real(), port: SqlEngine.port() };
  try {
    await subjects.real.become(NOBODY);
    await subjects.port.become(NOBODY);
    for (const scene of scenes) {
      const expected = await makes(ctx, subjects.real, scene);
      const actual = await makes(ctx, subjects.port, scene);
      const noValidFrame = hasNoValidFrame(scene.files);
      comparePerformances(
        ctx.check,
        scene.name,
        scene.acts,
        actual.performance,
        expected.performance,
        noValidFrame,
      );
      ctx.check.equal(`${scene.name}: permissions and owners`, actual.rights, expected.rights);
    }
  } finally {
    await subjects.real.kill();
    await subjects.port.kill();
    chmodSync(stage(ctx), 0o755);
  }
}

const octal = (n: number | undefined): string => (n ?? 0o666).toString(8).padStart(3, "0");

/** Every combination of permissions. */
async function combinations(ctx: CaseContext, held: boolean): Promise<Scene[]> {
  const files = await ending(ctx, story("commits", 1024));
  const scenes: Scene[] = [];
  const kinds: [string, Snapshot][] = [
    ["", files],
    [", no index", withFiles(files, { [SHM]: null })],
    [", empty log", withFiles(files, { [WAL]: new Uint8Array(0) })],
    [", no log", withFiles(files, { [WAL]: null, [SHM]: null })],
  ];
  for (const folder of [0o777, 0o555]) {
    for (const db of [0o666, 0o444]) {
      for (const log of [0o666, 0o444, 0]) {
        for (const shm of [0o666, 0o444, 0]) {
          for (const [what, made] of kinds) {
            /* The holder has made an index where there was none. */
            if (held && what !== "") continue;
            if (!made.has(SHM) && shm !== 0o666) continue;
            if (!made.has(WAL) && log !== 0o666) continue;
            for (const use of [READ_ONLY, USUAL]) {
              if (use === USUAL && db === 0o666 && log === 0o666 && shm === 0o666 && folder === 0o777)
                continue;
              const modes = { folder, db, log, shm };
              const text = `folder ${octal(folder)}, database ${octal(db)}, log ${octal(log)}, index ${octal(shm)}`;
              scenes.push({ name: `${text}${what}, ${use.name}`, modes, files: made, acts: use.acts, held });
            }
          }
        }
      }
    }
  }
  if (ctx.full) return scenes;
  const n = held ? 24 : 48;
  return Array.from({ length: n }, (_, i) => scenes[Math.floor((i * scenes.length) / n)] as Scene);
}

/** While a connection reads without an index of its own, others go on writing. */
async function changing(ctx: CaseContext): Promise<Scene[]> {
  const engine = await ctx.sql("real");
  const moments = await tell(ctx, engine, story("commits", 1024));
  await engine.reset();
  const [first, second, third] = moments as [Moment, Moment, Moment];
  const logOf = (m: Moment): Uint8Array => fileOf(m.files, WAL);
  const look: Act = { do: "sql", sql: "SELECT count(*), total(c) FROM t; PRAGMA page_count" };
  const put = (what: string, log: Uint8Array): Act => ({ do: "overwrite", what, files: { [WAL]: log } });
  const longest = logOf(moments.at(-1) as Moment);
  const parts = walParts(longest);
  const restarted = encodeWal({ ...walParts(logOf(second)), salts: [7, 8] });
  const others: Record<string, Act> = {
    commits: put("a commit", logOf(second)),
    "commits twice": put("two commits", logOf(third)),
    "appends half a frame": put("half a frame", longest.slice(0, logOf(first).length + 500)),
    "appends frames without a commit": put(
      "frames without a commit",
      longest.slice(0, logOf(first).length + 24 + 1024),
    ),
    "appends noise": put("noise", Uint8Array.from(Buffer.concat([logOf(first), ctx.random.bytes(3000)]))),
    "restarts the log": put("a restart", restarted),
    "restarts the log over the old frames": put(
      "a restart",
      Uint8Array.from(Buffer.concat([encodeWal({ ...parts, salts: [9, 9], frames: [] }), longest.slice(32)])),
    ),
    "empties the log": put("TRUNCATE", new Uint8Array(0)),
    "leaves 31 bytes": put("31 bytes", longest.slice(0, 31)),
    "leaves a header": put("a header", longest.slice(0, 32)),
  };
  const scenes: Scene[] = [];
  for (const readonly of [true, false]) {
    for (const [what, act] of Object.entries(others)) {
      for (const start of [
        first,
        { ...first, files: withFiles(first.files, { [WAL]: new Uint8Array(0) }) },
      ]) {
        const empty = fileOf(start.files, WAL).length === 0 ? ", the log was empty" : "";
        /* Nobody can read then: see endless. */
        if (empty !== "" && what === "leaves a header") continue;
        const acts: Act[] = [{ do: "open", readonly }, look, act, look, { do: "sql", sql: "BEGIN" }, look];
        acts.push(put("everything", longest), look, { do: "sql", sql: "COMMIT" }, look, { do: "close" });
        scenes.push({
          name: `another process ${what}${empty}${readonly ? "" : ", opened for writing"}`,
          modes: { folder: 0o555, shm: 0o444 },
          files: start.files,
          acts,
        });
      }
    }
  }
  return scenes;
}

/**
 * A log cut to its header while a connection without an index of its own believed it empty: its salts will
 * never be the ones that it has, and after ten seconds SQLite gives up with SQLITE_PROTOCOL.
 */
async function endless(ctx: CaseContext): Promise<Scene[]> {
  const files = await ending(ctx, story("commits", 1024));
  const header = fileOf(files, WAL).slice(0, 32);
  const look: Act = { do: "sql", sql: "SELECT count(*), total(c) FROM t" };
  return [
    {
      name: "another process leaves a header, the log was empty",
      modes: { folder: 0o555, shm: 0o444 },
      files: withFiles(files, { [WAL]: new Uint8Array(0) }),
      acts: [
        { do: "open", readonly: true },
        look,
        { do: "overwrite", what: "a header", files: { [WAL]: header } },
        look,
        { do: "close" },
      ],
    },
  ];
}

function permissionCase(name: string, make: (ctx: CaseContext) => Promise<Scene[]>, fullOnly = false): Case {
  return {
    name: `may not write: ${name}`,
    fullOnly,
    timeoutSeconds: 600,
    run: (ctx) => runScenes(ctx, make),
  };
}

/** The cases. */
export function permissionCases(): Case[] {
  return [
    permissionCase("every combination", (ctx) => combinations(ctx, false)),
    permissionCase("every combination, the index in use", (ctx) => combinations(ctx, true)),
    permissionCase("others do", changing),
    permissionCase("others leave what cannot be read", endless, true),
  ];
}
