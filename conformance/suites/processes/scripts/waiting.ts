/** Checkpoints that wait for writers and readers, by calling the busy handler. */

import type { CheckpointMode, Scenario } from "../moves.js";
import { A, B, C } from "./peers.js";

const WAITING: readonly CheckpointMode[] = ["FULL", "RESTART", "TRUNCATE"];

export const waiting: readonly Scenario[] = WAITING.flatMap((mode): Scenario[] => [
  {
    name: `${mode} waits for a writer`,
    fullOnly: mode === "FULL",
    moves: () => [
      ...[A.open(), B.open(), A.busy(2), B.write("x", 1), B.beginImmediate(), B.write("y", 2)],
      /* It gives up, copies what it can, and says that this was not what it was asked for. */
      ...[A.checkpoint(mode), A.busy(-1), A.checkpoint(mode).gives("SQLITE_BUSY 1 1"), B.commit()],
      ...[B.write("z", 3), B.beginImmediate(), A.busy(4)],
      A.checkpoint(mode).stops("before", "shmlock", 4, ".db", B.write("u", 4), B.commit()),
      ...[A.checkpoint("NOOP"), B.read().gives("xyzu----")],
    ],
  },
  {
    name: `${mode} waits for a reader of an older snapshot`,
    fullOnly: mode === "TRUNCATE",
    moves: () => [
      ...[A.open(), B.open({ small: true }), A.write("x", 1), B.begin(), B.read(), A.write("y", 2)],
      ...[A.busy(2), A.checkpoint(mode), A.busy(0), A.checkpoint(mode), A.busy(4), B.read()],
      A.checkpoint(mode).stops("before", "shmlock", 5, ".db", B.commit()),
      ...[B.read().gives("xy------"), A.checkpoint("NOOP"), B.write("z", 3), A.checkpoint("NOOP")],
    ],
  },
  {
    name: `${mode} and a reader of the newest snapshot`,
    fullOnly: mode === "RESTART",
    moves: () => [
      ...[A.open(), B.open({ small: true }), C.open(), A.write("x", 1), A.write("y", 2)],
      ...[B.begin(), B.read(), A.busy(2), A.checkpoint(mode), C.busy(1), C.write("z", 3).gives("ok")],
      ...[B.read().gives("xy------"), A.checkpoint(mode), B.commit(), A.checkpoint(mode)],
      ...[B.begin(), B.read(), A.checkpoint(mode), B.commit(), C.write("u", 4), C.checkpoint("NOOP")],
    ],
  },
]);
