/** The cast of the scenarios. */

import { Peer } from "../moves.js";

export const A = new Peer("A");
export const B = new Peer("B");
export const C = new Peer("C");

/** Second connections in the same processes. */
export const A2 = new Peer("A", 1);
export const B2 = new Peer("B", 1);
export const C2 = new Peer("C", 1);

/** A verb of sqlite3_db_config, which belongs to SQLite's upper half: the port has no constant for it. */
export const SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE = 1006;
