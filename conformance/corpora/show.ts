/** Steps in words, for reports. */

import { type Event, FOLDER } from "./events.js";

const LONGEST = 2000;

/** A step as SQL or as what it does. */
export function formatSql(event: Event): string {
  switch (event.do) {
    case "sql": {
      const sql = event.sql.replaceAll(FOLDER, "FOLDER");
      const text = sql.length > LONGEST ? `${sql.slice(0, LONGEST)}... (${sql.length} characters)` : sql;
      const parameters = event.parameters.map((p) => {
        if (p === null) return "NULL";
        const shown = p instanceof Uint8Array ? `x'${Buffer.from(p).toString("hex")}'` : String(p);
        return shown.length > 60 ? `${shown.slice(0, 60)}...` : shown;
      });
      return `${event.connection}: ${text}${parameters.length === 0 ? "" : `\n-- with ${parameters.join(", ")}`}`;
    }
    case "open":
      return `open ${event.connection} ${JSON.stringify(event.path)}`;
    case "close":
    case "drop-all":
      return `${event.do} ${event.connection}`;
    case "config":
      return `config ${event.connection} ${event.option} ${event.value}`;
    case "pending-byte":
      return `pending byte ${event.offset}`;
    case "limit":
      return `limit ${event.connection} ${event.limit} ${event.value}`;
    case "cacheflush":
      return `cache flush ${event.connection}`;
    case "prepare":
      return `prepare statement ${event.statement} on ${event.connection}: ${event.sql}`;
    case "bind":
    case "step":
    case "reset":
    case "finalize":
      return `${event.do} statement ${event.statement}`;
    case "blob-open":
      return `blob ${event.blob}: ${event.connection} ${event.schema}.${event.table}.${event.column} row ${event.rowid}`;
    case "blob-read":
      return `blob ${event.blob}: read ${event.bytes} at ${event.offset}`;
    case "blob-write":
      return `blob ${event.blob}: write ${event.data.length} at ${event.offset}`;
    case "blob-reopen":
      return `blob ${event.blob}: row ${event.rowid}`;
    case "blob-close":
      return `blob ${event.blob}: close`;
    case "backup-init":
      return `backup ${event.backup}: ${event.from}.${event.fromSchema} to ${event.to}.${event.toSchema}`;
    case "backup-step":
      return `backup ${event.backup}: ${event.pages} pages`;
    case "backup-finish":
      return `backup ${event.backup}: finish`;
    case "delete":
    case "mkdir":
      return `${event.do} ${event.path}`;
    case "copy":
    case "rename":
      return `${event.do} ${event.from} ${event.to}`;
    case "write":
      return `write ${event.bytes.length} bytes to ${event.path} at ${event.offset}`;
  }
}
