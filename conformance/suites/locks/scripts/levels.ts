/** SHARED, RESERVED, PENDING, EXCLUSIVE: who gets in, who gets SQLITE_BUSY, who is asked to wait. */

import type { Scenario } from "../moves.js";

/** The scripts. */
export const levels: Scenario[] = [
  {
    name: "readers share",
    script: `
      A open; B open; A begin; A read 1 2; B begin; B read 1 2; A read 3; A commit; B read 4;
      A read 5; B commit; A read 6; B read 6`,
  },
  {
    name: "the first reader leaves last",
    script: `
      A open; B open; A begin; A read 1; B begin; B read 1; B commit; A read 2; B begin exclusive;
      A commit; B begin exclusive; A read 1; B rollback; A read 1`,
  },
  {
    name: "a reader beside a RESERVED writer",
    script: `
      A open; B open; B busy 2; A begin immediate; B read 1; B begin; B read 1; A write b 1 2;
      B read 1 2; A read 1 2; B commit; B read 1 2; A commit; B read 1 2; A read 1 2`,
  },
  {
    name: "a second writer is refused RESERVED",
    script: `
      A open; B open; B busy 3; A begin immediate; B begin immediate; B write z 1; B begin;
      B write z 2; B read 2; B write z 2; B commit; A write b 2; A commit; B begin immediate;
      A begin immediate; B write c 2; B commit; A read 2`,
  },
  {
    name: "a reader that wants to write is refused without being asked to wait",
    script: `
      A open; B open; A busy 4; B busy 4; A begin; A read 1; B begin; B read 1; A write b 1;
      B write c 1; A commit; B read 1; B write c 1; B rollback; A commit; B read 1; A read 1`,
  },
  {
    name: "a writer waits for RESERVED",
    script: `
      A open; B open; B busy 5; A begin immediate; A write b 1;
      B begin immediate waits at 1 { A read 1; A commit };
      B read 1; B write c 1; A read 1; B commit; A read 1`,
  },
  {
    name: "a statement waits for RESERVED",
    script: `
      A open; B open; B busy 5; A begin; A write b 1 2;
      B write c 2 waits at 2 { A write b 3; A commit };
      A read 1 2 3; B read 1 2 3`,
  },
  {
    name: "a deferred transaction waits for RESERVED",
    script: `
      A open; B open; B busy 3; A begin immediate; B begin;
      B write c 2 waits at 0 { A rollback };
      A read 2; A begin immediate; B commit; A begin immediate; A commit`,
  },
  {
    name: "PENDING: the old reader goes on, the commit is refused and repeated",
    script: `
      A open; B open; A busy 3; B busy 2; B begin; B read 1; A begin; A write b 1 2; A commit;
      B read 1 2; A read 1; A commit; B read 3; A write b 3; B commit; B read 1; B begin immediate;
      A commit; B read 1 2 3`,
  },
  {
    name: "PENDING: the commit waits for the old reader",
    script: `
      A open; B open; A busy 9; B begin; B read 1; A begin; A write b 1;
      A commit waits at 3 { B read 1 2; B commit; B read 1 };
      B read 1; A read 1`,
  },
  {
    name: "PENDING: a new reader is refused, the old one goes on",
    script: `
      A open; B open; C open; A busy 1; C busy 2; B begin; B read 1; A begin; A write b 1; C read 1;
      A commit; C read 1; C begin immediate; B read 1; C begin; C read 1; B commit; C read 1;
      A commit; C read 1; C commit; B read 1`,
  },
  {
    name: "PENDING: the writer gets EXCLUSIVE when the last of two readers leaves",
    script: `
      A open; B open; C open; A busy 9; B busy 1; C busy 1; B begin; B read 1; C begin; C read 1;
      A begin immediate; A write b 1;
      A commit waits at 2 { B commit; B read 1; C read 1; C commit; C read 1 };
      B read 1; C read 1; A read 1`,
  },
  {
    name: "PENDING: a new reader waits until the commit is done",
    script: `
      A open; B open; C open; C busy 9; B begin; B read 1; A begin; A write b 1; A commit;
      C read 1 waits at 2 { B commit; A commit };
      B read 1; A read 1`,
  },
  {
    name: "PENDING: the writer gives up and rolls back",
    script: `
      A open; B open; C open; B begin; B read 1; A begin; A write b 1 2 3; A commit; C read 1;
      A rollback; C read 1 2 3; B read 1 2 3; B commit; A read 1`,
  },
  {
    name: "a statement is refused EXCLUSIVE and undone",
    script: `
      A open; B open; A busy 2; B begin; B read 1; A write b 1; B read 1; A read 1; B commit;
      A write c 1; B read 1`,
  },
  {
    name: "a statement waits for EXCLUSIVE",
    script: `
      A open; B open; A busy 4; B begin; B read 1;
      A write b 1 waits at 0 { B read 2; B commit };
      B read 1`,
  },
  {
    name: "BEGIN EXCLUSIVE keeps everybody out",
    script: `
      A open; B open; B busy 2; A begin exclusive; B read 1; B begin; B read 1; B write z 1; B commit;
      B begin immediate; B begin exclusive; A write b 1; A commit; B read 1; B begin exclusive;
      A read 1; B rollback; A read 1`,
  },
  {
    name: "BEGIN EXCLUSIVE is refused by a reader and leaves no lock",
    script: `
      A open; B open; A busy 3; B begin; B read 1; A begin exclusive; B read 2; B write b 1;
      A begin exclusive; B commit; A begin exclusive; A read 1; A commit`,
  },
  {
    name: "BEGIN EXCLUSIVE waits for a reader",
    script: `
      A open; B open; A busy 8; B begin; B read 1;
      A begin exclusive waits at 1 { B read 2; B commit; B read 2 };
      B read 1; A write b 1; A commit; B read 1`,
  },
  {
    name: "a reader waits for an EXCLUSIVE writer",
    script: `
      A open; B open; B busy 6; A begin exclusive; A write b 1;
      B read 1 waits at 3 { A write b 2; A commit };
      A begin exclusive; A write c 1;
      B begin exclusive waits at 0 { A rollback };
      B read 1 2; B commit`,
  },
  {
    name: "the handler counts afresh for each statement",
    script: `
      A open; B open; A begin exclusive; B read 1; B busy 1; B read 1; B busy 4; B read 1; B busy 0;
      B begin immediate; B busy 2; B begin; B read 1; B read 2; B rollback; A rollback; B read 1`,
  },
  {
    name: "a transaction that changes nothing",
    script: `
      A open; B open; A begin immediate; B read 1; A write a 1; A commit; A begin exclusive;
      A rollback; A begin; A commit; A begin; A rollback; B begin; B read 1; A begin immediate;
      A commit; A rollback; B commit; A write a 3`,
  },
  {
    name: "statements that make no sense leave the locks alone",
    script: `
      A open; B open; A commit; A rollback; A begin; A begin; A begin immediate; B read 1;
      B begin immediate; A begin exclusive; A write b 1; A begin exclusive; A commit; A commit;
      B read 1`,
  },
  {
    name: "writers take turns and see each other's changes",
    script: `
      A open; B open; A write b 1; B read 1; B write c 1 2; A read 1 2; A begin; A write d 2;
      B read 1 2; A commit; B read 1 2; B begin immediate; B write e 3; B rollback; A read 1 2 3;
      A write f 3; B write g 4; A read 3 4; B read 3 4`,
  },
  {
    name: "a spill takes EXCLUSIVE in the middle of a transaction",
    script: `
      A open small; B open; B busy 1; A begin; A write b 1 2 3; B read 1; A write b 4-20; B read 1;
      B begin immediate; A read 1 12 20; A rollback; B read 1 12 20; A begin; A write c 1-20;
      B read 1; A commit; B read 1 12 20 21`,
  },
  {
    name: "a spill is refused by a reader, the cache grows instead",
    script: `
      A open small; B open; A busy 1; B begin; B read 1; A begin; A write b 1-14; B read 1 2;
      A write b 15-20; A commit; B commit; A write b 21 22; B read 1; A commit; B read 1 14 22 23`,
  },
  {
    name: "a spill waits for a reader",
    script: `
      A open small; B open; A busy 6; B begin; B read 1; A begin;
      A write b 1-20 waits at 2 { B read 2; B commit; B read 1 };
      B read 1; A rollback; B read 1 20`,
  },
];
