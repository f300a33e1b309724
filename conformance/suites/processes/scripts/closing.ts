/** The last one to close copies the log, syncs, and deletes it and the wal-index; others do not. */

import { SQLITE_FCNTL_PERSIST_WAL } from "../../../../src/index.js";
import type { Peer, Scenario } from "../moves.js";
import { A, A2, B, C, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE } from "./peers.js";

/** Everybody writes; then they close in an order. */
const order = (...peers: readonly Peer[]): Scenario => ({
  name: `closed by ${peers.map((p) => p.name).join(", ")}`,
  fullOnly: peers[0] === A,
  moves: () => [
    ...[A.open(), B.open(), C.open(), A.write("x", 1), B.write("y", 2), C.write("z", 3)],
    ...peers.map((p) => p.close()),
    ...[A.open(), A.read().gives("xyz-----"), A.close()],
  ],
});

export const closing: readonly Scenario[] = [
  ...[order(A, B, C), order(A, C, B), order(B, A, C), order(B, C, A), order(C, A, B), order(C, B, A)],
  {
    name: "closed with two connections in a process",
    moves: () => [
      ...[A.open(), A2.open(), B.open(), A.write("x", 1), B.write("y", 2), A.close(), B.close()],
      ...[A2.read().gives("xy------"), B.open(), A2.close(), B.close()],
    ],
  },
  {
    name: "closed while another one reads, and after one has died",
    moves: () => [
      ...[A.open(), B.open({ small: true }), A.write("x", 1), B.begin(), B.read(), A.write("y", 2)],
      ...[A.close(), B.read().gives("x-------"), B.commit(), B.read().gives("xy------")],
      ...[A.open(), A.write("z", 3), B.dies(), A.close()],
    ],
  },
  {
    name: "closed by a process that cannot copy: another one comes in between",
    moves: () => [
      ...[A.open(), B.open({ cold: true }), A.write("x", 1, 2)],
      /* One that has just locked the file and not read it yet is a connection like any other. */
      B.read().stops("after", "lock", 1, ".db", A.close()),
      ...[B.read().gives("xx------"), A.open({ cold: true })],
      /* Before that it is none: the files go, and it must look again. */
      A.read().stops("before", "lock", 1, ".db", B.write("y", 3), B.close()),
      ...[A.read().gives("xxy-----"), A.close()],
    ],
  },
  {
    name: "closed by the last one while another one wants to come in",
    moves: () => [
      ...[A.open(), B.open({ cold: true }), B.busy(2), A.write("x", 1, 2)],
      A.close().stops("before", "write", 1, ".db", B.read().gives("SQLITE_BUSY, busy handler 3")),
      ...[B.read().gives("xx------"), B.write("y", 3), A.open({ cold: true }), A.busy(1)],
      B.close().stops("before", "delete", 1, "-wal", A.read()),
      ...[A.read().gives("xxy-----")],
    ],
  },
  {
    name: "closed by the last one, which leaves the log",
    moves: () => [
      ...[A.open(), B.open(), A.control(SQLITE_FCNTL_PERSIST_WAL, 1), B.control(SQLITE_FCNTL_PERSIST_WAL, 1)],
      ...[A.write("x", 1), B.close(), A.close(), B.open(), B.read().gives("x-------"), B.write("y", 2)],
      ...[A.open(), A.control(SQLITE_FCNTL_PERSIST_WAL, 1), A.sql("PRAGMA journal_size_limit=0")],
      ...[B.close(), A.close(), A.open(), A.write("z", 3)],
      ...[B.open(), B.config(SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1), A.close(), B.close()],
      ...[A.open(), A.read().gives("xyz-----"), A.close()],
    ],
  },
  {
    name: "closed by one that may only read",
    moves: () => [
      ...[A.open(), A.write("x", 1), B.open({ readonly: true }), B.read().gives("x-------")],
      ...[B.write("y", 2).gives("SQLITE_READONLY"), B.checkpoint("PASSIVE"), A.close(), B.read(), B.close()],
      ...[B.open({ readonly: true }), B.read(), A.open(), A.write("z", 3), B.read(), B.close(), A.close()],
    ],
  },
];
