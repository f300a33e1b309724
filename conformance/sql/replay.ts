/**
 * Files as a trace of calls makes them. A trace is cut at the points where bytes become durable or are
 * about to go: every sync; before every delete, truncate and zeroing of a journal's header; before a
 * temporary file is closed; and at the end.
 */

import { SQLITE_OPEN_CREATE, SQLITE_OPEN_SUBJOURNAL, SQLITE_OPEN_TEMP_DB } from "../../src/index.js";
import { TracedFile } from "../core/order/traced-file.js";
import type { ShimRecord } from "../engines/shimvfs.js";

/** What kind of file a trace speaks of. */
export type TracedKind =
  | "database"
  | "journal"
  | "super-journal"
  | "sub-journal"
  | "temporary database"
  | "temporary";

/** A file of a trace. */
export interface ReplayedFile {
  /** Its name, or a made-up one for a file without. */
  name: string;
  kind: TracedKind;
  file: TracedFile;
}

/** Where a trace is cut. */
export interface Point {
  /** Number of the call. */
  at: number;
  /** What happens there; "end" after the last call. */
  why: "sync" | "delete" | "truncate" | "header zeroed" | "close" | "end";
  /** The file that it happens to. */
  name: string;
  /** What was written to since the last point; content is that before the call. */
  changed: ReplayedFile[];
}

/** What kind a file is, from its name or from the flags that it was opened with. */
function kindOf(name: string, flags: number): TracedKind {
  if (flags & SQLITE_OPEN_SUBJOURNAL) return "sub-journal";
  if (flags & SQLITE_OPEN_TEMP_DB) return "temporary database";
  if (/-mj[0-9A-F]{6}9[0-9A-F]{2}$/.test(name)) return "super-journal";
  if (name.endsWith("-journal")) return "journal";
  return name.endsWith(".db") ? "database" : "temporary";
}

/** Replays one trace. */
export class Replay {
  readonly #trace: readonly ShimRecord[];
  readonly #files = new Map<string, ReplayedFile>();
  readonly #changed = new Set<ReplayedFile>();
  /** Files without a name by handle. */
  readonly #unnamed = new Map<number, ReplayedFile>();
  #nUnnamed = 0;
  #at = 0;

  constructor(trace: readonly ShimRecord[]) {
    this.#trace = trace;
  }

  #find(r: ShimRecord): ReplayedFile | undefined {
    return isUnnamed(r) ? this.#unnamed.get(r.id ?? 0) : this.#files.get(r.file);
  }

  #open(r: ShimRecord): void {
    const flags = r.argument ?? 0;
    if (isUnnamed(r)) {
      const kind = kindOf("", flags);
      const name = `${kind} ${++this.#nUnnamed}`;
      this.#unnamed.set(r.id ?? 0, { name, kind, file: new TracedFile() });
    } else if (!this.#files.has(r.file) && flags & SQLITE_OPEN_CREATE) {
      this.#files.set(r.file, { name: r.file, kind: kindOf(r.file, flags), file: new TracedFile() });
    }
  }

  #why(r: ShimRecord): Point["why"] | null {
    if (r.call === "sync" || r.call === "delete" || r.call === "truncate") return r.call;
    if (r.call === "close" && isUnnamed(r)) return "close";
    const isZeroing =
      r.call === "write" && r.offset === 0 && r.amount === 28 && r.data?.every((b) => b === 0) === true;
    return isZeroing ? "header zeroed" : null;
  }

  #apply(r: ShimRecord): void {
    if (r.call === "open") {
      if (r.rc === 0) this.#open(r);
      return;
    }
    const f = this.#find(r);
    if (f === undefined || r.rc !== 0) return;
    if (r.call === "write") f.file.write(r.offset as number, r.data as Uint8Array);
    else if (r.call === "truncate") f.file.truncate(r.amount as number);
    else if (r.call === "delete") {
      this.#files.delete(r.file);
      this.#changed.delete(f);
      return;
    } else if (r.call === "close" && isUnnamed(r)) {
      this.#unnamed.delete(r.id ?? 0);
      return;
    } else return;
    this.#changed.add(f);
  }

  /** Goes to the next point; null after the last. The content that it shows is good until the next call. */
  next(): Point | null {
    if (this.#at > this.#trace.length) return null;
    this.#changed.clear();
    /* The call of the last point itself comes first. */
    const last = this.#at - 1;
    if (last >= 0) this.#apply(this.#trace[last] as ShimRecord);
    while (this.#at < this.#trace.length) {
      const at = this.#at++;
      const r = this.#trace[at] as ShimRecord;
      const why = this.#why(r);
      if (why !== null) {
        const name = this.#find(r)?.name ?? r.file;
        return { at, why, name, changed: [...this.#changed] };
      }
      this.#apply(r);
    }
    this.#at = this.#trace.length + 1;
    return { at: this.#trace.length, why: "end", name: "", changed: [...this.#changed] };
  }
}

function isUnnamed(r: ShimRecord): boolean {
  return r.file === "";
}
