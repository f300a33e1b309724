/**
 * Scripts: what connections do one after the other.
 *
 * A script is written as text, moves separated by semicolons. A move names a connection and what it
 * does; the connection's first letter is its process ("A" and "A2" live in process A):
 *
 *     A open [cold] [readonly] [small]   cold: nothing is set or read; small: a cache that soon spills
 *     A close
 *     A busy 2                           from now on its busy handler gives up after two calls
 *     A begin [immediate|exclusive]      BEGIN
 *     A read 1 2 9-12                    SELECT of these rows
 *     A write x 1 2 9-12                 one UPDATE for each row, which is then full of x
 *     A commit
 *     A rollback
 *     A locking exclusive|normal         PRAGMA locking_mode
 *     A journal DELETE                   PRAGMA journal_mode
 *     A dies                             SIGKILL for process A
 *
 * `waits at n { ... }` after a move lets the moves in braces happen during call n (from 0) of the
 * busy handler.
 */

/** The journal modes that lock alike and leave different files behind. */
export type JournalName = "DELETE" | "TRUNCATE" | "PERSIST";

/** What a connection may be told to do. */
export type Action =
  | { do: "open"; cold: boolean; readonly: boolean; small: boolean }
  | { do: "close" }
  | { do: "busy"; limit: number }
  | { do: "begin"; type: "deferred" | "immediate" | "exclusive" }
  | { do: "read"; rows: number[] }
  | { do: "write"; rows: number[]; letter: string }
  | { do: "commit" }
  | { do: "rollback" }
  | { do: "locking"; exclusive: boolean }
  | { do: "journal"; mode: JournalName };

/** One move. */
export interface Move {
  /** The connection. */
  on: string;
  action: Action | { do: "dies" };
  /** Moves during a call of the busy handler. */
  meanwhile: { at: number; moves: Move[] } | null;
  /** As written, without what happens meanwhile. */
  text: string;
}

/** What shall be played. */
export interface Scenario {
  name: string;
  script: string;
  /** Only with this level: an unsynced journal is hot only where nothing is ever synced. */
  synchronous?: "OFF";
}

function parseRows(words: readonly string[]): number[] {
  return words.flatMap((word) => {
    const [from, to = from] = word.split("-").map(Number) as [number, number?];
    if (!(from >= 1 && to >= from)) throw new Error(`"${word}" is no row`);
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
}

function parseAction(verb: string, rest: readonly string[]): Move["action"] {
  const [first = ""] = rest;
  switch (verb) {
    case "open":
      return {
        do: "open",
        cold: rest.includes("cold"),
        readonly: rest.includes("readonly"),
        small: rest.includes("small"),
      };
    case "busy":
      return { do: "busy", limit: Number(first) };
    case "begin":
      return { do: "begin", type: first === "immediate" || first === "exclusive" ? first : "deferred" };
    case "read":
      return { do: "read", rows: parseRows(rest) };
    case "write":
      return { do: "write", letter: first, rows: parseRows(rest.slice(1)) };
    case "locking":
      return { do: "locking", exclusive: first === "exclusive" };
    case "journal":
      if (first !== "DELETE" && first !== "TRUNCATE" && first !== "PERSIST") break;
      return { do: "journal", mode: first };
    case "close":
    case "commit":
    case "rollback":
    case "dies":
      return { do: verb };
  }
  throw new Error(`"${verb} ${rest.join(" ")}" is no move`);
}

/** Reads a script. */
export function parseScript(text: string): Move[] {
  const words = text.replace(/[;{}]/g, " $& ").trim().split(/\s+/);
  let next = 0;
  const list = (): Move[] => {
    const moves: Move[] = [];
    while (next < words.length && words[next] !== "}") {
      if (words[next] === ";") {
        next++;
        continue;
      }
      const said: string[] = [];
      while (next < words.length && !/^[;{}]$/.test(words[next] as string))
        said.push(words[next++] as string);
      let meanwhile: Move["meanwhile"] = null;
      if (words[next] === "{") {
        next++;
        const [waits, at, n] = said.splice(-3);
        if (waits !== "waits" || at !== "at")
          throw new Error(`braces after "${said.join(" ")}" without "waits at"`);
        meanwhile = { at: Number(n), moves: list() };
        next++;
      }
      const [on, verb, ...rest] = said as [string, string, ...string[]];
      moves.push({ on, action: parseAction(verb, rest), meanwhile, text: said.join(" ") });
    }
    return moves;
  };
  return list();
}

/** The process that a connection lives in, by its letter. */
export function processOf(connection: string): string {
  return connection.slice(0, 1);
}

/** The letters of the processes that a script needs, in order. */
export function processes(script: readonly Move[]): string[] {
  const found = new Set<string>();
  const visit = (moves: readonly Move[]): void => {
    for (const m of moves) {
      found.add(processOf(m.on));
      visit(m.meanwhile?.moves ?? []);
    }
  };
  visit(script);
  return [...found].sort();
}
