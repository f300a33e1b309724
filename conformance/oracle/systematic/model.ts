/**
 * What the content of the databases may be: a model that knows nothing of files, journals or logs.
 *
 * It watches operations and what they came to, keeps what each transaction changes, and when one is committed makes
 * the next content of it. Where a commit failed, or the power went during it, both contents are possible from
 * then on; nothing in between ever is. A {@link Op} "Scan" that reads anything else is an error of the pager's.
 */

import "../wasm32.js";
import { SQLITE_BUSY, SQLITE_OK } from "../../../src/index.js";
import { LEFT_OUT, type Op, type Outcome, POWER_LOST, pokedBytes, scanHash } from "../ops.js";

/** What is promised, beyond "the old or the new content". */
export interface Promises {
  /**
   * After errors the old content comes back: always; unless the rollback itself fails (a journal in memory); or
   * never (no journal).
   */
  onError: "always" | "if the rollback works" | "never";
  /**
   * What a loss of power leaves of transactions that have been committed: all; all but possibly the last one (the
   * deletion of a journal is durable with the next sync of its directory); any first ones of them; anything.
   */
  onPowerLoss: "all" | "all but the last" | "the first ones" | "anything";
  /** Whether the commit can have happened when the first phase fails: without a journal on an atomic device. */
  commitsInPhaseOne?: boolean;
}

/** A page's bytes, never changed once they are here; null: nobody knows what they are. */
type Page = Uint8Array | null;
/** A database's pages. After a commit has made it shorter the file may go on being longer, up to `most` pages. */
interface Image {
  readonly pages: readonly Page[];
  readonly most: number;
}
/** The contents of all databases at one moment. */
type World = ReadonlyMap<string, Image>;

type Edit =
  | { kind: "touch"; pgno: number }
  | { kind: "poke"; pgno: number; offset: number; n: number; seed: number }
  | { kind: "move"; from: number; to: number }
  | { kind: "truncate"; n: number };

interface Transaction {
  readonly file: string;
  readonly edits: Edit[];
  /** For each open savepoint how many edits there were. */
  readonly savepoints: number[];
  /** With a log the first phase commits, with a journal the second one. */
  readonly isLogged: boolean;
  superJournal: string | null;
  isDone: boolean;
}

/** A result code that nobody gets to see. */
const UNKNOWN = -1;

const EMPTY: Image = { pages: [], most: 0 };

/** More than these would mean that nothing is checked any more. */
const MOST_WORLDS = 64;

/** The content is not what it may be, or cannot be read. */
export class WrongContent extends Error {
  override readonly name = "WrongContent";
}

/** What the model asks a pager. */
export interface PagerView {
  /** Whether a connection that is open uses a log. */
  isLogged(c: number): boolean;
  /** How many savepoints it has. */
  savepoints(c: number): number;
}

/** See above. */
export class Model {
  readonly #promises: Promises;
  readonly #view: PagerView;
  readonly #files = new Map<number, string>();
  readonly #pageSizes = new Map<string, number>();
  readonly #slots = new Map<number, { c: number; pgno: number }>();
  readonly #transactions = new Map<number, Transaction>();
  #possible: World[] = [new Map()];
  /** What a loss of power may go back to besides. */
  #older: World[] = [];
  /** Whether a commit has failed, or half failed, since everything was durable. */
  #isUnsure = false;
  /**
   * What such a commit may have left besides what has been read since. It need not be durable, so that the power's
   * going may bring the other one back; and frames that were rolled back are there again, with the commit among them,
   * for whoever opens a log that nobody has open, unless a later commit has overwritten them.
   */
  #dormant: World[] = [];
  /** Whether something has happened after which nothing is promised. */
  #isLost = false;
  /** Whether operations may fail because the program wants it. */
  #isArmed = false;
  /** Scans that have been held against the model. */
  checked = 0;

  /** @param promises null: none, as when a disk tells lies */
  constructor(promises: Promises | null, view: PagerView) {
    this.#promises = promises ?? { onError: "never", onPowerLoss: "anything" };
    this.#isLost = promises === null;
    this.#view = view;
  }

  /** Whether nothing can be said about the content any more. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** Takes note of an operation; both sides' outcomes are the same, but for a scan each counts. */
  note(op: Op, c: Outcome, port: Outcome): void {
    this.#noteFaults(op);
    if (op.op === "Scan" && c !== POWER_LOST) {
      this.#check(op.c, c);
      this.#check(op.c, port);
    }
    if (c === LEFT_OUT || c.out[0] === "left out") return;
    if (c === POWER_LOST) this.#powerLost(op);
    else this.#note(op, c.rc, c.out);
  }

  #noteFaults(op: Op): void {
    if (op.op === "Fault") this.#isArmed = op.rule !== null;
    else if (op.op === "FailAllocation") this.#isArmed = op.at !== null;
    else if (op.op === "PowerLoss") this.#isArmed = true;
  }

  #note(op: Op, rc: number, out: Outcome["out"]): void {
    switch (op.op) {
      case "Open":
        if (rc !== SQLITE_OK) return;
        if (this.#files.size === 0) this.#wake();
        this.#files.set(op.c, op.file === null || op.flags === 2 ? `(${op.c})` : op.file);
        return;
      case "SetPagesize":
        if (rc === SQLITE_OK) this.#pageSizes.set(this.#files.get(op.c)!, out[0] as number);
        return;
      case "Close":
        this.#end(op.c, UNKNOWN);
        this.#files.delete(op.c);
        return;
      case "Get":
        if (rc === SQLITE_OK) this.#slots.set(op.slot, { c: op.c, pgno: op.pgno });
        return;
      case "Begin":
        if (rc === SQLITE_OK && !this.#transactions.has(op.c)) this.#begin(op.c);
        return;
      case "UnrefPageOne":
        this.#end(this.#slots.get(op.slot)!.c, UNKNOWN);
        return;
      case "Rollback":
        this.#end(op.c, rc);
        return;
      case "SyncDisk":
        this.#older = [];
        this.#dormant = [];
        this.#isUnsure = false;
        return;
      case "Crash":
        this.#crash();
        return;
      case "DeleteSuper":
        this.#commitAll(
          [...this.#transactions.values()].filter((t) => t.superJournal === op.file),
          rc,
        );
        return;
      default:
        if ("slot" in op || "c" in op) this.#noteWriting(op, rc);
    }
  }

  #wake(): void {
    this.#possible = [...new Set([...this.#possible, ...this.#dormant])];
    this.#dormant = [];
  }

  #begin(c: number): void {
    const [file, isLogged] = [this.#files.get(c)!, this.#view.isLogged(c)];
    this.#transactions.set(c, {
      file,
      edits: [],
      savepoints: [],
      isLogged,
      superJournal: null,
      isDone: false,
    });
  }

  /** What happens inside a write transaction. */
  #noteWriting(op: Op, rc: number): void {
    const held = "slot" in op ? this.#slots.get(op.slot) : undefined;
    const c = "c" in op ? op.c : held?.c;
    const transaction = c === undefined ? undefined : this.#transactions.get(c);
    if (transaction === undefined) return;
    const { edits, savepoints } = transaction;
    if (rc !== SQLITE_OK && rc !== SQLITE_BUSY && this.#promises.onError === "never") this.#isLost = true;
    switch (op.op) {
      case "Write":
        if (rc === SQLITE_OK) edits.push({ kind: "touch", pgno: held!.pgno });
        return;
      case "Poke":
        edits.push({ kind: "poke", pgno: held!.pgno, offset: op.offset, n: op.n, seed: op.seed });
        return;
      case "Movepage":
        if (rc !== SQLITE_OK) return;
        edits.push({ kind: "move", from: held!.pgno, to: op.pgno });
        held!.pgno = op.pgno;
        return;
      case "TruncateImage":
        edits.push({ kind: "truncate", n: op.n });
        return;
      case "OpenSavepoint":
        /* Without memory there may be fewer. */
        for (let n = rc === SQLITE_OK ? op.n : this.#view.savepoints(c!); savepoints.length < n; ) {
          savepoints.push(edits.length);
        }
        return;
      case "Savepoint":
        if (rc === SQLITE_OK && op.i < savepoints.length) undo(transaction, op);
        return;
      case "CommitPhaseOne":
        if (op.superJournal !== undefined && rc === SQLITE_OK) transaction.superJournal = op.superJournal;
        if (transaction.isLogged) this.#commitAll([transaction], rc);
        else if (rc !== SQLITE_OK && this.#promises.commitsInPhaseOne) this.#commitAll([transaction], rc);
        /* The sync of a new journal has made the deletion of the last one durable too. */ else if (
          rc === SQLITE_OK &&
          edits.length > 0
        )
          this.#older = [];
        return;
      case "CommitPhaseTwo":
        this.#commitAll([transaction], rc);
        this.#transactions.delete(c!);
        return;
      default:
    }
  }

  /** A transaction is over, if there is one, without a commit. */
  #end(c: number, rc: number): void {
    const transaction = this.#transactions.get(c);
    this.#transactions.delete(c);
    if (transaction === undefined || transaction.isDone || transaction.edits.length === 0) return;
    if (this.#promises.onError === "never") this.#isLost = true;
    if (this.#promises.onError === "if the rollback works" && rc !== SQLITE_OK) this.#isLost = true;
  }

  /** Transactions are committed together, or with another result code than 0 perhaps. */
  #commitAll(all: readonly Transaction[], rc: number): void {
    if (rc === SQLITE_BUSY) return;
    const open = all.filter((t) => !t.isDone);
    if (open.length === 0) return;
    for (const t of open) t.isDone = true;
    const before = this.#possible;
    const after = before.map((world) => {
      const next = new Map(world);
      for (const { file, edits } of open) {
        next.set(file, edited(world.get(file) ?? EMPTY, edits, this.#pageSizes.get(file)!));
      }
      return next;
    });
    if (rc !== SQLITE_OK) {
      this.#possible = [...before, ...after];
      this.#isUnsure = true;
      if (this.#promises.onError !== "always") this.#isLost = true;
    } else {
      this.#possible = after;
      if (this.#promises.onPowerLoss === "the first ones") {
        this.#older = [...this.#older, ...before, ...this.#dormant];
      } else if (this.#promises.onPowerLoss === "all but the last") {
        this.#older = before.map((world, i) => cutOff(world, after[i]!));
      } else {
        this.#older = [];
      }
      this.#dormant = [];
    }
    if (this.#possible.length > MOST_WORLDS) throw new Error("the model allows too much to say anything");
  }

  /** The power went during this operation. */
  #powerLost(op: Op): void {
    const before = this.#possible;
    const unsure = (all: readonly Transaction[]): void => {
      this.#commitAll(all, SQLITE_OK);
      this.#possible = [...before, ...this.#possible];
    };
    const [older, dormant] = [this.#older, this.#dormant];
    if (op.op === "DeleteSuper") {
      unsure([...this.#transactions.values()].filter((t) => t.superJournal === op.file));
    } else if (op.op === "CommitPhaseOne" || op.op === "CommitPhaseTwo") {
      const transaction = this.#transactions.get(op.c);
      if (transaction === undefined) return;
      const commits = transaction.isLogged || this.#promises.commitsInPhaseOne === true;
      if (commits || op.op === "CommitPhaseTwo") unsure([transaction]);
    }
    this.#older = [...older, ...this.#older.filter((world) => !before.includes(world))];
    this.#dormant = dormant;
  }

  #crash(): void {
    this.#wake();
    this.#possible = [...new Set([...this.#possible, ...this.#older])];
    this.#older = [];
    this.#isUnsure = false;
    if (this.#promises.onPowerLoss === "anything") this.#isLost = true;
    for (const known of [this.#transactions, this.#slots, this.#files]) known.clear();
  }

  /** Holds what was read against what may be there. */
  #check(c: number, { rc, out }: Outcome): void {
    if (this.#isLost) return;
    const file = this.#files.get(c);
    if (out[0] === "left out" || rc !== SQLITE_OK || file === undefined || this.#transactions.has(c)) {
      if (this.#isArmed) return;
      const why = out[0] === "left out" ? "there is no read transaction" : `result code ${rc}`;
      throw new WrongContent(`${file ?? `connection ${c}`} cannot be read: ${why}`);
    }
    const [n, ...hashes] = out as readonly number[];
    const wrong: string[] = [];
    this.#possible = this.#possible.filter((world) => {
      const at = differs(world.get(file) ?? EMPTY, n!, hashes);
      if (at === null) return true;
      wrong.push(at);
      if (this.#isUnsure) this.#dormant.push(world);
      return false;
    });
    if (this.#possible.length === 0) {
      throw new WrongContent(`${file} has neither the old nor the new content: ${wrong.join("; ")}`);
    }
    this.checked++;
  }
}

/** Goes back to a savepoint, or forgets it. */
function undo({ edits, savepoints }: Transaction, op: Extract<Op, { op: "Savepoint" }>): void {
  if (op.kind === "release") {
    savepoints.length = op.i;
    return;
  }
  edits.length = op.i < 0 ? 0 : savepoints[op.i]!;
  savepoints.length = op.i + 1;
}

/**
 * What a journal brings back whose deletion was undone, when the commit has made a file shorter: the file is truncated
 * after the deletion of the journal, and the one may be durable before the other. Pages behind the end that the
 * transaction has not written are in no journal.
 */
function cutOff(before: World, after: World): World {
  const world = new Map(before);
  for (const [file, { pages, most }] of before) {
    const end = after.get(file)!.pages.length;
    if (end < pages.length) world.set(file, { pages: pages.map((page, i) => (i < end ? page : null)), most });
  }
  return world;
}

/** The image that a transaction makes of an image. */
function edited(image: Image, edits: readonly Edit[], pageSize: number): Image {
  const pages = [...image.pages];
  let { most } = image;
  for (const edit of edits) {
    switch (edit.kind) {
      case "touch":
        while (pages.length < edit.pgno) pages.push(pages.length < most ? null : new Uint8Array(pageSize));
        most = Math.max(most, pages.length);
        break;
      case "poke": {
        const page = pages[edit.pgno - 1];
        if (page === undefined || page === null) break;
        const copy = page.slice();
        copy.set(pokedBytes(edit.n, edit.seed), edit.offset);
        pages[edit.pgno - 1] = copy;
        break;
      }
      case "move":
        pages[edit.to - 1] = pages[edit.from - 1]!;
        pages[edit.from - 1] = null;
        break;
      case "truncate":
        pages.length = edit.n;
        break;
    }
  }
  return { pages, most };
}

const hashes = new WeakMap<Uint8Array, number>();

/** Where an image differs from what was read, or null. */
function differs({ pages, most }: Image, n: number, read: readonly number[]): string | null {
  if (n < pages.length || n > most) return `${n} pages instead of ${pages.length}`;
  const wrong: number[] = [];
  pages.forEach((page, i) => {
    if (page === null) return;
    let hash = hashes.get(page);
    if (hash === undefined) {
      hash = scanHash(i + 1, page);
      hashes.set(page, hash);
    }
    if (hash !== read[i]) wrong.push(i + 1);
  });
  return wrong.length === 0 ? null : `page${wrong.length > 1 ? "s" : ""} ${wrong.join(", ")}`;
}
