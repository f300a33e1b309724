/** Readers while others commit, and readers that want to write. */

import type { Scenario } from "../moves.js";
import { A, A2, B, B2, C, C2 } from "./peers.js";

export const snapshots: readonly Scenario[] = [
  {
    name: "snapshots stay while others commit, delete and checkpoint",
    moves: () => [
      ...[A.open(), B.open({ small: true }), C.open({ small: true })],
      ...[B.begin(), B.read().gives("--------")],
      ...[A.write("x", 1, 2), B.read().gives("--------"), C.begin(), C.read().gives("xx------")],
      ...[A.write("y", 2, 3, 9, 10, 11, 12), B.read().gives("--------"), C.read().gives("xx------")],
      ...[A.sql("DELETE FROM t WHERE id<=3"), A.read().gives("-----yyyy")],
      ...[C.read().gives("xx------"), B.read().gives("--------")],
      ...[A.checkpoint("PASSIVE"), B.read().gives("--------"), C.read().gives("xx------")],
      ...[B.commit(), B.read().gives("-----yyyy"), A.checkpoint("PASSIVE"), C.read().gives("xx------")],
      ...[C.commit(), C.read().gives("-----yyyy"), A.checkpoint("PASSIVE")],
    ],
  },
  {
    name: "snapshots stay while a writer spills, rolls back to savepoints and commits",
    moves: () => [
      ...[A.open({ small: true }), B.open({ small: true }), C.open()],
      ...[A.write("a", 1), B.begin(), B.read().gives("a-------")],
      ...[A.begin(), A.write("b", 1, 2, 3, 4, 5, 6, 7, 8), B.read().gives("a-------"), C.read()],
      ...[A.sql("SAVEPOINT s"), A.write("c", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10), C.read().gives("a-------")],
      ...[A.sql("ROLLBACK TO s"), A.read().gives("bbbbbbbb"), A.write("d", 4, 5, 6, 11, 12, 13)],
      ...[B.read().gives("a-------"), C.checkpoint("PASSIVE"), A.commit()],
      ...[B.read().gives("a-------"), C.read().gives("bbbdddbbddd")],
      ...[A.begin(), A.write("e", 1, 2, 3, 4, 5, 6, 7, 8, 9), A.rollback(), A.read().gives("bbbdddbbddd")],
      ...[C.write("f", 8), B.read().gives("a-------"), B.commit(), B.read().gives("bbbdddbfddd")],
    ],
  },
  {
    name: "a reader of the database alone lets the log start over and holds back checkpoints",
    moves: () => [
      ...[A.open(), B.open({ small: true }), C.open()],
      ...[A.write("x", 1, 2), A.checkpoint("PASSIVE"), B.begin(), B.read().gives("xx------")],
      ...[A.write("y", 2, 3), B.read().gives("xx------")],
      ...[C.busy(2), C.checkpoint("PASSIVE"), C.checkpoint("FULL"), C.checkpoint("TRUNCATE")],
      ...[B.read().gives("xx------"), B.commit(), C.checkpoint("FULL"), B.read().gives("xyy-----")],
    ],
  },
  {
    name: "more snapshots than read marks",
    moves: () => {
      const readers = [B, C, A2, B2, C2];
      return [
        ...[A.open(), ...readers.map((r) => r.open({ small: true }))],
        ...readers.flatMap((r, i) => [A.write("vwxyz"[i] as string, i + 1), r.begin(), r.read()]),
        ...[A.write("!", 8), A.checkpoint("PASSIVE"), ...readers.map((r) => r.read())],
        ...readers.flatMap((r) => [r.commit(), A.checkpoint("PASSIVE"), r.read().gives("vwxyz--!")]),
        A.checkpoint("RESTART"),
      ];
    },
  },
  {
    name: "a transaction that reads upgrades on the newest snapshot only",
    moves: () => [
      ...[A.open(), B.open(), A.busy(3), B.busy(3)],
      ...[
        B.begin(),
        B.read(),
        B.write("y", 2).gives("ok"),
        A.write("x", 1).gives("SQLITE_BUSY, busy handler 4"),
      ],
      ...[B.commit(), B.begin(), B.read().gives("-y------"), A.write("x", 1)],
      ...[B.write("z", 2).gives("SQLITE_BUSY_SNAPSHOT"), B.read().gives("-y------")],
      ...[B.sql("SAVEPOINT s"), B.write("z", 2).gives("SQLITE_BUSY_SNAPSHOT"), B.rollback()],
      ...[B.write("z", 2).gives("ok"), A.read().gives("xz------")],
      /* While another one writes: the newest snapshot, and no waiting, since that cannot help. */
      ...[A.begin(), A.read(), B.beginImmediate(), A.write("u", 1).gives("SQLITE_BUSY"), B.write("v", 1)],
      ...[B.commit(), A.write("u", 1).gives("SQLITE_BUSY_SNAPSHOT"), A.commit(), A.write("u", 1).gives("ok")],
    ],
  },
  {
    name: "an upgrade is refused after the log has started over, too",
    moves: () => [
      ...[A.open(), B.open(), C.open(), A.write("x", 1), C.checkpoint("FULL")],
      ...[B.begin(), B.read().gives("x-------"), A.write("y", 1)],
      ...[B.write("z", 2).gives("SQLITE_BUSY_SNAPSHOT"), B.commit()],
      ...[C.checkpoint("TRUNCATE"), B.begin(), B.read(), A.write("z", 1)],
      ...[B.write("z", 2).gives("SQLITE_BUSY_SNAPSHOT"), B.rollback(), B.beginImmediate()],
      ...[B.write("z", 2).gives("ok"), B.commit(), C.read().gives("zz------")],
    ],
  },
  {
    name: "writers wait for each other",
    moves: () => [
      ...[A.open(), B.open(), C.open(), B.busy(2), C.busy(0)],
      ...[A.beginImmediate(), B.beginImmediate().gives("SQLITE_BUSY, busy handler 3")],
      ...[C.write("z", 1).gives("SQLITE_BUSY, busy handler 1"), A.write("x", 1), C.read().gives("--------")],
      ...[A.commit(), B.beginImmediate().gives("ok"), A.write("y", 2).gives("SQLITE_BUSY"), B.write("b", 2)],
      ...[B.rollback(), C.write("z", 3).gives("ok"), A.read().gives("x-z-----")],
    ],
  },
];
