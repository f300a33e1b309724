/** The other VFSes of os_unix.c: unix-excl, unix-dotfile, unix-none. */

import type { Scenario } from "../moves.js";

/** Scripts for VFSes that lock in their own ways. */
export const otherLocks: Scenario[] = [
  {
    name: "reader and reader",
    script: `
      A open; B open cold; B busy 2; A begin; A read 1; B read 1; A commit; B read 1; A close;
      B read 1; B read 2`,
  },
  {
    name: "reader and writer",
    script: `
      A open; B open cold; A busy 1; B busy 2; A begin; A read 1; B write b 1; B begin immediate;
      A read 1; A commit; B write b 1; A read 1; A close; B write c 1; B read 1`,
  },
  {
    name: "writer and writer",
    script: `
      A open; B open cold; B busy 1; A begin immediate; B begin immediate; A write b 1; A commit;
      B begin exclusive; B rollback; A begin exclusive; B read 1; A rollback; A close;
      B begin exclusive; B write c 1; B commit; B read 1`,
  },
  {
    name: "one waits for the other to close",
    script: `
      A open; B open cold; B busy 5; A begin immediate; A write b 1;
      B read 1 waits at 1 { A commit; A close };
      B write c 1; B read 1`,
  },
  {
    name: "two connections in one process",
    script: `
      A open; A2 open cold; B open cold; A2 busy 1; A begin; A read 1; A2 read 1; A2 begin immediate;
      A commit; A2 begin immediate; A2 write b 1; A read 1; B read 1; A2 commit; A read 1; B read 1;
      A close; B read 1; A2 read 1; A2 close; B read 1`,
  },
  {
    name: "a spill, a rollback, a commit",
    script: `
      A open small; B open cold; A begin; A write b 1-20; B read 1; A rollback; A read 1 20; A begin;
      A write c 1-20; A commit; A close; B read 1 20`,
  },
  {
    name: "exclusive mode",
    script: `
      A open; B open cold; A locking exclusive; A read 1; B read 1; A write b 1; B read 1;
      A locking normal; A read 1; B read 1; A close; B read 1`,
  },
  {
    name: "a read-only connection",
    script: `
      A open; A write b 1; A close; B open cold readonly; B read 1; B write z 1; B close`,
  },
  {
    name: "the writer dies",
    script: `
      A open small; B open cold; B busy 1; A begin; A write b 1-20; A dies; B read 1 20; B write c 1;
      B read 1`,
  },
];

/** Scripts for a VFS that does not lock: nothing may happen at the same time. */
export const noLocks: Scenario[] = [
  {
    name: "one after the other",
    script: `
      A open; B open; A write b 1; B read 1; B write c 1; A read 1; A begin exclusive; B read 1;
      A write d 2; A commit; B read 1 2; B begin immediate; B rollback; A read 1 2`,
  },
  {
    name: "readers at the same time",
    script: `
      A open; B open; A begin; A read 1; B begin; B read 1; A commit; B commit`,
  },
  {
    name: "the journal of a live writer counts as hot",
    script: `
      A open small; B open; A begin; A write b 1-20; B read 1 20; A dies; B read 1 20; B write c 1;
      B read 1`,
  },
  {
    name: "exclusive mode",
    script: `
      A open; B open; A locking exclusive; A write b 1; A locking normal; A read 1; B read 1`,
  },
];
