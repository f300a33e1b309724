/** Locking modes, journal modes that change, read-only connections, connections that open and close. */

import type { Scenario } from "../moves.js";

/** The scripts. */
export const modes: Scenario[] = [
  {
    name: "exclusive mode keeps SHARED after reading",
    script: `
      A open; B open; B busy 2; A locking exclusive; B read 1; A read 1; B read 1; B write b 1;
      B begin; B write b 2; B commit; A read 1; B rollback; A locking normal; B write c 1; A read 1;
      B write c 1; A read 1`,
  },
  {
    name: "exclusive mode keeps EXCLUSIVE after writing",
    script: `
      A open; B open; B busy 1; A locking exclusive; A write b 1; B read 1; A write c 1; A read 1;
      B begin immediate; A begin; A write d 2; A rollback; B read 1; A close; B read 1 2; B write e 1`,
  },
  {
    name: "exclusive mode ends with a read",
    script: `
      A open; B open; A locking exclusive; A write b 1; A locking normal; B read 1; A read 1;
      B read 1; B write c 1; A read 1; A write d 1; B read 1`,
  },
  {
    name: "exclusive mode ends with a write",
    script: `
      A open; B open; A locking exclusive; A write b 1; A write b 2; A locking normal; A begin;
      A write c 1; B read 1; A commit; B read 1 2; B write d 1; A read 1 2`,
  },
  {
    name: "exclusive mode begins inside a transaction",
    script: `
      A open; B open; A begin; A write b 1; A locking exclusive; B read 1; A commit; B read 1;
      A begin; A read 1; A locking normal; B read 1; A commit; B read 1`,
  },
  {
    name: "exclusive mode ends inside a transaction",
    script: `
      A open; B open; A locking exclusive; A begin; A write b 1; A locking normal; B read 1;
      A rollback; B read 1; A locking exclusive; A begin exclusive; A write c 1; A locking normal;
      A commit; B read 1`,
  },
  {
    name: "exclusive mode is changed there and back without a transaction",
    script: `
      A open; B open; A locking exclusive; A locking normal; A read 1; B write b 1;
      A locking exclusive; A read 1; A locking normal; A locking exclusive; A read 1; B write c 1;
      A locking normal; A read 1; B write c 1; A read 1`,
  },
  {
    name: "two in exclusive mode",
    script: `
      A open; B open; A busy 1; B busy 1; A locking exclusive; B locking exclusive; A read 1;
      B read 1; A write b 1; B write c 1; B locking normal; B read 1; A write b 1; B read 1;
      A locking normal; A read 1; B read 1`,
  },
  {
    name: "exclusive mode waits for a reader and then for nobody",
    script: `
      A open; B open; A busy 5; A locking exclusive; B begin; B read 1;
      A write b 1 waits at 2 { B read 1; B commit };
      B read 1; A write c 1; A locking normal; A read 1; B read 1`,
  },
  {
    name: "exclusive mode: BEGIN EXCLUSIVE and a spill",
    script: `
      A open small; B open; A locking exclusive; A begin exclusive; A commit; B read 1; A begin;
      A write b 1-20; A rollback; A read 1 20; B read 1; A write c 1; A locking normal; A read 1;
      B read 1 20`,
  },
  {
    name: "exclusive mode: the other one is refused and closes",
    script: `
      A open; B open; A locking exclusive; A write b 1; B begin; B read 1; B close; A read 1;
      B open cold; B read 1; A locking normal; A read 1; B read 1`,
  },
  {
    name: "the journal mode changes while nobody looks",
    script: `
      A open; B open; A journal PERSIST; A write b 1; B read 1; A journal DELETE; A write c 1;
      A journal TRUNCATE; A write d 1; B read 1; A journal DELETE; B read 1; B write e 1;
      A journal PERSIST; A write f 1; A journal TRUNCATE; A read 1`,
  },
  {
    name: "the journal mode changes under a reader",
    script: `
      A open; B open; A journal PERSIST; A write b 1; B begin; B read 1; A journal DELETE; B read 1;
      B commit; A read 1`,
  },
  {
    name: "the journal mode changes under a RESERVED writer",
    script: `
      A open; B open; A busy 2; A journal PERSIST; A write b 1; B begin; B write c 1;
      A journal DELETE; A read 1; B commit; A read 1; A write d 1; B read 1`,
  },
  {
    name: "the journal mode changes under an EXCLUSIVE writer",
    script: `
      A open; B open; A busy 2; A journal TRUNCATE; A write b 1; B begin exclusive; B write c 1;
      A journal DELETE; B rollback; A read 1; A journal PERSIST; A write d 1; B read 1`,
  },
  {
    name: "the journal mode changes inside a transaction",
    script: `
      A open; B open; A journal PERSIST; A write b 1; A begin; A read 1; A journal DELETE;
      B begin immediate; A journal PERSIST; A journal TRUNCATE; B rollback; A write c 1;
      A journal DELETE; A commit; A journal DELETE; B read 1`,
  },
  {
    name: "the journal mode changes in exclusive mode",
    script: `
      A open; B open; A locking exclusive; A write b 1; A journal PERSIST; A write c 1;
      A journal DELETE; A write d 1; A journal TRUNCATE; A write e 1; A locking normal;
      A journal DELETE; B read 1; A read 1; B read 1; A write f 1; B write g 1; A read 1`,
  },
  {
    name: "a read-only connection",
    script: `
      A open; B open readonly; B busy 2; B read 1; B write z 1; B begin immediate; B read 1;
      A begin immediate; A write b 1; B write z 1; A commit; B read 1; B commit; A commit; B read 1;
      B begin exclusive; B read 1; B rollback; A begin exclusive; B read 1; A rollback; B read 1`,
  },
  {
    name: "a read-only connection in exclusive mode",
    script: `
      A open; B open readonly; B locking exclusive; B read 1; A write b 1; B read 1; B locking normal;
      B read 1; A write c 1; B read 1`,
  },
  {
    name: "closing drops what was held",
    script: `
      A open; B open; A begin; A read 1; A close; B begin exclusive; B rollback; A open;
      A begin immediate; A write b 1; A close; B read 1; B begin exclusive; B write c 1; B close;
      A open; A read 1`,
  },
  {
    name: "closing under PENDING",
    script: `
      A open; B open; B begin; B read 1; A begin; A write b 1; A commit; A close; B read 1;
      B write c 1; B commit; A open; A read 1`,
  },
  {
    name: "opening while the other one has the file",
    script: `
      A open; A begin exclusive; B open cold; B busy 2; B read 1; B begin; B begin immediate;
      B read 1; B rollback; A rollback; B begin immediate; A read 1; B read 1; B commit; B read 1`,
  },
  {
    name: "the first statement waits for the schema",
    script: `
      A open; A begin exclusive; A write b 1; B open cold; B busy 5;
      B read 1 waits at 2 { A commit };
      B close; B open cold; A begin exclusive; B busy 5;
      B write c 1 waits at 0 { A rollback };
      A read 1; B read 1`,
  },
];
