/** Random scenarios: combinations that nobody has thought of. */

import type { Case } from "../../core/case.js";
import type { Random } from "../../core/random.js";
import type { ShimCall } from "../../engines/shimvfs.js";
import { playAll } from "./compare.js";
import type { Action, Move, Setting } from "./moves.js";
import { Peer, ROWS, type Suffix } from "./moves.js";

/**
 * Calls at which a process may stand still without making others try again for ten seconds, by what it is
 * told to do.
 */
const STOPS: Partial<Record<Action["do"], readonly (readonly [ShimCall, Suffix])[]>> = {
  read: [
    ["read", "-wal"],
    ["read", ".db"],
  ],
  write: [
    ["write", "-wal"],
    ["sync", "-wal"],
    ["write", "-journal"],
  ],
  checkpoint: [
    ["write", ".db"],
    ["read", "-wal"],
    ["sync", "-wal"],
    ["sync", ".db"],
    ["truncate", ".db"],
    ["truncate", "-wal"],
    ["unfetch", ".db"],
  ],
};

/** A random scenario in the making. */
class Walk {
  readonly #random: Random;
  readonly #peers: readonly Peer[];
  readonly #open = new Set<Peer>();
  /** Who has begun a transaction, as far as one can tell without SQLite. */
  readonly #busy = new Set<Peer>();
  #letters = 0;

  constructor(random: Random, peers: readonly Peer[]) {
    this.#random = random;
    this.#peers = peers;
  }

  #opening(p: Peer): Move[] {
    this.#open.add(p);
    const r = this.#random;
    const how = { cold: r.chance(0.3), small: r.chance(0.5), readonly: r.chance(0.05) };
    return [p.open(how), p.busy(r.below(4) - 1)];
  }

  #forget(p: Peer): void {
    this.#open.delete(p);
    this.#busy.delete(p);
  }

  #rows(): number[] {
    const first = this.#random.between(1, ROWS + 3);
    return Array.from({ length: this.#random.pick([1, 1, 2, 3, 9]) }, (_, i) => first + i);
  }

  /** A move that opens and closes nothing; whether it makes sense is for SQLite to say. */
  #statement(p: Peer): Move {
    const r = this.#random;
    const write = (): Move => p.write(String.fromCharCode(97 + (this.#letters++ % 26)), ...this.#rows());
    const dice = r.below(100);
    /* Now and then what makes no sense. */
    const isInside = this.#busy.has(p) !== r.chance(0.04);
    if (dice < 24) return p.read();
    if (dice < 50) return write();
    if (dice < 58) return p.checkpoint(r.pick(["PASSIVE", "FULL", "RESTART", "TRUNCATE", "NOOP"]));
    if (isInside) {
      if (dice < 68) return p.sql(r.pick(["SAVEPOINT s", "SAVEPOINT s", "ROLLBACK TO s", "RELEASE s"]));
      this.#busy.delete(p);
      return dice < 90 ? p.commit() : p.rollback();
    }
    if (dice < 78) {
      this.#busy.add(p);
      return dice < 72 ? p.begin() : p.beginImmediate();
    }
    if (dice < 90) return p.checkpoint("PASSIVE");
    if (dice < 93) return p.sql(`DELETE FROM t WHERE id>${r.below(ROWS + 4)}`);
    if (dice < 96) return p.sql(`PRAGMA wal_autocheckpoint=${r.pick([0, 2, 5])}`);
    if (dice < 98) return p.sql(`PRAGMA journal_mode=${r.pick(["WAL", "WAL", "DELETE", "PERSIST"])}`);
    return p.sql(`PRAGMA locking_mode=${r.pick(["NORMAL", "NORMAL", "EXCLUSIVE"])}`);
  }

  /** Perhaps the process stops in the middle, and others go on. */
  #interrupted(p: Peer, move: Move): Move {
    const r = this.#random;
    const others = [...this.#open].filter((o) => o.name !== p.name);
    const stops = STOPS[move.action.do];
    if (others.length === 0 || stops === undefined || r.chance(0.6)) return move;
    const [call, suffix] = r.pick(stops);
    const meanwhile = Array.from({ length: r.between(1, 4) }, () => this.#statement(r.pick(others)));
    return move.stops(r.pick(["before", "after"]), call, r.pick([1, 1, 2, 3]), suffix, ...meanwhile);
  }

  moves(length: number, deaths: boolean): Move[] {
    const r = this.#random;
    const moves = this.#peers.flatMap((p) => this.#opening(p));
    while (moves.length < length) {
      const p = r.pick(this.#peers);
      if (!this.#open.has(p)) moves.push(...this.#opening(p));
      else if (deaths && r.chance(0.03)) {
        moves.push(p.dies());
        for (const other of [...this.#open]) if (other.name === p.name) this.#forget(other);
      } else if (r.chance(0.04)) {
        moves.push(p.rollback(), p.close());
        this.#forget(p);
      } else moves.push(this.#interrupted(p, this.#statement(p)));
    }
    return moves;
  }
}

const SETTINGS: readonly Setting[] = [
  { pageSize: 1024, synchronous: "FULL" },
  { pageSize: 512, synchronous: "NORMAL" },
];

/** How many random scenarios, by the number of processes: in the default run, and in all. */
const COUNTS = { 2: { usual: 4, all: 150 }, 3: { usual: 3, all: 150 } } as const;

export function walks(): Case[] {
  return ([2, 3] as const).flatMap((n) =>
    Array.from({ length: COUNTS[n].all }, (_, i): Case => {
      const isUsual = i < COUNTS[n].usual;
      return {
        name: `random moves of ${n} processes, number ${i + 1}${isUsual ? "" : ", with deaths"}`,
        fullOnly: !isUsual,
        timeoutSeconds: 600,
        run: async (ctx) => {
          const names = (["A", "B", "C"] as const).slice(0, n);
          const peers = names.map((name) => new Peer(name));
          if (ctx.random.chance(0.3)) peers.push(new Peer(ctx.random.pick(names), 1));
          const moves = new Walk(ctx.random, peers).moves(isUsual ? 60 : 90, !isUsual);
          await playAll(ctx, moves, SETTINGS[i % 2] as Setting, false);
        },
      };
    }),
  );
}
