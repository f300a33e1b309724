/**
 * Journals made wrong on purpose: at every border that recovery looks at.
 *
 * Only one thing is kept sane everywhere: the page count in the first header stays small, since
 * recovery would make the database that large.
 */

import type { Random } from "../../core/random.js";
import { JOURNAL_MAGIC, parseJournal } from "../../format/journal.js";
import {
  encodeJournal,
  encodeSuperRecord,
  type JournalParts,
  journalParts,
  lockPage,
} from "../../format/journal-encode.js";

/** One altered crash. */
export interface Mutation {
  name: string;
  journal: Uint8Array;
  /** Instead of the base's database; null: there is none. */
  database?: Uint8Array | null;
  /** Upstream has an assert that this violates: only builds without asserts can be compared. */
  violatesAssert?: boolean;
}

/** What a family of mutations starts from. */
export interface Subject {
  journal: Uint8Array;
  database: Uint8Array;
  random: Random;
}

type Family = (subject: Subject) => Mutation[];

const put32 = (bytes: Uint8Array, at: number, value: number): void => {
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(at, value >>> 0);
};

/** A copy, changed. */
function changed(bytes: Uint8Array, change: (copy: Uint8Array) => void): Uint8Array {
  const copy = Uint8Array.from(bytes);
  change(copy);
  return copy;
}

/** A journal encoded anew from changed parts. */
function rebuilt(journal: Uint8Array, change: (parts: JournalParts) => void): Uint8Array {
  const parts = journalParts(journal);
  change(parts);
  return encodeJournal(parts);
}

const truncated: Family = ({ journal }) => {
  const borders = new Map<number, string>();
  const add = (offset: number, what: string): void => {
    for (const d of [-1, 0, 1]) {
      const at = offset + d;
      if (at >= 0 && at <= journal.length && !borders.has(at))
        borders.set(at, d === 0 ? what : `${what} ${d > 0 ? "+" : "-"} 1`);
    }
  };
  const { segments } = parseJournal(journal);
  for (const [i, s] of segments.entries()) {
    const head = `header ${i + 1}`;
    add(s.offset, `${head}`);
    for (const at of [8, 12, 16, 20, 24, 28]) add(s.offset + at, `${head}, byte ${at}`);
    add(s.offset + s.sectorSize, `${head}, its end`);
    for (const [k, r] of s.records.entries()) {
      if (k > 1 && k < s.records.length - 1) continue;
      add(r.offset, `segment ${i + 1}, record ${k + 1}`);
      add(r.offset + 4, `segment ${i + 1}, record ${k + 1}, its page`);
      add(r.offset + 4 + s.pageSize, `segment ${i + 1}, record ${k + 1}, its checksum`);
    }
  }
  add(journal.length, "the end");
  return [...borders].map(([at, what]) => ({
    name: `cut at byte ${at} (${what})`,
    journal: journal.slice(0, at),
  }));
};

const headerFields: Family = ({ journal }) => {
  const list: Mutation[] = [];
  for (let i = 0; i < 8; i++) {
    list.push({
      name: `magic byte ${i} wrong`,
      journal: changed(journal, (j) => (j[i] = (j[i] as number) ^ 0x10)),
    });
    list.push({ name: `magic byte ${i} zero`, journal: changed(journal, (j) => (j[i] = 0)) });
  }
  const n = parseJournal(journal).segments[0]?.records.length ?? 0;
  for (const count of [0, 1, n - 1, n, n + 1, n + 1000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff]) {
    list.push({ name: `record count ${count}`, journal: changed(journal, (j) => put32(j, 8, count)) });
  }
  const nonce = parseJournal(journal).segments[0]?.nonce ?? 0;
  for (const other of [0, nonce + 1, nonce - 1, 0xffffffff]) {
    list.push({ name: `nonce ${other >>> 0}`, journal: changed(journal, (j) => put32(j, 12, other)) });
  }
  const pages = parseJournal(journal).segments[0]?.initialPages ?? 0;
  for (const other of [0, 1, 2, Math.floor(pages / 2), pages - 1, pages + 1, pages + 2, pages + 50]) {
    if (other < 0) continue;
    list.push({ name: `${other} pages at the start`, journal: changed(journal, (j) => put32(j, 16, other)) });
  }
  list.push({ name: "padding not zero", journal: changed(journal, (j) => j.fill(0xee, 28, 512)) });
  return list;
};

const sizes: Family = ({ journal }) => {
  const list: Mutation[] = [];
  const numbers = [0, 1, 31, 32, 33, 64, 256, 511, 512, 513, 1024, 4096, 32768, 65535, 65536, 65537, 131072];
  for (const size of [...numbers, 0x40000000, 0x80000000, 0xfffffe00, 0xffffffff]) {
    list.push({
      name: `sector size field ${size}`,
      journal: changed(journal, (j) => put32(j, 20, size)),
    });
    list.push({ name: `page size field ${size}`, journal: changed(journal, (j) => put32(j, 24, size)) });
  }
  for (let size = 32; size <= 65536; size *= 2) {
    list.push({
      name: `laid out for sectors of ${size}`,
      journal: rebuilt(journal, (p) => (p.sectorSize = size)),
    });
    list.push({
      name: `laid out for sectors of ${size}, one segment`,
      journal: rebuilt(journal, (p) => {
        p.sectorSize = size;
        const first = p.segments[0];
        if (first === undefined) return;
        first.records = p.segments.flatMap((s) => s.records);
        delete first.nRec;
        p.segments = [first];
      }),
    });
  }
  for (let size = 512; size <= 65536; size *= 2) {
    list.push({
      name: `records of ${size}-byte pages`,
      journal: rebuilt(journal, (p) => {
        p.pageSize = size;
        for (const s of p.segments) {
          for (const r of s.records) {
            const page = new Uint8Array(size);
            page.set(r.page.subarray(0, Math.min(size, r.page.length)));
            r.page = page;
          }
        }
      }),
    });
  }
  return list;
};

const records: Family = ({ journal }) => {
  const list: Mutation[] = [];
  const { segments } = parseJournal(journal);
  const initial = segments[0]?.initialPages ?? 0;
  for (const [i, s] of segments.entries()) {
    for (const [k, r] of s.records.entries()) {
      if (k > 1 && k < s.records.length - 1) continue;
      const what = `segment ${i + 1}, record ${k + 1}`;
      const at = r.offset;
      for (const pgno of [0, 1, initial, initial + 1, 0x7fffffff, 0xffffffff, lockPage(s.pageSize)]) {
        list.push({
          name: `${what}: page number ${pgno}`,
          journal: changed(journal, (j) => put32(j, at, pgno)),
        });
      }
      for (const d of [1, -1, 0x100, 0x80000000]) {
        list.push({
          name: `${what}: checksum off by ${d}`,
          journal: changed(journal, (j) => put32(j, at + 4 + s.pageSize, r.checksum + d)),
        });
      }
      /* The checksum covers every 200th byte from the end; the others are on trust. */
      for (const [name, byte] of [
        ["a byte under the checksum", s.pageSize - 200],
        ["a byte beside the checksum", s.pageSize - 199],
        ["its first byte", 0],
        ["its last byte", s.pageSize - 1],
      ] as const) {
        list.push({
          name: `${what}: ${name} changed`,
          journal: changed(journal, (j) => (j[at + 4 + byte] = (j[at + 4 + byte] as number) ^ 0x55)),
        });
      }
      list.push({
        name: `${what}: zeroed`,
        journal: changed(journal, (j) => j.fill(0, at, at + s.pageSize + 8)),
      });
      list.push({
        name: `${what}: torn in the middle`,
        journal: changed(journal, (j) => j.fill(0, at + 4 + (s.pageSize >> 1), at + s.pageSize + 8)),
      });
    }
  }
  list.push({
    name: "records in the opposite order",
    journal: rebuilt(journal, (p) => {
      for (const s of p.segments) s.records.reverse();
    }),
  });
  list.push({
    name: "a page twice, with different content",
    journal: rebuilt(journal, (p) => {
      for (const s of p.segments) {
        const first = s.records[0];
        if (first === undefined) continue;
        s.records.push({ pgno: first.pgno, page: first.page.map((b) => b ^ 0xff) });
        if (s.nRec === undefined) continue;
        if (s.nRec !== 0xffffffff) s.nRec = s.records.length;
      }
    }),
  });
  return list;
};

const segmentsFamily: Family = ({ journal }) => {
  const list: Mutation[] = [];
  const { segments } = parseJournal(journal);
  const step = Math.max(1, Math.floor(segments.length / 4));
  for (let i = 1; i < segments.length; i += step) {
    const s = segments[i];
    if (s === undefined) continue;
    const what = `header ${i + 1}`;
    const at = s.offset;
    list.push(
      { name: `${what}: magic wrong`, journal: changed(journal, (j) => (j[at + 3] = 0x77)) },
      { name: `${what}: zeroed`, journal: changed(journal, (j) => j.fill(0, at, at + 28)) },
      { name: `${what}: record count 0`, journal: changed(journal, (j) => put32(j, at + 8, 0)) },
      { name: `${what}: record count 1`, journal: changed(journal, (j) => put32(j, at + 8, 1)) },
      {
        name: `${what}: record count 0xffffffff`,
        journal: changed(journal, (j) => put32(j, at + 8, 0xffffffff)),
        violatesAssert: true,
      },
      { name: `${what}: one record more`, journal: changed(journal, (j) => put32(j, at + 8, s.nRec + 1)) },
      { name: `${what}: nonce wrong`, journal: changed(journal, (j) => put32(j, at + 12, s.nonce ^ 1)) },
      { name: `${what}: other page count`, journal: changed(journal, (j) => put32(j, at + 16, 7)) },
      { name: `${what}: other sector size`, journal: changed(journal, (j) => put32(j, at + 20, 4096)) },
      { name: `${what}: other page size`, journal: changed(journal, (j) => put32(j, at + 24, 8192)) },
    );
  }
  list.push({
    name: "every record in a segment of its own",
    journal: rebuilt(journal, (p) => {
      p.segments = p.segments.flatMap((s) =>
        s.records.map((r) => ({ nonce: s.nonce ^ r.pgno, records: [r] })),
      );
    }),
  });
  list.push({
    name: "empty segments between",
    journal: rebuilt(journal, (p) => {
      p.segments = p.segments.flatMap((s) => {
        const full = { nonce: s.nonce, records: s.records };
        return [full, { nonce: s.nonce + 1, records: [], nRec: 0 }];
      });
    }),
  });
  list.push({
    name: "segments in the opposite order",
    journal: rebuilt(journal, (p) => {
      p.segments.reverse();
      for (const s of p.segments) delete s.nRec;
    }),
  });
  list.push({
    name: "the first segment is empty",
    journal: rebuilt(journal, (p) => {
      p.segments.unshift({ nonce: 5, records: [], nRec: 0 });
      for (const s of p.segments) delete s.nRec;
    }),
  });
  return list;
};

const tornSectors: Family = ({ journal, random }) => {
  const list: Mutation[] = [];
  const sectors = Math.ceil(journal.length / 512);
  for (let i = 0; i < Math.min(sectors, 24); i++) {
    const at = 512 * (i < 8 ? Math.min(i, sectors - 1) : random.below(sectors));
    const end = Math.min(at + 512, journal.length);
    list.push({ name: `sector at ${at} zeroed`, journal: changed(journal, (j) => j.fill(0, at, end)) });
    if (at === 0) continue;
    list.push({ name: `from ${at} on zeroed`, journal: changed(journal, (j) => j.fill(0, at)) });
    list.push({
      name: `sector at ${at} garbage`,
      journal: changed(journal, (j) => j.set(random.bytes(end - at), at)),
    });
    list.push({
      name: `sector at ${at} from elsewhere`,
      journal: changed(journal, (j) => j.copyWithin(at, 512 * random.below(sectors), end)),
    });
  }
  return list;
};

const garbage: Family = ({ journal, random }) => {
  const list: Mutation[] = [];
  const pages = parseJournal(journal).segments[0]?.initialPages ?? 0;
  for (const n of [1, 2, 27, 28, 511, 512, 513, 600, 5000]) {
    list.push({
      name: `${n} random bytes`,
      journal: changed(random.bytes(n), (j) => (j[0] = (j[0] as number) | 1)),
    });
    list.push({ name: `${n} zeros`, journal: new Uint8Array(n) });
  }
  list.push({ name: "an empty file", journal: new Uint8Array(0) });
  for (const size of [512, 2000, 9000]) {
    list.push({
      name: `a true header, then ${size} random bytes`,
      journal: changed(Uint8Array.from([...journal.subarray(0, 512), ...random.bytes(size)]), (j) =>
        put32(j, 16, pages),
      ),
    });
    list.push({
      name: `the magic, then ${size} random bytes`,
      journal: changed(Uint8Array.from([...JOURNAL_MAGIC, ...random.bytes(size)]), (j) =>
        put32(j, 16, pages),
      ),
    });
  }
  for (let i = 0; i < 20; i++) {
    const flips = random.between(1, 8);
    list.push({
      name: `random flips, set ${i + 1}`,
      journal: changed(journal, (j) => {
        for (let k = 0; k < flips; k++) {
          const at = random.below(j.length);
          /* Never the page count of the first header. */
          if (at < 16 || at > 19) j[at] = (j[at] as number) ^ (1 << random.below(8));
        }
      }),
    });
  }
  return list;
};

const appended: Family = ({ journal, random }) => {
  const parts = journalParts(journal);
  const append = (tail: Uint8Array): Uint8Array => Uint8Array.from(Buffer.concat([journal, tail]));
  const aligned = (tail: Uint8Array): Uint8Array => {
    const over = journal.length % parts.sectorSize;
    return append(
      Uint8Array.from(Buffer.concat([new Uint8Array(over === 0 ? 0 : parts.sectorSize - over), tail])),
    );
  };
  const other = encodeJournal({
    ...parts,
    segments: [{ nonce: 77, records: [{ pgno: 2, page: random.bytes(parts.pageSize) }] }],
  });
  const name = Buffer.from("/nowhere/at-all-mj0");
  const record = encodeSuperRecord({ name, pgno: lockPage(parts.pageSize) });
  return [
    { name: "one byte more", journal: append(Uint8Array.of(9)) },
    { name: "zeros after it", journal: append(new Uint8Array(3000)) },
    { name: "garbage after it", journal: append(random.bytes(3000)) },
    { name: "itself once more", journal: append(journal) },
    { name: "itself once more, at a sector", journal: aligned(journal) },
    { name: "a segment of another transaction", journal: append(other) },
    { name: "a segment of another transaction, at a sector", journal: aligned(other) },
    { name: "a record of a missing super-journal", journal: append(record) },
    { name: "a record of a missing super-journal, at a sector", journal: aligned(record) },
    {
      name: "a record of a missing super-journal, then a byte",
      journal: append(Uint8Array.from([...record, 0])),
    },
    { name: "the magic after it", journal: append(JOURNAL_MAGIC) },
  ];
};

const databases: Family = ({ journal, database }) => {
  const pageSize = parseJournal(journal).segments[0]?.pageSize ?? 512;
  const grown = (n: number): Uint8Array => {
    const out = new Uint8Array(database.length + n).fill(0x5a);
    out.set(database);
    return out;
  };
  const list: Mutation[] = [
    { name: "no database", journal, database: null },
    { name: "an empty database", journal, database: new Uint8Array(0) },
    { name: "a database of one byte", journal, database: Uint8Array.of(1) },
    { name: "a database of 99 bytes", journal, database: database.slice(0, 99) },
    { name: "one page", journal, database: database.slice(0, pageSize) },
    { name: "a page and a half", journal, database: database.slice(0, pageSize + (pageSize >> 1)) },
    { name: "half as long", journal, database: database.slice(0, database.length >> 1) },
    { name: "a page short", journal, database: database.slice(0, -pageSize) },
    { name: "a byte short", journal, database: database.slice(0, -1) },
    { name: "a byte longer", journal, database: grown(1) },
    { name: "a page longer", journal, database: grown(pageSize) },
    { name: "ten pages and a byte longer", journal, database: grown(10 * pageSize + 1) },
    { name: "no header", journal, database: changed(database, (d) => d.fill(0, 0, 100)) },
  ];
  for (let size = 512; size <= 65536; size *= 2) {
    list.push({
      name: `a header that says pages of ${size}`,
      journal,
      database: changed(database, (d) => {
        d[16] = size === 65536 ? 0 : size >> 8;
        d[17] = size === 65536 ? 1 : 0;
      }),
    });
  }
  return list;
};

/** By name; each family is a case for each base. */
export const FAMILIES: Readonly<Record<string, Family>> = {
  truncated,
  "header fields": headerFields,
  "page and sector sizes": sizes,
  records,
  segments: segmentsFamily,
  "torn sectors": tornSectors,
  garbage,
  appended,
  databases,
};
