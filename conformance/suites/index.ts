/** All suites, in the order in which they run. */

import type { Suite } from "../core/case.js";
import { badInput } from "./bad-input/index.js";
import { crashStorm } from "./crash-storm/index.js";
import { images } from "./images/index.js";
import { ioOrder } from "./io-order/index.js";
import { journal } from "./journal/index.js";
import { locks } from "./locks/index.js";
import { lockstep } from "./lockstep/index.js";
import { order } from "./order/index.js";
import { processes } from "./processes/index.js";
import { recovery } from "./recovery/index.js";
import { sql } from "./sql/index.js";
import { wal } from "./wal/index.js";
import { walRecovery } from "./wal-recovery/index.js";

/** The suites of `pager-mirror conform`. */
export const suites: readonly Suite[] = [
  images,
  recovery,
  locks,
  order,
  badInput,
  sql,
  journal,
  ioOrder,
  wal,
  walRecovery,
  processes,
  crashStorm,
  lockstep,
];
