/**
 * Where a platform plugs itself in: the two functions that `sqlite3_initialize` and
 * `sqlite3_shutdown` call to register and forget VFSes.
 *
 * In C the platform is chosen by the linker. Here an entry module of the package (`index.ts` for the
 * in-memory VFS, `unix.ts` for the Unix ones) calls {@link installOsInit} while it loads; the last
 * one wins. Nothing below the entry modules may depend on a platform, so the default registers none.
 *
 * NON-UPSTREAM: stands for the definitions of sqlite3_os_init and sqlite3_os_end in os_unix.c and
 * os_win.c.
 *
 * @module
 */

import { SQLITE_OK } from "../sqlite3.js";

let osInit: (() => number) | null = null;
let osEnd: (() => number) | null = null;

/**
 * Says which functions set the platform up and take it down. Takes effect the next time that the
 * library is initialized or shut down.
 *
 * NON-UPSTREAM.
 *
 * @param init registers the VFSes, the default one with makeDflt; returns a result code.
 * @param end undoes that; its result is ignored, as upstream ignores it.
 */
export function installOsInit(init: (() => number) | null, end: (() => number) | null): void {
  osInit = init;
  osEnd = end;
}

/**
 * What os.c calls as sqlite3_os_init, in the middle of sqlite3_initialize. With no platform installed
 * there is no VFS, and whoever looks for one finds null.
 *
 * NON-UPSTREAM name: os_unix.ts has the function of the upstream name.
 */
export function runOsInit(): number {
  return osInit !== null ? osInit() : SQLITE_OK;
}

/** What main.c calls as sqlite3_os_end, at the start of sqlite3_shutdown. NON-UPSTREAM name, likewise. */
export function runOsEnd(): number {
  return osEnd !== null ? osEnd() : SQLITE_OK;
}
