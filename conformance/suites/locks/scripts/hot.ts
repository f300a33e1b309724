/** Hot journals: while their writer lives, and after it has died. */

import type { Scenario } from "../moves.js";

/** The scripts. */
export const hot: Scenario[] = [
  {
    name: "a journal whose writer is alive is not hot",
    script: `
      A open; A begin; A write b 1 2 3; B open cold; B read 1 2; B begin; B read 3; A read 1;
      B commit; A commit; B read 1 2 3`,
  },
  {
    name: "a journal whose writer is alive and has spilled",
    script: `
      A open small; A begin; A write b 1-20; B open cold; B busy 2; B read 1; B write z 1;
      A write b 21; A rollback; B read 1 20`,
  },
  {
    name: "the writer dies with RESERVED",
    script: `
      A open; B open; A begin; A write b 1 2 3; B read 1; A dies; B read 1 2 3; B write c 1; A open;
      A read 1 2`,
  },
  {
    name: "the writer dies after a spill",
    script: `
      A open small; B open; A begin; A write b 1-20; B read 1; A dies; B read 1 2 20; B write c 1;
      A open cold; A read 1 2; A write d 2; B read 1 2`,
  },
  {
    name: "the writer dies after a spill, a writer recovers",
    script: `
      A open small; B open; A begin; A write b 1-20; A dies; B begin immediate; B read 1 20;
      B write c 1; B commit; A open cold; A read 1 20`,
  },
  {
    name: "the writer dies after a spill, BEGIN EXCLUSIVE recovers",
    script: `
      A open small; A begin exclusive; A write b 1-20; A dies; B open cold; B begin exclusive;
      B read 1 20; B write c 1; B commit; B read 1 20`,
  },
  {
    name: "the writer dies while it commits under a reader",
    script: `
      A open; B open; C open; C busy 2; B begin; B read 1; A begin; A write b 1; A commit; C read 1;
      A dies; C read 1; B read 1; C begin immediate; B commit; C read 1; B write c 1; C read 1`,
  },
  {
    name: "an old reader keeps a hot journal from being played back",
    script: `
      A open; B open; C open cold; C busy 3; B begin; B read 1; A begin; A write b 1 2; A dies;
      C read 1; B read 1 2; B write z 1; B rollback; C read 1 2; B read 1 2`,
  },
  {
    name: "a reader waits for the old reader before it plays back",
    synchronous: "OFF",
    script: `
      A open; B open; C open; C busy 6; B begin; B read 1; A begin; A write b 1 2; A dies;
      C read 1 2 waits at 2 { B read 1; B commit };
      B read 1 2; C write c 1; B read 1`,
  },
  {
    name: "a writer waits and the one it waits for dies",
    script: `
      A open small; B open; B busy 6; A begin; A write b 1-20;
      B begin immediate waits at 1 { A dies };
      B read 1 20; B write c 1; B commit; A open; A read 1 20`,
  },
  {
    name: "the one that waits dies",
    script: `
      A open; B open; C open; A busy 6; B begin; B read 1; A begin; A write b 1 2; A commit; C read 1;
      A dies; B commit; C read 1 2; B read 1 2`,
  },
  {
    name: "a read-only connection finds a hot journal",
    script: `
      A open small; B open cold readonly; A begin; A write b 1-20; B read 1; A dies; B read 1;
      B begin; B read 1; B commit; C open; C read 1 20; B read 1 20; B write z 1; B begin immediate;
      C write c 1; B rollback`,
  },
  {
    name: "the writer dies in exclusive mode",
    script: `
      A open small; B open; A locking exclusive; A write b 1; B read 1; A begin; A write c 1-20;
      A dies; B read 1 2 20; B write d 2; B read 1 2`,
  },
  {
    name: "the writer dies in exclusive mode between two transactions",
    script: `
      A open; B open; A locking exclusive; A write b 1; A write c 2; B read 1; A dies; B read 1 2;
      B write d 3; A open; A read 1 2 3`,
  },
  {
    name: "recovery in exclusive mode keeps the lock",
    script: `
      A open small; B open; B locking exclusive; A begin; A write b 1-20; B read 1; A dies;
      B read 1 20; A open cold; A read 1; B write c 1; A read 1; B locking normal; A read 1; B read 1;
      A read 1 2`,
  },
];
