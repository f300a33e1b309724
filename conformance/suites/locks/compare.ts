/** Holds a performance against that of real SQLite alone. */

import { isDeepStrictEqual } from "node:util";
import type { CaseContext } from "../../core/case.js";
import type { Setting } from "./actor.js";
import { processes } from "./moves.js";
import { type Act, type EngineName, type Performance, type Play, perform } from "./stage.js";

/** Every way to cast `n` processes, the one with real SQLite alone first. */
export function casts(n: number): EngineName[][] {
  return Array.from({ length: 2 ** n }, (_, bits) =>
    Array.from({ length: n }, (_unused, i): EngineName => ((bits >> (n - 1 - i)) & 1 ? "port" : "real")),
  );
}

function line(act: Act): string {
  const r = act.reply;
  const said =
    r === null
      ? ""
      : ` -> ${[
          r.code,
          r.value === null ? "" : `"${r.value}"`,
          r.busy.length > 0 ? `busy handler (${r.busy.join(" ")})` : "",
          r.trace,
          `level ${r.level}`,
        ]
          .filter((part) => part !== "")
          .join("; ")}`;
  const locks = act.locks.length > 0 ? act.locks.join("; ") : "no locks";
  return `${act.move}${said}\n      ${locks}; journal: ${act.journal}; bytes ${act.database.slice(0, 12)}`;
}

/** The moves up to and including number `index`, with what was seen. */
function transcript(acts: readonly Act[], index: number): string {
  return acts
    .slice(0, index + 1)
    .map((act, i) => `  ${String(i + 1).padStart(2)}. ${line(act)}`)
    .join("\n");
}

const LEVELS = ["NO_LOCK", "SHARED", "RESERVED", "PENDING", "EXCLUSIVE"];
const levelName = (level: number): string => LEVELS[level] ?? String(level);

function compareActs(
  ctx: CaseContext,
  name: string,
  actual: readonly Act[],
  expected: readonly Act[],
  setting: Setting,
): void {
  const same = (what: string, index: number, a: unknown, e: unknown): void => {
    const where = `${name}, move ${index + 1} (${expected[index]?.move ?? "none"})`;
    const equal = isDeepStrictEqual(a, e);
    const summary = equal
      ? where
      : `${where}: ${what} is ${JSON.stringify(a)}, expected ${JSON.stringify(e)}`;
    const detail = equal
      ? ""
      : `${name}:\n${transcript(actual, index)}\nreal SQLite alone:\n${transcript(expected, index)}`;
    ctx.check.ok(summary, equal, detail);
  };
  for (const [i, e] of expected.entries()) {
    const a = actual[i];
    same("the move", i, a?.move, e.move);
    if (a === undefined) return;
    if (a.reply !== null && e.reply !== null) {
      same("the result code", i, a.reply.code, e.reply.code);
      same("what was read", i, a.reply.value, e.reply.value);
      same("the sequence of the busy handler's calls", i, a.reply.busy, e.reply.busy);
      same("the sequence of lock calls", i, a.reply.trace, e.reply.trace);
      same("the lock level of the file", i, levelName(a.reply.level), levelName(e.reply.level));
      if (a.reply.eLock !== null && a.reply.eLock >= 0 && setting.vfs !== "unix-none") {
        /* The pager never speaks of PENDING: that is EXCLUSIVE refused. */
        const pager = e.reply.level === 3 ? 2 : e.reply.level;
        same("the pager's lock level", i, levelName(a.reply.eLock), levelName(pager));
      }
    } else {
      same("the reply", i, a.reply, e.reply);
    }
    same("the lock table of the file", i, a.locks, e.locks);
    same("the journal", i, a.journal, e.journal);
    same("the database's content", i, a.database, e.database);
  }
  same("the number of moves", expected.length - 1, actual.length, expected.length);
}

/** Plays a script in every cast and compares each with real SQLite alone. */
export async function playAll(
  ctx: CaseContext,
  play: Play,
  judge: (expected: Performance) => void,
): Promise<void> {
  const [alone, ...mixed] = casts(processes(play.script).length) as [EngineName[], ...EngineName[][]];
  const expected = await perform(ctx, play, alone, alone.join("-"));
  judge(expected);
  for (const engines of mixed) {
    const name = engines.join("/");
    const got = await perform(ctx, play, engines, engines.join("-"));
    compareActs(ctx, name, got.acts, expected.acts, play.setting);
    ctx.check.files(`${name}: the database after all`, "database", got.path, expected.path);
    ctx.check.equal(`${name}: integrity_check`, await (await ctx.real()).integrityCheck(got.path), "ok");
  }
}
