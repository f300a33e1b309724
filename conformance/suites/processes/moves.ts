/**
 * Scenarios: what processes do to one database, one move after the other.
 *
 *     A.begin(), A.read(), B.write("x", 1), A.checkpoint("PASSIVE").gives("SQLITE_OK 6 3")
 *
 * A move may be interrupted: the process stops itself at a planned call and others move meanwhile, or it
 * is killed there.
 */

import type { ShimCall } from "../../engines/shimvfs.js";

/** A process. A second connection in it has the number 1. */
export type ProcessName = "A" | "B" | "C";

/** Modes of sqlite3_wal_checkpoint_v2. */
export type CheckpointMode = "NOOP" | "PASSIVE" | "FULL" | "RESTART" | "TRUNCATE";

/** What a connection is told to do. */
export type Action =
  /** `cold`: the file is not touched yet; `small`: a cache that forgets and spills. */
  | { do: "open"; cold: boolean; small: boolean; readonly: boolean }
  | { do: "close" }
  | { do: "sql"; sql: string }
  /** The first letter of every row, in order. */
  | { do: "read" }
  /** One UPDATE (of rows that are there) or INSERT for each row, which is then full of the letter. */
  | { do: "write"; letter: string; rows: readonly number[] }
  | { do: "checkpoint"; mode: CheckpointMode }
  | { do: "busy"; tries: number }
  | { do: "control"; control: number; value: number }
  | { do: "config"; config: number; value: number }
  /** SIGKILL from outside. */
  | { do: "dies" };

/** Files of the database, by the end of their names. */
export type Suffix = ".db" | "-wal" | "-journal";

/** What happens to the process at a call. */
export interface Hit {
  what: "kill-before" | "kill-after" | "kill-torn" | "stop-before" | "stop-after";
  call: ShimCall;
  /** The n-th of these calls in the move, from 1. */
  at: number;
  suffix: Suffix;
  /** What others do while the process stands still. */
  meanwhile: readonly Move[];
}

/** One move. */
export class Move {
  readonly on: ProcessName;
  readonly connection: number;
  readonly action: Action;
  readonly #text: string;
  hit: Hit | null = null;
  /** What real SQLite must say: guards the scenario itself. */
  expected: string | null = null;

  constructor(on: ProcessName, connection: number, action: Action, text: string) {
    this.on = on;
    this.connection = connection;
    this.action = action;
    this.#text = text;
  }

  /** As findings show it, without what happens meanwhile. */
  get text(): string {
    const how = this.hit === null ? "" : `, ${hitText(this.hit)}`;
    return `${this.on}${this.connection === 0 ? "" : this.connection + 1} ${this.#text}${how}`;
  }

  /** The process stops at the n-th call of a kind, and goes on after the moves of others. */
  stops(
    when: "before" | "after",
    call: ShimCall,
    at: number,
    suffix: Suffix,
    ...meanwhile: readonly Move[]
  ): this {
    this.hit = { what: `stop-${when}`, call, at, suffix, meanwhile };
    return this;
  }

  /** The process is killed at the n-th call of a kind. */
  killed(when: "before" | "after" | "torn", call: ShimCall, at: number, suffix: Suffix): this {
    this.hit = { what: `kill-${when}`, call, at, suffix, meanwhile: [] };
    return this;
  }

  gives(text: string): this {
    this.expected = text;
    return this;
  }
}

function hitText(hit: Hit): string {
  const [verb, when] = hit.what.split("-");
  const where = when === "torn" ? "within" : when;
  return `${verb === "kill" ? "killed" : "stopped"} ${where} ${hit.call} ${hit.at} of *${hit.suffix}`;
}

/** A connection in a process, as scenarios speak of it. */
export class Peer {
  readonly name: ProcessName;
  readonly connection: number;

  constructor(name: ProcessName, connection = 0) {
    this.name = name;
    this.connection = connection;
  }

  #move(action: Action, text: string = action.do): Move {
    return new Move(this.name, this.connection, action, text);
  }

  open(how: { cold?: boolean; small?: boolean; readonly?: boolean } = {}): Move {
    const { cold = false, small = false, readonly = false } = how;
    const words = [cold ? " cold" : "", small ? " with a small cache" : "", readonly ? " readonly" : ""];
    return this.#move({ do: "open", cold, small, readonly }, `open${words.join("")}`);
  }

  close(): Move {
    return this.#move({ do: "close" });
  }

  sql(sql: string): Move {
    return this.#move({ do: "sql", sql }, sql);
  }

  begin(): Move {
    return this.sql("BEGIN");
  }

  /** Takes the writer's lock at once. */
  beginImmediate(): Move {
    return this.sql("BEGIN IMMEDIATE");
  }

  commit(): Move {
    return this.sql("COMMIT");
  }

  rollback(): Move {
    return this.sql("ROLLBACK");
  }

  read(): Move {
    return this.#move({ do: "read" });
  }

  write(letter: string, ...rows: readonly number[]): Move {
    return this.#move({ do: "write", letter, rows }, `write ${letter} ${rows.join(" ")}`);
  }

  checkpoint(mode: CheckpointMode): Move {
    return this.#move({ do: "checkpoint", mode }, `checkpoint ${mode}`);
  }

  /** From now on its busy handler lets SQLite try so often again; negative: it has none. */
  busy(tries: number): Move {
    return this.#move({ do: "busy", tries }, `busy ${tries}`);
  }

  control(control: number, value: number): Move {
    return this.#move({ do: "control", control, value }, `file control ${control} ${value}`);
  }

  config(config: number, value: number): Move {
    return this.#move({ do: "config", config, value }, `config ${config} ${value}`);
  }

  dies(): Move {
    return this.#move({ do: "dies" });
  }
}

/** What is played. */
export interface Scenario {
  name: string;
  /** Left out of the default run. */
  fullOnly?: boolean;
  moves(setting: Setting): Move[];
}

/** What is the same for all connections of a play. */
export interface Setting {
  pageSize: number;
  synchronous: "OFF" | "NORMAL" | "FULL";
}

/** Rows that every scenario starts with. */
export const ROWS = 8;

/** What the first process does before the scenario begins: a database in WAL mode, its log empty. */
export function template(setting: Setting): string {
  return [
    `PRAGMA page_size=${setting.pageSize}`,
    "PRAGMA journal_mode=WAL",
    "CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT NOT NULL)",
    `WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i+1 FROM n WHERE i<${ROWS})
     INSERT INTO t SELECT i, printf('%.*c', ${rowLength(setting)}, '-') FROM n`,
  ].join(";\n");
}

/** A row is so long that each has a page of its own. */
export function rowLength(setting: Setting): number {
  return Math.floor(setting.pageSize * 0.6);
}

/** The names of the processes that moves need, in order. */
export function processesOf(moves: readonly Move[]): ProcessName[] {
  const found = new Set<ProcessName>();
  const visit = (list: readonly Move[]): void => {
    for (const m of list) {
      found.add(m.on);
      visit(m.hit?.meanwhile ?? []);
    }
  };
  visit(moves);
  return [...found].sort();
}
