/** The same folder, the same actions, one engine after the other: codes, files and bytes are equal. */

import { chmodSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { CaseContext } from "../../core/case.js";
import { compareFolders, type Entries, pathOf, restore, take } from "./folder.js";
import type { Pair } from "./pair.js";
import { PortSession } from "./port-session.js";
import { RealSession } from "./real-session.js";
import type { Action, Session } from "./session.js";

/** An action, or something that happens to the files meanwhile, or to the engines. */
export type Event =
  | Action
  | { do: "outside"; what: string; run: (folder: string) => void }
  | { do: "arm"; real: (pair: Pair) => Promise<void>; port: (pair: Pair) => Promise<void> };

/** What is tried. */
export interface Trial {
  /** For messages. */
  what: string;
  entries: Entries;
  /** Permissions of the folder. */
  mode?: number;
  /** The database's name in the folder, or a path from there; bytes as characters if it is attached. */
  name: string;
  /** Instead of that: what is handed to the engines. */
  path?: string | Uint8Array;
  /** The name is no UTF-8, or better-sqlite3 would not hand it on as it is. */
  attach?: boolean;
  events: Event[];
  /** The folder, if it is not the usual one. */
  place?: string;
  /** What real SQLite is known to say, event by event. */
  expect?: string[];
}

/** What one engine made of it. */
export interface Outcome {
  /** For each event that is not "arm". */
  codes: string[];
  /** The folder after each of these events. */
  left: Entries[];
}

/** The folder in which trials happen: the same path for both engines. */
export function trialFolder(ctx: CaseContext): string {
  const path = join(ctx.dir, "place");
  mkdirSync(path, { recursive: true });
  return path;
}

/** Lets users other than this process's own enter the case's folder. */
export function openToOthers(ctx: CaseContext): void {
  for (const path of [dirname(ctx.dir), ctx.dir]) chmodSync(path, 0o755);
}

async function play(
  pair: Pair,
  side: "real" | "port",
  session: Session,
  place: string,
  trial: Trial,
): Promise<Outcome> {
  restore(place, trial.entries, trial.mode);
  const codes: string[] = [];
  const left: Entries[] = [];
  for (const event of trial.events) {
    if (event.do === "arm") {
      await event[side](pair);
      continue;
    }
    if (event.do === "outside") {
      event.run(place);
      codes.push(event.what);
    } else codes.push(await session.perform(event));
    left.push(take(place));
  }
  return { codes, left };
}

/** Real SQLite's part. */
export async function playReal(pair: Pair, place: string, trial: Trial): Promise<Outcome> {
  return await play(pair, "real", new RealSession(pair, target(place, trial)), place, trial);
}

/** The port's part. */
export async function playPort(pair: Pair, place: string, trial: Trial): Promise<Outcome> {
  return await play(pair, "port", new PortSession(pair, target(place, trial)), place, trial);
}

function target(place: string, trial: Trial): { path: string | Uint8Array; attach: boolean } {
  if (trial.path !== undefined) return { path: trial.path, attach: trial.attach ?? false };
  if (!trial.attach) return { path: `${place}/${trial.name}`, attach: false };
  return { path: Uint8Array.from(pathOf(place, trial.name)), attach: true };
}

/** Describes the events for messages, one word each. */
function nameOf(event: Event | undefined): string {
  if (event === undefined) return "the end";
  if (event.do === "outside") return event.what;
  return event.do === "set" ? `set ${event.value}` : event.do;
}

/** Compares what both made of it: codes first, then the folder after each event. */
export function compareOutcomes(ctx: CaseContext, trial: Trial, port: Outcome, real: Outcome): void {
  ctx.check.equal(`${trial.what}: result codes`, port.codes, real.codes);
  const events = trial.events.filter((e) => e.do !== "arm");
  for (const [i, expected] of real.left.entries()) {
    const what = `${trial.what}: after ${i + 1} (${nameOf(events[i])})`;
    compareFolders(ctx.check, what, port.left[i] ?? {}, expected);
  }
}

/** Runs the trial on both engines and compares. */
export async function sameOutcome(ctx: CaseContext, pair: Pair, trial: Trial): Promise<Outcome> {
  const place = trial.place ?? trialFolder(ctx);
  const real = await playReal(pair, place, trial);
  if (trial.expect) ctx.check.equal(`${trial.what}: what real SQLite says`, real.codes, trial.expect);
  const port = await playPort(pair, place, trial);
  compareOutcomes(ctx, trial, port, real);
  restore(place, {});
  return real;
}
