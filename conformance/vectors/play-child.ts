/** The process that plays vectors on the port, loaded with the sizes that its parent names. */

import type { PagerMirrorOptions } from "../../src/options.js";
import { serve } from "../engines/child.js";
import { VectorsFolder } from "./folder.js";
import type { Level } from "./format.js";
import type { Played, playVector } from "./play.js";

/** The sizes with which the port can be loaded. */
export type Abi = NonNullable<PagerMirrorOptions["abi"]>;

/** What the process may be asked: first to load the port, then to play vectors of the folder. */
export type PlayRequest =
  | { op: "load"; abi: Abi; folder: string; level: Level }
  | { op: "play"; from: number; to: number };

let loaded: { folder: VectorsFolder; level: Level; play: typeof playVector } | null = null;

async function load(abi: Abi, path: string, level: Level): Promise<Played[]> {
  const options: PagerMirrorOptions = abi === "wasm32" ? { abi, options: { SQLITE_THREADSAFE: 0 } } : { abi };
  (globalThis as { PAGER_MIRROR?: PagerMirrorOptions }).PAGER_MIRROR = options;
  const { playVector } = await import("./play.js");
  loaded = { folder: new VectorsFolder(path), level, play: playVector };
  return [];
}

serve(async (request: PlayRequest): Promise<Played[]> => {
  if (request.op === "load") return await load(request.abi, request.folder, request.level);
  if (loaded === null) throw new Error("the port has not been loaded");
  const { folder, level, play } = loaded;
  return folder.index.vectors.slice(request.from, request.to).map((entry) => play(folder, entry, level));
});
