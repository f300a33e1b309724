/** Checkpoints: what bounds them, who waits for whom, who does not. */

import type { CheckpointMode, Move, Scenario } from "../moves.js";
import { A, A2, B, C } from "./peers.js";

const MODES: readonly CheckpointMode[] = ["PASSIVE", "FULL", "RESTART", "TRUNCATE"];

/** Three commits of one page each, the first ones seen by readers of their own. */
const threeCommits = (): Move[] => [
  ...[A.open(), B.open({ small: true }), C.open({ small: true })],
  ...[A.write("x", 1), B.begin(), B.read().gives("x-------")],
  ...[A.write("y", 2), C.begin(), C.read().gives("xy------"), A.write("z", 3)],
];

export const checkpoints: readonly Scenario[] = [
  {
    name: "a reader's mark bounds what a checkpoint copies",
    moves: () => [
      ...[...threeCommits(), A.checkpoint("NOOP").gives("SQLITE_OK 3 0")],
      ...[A.checkpoint("PASSIVE").gives("SQLITE_OK 3 1"), A.checkpoint("FULL").gives("SQLITE_BUSY 3 1")],
      ...[
        A.checkpoint("RESTART").gives("SQLITE_BUSY 3 1"),
        A.checkpoint("TRUNCATE").gives("SQLITE_BUSY 3 1"),
      ],
      ...[B.read().gives("x-------"), B.commit(), B.checkpoint("PASSIVE").gives("SQLITE_OK 3 2")],
      ...[C.read().gives("xy------"), C.commit(), C.checkpoint("PASSIVE").gives("SQLITE_OK 3 3")],
      ...[A.checkpoint("NOOP").gives("SQLITE_OK 3 3"), C.checkpoint("TRUNCATE").gives("SQLITE_OK 0 0")],
    ],
  },
  {
    name: "a reader's own checkpoint within its transaction is refused",
    moves: () => [
      ...[...threeCommits(), B.checkpoint("PASSIVE").gives("SQLITE_LOCKED -1 -1")],
      ...[A2.open(), A2.begin(), A2.read().gives("xyz-----"), A.checkpoint("PASSIVE").gives("SQLITE_OK 3 1")],
      ...[A.busy(1), A.checkpoint("RESTART"), B.commit(), C.commit(), A.checkpoint("RESTART"), A2.read()],
      ...[A2.commit(), A.checkpoint("RESTART").gives("SQLITE_OK 3 3"), B.write("u", 1), C.checkpoint("NOOP")],
    ],
  },
  {
    name: "the checkpoint that ends a commit",
    moves: () => [
      ...[A.open(), B.open(), A.sql("PRAGMA wal_autocheckpoint=3"), A.write("x", 1), A.write("x", 2)],
      ...[B.begin(), B.read(), A.write("x", 3), A.write("x", 4), B.checkpoint("NOOP"), A.checkpoint("NOOP")],
      ...[B.read().gives("xx------"), B.commit(), A.write("x", 5), A.write("y", 1), A.checkpoint("NOOP")],
    ],
  },
  {
    name: "a second checkpointer is refused at once while the first is inside",
    moves: () => [
      ...[A.open(), B.open(), C.open(), B.busy(5), C.busy(5), C.write("x", 1, 2, 3)],
      A.checkpoint("PASSIVE").stops(
        ...(["before", "write", 1, ".db"] as const),
        ...MODES.map((mode) => B.checkpoint(mode).gives("SQLITE_BUSY -1 -1")),
        ...[B.checkpoint("NOOP").gives("SQLITE_OK 3 0"), B.read().gives("xxx-----")],
        ...[C.write("y", 4).gives("ok"), B.read().gives("xxxy----")],
        /* The one that ends a commit is refused as well, and nobody is told. */
        ...[C.sql("PRAGMA wal_autocheckpoint=1"), C.write("z", 5).gives("ok")],
      ),
      ...[B.checkpoint("NOOP").gives("SQLITE_OK 5 3"), B.checkpoint("PASSIVE").gives("SQLITE_OK 5 5")],
    ],
  },
  ...MODES.slice(1).map(
    (mode): Scenario => ({
      name: `a second checkpointer is refused at once while the first is inside: the first with ${mode}`,
      fullOnly: mode !== "RESTART",
      moves: () => [
        ...[A.open(), B.open(), C.open(), B.busy(5), C.busy(1), C.write("x", 1, 2, 3)],
        A.checkpoint(mode).stops(
          ...(["after", "sync", 1, "-wal"] as const),
          ...MODES.map((other) => B.checkpoint(other).gives("SQLITE_BUSY -1 -1")),
          ...[C.write("y", 4).gives("SQLITE_BUSY, busy handler 2"), B.read().gives("xxx-----")],
        ),
        ...[C.write("y", 4).gives("ok"), B.read().gives("xxxy----")],
      ],
    }),
  ),
  {
    name: "readers come and go while pages are being copied",
    moves: () => [
      ...[A.open(), B.open({ small: true }), C.open({ small: true }), C.write("x", 1, 2, 3)],
      ...[B.begin(), B.read(), C.write("y", 1, 9)],
      A.checkpoint("PASSIVE").stops(
        ...(["before", "write", 2, ".db"] as const),
        ...[B.read().gives("xxx-----"), C.begin(), C.read().gives("yxx-----y"), B.commit()],
        ...[B.begin(), B.read().gives("yxx-----y"), C.commit(), C.write("z", 2), B.read().gives("yxx-----y")],
      ),
      ...[B.read(), C.read().gives("yzx-----y"), B.commit(), A.checkpoint("PASSIVE"), B.read()],
    ],
  },
  {
    name: "a writer is within its commit when others read and checkpoint",
    moves: () => [
      ...[A.open(), B.open(), C.open(), C.busy(1), A.write("x", 1, 2)],
      A.write("y", 1, 2, 3).stops(
        ...(["before", "write", 3, "-wal"] as const),
        ...[B.read().gives("yx------"), B.checkpoint("PASSIVE"), C.checkpoint("FULL"), C.write("z", 5)],
      ),
      ...[B.read().gives("yyy-----"), C.checkpoint("RESTART")],
      A.write("z", 3).stops("after", "write", 1, "-wal", B.read(), C.read(), B.checkpoint("NOOP")),
      A.write("u", 4).stops("before", "sync", 1, "-wal", B.read(), C.checkpoint("PASSIVE"), C.read()),
      ...[B.read().gives("yyzu----"), B.checkpoint("PASSIVE")],
    ],
  },
  {
    /* What corrupted databases in SQLite 3.7.0 to 3.51.2. */
    name: "the log starts over while a checkpointer has read its header and nothing else",
    moves: () => [
      ...[A.open(), B.open(), C.open(), B.read(), A.write("x", 1, 2, 3, 4, 5), A.checkpoint("PASSIVE")],
      B.checkpoint("PASSIVE").stops(
        ...(["before", "unfetch", 1, ".db"] as const),
        ...[A.write("y", 1), C.read().gives("yxxxx---")],
      ),
      ...[A.checkpoint("NOOP"), A.write("z", 2), C.checkpoint("PASSIVE"), C.checkpoint("TRUNCATE")],
      ...[A.read().gives("yzxxx---"), B.read(), C.read()],
    ],
  },
];
