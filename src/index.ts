/**
 * The package's public face: every non-static function of the mirrored files under its upstream
 * name, the constants, the structs, `Ref`, the VFS interfaces, and an in-memory VFS.
 *
 * This entrance needs neither Node nor koffi and runs in a browser. `sqlite3_initialize` registers
 * the in-memory VFS `memory` unless {@link installOsInit} is given something else. On Linux,
 * import `pager-mirror/unix` instead: the same exports plus the Unix VFSes, which are then the default.
 *
 * @packageDocumentation
 */

import { installDefault } from "./os/memvfs.js";

/* An entry module that loads later, such as unix.ts, and a user's own installOsInit override this. */
installDefault();

export * from "./backup.js";
export * from "./cstring.js";
export * from "./fault.js";
export * from "./global.js";
export * from "./main.js";
export * from "./malloc.js";
export * from "./mutex.js";
export * from "./os/memdb.js";
export * from "./os/memjournal.js";
export * from "./os/memvfs.js";
export * from "./os/os.js";
export * from "./os/os_init.js";
export * from "./pager/bitvec.js";
export * from "./pager/pager.js";
export * from "./pcache/pcache.js";
export * from "./pcache/pcache1.js";
export * from "./printf.js";
export * from "./random.js";
export * from "./sqliteInt.js";
export * from "./status.js";
export * from "./stdarg.js";
export * from "./util.js";
export * from "./wal/wal.js";
