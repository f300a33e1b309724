/** Death in each role, and what the others find. */

import type { ShimCall } from "../../../engines/shimvfs.js";
import type { Move, Scenario, Suffix } from "../moves.js";
import { A, B, C, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE } from "./peers.js";

/** Where to die. */
export type Point = readonly ["before" | "after" | "torn", ShimCall, number, Suffix];

/** A role: what came before, and the move in which its player dies. */
export interface Role {
  name: string;
  before: readonly (() => Move)[];
  /** The move of process A. */
  last: () => Move;
  points: readonly Point[];
  /** Of `points`, so many are in the default run. */
  usual: number;
  /** Whether B comes only then, after having closed. */
  isAlone?: boolean;
}

const connected = [() => A.open(), () => B.open(), () => B.busy(1)];
const logged = [...connected, () => A.write("x", 1, 2), () => B.write("y", 2, 3)];
const copied = [...logged, () => B.checkpoint("PASSIVE")];
/** A log, and nobody connected: who comes first has to recover. */
const left = [
  ...[() => A.open(), () => A.write("x", 1, 2), () => A.write("y", 2)],
  ...[() => A.config(SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1), () => A.close()],
  ...[() => A.open({ cold: true }), () => B.open({ cold: true }), () => B.busy(1)],
];

export const roles: readonly Role[] = [
  {
    name: "a writer",
    before: logged,
    last: () => A.write("z", 3, 4, 5),
    points: [
      ["torn", "write", 4, "-wal"],
      ["before", "shmbarrier", 3, ".db"],
      ["before", "write", 1, "-wal"],
      ["after", "write", 6, "-wal"],
      ["before", "sync", 1, "-wal"],
      ["after", "sync", 1, "-wal"],
      ["after", "shmbarrier", 3, ".db"],
      ["before", "shmlock", 3, ".db"],
      ["after", "shmlock", 3, ".db"],
    ],
    usual: 2,
  },
  {
    name: "a writer that starts the log over",
    before: copied,
    last: () => A.write("z", 3),
    points: [
      ["torn", "write", 1, "-wal"],
      ["after", "write", 1, "-wal"],
      ["after", "write", 3, "-wal"],
      ["before", "shmlock", 5, ".db"],
      ["after", "shmlock", 6, ".db"],
    ],
    usual: 1,
  },
  {
    name: "a checkpointer",
    before: logged,
    last: () => A.checkpoint("PASSIVE"),
    points: [
      ["torn", "write", 2, ".db"],
      ["before", "sync", 1, "-wal"],
      ["after", "write", 3, ".db"],
      ["before", "truncate", 1, ".db"],
      ["before", "sync", 1, ".db"],
      ["after", "sync", 1, ".db"],
      ["after", "shmlock", 1, ".db"],
    ],
    usual: 1,
  },
  {
    name: "a checkpointer that empties the log",
    before: logged,
    last: () => A.checkpoint("TRUNCATE"),
    points: [
      ["before", "truncate", 1, "-wal"],
      ["after", "truncate", 1, "-wal"],
      ["before", "write", 1, ".db"],
      ["after", "shmlock", 2, ".db"],
    ],
    usual: 1,
  },
  {
    name: "one that recovers",
    before: left,
    last: () => A.read(),
    points: [
      ["before", "read", 3, "-wal"],
      ["before", "shmbarrier", 1, ".db"],
      ["after", "shmlock", 2, ".db"],
      ["after", "shmmap", 1, ".db"],
      ["after", "shmbarrier", 2, ".db"],
    ],
    usual: 2,
  },
  {
    name: "the last one to close",
    before: [...logged, () => B.close()],
    last: () => A.close(),
    points: [
      ["before", "delete", 1, "-wal"],
      ["torn", "write", 2, ".db"],
      ["after", "delete", 1, "-wal"],
      ["after", "lock", 1, ".db"],
      ["after", "shmunmap", 1, ".db"],
    ],
    usual: 1,
    isAlone: true,
  },
  {
    name: "one that goes from WAL to DELETE",
    before: [...logged, () => B.close()],
    last: () => A.sql("PRAGMA journal_mode=DELETE"),
    points: [
      ["before", "write", 1, "-journal"],
      ["after", "delete", 1, "-wal"],
      ["before", "delete", 1, "-journal"],
      ["after", "write", 4, ".db"],
    ],
    usual: 1,
    isAlone: true,
  },
  {
    name: "one that goes from DELETE to WAL",
    before: [
      () => A.open(),
      () => A.sql("PRAGMA journal_mode=DELETE"),
      () => A.write("x", 1),
      () => B.open(),
    ],
    last: () => A.sql("PRAGMA journal_mode=WAL"),
    points: [
      ["before", "delete", 1, "-journal"],
      ["torn", "write", 1, ".db"],
      ["after", "write", 1, ".db"],
      ["before", "sync", 1, ".db"],
    ],
    usual: 1,
  },
];

/** What B, and in casts of three C, find and do when A is dead. */
export function aftermath(role: Role, peers: 2 | 3): Move[] {
  const third = peers === 3 ? [C.open({ cold: true }), C.read(), C.begin(), C.read()] : [];
  return [
    ...(role.isAlone ? [B.open({ cold: true })] : []),
    ...[B.read(), ...third, B.write("w", 6)],
    ...(peers === 3 ? [B.checkpoint("PASSIVE"), C.write("v", 7), C.commit(), C.write("v", 7)] : []),
    ...[B.checkpoint("FULL"), B.write("u", 8), B.checkpoint("TRUNCATE"), B.read()],
  ];
}

const pointText = ([when, call, at, suffix]: Point): string =>
  `${when === "torn" ? "within" : when} ${call} ${at} of *${suffix}`;

export const killed: readonly Scenario[] = [
  {
    name: "killed: a reader, whose mark then binds nobody",
    moves: () => [
      ...[A.open({ small: true }), B.open(), B.write("x", 1), A.begin(), A.read(), B.write("y", 2)],
      ...[B.checkpoint("PASSIVE").gives("SQLITE_OK 2 1"), A.dies()],
      ...[B.checkpoint("PASSIVE").gives("SQLITE_OK 2 2"), B.checkpoint("RESTART").gives("SQLITE_OK 2 2")],
      ...[B.write("z", 3), B.checkpoint("TRUNCATE").gives("SQLITE_OK 0 0"), B.read().gives("xyz-----")],
    ],
  },
  {
    name: "killed: a writer between two statements, pages of its transaction in the log",
    moves: () => [
      ...[A.open({ small: true }), B.open(), C.open(), B.busy(1), A.write("x", 1), A.begin()],
      ...[
        A.write("y", 1, 2, 3, 4, 5, 6, 7, 8),
        B.write("z", 2).gives("SQLITE_BUSY, busy handler 2"),
        A.dies(),
      ],
      ...[C.read().gives("x-------"), B.write("z", 2).gives("ok"), C.read().gives("xz------")],
      ...[A.open(), A.read().gives("xz------"), C.checkpoint("TRUNCATE").gives("SQLITE_OK 0 0"), A.read()],
    ],
  },
  {
    name: "killed: one with exclusive locking, the wal-index in its heap",
    moves: () => [
      ...[A.open({ cold: true }), A.sql("PRAGMA locking_mode=EXCLUSIVE"), A.write("x", 1), A.write("y", 2)],
      ...[B.open({ cold: true }), B.read().gives("SQLITE_BUSY"), A.dies(), B.read().gives("xy------")],
      ...[B.write("z", 3), A.open(), A.read().gives("xyz-----")],
    ],
  },
  ...roles.flatMap((role) =>
    role.points.flatMap((point, i) =>
      ([2, 3] as const).map(
        (peers): Scenario => ({
          name: `killed: ${role.name}, ${pointText(point)}${peers === 3 ? ", two others" : ""}`,
          fullOnly: i >= role.usual || peers === 3,
          moves: () => [
            ...role.before.map((m) => m()),
            role.last().killed(...point),
            ...aftermath(role, peers),
          ],
        }),
      ),
    ),
  ),
];
