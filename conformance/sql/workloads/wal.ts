/** The workloads about the write-ahead log; their order decides which settings the matrix gives them. */

import { walCheckpointWorkloads } from "./wal-checkpoints.js";
import { walConnectionWorkloads } from "./wal-connections.js";
import { walFileWorkloads } from "./wal-files.js";
import { walTransactionWorkloads } from "./wal-transactions.js";
import type { Workload } from "./words.js";

export const walWorkloads: readonly Workload[] = [
  ...walCheckpointWorkloads,
  ...walTransactionWorkloads,
  ...walFileWorkloads,
  ...walConnectionWorkloads,
];
