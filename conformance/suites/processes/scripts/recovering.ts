/** Recovery by one process while others are there. */

import type { Scenario } from "../moves.js";
import { A, B, C } from "./peers.js";

export const recovering: readonly Scenario[] = [
  {
    name: "one recovers under all locks that keep others away",
    moves: () => [
      ...[A.open(), A.write("x", 1), A.dies(), B.open({ cold: true })],
      ...[B.read().stops("after", "read", 1, "-wal").gives("x-------"), A.open(), A.read().gives("x-------")],
    ],
  },
  {
    name: "one recovers and others wait",
    moves: () => [
      ...[
        A.open(),
        A.write("x", 1),
        A.write("y", 2),
        A.dies(),
        B.open({ cold: true }),
        C.open({ cold: true }),
      ],
      ...[B.busy(1), C.busy(2)],
      B.read().stops(
        ...(["before", "read", 3, "-wal"] as const),
        ...[C.read(), C.write("z", 3), C.checkpoint("PASSIVE"), C.checkpoint("NOOP")],
      ),
      ...[C.read().gives("xy------"), C.write("z", 3), B.read().gives("xyz-----")],
    ],
  },
  {
    name: "the header is torn by a writer that dies, others are connected",
    moves: () => [
      ...[A.open(), B.open(), C.open(), C.busy(2), B.read(), C.read(), A.write("x", 1)],
      A.write("y", 2).killed("before", "shmbarrier", 3, ".db"),
      B.read().stops("before", "read", 3, "-wal", C.read(), C.write("z", 3), C.checkpoint("FULL")),
      ...[C.read(), C.write("z", 3), B.read(), B.checkpoint("TRUNCATE")],
    ],
  },
  {
    name: "nobody waits for a writer that stands still between the header's copies",
    /* Readers try again and again for ten seconds; that is upstream's way. */
    fullOnly: true,
    moves: () => [
      ...[A.open(), B.open(), A.write("x", 1), B.read()],
      A.write("y", 2).stops("before", "shmbarrier", 3, ".db", B.read().gives("SQLITE_PROTOCOL")),
      ...[B.read().gives("xy------")],
    ],
  },
];
