/** The two algorithms of the operations that are not SQLite's; the README describes them. */

/** Bytes for "Poke". */
export function pokedBytes(n: number, x: number): Uint8Array {
  const bytes = new Uint8Array(n);
  for (let i = 0; i < n; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    bytes[i] = x;
  }
  return bytes;
}

/** A file's name as sqlite3PagerOpen takes it, from the fifth byte on. */
export function nameBytes(file: string, uri: readonly (readonly [string, string])[] = []): Uint8Array {
  const text = [file, ...uri.flat()].map((part) => `${part}\0`).join("");
  return new TextEncoder().encode(`\0\0\0\0${text}\0\0\0`);
}
