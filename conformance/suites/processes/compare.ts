/** Holds performances in every cast against that of real SQLite alone. */

import { isDeepStrictEqual } from "node:util";
import type { CaseContext, FileKind } from "../../core/case.js";
import type { ShimRecord } from "../../engines/shimvfs.js";
import { casts } from "../locks/compare.js";
import type { EngineName as Kind } from "../locks/stage.js";
import { type Move, processesOf, type Setting } from "./moves.js";
import { checkCounts, checkOrder, orderSetting } from "./order.js";
import { type Act, ALL_CLOSE, type Performance, perform } from "./stage.js";

function line(act: Act): string {
  const files = [...act.files].map(([name, bytes]) => `${name} ${bytes.length}`).join(", ");
  const said = act.remark === "" ? (act.reply?.said ?? "") : `(${act.remark}) ${act.reply?.said ?? ""}`;
  return `${act.move} -> ${said}\n      ${act.locks.join("; ") || "no locks"}\n      ${files}`;
}

/** What led to an act, and the act. */
function transcript(acts: readonly Act[], index: number): string {
  const first = Math.max(0, index - 7);
  const lines = acts.slice(first, index + 1).map((a, i) => `${String(first + i).padStart(4)}  ${line(a)}`);
  return lines.join("\n");
}

function kindOf(name: string): FileKind {
  if (name.endsWith("-wal")) return "wal";
  if (name.endsWith("-shm")) return "shm";
  return name.endsWith("-journal") ? "journal" : "database";
}

function callText(r: ShimRecord | undefined): string {
  return r === undefined
    ? "(none)"
    : `${r.call} ${r.file} offset ${r.offset ?? "-"} amount ${r.amount ?? "-"} argument ${r.argument ?? "-"} rc ${r.rc}`;
}

function compareTraces(ctx: CaseContext, who: string, actual: ShimRecord[], expected: ShimRecord[]): void {
  const n = Math.max(actual.length, expected.length);
  let at = 0;
  while (at < n && isDeepStrictEqual(actual[at], expected[at])) at++;
  const context = expected.slice(Math.max(0, at - 12), at).map(callText);
  ctx.check.ok(
    `${who}: call ${at + 1} is another than real SQLite's`,
    at === n,
    [...context, `actual:   ${callText(actual[at])}`, `expected: ${callText(expected[at])}`].join("\n"),
  );
}

function compareActs(ctx: CaseContext, cast: string, actual: readonly Act[], expected: readonly Act[]): void {
  for (const [i, e] of expected.entries()) {
    const a = actual[i];
    const same = (what: string, x: unknown, y: unknown): void => {
      const equal = isDeepStrictEqual(x, y);
      const detail = equal
        ? ""
        : `${cast}:\n${transcript(actual, i)}\nreal SQLite alone:\n${transcript(expected, i)}`;
      ctx.check.ok(`${cast}: ${e.move}: ${what} is not real SQLite's`, equal, detail);
    };
    same("the move", a?.move, e.move);
    if (a === undefined) return;
    same("whether the process was stopped or killed", a.remark, e.remark);
    same("the answer", a.reply?.said, e.reply?.said);
    same("some detail of the answer", a.reply?.answer, e.reply?.answer);
    same("who holds which lock", a.locks, e.locks);
    same("the list of files", [...a.files.keys()], [...e.files.keys()]);
    for (const [name, bytes] of e.files) {
      ctx.check.bytes(
        `${cast}: ${name} after move ${i}, ${e.move}`,
        kindOf(name),
        a.files.get(name) as Uint8Array,
        bytes,
      );
    }
  }
  ctx.check.equal(`${cast}: the number of moves`, actual.length, expected.length);
}

/** The scenario shows what it claims to show: real SQLite says what is written in it. */
function judge(ctx: CaseContext, performance: Performance): void {
  const { acts } = performance;
  for (const [i, act] of acts.entries()) {
    const why = `real SQLite:\n${transcript(acts, i)}`;
    if (act.expected !== null) {
      const said = act.reply?.said ?? act.remark;
      ctx.check.ok(`${act.move}: real SQLite says ${said}, not ${act.expected}`, said === act.expected, why);
    }
    ctx.check.ok(`${act.move}: the process was ${act.remark}`, !act.remark.startsWith("not"), why);
  }
}

async function integrity(ctx: CaseContext, kind: Kind, path: string): Promise<unknown> {
  const engine = await ctx.sql(kind, 0);
  await engine.open(0, path);
  const { statements } = await engine.run(0, "PRAGMA integrity_check");
  await engine.close(0);
  return statements.map((s) => s.rows);
}

/**
 * Plays moves in every cast and compares each with real SQLite alone.
 *
 * @param strict whether all hits must happen; random ones need not
 * @returns what real SQLite did alone
 */
export async function playAll(
  ctx: CaseContext,
  moves: readonly Move[],
  setting: Setting,
  strict = true,
): Promise<Performance> {
  const [alone, ...mixed] = casts(processesOf(moves).length) as [Kind[], ...Kind[][]];
  const expected = await perform(ctx, moves, setting, alone);
  if (strict) judge(ctx, expected);
  const rules = orderSetting(moves, setting);
  const counts = checkOrder(ctx, "real SQLite alone", expected, rules);
  checkCounts(ctx, expected, counts);
  ctx.check.equal("integrity_check on real SQLite", await integrity(ctx, "real", expected.path), [[["ok"]]]);
  for (const kinds of mixed) {
    const name = kinds.join("/");
    const got = await perform(ctx, moves, setting, kinds);
    /* A broken rule says more than the difference that it makes. */
    const own = checkOrder(ctx, name, got, rules);
    compareActs(ctx, name, got.acts, expected.acts);
    ctx.check.equal(`${name}: what the rules of the log were checked on`, own, counts);
    for (const [who, trace] of expected.traces) {
      compareTraces(ctx, `${name}: process ${who}`, got.traces.get(who) ?? [], trace);
    }
    ctx.check.equal(`${name}: the last act`, got.acts[got.acts.length - 1]?.move, ALL_CLOSE);
  }
  const last = mixed[mixed.length - 1] as Kind[];
  ctx.check.equal(
    `integrity_check on the port, after ${last.join("/")}`,
    await integrity(ctx, "port", expected.path),
    [[["ok"]]],
  );
  return expected;
}
