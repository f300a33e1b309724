/** Databases that no SQL can make: prepared by hand, from the file format. */

/**
 * An empty database of one page with reserved bytes at the end of every page.
 *
 * @param pageSize 512 to 65536, a power of two
 * @param reserve 0 to 255; at least 480 bytes must remain usable
 */
export function emptyDatabase(pageSize: number, reserve: number): Uint8Array {
  const page = new Uint8Array(pageSize);
  const view = new DataView(page.buffer);
  page.set(Buffer.from("SQLite format 3\0", "latin1"));
  view.setUint16(16, pageSize === 65536 ? 1 : pageSize);
  page[18] = 1;
  page[19] = 1;
  page[20] = reserve;
  page[21] = 64;
  page[22] = 32;
  page[23] = 32;
  view.setUint32(24, 1);
  view.setUint32(28, 1);
  view.setUint32(44, 4);
  view.setUint32(56, 1);
  view.setUint32(92, 1);
  view.setUint32(96, 3053002);
  /* An empty leaf table page: no cells, the cell area begins at the end of the usable part. */
  page[100] = 13;
  const usable = pageSize - reserve;
  view.setUint16(105, usable === 65536 ? 0 : usable);
  return page;
}

/** A sparse database: which pages hold bytes, and how long the file is. */
export interface SparseDatabase {
  pageSize: number;
  /** Pages in the file. */
  pages: number;
  /** The pages that are not all zeros, by number. */
  content: Map<number, Uint8Array>;
}

/**
 * A database larger than 4 GiB whose pages, all but the first, are free: trunk pages list them,
 * the leaves are holes in the file.
 *
 * @param first the pages from here on are listed by the first trunk, so that SQLite takes them first
 */
export function sparseDatabase(pageSize: number, pages: number, first: number): SparseDatabase {
  const content = new Map<number, Uint8Array>();
  const page1 = emptyDatabase(pageSize, 0);
  const lockPage = Math.floor(0x40000000 / pageSize) + 1;
  const range = (from: number, to: number): number[] => {
    const list: number[] = [];
    for (let pgno = from; pgno <= to; pgno++) if (pgno !== lockPage) list.push(pgno);
    return list;
  };
  /* SQLite itself leaves six slots of a trunk page unused. */
  const perTrunk = pageSize / 4 - 8;
  const groups = [range(first, pages)];
  const rest = range(2, first - 1);
  for (let i = 0; i < rest.length; i += perTrunk + 1) groups.push(rest.slice(i, i + perTrunk + 1));
  for (const [n, [trunkPage, ...leaves]] of groups.entries()) {
    const trunk = new Uint8Array(pageSize);
    const view = new DataView(trunk.buffer);
    view.setUint32(0, groups[n + 1]?.[0] ?? 0);
    view.setUint32(4, leaves.length);
    for (const [k, leaf] of leaves.entries()) view.setUint32(8 + 4 * k, leaf);
    content.set(trunkPage as number, trunk);
  }
  const view = new DataView(page1.buffer);
  view.setUint32(28, pages);
  view.setUint32(32, first);
  view.setUint32(
    36,
    groups.reduce((n, g) => n + g.length, 0),
  );
  content.set(1, page1);
  return { pageSize, pages, content };
}
