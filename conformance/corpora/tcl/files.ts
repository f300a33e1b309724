/** What tests do to files from outside: delete, copy, rename, patch. */

import type { Collector } from "../collect.js";
import { FOLDER } from "../events.js";
import { decodeHexdb, hexBytes } from "./bytes.js";
import type { Builtin } from "./interp.js";
import { parseNumber } from "./numbers.js";
import { isKnown, known, type Place, textOf, unknown, type Value } from "./value.js";

const EMPTY = known("");

/** A path within the folder of the run, or null if it leads elsewhere or is not known. */
export function inFolder(value: Value | undefined): string | null {
  let text = textOf(value);
  if (text === null || text === "" || text.startsWith("-")) return null;
  if (text.startsWith(`${FOLDER}/`)) text = text.slice(FOLDER.length + 1);
  text = text.replace(/^\.\//, "");
  return text.startsWith("/") || text.includes("..") || text.includes("*") ? null : text;
}

function deleteAll(out: Collector, args: readonly Value[], at: Place): Value {
  for (const arg of args) {
    const path = inFolder(arg);
    if (path !== null) out.push({ do: "delete", path }, at);
  }
  return EMPTY;
}

function transfer(out: Collector, how: "copy" | "rename", args: readonly Value[], at: Place): Value {
  const [from, to] = args.filter((a) => !textOf(a)?.startsWith("-")).map(inFolder);
  if (from == null || to == null) out.exclude("a file whose name is computed", "", at);
  else out.push({ do: how, from, to }, at);
  return EMPTY;
}

const fileCommand =
  (out: Collector): Builtin =>
  (_tcl, args, at) => {
    const what = textOf(args[0]);
    const rest = args.slice(1);
    const text = textOf(rest[0]);
    switch (what) {
      case "delete":
        return deleteAll(out, rest, at);
      case "mkdir":
        for (const path of rest.map(inFolder)) if (path !== null) out.push({ do: "mkdir", path }, at);
        return EMPTY;
      case "copy":
      case "rename":
        return transfer(out, what, rest, at);
      case "join": {
        const parts = rest.map((r) => textOf(r));
        if (parts.some((p) => p === null)) return unknown("a file whose name is computed");
        return known(
          parts.reduce(
            (path, p) => (p?.startsWith("/") ? p : path === "" ? (p ?? "") : `${path}/${p}`),
            "",
          ) ?? "",
        );
      }
      case "dirname":
        return text === null
          ? unknown("a file whose name is computed")
          : known(text.includes("/") ? text.replace(/\/[^/]*$/, "") : ".");
      case "tail":
        return text === null ? unknown("a file whose name is computed") : known(text.replace(/^.*\//, ""));
      case "rootname":
        return text === null
          ? unknown("a file whose name is computed")
          : known(text.replace(/\.[^./]*$/, ""));
      case "extension":
        return text === null
          ? unknown("a file whose name is computed")
          : known(/\.[^./]*$/.exec(text)?.[0] ?? "");
      case "normalize":
      case "nativename":
        return rest[0] ?? EMPTY;
      case "pathtype":
        return known(text?.startsWith("/") ? "absolute" : "relative");
    }
    return unknown(`file ${what ?? ""}`);
  };

const hexioWrite =
  (out: Collector): Builtin =>
  (_, args, at) => {
    const path = inFolder(args[0]);
    const offset = parseNumber(textOf(args[1]) ?? "");
    const hex = args[2];
    const bytes = hex !== undefined && isKnown(hex) ? hexBytes(hex.text) : null;
    if (path === null || typeof offset !== "bigint" || bytes === null) {
      out.exclude("a patch that only the test program knows", "", at);
      return unknown("a number of bytes");
    }
    out.push({ do: "write", path, offset: Number(offset), bytes, truncate: false }, at);
    return known(String(bytes.length));
  };

/** Big-endian digits of a number, as `hexio_render_int32` and its kin give them. */
function rendered(bytes: number): Builtin {
  return (_, args) => {
    const n = parseNumber(textOf(args[0]) ?? "");
    if (typeof n !== "bigint") return unknown("a number");
    return known(
      BigInt.asUintN(8 * bytes, n)
        .toString(16)
        .padStart(2 * bytes, "0")
        .toUpperCase(),
    );
  };
}

/** Commands for files. */
export function fileCommands(out: Collector): [string, Builtin][] {
  return [
    ["file", fileCommand(out)],
    ["forcedelete", (_, args, at) => deleteAll(out, args, at)],
    ["delete_file", (_, args, at) => deleteAll(out, args, at)],
    ["forcecopy", (_, args, at) => transfer(out, "copy", args, at)],
    ["copy_file", (_, args, at) => transfer(out, "copy", args, at)],
    ["hexio_write", hexioWrite(out)],
    ["hexio_render_int16", rendered(2)],
    ["hexio_render_int32", rendered(4)],
    ["get_pwd", () => known(FOLDER)],
    ["pwd", () => known(FOLDER)],
    [
      "decode_hexdb",
      (_, args) => {
        const text = textOf(args[0]);
        const bytes = text === null ? null : decodeHexdb(text);
        if (bytes === null) return unknown("an image that cannot be read");
        return { text: Buffer.from(bytes).toString("latin1"), type: "blob" };
      },
    ],
  ];
}
