/** A connection of real SQLite. */

import { ChildError } from "../../engines/child.js";
import { realCodeName } from "./codes.js";
import { type Pair, seedReal } from "./pair.js";
import { type Action, NAME, NOT_OPEN, type Session, type Target } from "./session.js";

/** Real SQLite's connection. */
export class RealSession implements Session {
  readonly #pair: Pair;
  readonly #target: Target;
  readonly #schema: string;
  #open = false;

  constructor(pair: Pair, target: Target) {
    this.#pair = pair;
    this.#target = target;
    this.#schema = target.attach ? "x." : "";
  }

  async perform(action: Action): Promise<string> {
    if (action.do === "open") return await this.#openIt(action.readonly ?? false);
    if (!this.#open) return NOT_OPEN;
    if (action.do === "close") {
      this.#open = false;
      await this.#pair.real.close(NAME);
      return "SQLITE_OK";
    }
    const outcome = await this.#pair.real.attempt(NAME, this.#sql(action));
    if ("code" in outcome) return realCodeName(outcome.code);
    const shown = action.do === "read" || action.do === "journalMode";
    return shown ? `SQLITE_OK ${outcome.rows[0]?.[0]}` : "SQLITE_OK";
  }

  async #openIt(readonly: boolean): Promise<string> {
    const { path, attach } = this.#target;
    if (!attach) {
      try {
        await this.#pair.real.open(NAME, path as string, { readonly });
      } catch (e) {
        if (e instanceof ChildError && e.code.includes("SQLITE_")) return realCodeName(e.code);
        throw e;
      }
      await seedReal(this.#pair);
      this.#open = true;
      return "SQLITE_OK";
    }
    await this.#pair.real.open(NAME, ":memory:");
    const bytes = Buffer.from(path as string);
    const outcome = await this.#pair.real.attempt(
      NAME,
      `ATTACH CAST(X'${bytes.toString("hex")}' AS TEXT) AS x`,
    );
    if ("code" in outcome) {
      await this.#pair.real.close(NAME);
      return realCodeName(outcome.code);
    }
    await seedReal(this.#pair);
    this.#open = true;
    return "SQLITE_OK";
  }

  #sql(action: Exclude<Action, { do: "open" | "close" }>): string {
    const schema = this.#schema;
    switch (action.do) {
      case "read":
        return `PRAGMA ${schema}user_version`;
      case "set":
        return `PRAGMA ${schema}user_version=${action.value}`;
      case "run":
        return action.change.sql;
      case "begin":
        return action.exclusive ? "BEGIN EXCLUSIVE" : "BEGIN IMMEDIATE";
      case "commit":
        return "COMMIT";
      case "rollback":
        return "ROLLBACK";
      case "journalMode":
        return `PRAGMA ${schema}journal_mode=${action.mode}`;
      case "synchronous":
        return `PRAGMA ${schema}synchronous=${action.level}`;
      case "cacheSize":
        return `PRAGMA ${schema}cache_size=${action.pages}`;
      case "exclusiveMode":
        return "PRAGMA locking_mode=EXCLUSIVE";
      case "mmap":
        return `PRAGMA ${schema}mmap_size=${action.bytes}`;
    }
  }
}
