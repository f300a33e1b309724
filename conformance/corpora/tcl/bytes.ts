/** Bytes that tests write down as text: hexadecimal digits, and dumps of whole databases. */

import type { Known } from "./value.js";

/** The bytes of hexadecimal digits; null if there are others. */
export function hexBytes(text: string): Uint8Array | null {
  const digits = text.replace(/\s+/g, "");
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(digits)) return null;
  return Uint8Array.from(Buffer.from(digits, "hex"));
}

/**
 * The bytes of a dump as the tests write them down: `| size N pagesize M`, `| page P offset O`, and lines
 * of an offset and sixteen bytes each. Null if the text is none.
 */
export function decodeHexdb(text: string): Uint8Array | null {
  let bytes: Uint8Array | null = null;
  let page = 0;
  for (const line of text.split("\n")) {
    const size = /^[|\s]*size\s+(\d+)\s+pagesize\s+(\d+)/.exec(line);
    if (size !== null) {
      const total = Number(size[1]);
      const unit = Number(size[2]);
      if (total > 50_000_000 || unit === 0) return null;
      bytes = new Uint8Array(Math.ceil(total / unit) * unit);
      continue;
    }
    const header = /^[|\s]*page\s+\d+\s+offset\s+(\d+)/.exec(line);
    if (header !== null) {
      page = Number(header[1]);
      continue;
    }
    const row = /^[|\s]*(\d+):((?:\s+[0-9a-fA-F]{2}){1,16})/.exec(line);
    if (row === null || bytes === null) continue;
    const data = (row[2] as string).trim().split(/\s+/);
    for (const [i, digits] of data.entries()) {
      const at = page + Number(row[1]) + i;
      if (at < bytes.length) bytes[at] = Number.parseInt(digits, 16);
    }
  }
  return bytes;
}

/** The bytes of a value that a command has made: one character each. */
export function hexdbBytes(value: Known): Uint8Array | null {
  return value.type === "blob" ? Uint8Array.from(Buffer.from(value.text, "latin1")) : null;
}
