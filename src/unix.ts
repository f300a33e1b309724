/**
 * The package with the Unix VFSes `unix` (the default), `unix-none`, `unix-dotfile` and `unix-excl`.
 *
 * Importing this module makes `sqlite3_initialize` register them. Needs Linux and koffi. A process
 * that opens a database here must not open the same file with another SQLite, worker threads
 * included: POSIX locks belong to the process, not to the library.
 *
 * @packageDocumentation
 */

import { installOsInit } from "./os/os_init.js";
import { sqlite3_os_end, sqlite3_os_init } from "./os/os_unix.js";

installOsInit(sqlite3_os_init, sqlite3_os_end);

export * from "./index.js";
export * from "./os/os_unix.js";
