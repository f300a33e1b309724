/** A named run of bytes, the unit in which files are described. */

/** One field of a file. */
export interface Field {
  /** Byte offset in the file. */
  offset: number;
  /** Bytes. */
  size: number;
  name: string;
  /** Its value, for people. */
  value: string;
}

/** Big-endian u32 at `i`. */
export function u32(bytes: Uint8Array, i: number): number {
  return (
    (((bytes[i] ?? 0) << 24) |
      ((bytes[i + 1] ?? 0) << 16) |
      ((bytes[i + 2] ?? 0) << 8) |
      (bytes[i + 3] ?? 0)) >>>
    0
  );
}

/** Big-endian u16 at `i`. */
export function u16(bytes: Uint8Array, i: number): number {
  return ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0);
}

/** Bytes as spaced hexadecimal, at most 16 of them. */
export function hex(bytes: Uint8Array): string {
  const shown = [...bytes.subarray(0, 16)].map((b) => b.toString(16).padStart(2, "0")).join(" ");
  return bytes.length > 16 ? `${shown} ...` : shown;
}

/** The line above {@link fieldLines}. */
export const fieldHeading = "      offset  bytes  field";

/** Fields as a table. */
export function fieldLines(fields: readonly Field[]): string {
  const width = Math.max(...fields.map((f) => f.name.length));
  return fields
    .map(
      (f) =>
        `  ${String(f.offset).padStart(10)} ${String(f.size).padStart(6)}  ${f.name.padEnd(width)}  ${f.value}`,
    )
    .join("\n");
}
