/** Logs as no engine writes them: all groups of scenes. */

import type { Scenes } from "./made-base.js";
import { databaseScenes, indexScenes } from "./made-files.js";
import { frameScenes, tailScenes } from "./made-frames.js";
import { headerScenes, lengthScenes, orderScenes, pageSizeScenes } from "./made-headers.js";

/** All groups. */
export const groups: Readonly<Record<string, Scenes>> = {
  header: headerScenes,
  "page size": pageSizeScenes,
  "byte order": orderScenes,
  frames: frameScenes,
  tail: tailScenes,
  length: lengthScenes,
  database: databaseScenes,
  index: indexScenes,
};
