/**
 * Tells whether a VFS is the one of serialised databases.
 *
 * Upstream's memdb VFS itself (sqlite3_deserialize and `file:/name?vfs=memdb`) lies outside the
 * port. The pager only asks whether it is talking to it.
 *
 * @upstream memdb.c
 * @divergence memdb-slot
 * @module
 */

import { Ref, type sqlite3_vfs } from "../sqliteInt.js";

/**
 * The memdb VFS, or null as long as nobody supplies one; whoever registers such a VFS stores it here.
 *
 * @upstream memdb.c memdb_vfs
 */
export const memdb_vfs: Ref<sqlite3_vfs | null> = new Ref<sqlite3_vfs | null>(null);

/**
 * 1 if `pVfs` is the memdb VFS, else 0.
 *
 * @upstream memdb.c sqlite3IsMemdb
 * @divergence memdb-slot
 */
export function sqlite3IsMemdb(pVfs: sqlite3_vfs | null): number {
  return memdb_vfs.value !== null && pVfs === memdb_vfs.value ? 1 : 0;
}
