/** Hexdumps for people: 16 bytes a line, offsets in hexadecimal, the differing bytes marked. */

/** One line per 16 bytes, beginning at a multiple of 16 at or before `from`. */
export function hexdump(
  bytes: Uint8Array,
  from: number,
  lines: number,
  marked?: (offset: number) => boolean,
): string {
  const out: string[] = [];
  const first = Math.max(0, from - (from % 16));
  for (let line = 0; line < lines; line++) {
    const at = first + line * 16;
    if (at >= bytes.length) break;
    let hex = "";
    let text = "";
    for (let i = at; i < at + 16; i++) {
      if (i >= bytes.length) {
        hex += "   ";
        continue;
      }
      const b = bytes[i] as number;
      hex += `${marked?.(i) ? ">" : " "}${b.toString(16).padStart(2, "0")}`;
      text += b >= 32 && b < 127 ? String.fromCharCode(b) : ".";
    }
    out.push(`${at.toString(16).padStart(8, "0")} ${hex}  ${text}`);
  }
  return out.join("\n");
}
