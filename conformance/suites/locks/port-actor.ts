/** A process that runs the port. */

import {
  PAGER_JOURNALMODE_DELETE,
  PAGER_JOURNALMODE_PERSIST,
  PAGER_JOURNALMODE_TRUNCATE,
  PAGER_SYNCHRONOUS_FULL,
  PAGER_SYNCHRONOUS_NORMAL,
  PAGER_SYNCHRONOUS_OFF,
  sqlite3ErrName,
} from "../../../src/index.js";
import type { PortEngine } from "../../engines/port.js";
import type { TreeGate, TreeRequest } from "../../engines/tree.js";
import { type Actor, type Reply, type Setting, SMALL_CACHE } from "./actor.js";
import type { Template } from "./database.js";
import type { Action } from "./moves.js";

const journalModes = {
  DELETE: PAGER_JOURNALMODE_DELETE,
  TRUNCATE: PAGER_JOURNALMODE_TRUNCATE,
  PERSIST: PAGER_JOURNALMODE_PERSIST,
} as const;

const syncLevels = {
  OFF: PAGER_SYNCHRONOUS_OFF,
  NORMAL: PAGER_SYNCHRONOUS_NORMAL,
  FULL: PAGER_SYNCHRONOUS_FULL,
} as const;

/** The port's part. */
export class PortActor implements Actor {
  readonly #engine: PortEngine;
  readonly #path: string;
  readonly #template: Template;
  readonly #setting: Setting;

  constructor(engine: PortEngine, path: string, template: Template, setting: Setting) {
    this.#engine = engine;
    this.#path = path;
    this.#template = template;
    this.#setting = setting;
  }

  get pid(): number {
    return this.#engine.child.pid;
  }

  async perform(connection: string, action: Action): Promise<Reply> {
    const { rc, ...rest } = await this.#engine.tree(this.#request(connection, action));
    return { ...rest, code: rc === 0 ? "SQLITE_OK" : (sqlite3ErrName(rc) ?? `code ${rc}`) };
  }

  #request(name: string, action: Action): TreeRequest {
    const cells = (list: number[]): ReturnType<Template["cell"]>[] =>
      list.map((row) => this.#template.cell(row));
    switch (action.do) {
      case "open":
        return {
          do: "open",
          name,
          path: this.#path,
          vfs: this.#setting.vfs,
          readonly: action.readonly,
          pageSize: this.#template.pageSize,
          cold: action.cold,
          synchronous: syncLevels[this.#setting.synchronous],
          journalMode: journalModes[this.#setting.journal],
          cacheSize: action.small ? SMALL_CACHE : null,
        };
      case "read":
        return { do: "read", name, root: this.#template.root, cells: cells(action.rows) };
      case "write":
        return {
          do: "write",
          name,
          root: this.#template.root,
          cells: cells(action.rows),
          data: Buffer.from(this.#template.letters(action.letter), "latin1"),
        };
      case "locking":
        return { do: "lockingMode", name, exclusive: action.exclusive };
      case "journal":
        return { do: "journalMode", name, mode: journalModes[action.mode] };
      default:
        return { ...action, name };
    }
  }

  async setGate(connection: string, gate: TreeGate): Promise<void> {
    await this.#engine.tree({ do: "gate", name: connection, gate });
  }

  async kill(): Promise<void> {
    await this.#engine.child.kill();
  }

  async reset(): Promise<void> {
    await this.#engine.reset();
  }
}
