/** Which calls fail while there is a log, and with what. */

import { FAILING_CALLS } from "../../../sql/calls.js";
import { type FaultKind, KINDS } from "../../sql/faults/kinds.js";

const IOERR = 10;
const BUSY = 5;
const extended = (n: number): number => IOERR | (n << 8);

/** Any call whatever, those on the index too. */
export const ANY: FaultKind = {
  name: "any call gives IOERR",
  calls: [...FAILING_CALLS, "shmmap", "shmlock", "shmunmap"],
  rc: IOERR,
};

/** Calls of one kind. */
export const WAL_KINDS: readonly FaultKind[] = [
  { name: "shmmap gives IOERR_SHMMAP", calls: ["shmmap"], rc: extended(21) },
  { name: "shmmap gives IOERR_SHMOPEN", calls: ["shmmap"], rc: extended(18) },
  { name: "shmlock gives IOERR_SHMLOCK", calls: ["shmlock"], rc: extended(20) },
  { name: "shmlock gives BUSY", calls: ["shmlock"], rc: BUSY },
  { name: "shmunmap gives IOERR", calls: ["shmunmap"], rc: IOERR },
  ...KINDS.filter((k) => k.calls[0] !== "reserved" && k.name !== "read gives IOERR_CORRUPTFS"),
];
