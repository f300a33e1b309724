/** What random programs are mostly about. */

/** What a move does, see lower.ts. */
export type Kind =
  | (
      | "read"
      | "write"
      | "commit"
      | "rollback"
      | "savepoint"
      | "flush"
      | "truncate"
      | "movePage"
      | "swap"
      | "drop"
    )
  | ("touch" | "checkpoint" | "wal" | "mode" | "setting" | "ask" | "reopen" | "crash" | "power" | "fault")
  | ("statement" | "memory" | "super" | "damage" | "syncDisk");

/** Weights of moves, and the kinds of files. */
export interface Profile {
  readonly name: string;
  readonly weights: readonly (readonly [Kind, number])[];
  readonly sum: number;
  readonly files: readonly ("one" | "two" | "temporary" | "memory")[];
  /** Whether most connections leave the journal mode alone until a move turns the log on. */
  readonly wal: boolean;
  /** Whether nothing fails. */
  readonly isCalm: boolean;
}

const USUAL: Readonly<Record<Kind, number>> = {
  read: 16,
  write: 22,
  commit: 12,
  rollback: 4,
  savepoint: 9,
  statement: 7,
  flush: 3,
  truncate: 2,
  movePage: 2,
  swap: 1,
  drop: 4,
  touch: 2,
  checkpoint: 1,
  wal: 1,
  mode: 2,
  setting: 5,
  ask: 3,
  reopen: 2,
  crash: 2,
  power: 2,
  fault: 7,
  memory: 4,
  super: 0,
  damage: 0.3,
  syncDisk: 0.3,
};

function profile(
  name: string,
  files: Profile["files"],
  more: Partial<Record<Kind, number>> = {},
  wal = false,
): Profile {
  const weights = Object.entries({ ...USUAL, ...more }) as [Kind, number][];
  return {
    name,
    weights,
    sum: weights.reduce((sum, [, weight]) => sum + weight, 0),
    files,
    wal,
    isCalm: more.fault === 0,
  };
}

const LOG = { wal: 5, checkpoint: 12, mode: 0.3, read: 20, commit: 18 };

/** All of them; a search without a profile goes through them in turn. */
export const PROFILES: readonly Profile[] = [
  profile("journal", ["one"]),
  profile("wal", ["one"], LOG, true),
  profile("journal, calm", ["one"], { crash: 0.5, power: 0, fault: 0, memory: 0, damage: 0 }),
  profile("wal, calm", ["one"], { ...LOG, crash: 0.5, power: 0, fault: 0, memory: 0, damage: 0 }, true),
  profile("journal, faults", ["one"], { fault: 18, memory: 9 }),
  profile("wal, faults", ["one"], { ...LOG, fault: 18, memory: 9 }, true),
  profile("journal, crashes", ["one"], { crash: 6, power: 6, fault: 1, memory: 0.5, damage: 2 }),
  profile("wal, crashes", ["one"], { ...LOG, crash: 6, power: 6, fault: 1, memory: 0.5, damage: 2 }, true),
  profile("private", ["temporary", "memory"], { savepoint: 20, fault: 3, memory: 4, crash: 0.3, power: 0.3 }),
  profile("super-journal", ["two"], { super: 12, crash: 3, power: 3, fault: 3 }),
  profile("memory", ["one", "two", "temporary", "memory"], { memory: 14, fault: 0.5, wal: 3, checkpoint: 4 }),
];

/** A profile by its name; null if there is none. */
export function profileNamed(name: string): Profile | null {
  return PROFILES.find((one) => one.name === name) ?? null;
}
