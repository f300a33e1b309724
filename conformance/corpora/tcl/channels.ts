/** TCL's channels, as far as tests use them to patch database files and to read and write blobs. */

import type { Collector } from "../collect.js";
import { inFolder } from "./files.js";
import { type Builtin, Leave } from "./interp.js";
import { blobOf, wholeNumber } from "./statements.js";
import { isKnown, known, textOf, unknown, type Value } from "./value.js";

const EMPTY = known("");

/** As many files as a process may have open; a test that opens files until that fails must come to an end. */
const MOST_CHANNELS = 1000;

interface Channel {
  /** The file, or the blob's number. */
  target: string | number;
  /** Null once a step of unknown length has been taken. */
  position: number | null;
  binary: boolean;
  append: boolean;
}

/** The commands, over channels that begin to exist with the file. */
export function channelCommands(out: Collector): [string, Builtin][] {
  const channels = new Map<string, Channel>();
  let count = 0;

  /** The channel of this name; a blob handle is one, too. */
  const find = (value: Value | undefined): Channel | null => {
    const name = textOf(value) ?? "";
    const known = channels.get(name);
    if (known !== undefined) return known;
    const blob = blobOf(value);
    if (blob === null) return null;
    const channel: Channel = { target: blob, position: 0, binary: true, append: false };
    channels.set(name, channel);
    return channel;
  };

  const open: Builtin = (_, args, at) => {
    const path = inFolder(args[0]);
    const mode = textOf(args[1]) ?? "r";
    if (path === null) return unknown("a file that is opened");
    if (channels.size >= MOST_CHANNELS) throw new Leave("error", known("too many open files"));
    const name = `file-${++count}`;
    const truncate = /^w/.test(mode) || mode.includes("TRUNC");
    if (truncate) out.push({ do: "write", path, offset: 0, bytes: new Uint8Array(0), truncate: true }, at);
    channels.set(name, { target: path, position: 0, binary: mode.includes("b"), append: /^a/.test(mode) });
    return known(name);
  };

  const puts: Builtin = (_, args, at) => {
    const newline = textOf(args[0]) !== "-nonewline";
    const rest = newline ? args : args.slice(1);
    const channel = rest.length === 2 ? find(rest[0]) : null;
    if (channel === null) return EMPTY;
    const text = rest[1] as Value;
    if (!isKnown(text) || channel.position === null) {
      out.exclude("a patch that only the test program knows", "", at);
      channel.position = null;
      return EMPTY;
    }
    const encoding = channel.binary || text.type === "blob" ? "latin1" : "utf8";
    const bytes = Uint8Array.from(Buffer.from(newline ? `${text.text}\n` : text.text, encoding));
    if (typeof channel.target === "number") {
      out.push({ do: "blob-write", blob: channel.target, offset: channel.position, data: bytes }, at);
    } else {
      const offset = channel.append ? "end" : channel.position;
      out.push({ do: "write", path: channel.target, offset, bytes, truncate: false }, at);
    }
    channel.position += bytes.length;
    return EMPTY;
  };

  const seek: Builtin = (_, args) => {
    const channel = find(args[0]);
    const offset = wholeNumber(args[1]);
    const origin = textOf(args[2]) ?? "start";
    if (channel === null) return EMPTY;
    if (offset === null || origin === "end" || offset < 0) channel.position = null;
    else if (origin === "current")
      channel.position = channel.position === null ? null : channel.position + offset;
    else channel.position = offset;
    return EMPTY;
  };

  const read: Builtin = (_, args, at) => {
    const channel = find(textOf(args[0]) === "-nonewline" ? args[1] : args[0]);
    const bytes = wholeNumber(args[1]);
    if (channel === null) return unknown("what a file holds");
    if (
      typeof channel.target === "number" &&
      channel.position !== null &&
      bytes !== null &&
      bytes < 10_000_000
    ) {
      out.push({ do: "blob-read", blob: channel.target, offset: channel.position, bytes }, at);
    }
    channel.position = bytes === null || channel.position === null ? null : channel.position + bytes;
    return unknown("what a file holds");
  };

  const close: Builtin = (_, args, at) => {
    const channel = find(args[0]);
    if (channel !== null && typeof channel.target === "number")
      out.push({ do: "blob-close", blob: channel.target }, at);
    channels.delete(textOf(args[0]) ?? "");
    return EMPTY;
  };

  return [
    ["open", open],
    ["puts", puts],
    ["seek", seek],
    ["read", read],
    ["gets", gets],
    ["close", close],
    [
      "fconfigure",
      (_, args) => {
        const channel = find(args[0]);
        if (channel !== null && args.some((a) => textOf(a) === "binary")) channel.binary = true;
        return EMPTY;
      },
    ],
    [
      "tell",
      (_, args) => {
        const position = find(args[0])?.position ?? null;
        return position === null ? unknown("a position") : known(String(position));
      },
    ],
    ["eof", () => unknown("whether a file ends")],
  ];
}

const gets: Builtin = (tcl, args) => {
  const name = textOf(args[1]);
  if (name !== null) tcl.set(name, unknown("what a file holds"));
  return unknown("what a file holds");
};
