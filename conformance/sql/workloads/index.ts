/** All workloads; their order decides which settings the matrix gives them. */

import { fileWorkloads } from "./files.js";
import { moduleWorkloads } from "./modules.js";
import { rowWorkloads } from "./rows.js";
import { schemaWorkloads } from "./schema.js";
import { tempWorkloads } from "./temp.js";
import { transactionWorkloads } from "./transactions.js";
import type { Workload } from "./words.js";

export type { Workload } from "./words.js";

export const workloads: readonly Workload[] = [
  ...rowWorkloads,
  ...transactionWorkloads,
  ...schemaWorkloads,
  ...tempWorkloads,
  ...moduleWorkloads,
  ...fileWorkloads,
];
