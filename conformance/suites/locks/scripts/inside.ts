/** Several connections in one process: POSIX locks belong to the process, the engine must tell them apart. */

import type { Scenario } from "../moves.js";

/** The scripts. */
export const inside: Scenario[] = [
  {
    name: "two readers in one process",
    script: `
      A open; A2 open; B open; A begin; A read 1; A2 begin; A2 read 1; B begin exclusive; A commit;
      B begin exclusive; A2 read 2; A2 commit; B begin exclusive; A read 1; A2 read 1; B commit`,
  },
  {
    name: "a reader and a writer in one process",
    script: `
      A open; A2 open; B open; A2 busy 2; A begin; A read 1; A2 begin; A2 write b 1; B read 1;
      A2 commit; B read 1; A read 1; A3 open cold; A3 read 1; A commit; A3 read 1; A2 commit;
      A read 1; A3 read 1; B read 1`,
  },
  {
    name: "two writers in one process",
    script: `
      A open; A2 open; B open; A2 busy 2; B busy 2; A begin immediate; A2 begin immediate;
      B begin immediate; A2 read 1; A write b 1; A2 begin exclusive; A commit; A2 begin exclusive;
      A read 1; B read 1; A begin immediate; A2 write c 1; A2 commit; A read 1; B read 1`,
  },
  {
    name: "a connection closes while its neighbour reads",
    script: `
      A open; A2 open; B open; A begin; A read 1; A2 close; B begin exclusive; A read 2; A2 open;
      A2 read 1; A2 close; B begin exclusive; A commit; B begin exclusive; B rollback`,
  },
  {
    name: "a connection closes while its neighbour writes",
    script: `
      A open; A2 open; B open; A begin immediate; A write b 1; A2 read 1; A2 close; B read 1;
      B begin immediate; A commit; B read 1; A2 open; A begin exclusive; A2 close; B read 1;
      A rollback; B read 1`,
  },
  {
    name: "a reader closes and its neighbour keeps the lock",
    script: `
      A open; A2 open; B open; A begin; A read 1; A2 begin; A2 read 1; A close; B begin exclusive;
      A2 read 2; A open; A begin; A read 1; A2 close; B begin exclusive; A close; B begin exclusive`,
  },
  {
    name: "connections open and close again and again beside a writer",
    script: `
      A open; B open; A begin; A write b 1; A2 open cold; A3 open cold; A2 close; A2 open cold;
      A2 read 1; A3 close; B begin immediate; A2 close; B read 1; A commit; B begin immediate;
      B read 1; B commit`,
  },
  {
    name: "a spill and a neighbour that reads",
    script: `
      A open small; A2 open; B open; A2 busy 1; A begin; A write b 1-20; A2 read 1; B read 1;
      A rollback; A2 begin; A2 read 1; A begin; A write c 1-14; A2 read 2; B read 1; A commit;
      A2 commit; A commit; A2 read 1; B read 1`,
  },
  {
    name: "exclusive mode and a neighbour",
    script: `
      A open; A2 open; B open; A locking exclusive; A read 1; A2 read 1; A2 write b 1; B read 1;
      A write c 1; A2 read 1; B read 1; A locking normal; A read 1; A2 read 1; B read 1`,
  },
  {
    name: "two connections on either side",
    script: `
      A open; A2 open; B open; B2 open; A begin; A read 1; B begin; B read 1; B2 begin; B2 write b 1;
      A2 begin immediate; B2 commit; A2 read 1; B commit; B2 commit; A2 read 1; A commit; A2 read 1;
      B2 commit; A read 1; A2 read 1; B read 1`,
  },
  {
    name: "a process with two connections dies",
    script: `
      A open small; A2 open; B open; A2 begin; A2 read 1; A begin; A write b 1 2; A commit; B read 1;
      A dies; B read 1 2; B write c 1; B read 1`,
  },
  {
    name: "a neighbour finds the journal of a live writer",
    script: `
      A open; B open; A begin; A write b 1 2; A2 open cold; A2 read 1 2; A2 begin; A2 read 1;
      B read 1; A commit; A2 commit; A commit; A2 read 1; B read 1`,
  },
];
