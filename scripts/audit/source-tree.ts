/**
 * Upstream from a source tree in SQLite's layout: its files are joined as tool/mksqlite3c.tcl joins
 * them, so that they read as in an amalgamation. Files that only a build generates are left out.
 */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Place, type Upstream, upstreamOf } from "./upstream.js";

/** Headers that are taken in where they are included, the first time only. */
const HEADERS: readonly string[] =
  "btree.h btreeInt.h hash.h hwtime.h msvc.h mutex.h os_setup.h os_win.h os.h pager.h pcache.h pragma.h sqlite3.h sqlite3ext.h sqliteLimit.h vdbe.h vdbeInt.h vxworks.h wal.h whereInt.h".split(
    " ",
  );
/** Headers whose text comes where their turn is. */
const OWN_TURN: ReadonlySet<string> = new Set(["sqliteInt.h", "os_common.h", "sqlite3session.h"]);

/** If the tree does not say it: the order of the files that the audit needs. */
const ORDER: readonly string[] =
  "sqliteInt.h os_common.h global.c status.c os.c fault.c mem0.c mem1.c mem2.c mem3.c mem5.c mutex.c mutex_noop.c mutex_unix.c mutex_w32.c malloc.c printf.c random.c threads.c utf.c util.c hash.c os_kv.c os_unix.c os_win.c memdb.c bitvec.c pcache.c pcache1.c pager.c wal.c btmutex.c btree.c backup.c memjournal.c pragma.c main.c".split(
    " ",
  );

const VARIABLE = /^[a-zA-Z][a-zA-Z_0-9 *]+(sqlite3[_a-zA-Z0-9]+)(?:\[|;| =)/;
const FUNCTION = /^([a-zA-Z][a-zA-Z_0-9 ]+ \**)(sqlite3[_a-zA-Z0-9]+)(\(.*)$/;
const FUNCTION_IN_HEADER = /^( *[a-zA-Z][a-zA-Z_0-9 ]+ \**)(sqlite3[_a-zA-Z0-9]+)(\(.*)$/;

/** Whether a folder is such a tree. */
export function isSourceTree(dir: string): boolean {
  return existsSync(join(dir, "src", "pager.c")) && existsSync(join(dir, "src", "sqliteInt.h"));
}

/** The order in which the tree's own tool joins the files. */
function orderOf(dir: string): readonly string[] {
  const tool = join(dir, "tool", "mksqlite3c.tcl");
  const list = existsSync(tool) ? /^set flist \{([^}]*)\}/m.exec(readFileSync(tool, "utf8"))?.[1] : undefined;
  return list === undefined ? ORDER : list.split(/\s+/).filter((f) => f !== "");
}

/** A line as the amalgamation has it: with linkage in front of what the file declares for others. */
export function withLinkage(given: string, file: string): string {
  if (!given.includes("sqlite3") || /^(static|typedef|SQLITE_PRIVATE)/.test(given)) return given;
  if (file !== "sqlite3.h") {
    const fn = (file.endsWith(".h") ? FUNCTION_IN_HEADER : FUNCTION).exec(given);
    if (fn !== null) {
      const line = given.replace(/^SQLITE_API /, "");
      const type = fn[1]!.replace(/^SQLITE_API /, "");
      if (!/^sqlite3[a-z]*_/.test(fn[2]!)) return `SQLITE_PRIVATE ${line}`;
      const public_ = `SQLITE_API ${type.trim()}${type.endsWith("*") ? "" : " "}${fn[2]}${fn[3]}`;
      return fn[2] === "sqlite3_sourceid" ? `/* ${public_} */` : public_;
    }
  }
  const variable = VARIABLE.exec(given);
  if (variable !== null) {
    const line = given.replace(/^SQLITE_API /, "");
    if (!/^sqlite3_/.test(variable[1]!) && !/^sqlite3Show[A-Z]/.test(variable[1]!))
      return `SQLITE_PRIVATE ${line.replace(/^extern /, "")}`;
    const version = /const char sqlite3_version\[\];/.test(line);
    return `SQLITE_API ${(version ? "const char sqlite3_version[] = SQLITE_VERSION;" : line).replace(/^SQLITE_EXTERN /, "")}`;
  }
  if (/^(SQLITE_EXTERN )?void \(\*sqlite3IoTrace\)/.test(given))
    return given.replace(/^SQLITE_API /, "").replace(/^SQLITE_EXTERN /, "");
  return /^void \(\*sqlite3Os/.test(given) ? `SQLITE_PRIVATE ${given}` : given;
}

/** What the tool that makes sqlite3.h puts in place of its marks. */
function version(dir: string, line: string): string {
  const text = (name: string): string =>
    existsSync(join(dir, name)) ? readFileSync(join(dir, name), "utf8").trim() : "";
  if (!line.includes("--")) return line;
  const name = text("VERSION");
  const [major = 0, minor = 0, patch = 0] = name.split(".").map(Number);
  const date = /^D (\S+)/m.exec(text("manifest"))?.[1]?.replace("T", " ").slice(0, 19) ?? "";
  return line
    .replace("--VERS--", name)
    .replace("--VERSION-NUMBER--", String(major * 1000000 + minor * 1000 + patch))
    .replace("--SOURCE-ID--", `${date} ${text("manifest.uuid")}`.trim())
    .replace("--SCM-BRANCH--", "")
    .replace("--SCM-TAGS--", "")
    .replace("--SCM-DATETIME--", date);
}

/** Reads a tree; `shown` is how its path is written in reports. */
export function upstreamOfTree(dir: string, shown: string = dir): Upstream {
  const out: string[] = [];
  const places: (Place | null)[] = [null];
  const available = new Set(HEADERS);
  const put = (line: string, place: Place | null): void => {
    out.push(line);
    places.push(place);
  };
  const banner = (text: string): void =>
    put(`/************** ${text} ${"*".repeat(Math.max(3, 61 - text.length))}/`, null);
  const sourceOf = (file: string): string | null => {
    const names = file === "sqlite3.h" ? ["sqlite3.h", "sqlite.h.in"] : [file];
    return names.map((n) => `src/${n}`).find((p) => existsSync(join(dir, p))) ?? null;
  };

  const copy = (file: string): void => {
    const source = sourceOf(file);
    if (source === null) return;
    banner(`Begin file ${file}`);
    const lines = readFileSync(join(dir, source), "utf8").split("\n");
    if (lines[lines.length - 1] === "") lines.pop();
    for (const [i, raw] of lines.entries()) {
      const line = version(dir, raw.trimEnd());
      const place = { path: `${shown}/${source}`, line: i + 1 };
      const header = /^\s*#\s*include\s+["<]([^">]+)[">]/.exec(line)?.[1];
      if (header !== undefined && available.has(header) && sourceOf(header) !== null) {
        available.delete(header);
        banner(`Include ${header} in the middle of ${file}`);
        copy(header);
        banner(`Continuing where we left off in ${file}`);
      } else if (header !== undefined && (HEADERS.includes(header) || OWN_TURN.has(header))) {
        put(`/* ${line.replaceAll("/*", "**").replaceAll("*/", "**")} */`, place);
      } else if (/^#ifdef __cplusplus/.test(line)) {
        put("#if 0", place);
      } else {
        put(withLinkage(line, file), place);
      }
    }
    if (source === "src/sqlite.h.in") put("#endif /* SQLITE3_H */", null);
    banner(`End of ${file}`);
  };

  for (const line of [
    "#ifndef SQLITE_AMALGAMATION",
    "#define SQLITE_CORE 1",
    "#define SQLITE_AMALGAMATION 1",
    "#ifndef SQLITE_PRIVATE",
    "# define SQLITE_PRIVATE static",
    "#endif",
  ])
    put(line, null);
  for (const file of orderOf(dir)) copy(file);
  put("SQLITE_API const char *sqlite3_sourceid(void){ return SQLITE_SOURCE_ID; }", null);
  put("#endif /* SQLITE_AMALGAMATION */", null);
  return { ...upstreamOf(shown, `${out.join("\n")}\n`), places };
}
