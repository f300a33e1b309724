/**
 * The port's pager in the place of a connection: it is told what the b-tree and the virtual machine ask
 * of the pager for the same statement, where a transaction begins, what is written, and what follows a
 * failure.
 */

import {
  PAGER_CACHESPILL,
  PAGER_LOCKINGMODE_EXCLUSIVE,
  SQLITE_OPEN_CREATE,
  SQLITE_OPEN_MAIN_DB,
  SQLITE_OPEN_READONLY,
  SQLITE_OPEN_READWRITE,
} from "../../../src/index.js";
import type { Step } from "../../engines/program.js";
import { codeName, endsTransaction } from "./codes.js";
import { type Pair, seedPort } from "./pair.js";
import {
  type Action,
  type Change,
  JOURNAL_MODES,
  NAME,
  NOT_OPEN,
  type Session,
  SYNC_LEVELS,
  type Target,
} from "./session.js";

const bigEndian = (value: number): Uint8Array => {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
};

const pager = NAME;

/** What the virtual machine makes of a code that stops a statement (abort_due_to_error in vdbe.c). */
const aborted = (code: string): string => (code === "SQLITE_IOERR_CORRUPTFS" ? "SQLITE_CORRUPT" : code);

/** The port's pager, driven as real SQLite's layers above drive theirs. */
export class PortSession implements Session {
  readonly #pair: Pair;
  readonly #target: Target;
  #open = false;
  #inTransaction = false;
  #schemaLoaded = false;
  /** Of an explicit transaction: a database that is read-only gets one that reads. */
  #mayWrite = true;
  #truncateTo: number | null = null;

  constructor(pair: Pair, target: Target) {
    this.#pair = pair;
    this.#target = target;
  }

  async #run(...steps: Step[]): Promise<string> {
    return codeName(await this.#pair.port.rc(...steps));
  }

  async perform(action: Action): Promise<string> {
    if (action.do === "open") return await this.#openIt(action.readonly ?? false);
    if (!this.#open) return NOT_OPEN;
    switch (action.do) {
      case "close":
        if (this.#inTransaction) await this.#rollBack();
        this.#open = false;
        return await this.#run({ do: "close", pager, connection: true });
      case "read":
        return await this.#read();
      case "set":
        return await this.#write([
          { do: "write", pager, page: 1, data: bigEndian(action.value), offset: 60 },
        ]);
      case "run":
        return (await this.#schema()) ?? (await this.#change(action.change));
      case "begin": {
        if (this.#inTransaction) return "SQLITE_ERROR";
        const exclusive = action.exclusive ?? false;
        const [begun] = await this.#pair.port.attempt({
          do: "beginDatabase",
          pager,
          exclusive,
          orRead: true,
        });
        this.#inTransaction = begun?.rc === 0;
        this.#mayWrite = begun?.value === true;
        return aborted(codeName(begun?.rc ?? -1));
      }
      case "commit":
        return this.#inTransaction ? await this.#commit(true) : "SQLITE_ERROR";
      case "rollback":
        if (!this.#inTransaction) return "SQLITE_ERROR";
        /* ROLLBACK succeeds whatever the pager says (sqlite3RollbackAll in main.c). */
        await this.#rollBack();
        return "SQLITE_OK";
      case "journalMode": {
        const failed = await this.#schema();
        if (failed !== null) return failed;
        const [result] = await this.#pair.port.run({
          do: "journalMode",
          pager,
          mode: JOURNAL_MODES[action.mode],
        });
        const names = ["delete", "persist", "off", "truncate", "memory", "wal"];
        return `SQLITE_OK ${names[result?.value as number]}`;
      }
      case "synchronous":
        return (
          (await this.#schema()) ??
          (await this.#run({ do: "flags", pager, value: SYNC_LEVELS[action.level] | PAGER_CACHESPILL }))
        );
      case "cacheSize":
        return (await this.#schema()) ?? (await this.#run({ do: "cacheSize", pager, pages: action.pages }));
      case "exclusiveMode":
        return await this.#run({ do: "lockingMode", pager, mode: PAGER_LOCKINGMODE_EXCLUSIVE });
      case "mmap":
        return await this.#run({ do: "mmapLimit", pager, bytes: action.bytes });
    }
  }

  async #openIt(readonly: boolean): Promise<string> {
    this.#inTransaction = false;
    this.#schemaLoaded = false;
    let code = await this.#run(
      {
        do: "open",
        pager,
        path: this.#target.path,
        vfs: this.#pair.vfs,
        vfsFlags: readonly
          ? SQLITE_OPEN_READONLY | SQLITE_OPEN_MAIN_DB
          : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MAIN_DB,
      },
      /* SQLITE_DEFAULT_CACHE_SIZE of better-sqlite3's build. */
      { do: "cacheSize", pager, pages: -16000 },
    );
    /* ATTACH reads the schema at once. */
    if (code === "SQLITE_OK" && this.#target.attach) code = (await this.#schema()) ?? code;
    this.#open = code === "SQLITE_OK";
    if (this.#open) await seedPort(this.#pair);
    else await this.#run({ do: "discard", pager });
    return code;
  }

  /** Reads the schema unless that has been done: a read transaction. Null if all is well. */
  async #schema(): Promise<string | null> {
    if (this.#schemaLoaded || this.#inTransaction) return null;
    const code = await this.#run({ do: "lockDatabase", pager }, { do: "releaseAll", pager });
    this.#schemaLoaded = code === "SQLITE_OK";
    return this.#schemaLoaded ? null : code;
  }

  async #read(): Promise<string> {
    const begin: Step[] = this.#inTransaction ? [] : [{ do: "lockDatabase", pager }];
    const results = await this.#pair.port.attempt(...begin, { do: "read", pager, page: 1 });
    const last = results[results.length - 1];
    if (!this.#inTransaction) await this.#run({ do: "releaseAll", pager });
    if (last?.rc !== 0) return aborted(codeName(last?.rc ?? -1));
    const page = last.value as Uint8Array;
    return `SQLITE_OK ${new DataView(page.buffer, page.byteOffset).getInt32(60)}`;
  }

  async #change(change: Change): Promise<string> {
    this.#truncateTo = change.pagesAfter ?? this.#truncateTo;
    if (!this.#inTransaction || !this.#mayWrite || !change.undoable) {
      return await this.#write(change.steps(pager));
    }
    return await this.#writeUndoable(change.steps(pager));
  }

  /** A statement with a savepoint of its own (sqlite3VdbeCloseStatement in vdbeaux.c). */
  async #writeUndoable(steps: Step[]): Promise<string> {
    const code = aborted(await this.#run({ do: "openSavepoint", pager, n: 1 }, ...steps));
    await this.#run({ do: "releaseCursors", pager });
    const end: Step[] = [{ do: "releaseSavepoint", pager, index: 0 }];
    if (code !== "SQLITE_OK") {
      if (endsTransaction(code) && code !== "SQLITE_FULL") {
        await this.#rollBack();
        return code;
      }
      end.unshift({ do: "rollbackSavepoint", pager, index: 0 });
    }
    if ((await this.#run(...end)) !== "SQLITE_OK") await this.#rollBack();
    return code;
  }

  /** A statement that writes: in a transaction of its own unless one is open. */
  async #write(steps: Step[]): Promise<string> {
    const explicit = this.#inTransaction;
    if (explicit && !this.#mayWrite) return "SQLITE_READONLY";
    if (!explicit) {
      const code = await this.#run({ do: "beginDatabase", pager });
      if (code !== "SQLITE_OK") {
        this.#truncateTo = null;
        return aborted(code);
      }
      this.#inTransaction = true;
      this.#mayWrite = true;
    }
    const code = aborted(await this.#run(...steps));
    await this.#run({ do: "releaseCursors", pager });
    if (code === "SQLITE_OK") return explicit ? code : await this.#commit(false);
    if (!explicit || endsTransaction(code)) await this.#rollBack();
    return code;
  }

  /** A COMMIT that finds the database busy can be tried again; a statement's own commit cannot. */
  async #commit(explicit: boolean): Promise<string> {
    if (explicit && !this.#mayWrite) return await this.#endReading();
    const pages = this.#truncateTo;
    const truncate: Step[] = pages === null ? [] : [{ do: "truncate", pager, pages }];
    const code = await this.#run(
      { do: "exclusiveLock", pager },
      ...truncate,
      { do: "commitOne", pager },
      { do: "commitTwo", pager },
    );
    if (code === "SQLITE_OK") {
      this.#inTransaction = false;
      this.#truncateTo = null;
      await this.#run({ do: "releaseAll", pager });
    } else if (!explicit || code !== "SQLITE_BUSY") await this.#rollBack();
    return code;
  }

  async #endReading(): Promise<string> {
    this.#inTransaction = false;
    return await this.#run({ do: "releaseAll", pager });
  }

  async #rollBack(): Promise<void> {
    if (this.#mayWrite) await this.#run({ do: "rollback", pager });
    this.#truncateTo = null;
    await this.#endReading();
  }
}
