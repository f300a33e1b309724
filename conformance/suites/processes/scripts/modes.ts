/** To WAL, from WAL, and exclusive locking, with others connected. */

import type { Scenario } from "../moves.js";
import { A, B, C } from "./peers.js";

const ROLLBACK_MODES = ["DELETE", "TRUNCATE", "PERSIST"] as const;

export const modes: readonly Scenario[] = [
  ...ROLLBACK_MODES.map(
    (mode): Scenario => ({
      name: `from WAL to ${mode} and back with others connected`,
      fullOnly: mode === "TRUNCATE",
      moves: () => [
        ...[A.open(), B.open(), A.busy(2), B.busy(2), A.write("x", 1), B.read()],
        ...[A.sql(`PRAGMA journal_mode=${mode}`), A.write("y", 2), B.read().gives("xy------"), B.close()],
        ...[
          A.sql(`PRAGMA journal_mode=${mode}`).gives(mode.toLowerCase()),
          B.open(),
          B.read(),
          A.write("z", 3),
        ],
        ...[B.begin(), B.read(), A.sql("PRAGMA journal_mode=WAL"), B.write("b", 4), B.commit()],
        ...[A.sql("PRAGMA journal_mode=WAL").gives("wal"), A.write("u", 5), B.read().gives("xyzbu---")],
        ...[B.write("v", 6), A.begin(), A.read(), B.sql(`PRAGMA journal_mode=${mode}`), A.commit()],
      ],
    }),
  ),
  {
    name: "to WAL while others have transactions open",
    moves: () => [
      ...[A.open(), A.sql("PRAGMA journal_mode=DELETE").gives("delete")],
      ...[B.open(), C.open(), A.busy(1), B.beginImmediate(), A.sql("PRAGMA journal_mode=WAL"), B.commit()],
      ...[B.begin(), B.read(), A.sql("PRAGMA journal_mode=WAL"), A.read(), B.read(), B.commit()],
      ...[A.begin(), A.sql("PRAGMA journal_mode=WAL"), A.commit(), A.sql("PRAGMA journal_mode=WAL")],
      ...[
        B.write("x", 1),
        C.read().gives("x-------"),
        B.begin(),
        B.sql("PRAGMA journal_mode=DELETE"),
        B.commit(),
      ],
      ...[C.close(), A.close(), B.sql("PRAGMA journal_mode=DELETE").gives("delete"), A.open(), A.read()],
    ],
  },
  {
    name: "to WAL by two at once",
    moves: () => [
      ...[A.open(), A.sql("PRAGMA journal_mode=DELETE"), A.write("x", 1), B.open(), B.read(), B.busy(1)],
      A.sql("PRAGMA journal_mode=WAL").stops(
        ...(["before", "write", 1, ".db"] as const),
        ...[B.sql("PRAGMA journal_mode=WAL"), B.read()],
      ),
      ...[B.sql("PRAGMA journal_mode=WAL"), B.read(), B.write("y", 2), A.read().gives("xy------")],
    ],
  },
  {
    name: "exclusive locking: taken and given back while others are connected",
    moves: () => [
      ...[A.open(), B.open(), B.busy(2), A.write("x", 1), B.read(), A.sql("PRAGMA locking_mode=EXCLUSIVE")],
      ...[
        B.write("y", 2),
        A.read(),
        B.read(),
        A.write("z", 3),
        B.read(),
        B.write("y", 2),
        B.checkpoint("FULL"),
      ],
      ...[
        A.checkpoint("RESTART"),
        A.write("u", 4),
        B.begin(),
        B.read(),
        A.write("v", 5),
        A.checkpoint("PASSIVE"),
      ],
      ...[
        B.commit(),
        A.sql("PRAGMA locking_mode=NORMAL"),
        B.write("y", 6),
        A.read(),
        B.write("y", 6),
        B.read(),
      ],
      ...[A.sql("PRAGMA locking_mode=EXCLUSIVE"), A.write("w", 7), A.close(), B.write("y", 8), B.read()],
    ],
  },
  {
    name: "exclusive locking: taken by one that is alone, given back",
    moves: () => [
      ...[A.open(), A.write("x", 1), B.open({ cold: true }), B.busy(1)],
      ...[A.sql("PRAGMA locking_mode=EXCLUSIVE"), A.read(), A.write("y", 2), B.read(), B.write("z", 3)],
      ...[A.checkpoint("RESTART"), A.write("u", 4), B.checkpoint("PASSIVE"), B.read()],
      ...[A.sql("PRAGMA locking_mode=NORMAL"), B.read(), A.read(), B.read().gives("xy-u----")],
      ...[B.write("z", 3), A.read().gives("xyzu----"), B.close()],
      ...[A.sql("PRAGMA locking_mode=EXCLUSIVE"), A.write("v", 5), A.close(), B.open(), B.read()],
    ],
  },
  {
    name: "exclusive locking: the wal-index in the heap keeps everybody out",
    moves: () => [
      ...[A.open({ cold: true }), A.sql("PRAGMA locking_mode=EXCLUSIVE"), B.open({ cold: true }), B.busy(2)],
      ...[A.write("x", 1, 2), A.read(), B.read().gives("SQLITE_BUSY, busy handler 3"), B.write("y", 2)],
      ...[A.checkpoint("PASSIVE"), A.write("y", 1), A.checkpoint("TRUNCATE"), A.write("z", 2)],
      ...[A.sql("PRAGMA locking_mode=NORMAL"), A.read(), B.read(), A.sql("PRAGMA journal_mode=DELETE")],
      ...[A.sql("PRAGMA locking_mode=NORMAL"), A.read(), B.read().gives("yz------")],
      ...[A.sql("PRAGMA journal_mode=WAL"), A.write("u", 3), B.read().gives("yzu-----")],
    ],
  },
  {
    name: "exclusive locking: cannot begin while another one is connected",
    moves: () => [
      ...[
        A.open(),
        A.write("x", 1),
        B.open({ cold: true }),
        B.sql("PRAGMA locking_mode=EXCLUSIVE"),
        B.busy(1),
      ],
      ...[
        B.read(),
        A.write("y", 2),
        B.write("z", 3),
        A.close(),
        B.read(),
        B.write("z", 3),
        A.open({ cold: true }),
      ],
      ...[A.read(), B.dies(), A.read(), A.close()],
    ],
  },
];
