/**
 * Makes the port count memory as the oracle does: with the struct sizes of 32-bit WebAssembly, one thread and
 * the oracle's compile-time options. Has to be imported before anything of the port's is, for the port reads
 * this when it loads.
 */

import type { PagerMirrorOptions } from "../../src/options.js";

(globalThis as { PAGER_MIRROR?: PagerMirrorOptions }).PAGER_MIRROR ??= {
  abi: "wasm32",
  options: { SQLITE_THREADSAFE: 0 },
};
