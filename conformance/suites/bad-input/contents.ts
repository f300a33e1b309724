/** Files that are no databases, or whose header does not say what it should. */

import type { Case, CaseContext } from "../../core/case.js";
import type { Random } from "../../core/random.js";
import { ACCESSES, type Access } from "./accesses.js";
import { baseDatabase } from "./bases.js";
import { file } from "./folder.js";
import { sharedPair } from "./pair.js";
import { sameOutcome } from "./trial.js";

/** Makes a file's bytes from a sound database with pages of `pageSize`. */
interface Content {
  name: string;
  pageSize: number;
  make(base: Uint8Array, random: Random): Uint8Array;
}

const MAGIC = Buffer.from("SQLite format 3\0", "latin1");

function changed(bytes: Uint8Array, change: (copy: Uint8Array) => void): Uint8Array {
  const copy = Uint8Array.from(bytes);
  change(copy);
  return copy;
}

function put16(bytes: Uint8Array, at: number, value: number): void {
  new DataView(bytes.buffer).setUint16(at, value);
}

function put32(bytes: Uint8Array, at: number, value: number): void {
  new DataView(bytes.buffer).setUint32(at, value);
}

/** `list` over a base with pages of 1024 bytes. */
function over1024(name: string, make: Content["make"]): Content {
  return { name, pageSize: 1024, make };
}

const TEXT = "This is a letter, and no database at all.\n";

function noDatabases(): Content[] {
  const list: Content[] = [over1024("no database: empty", () => new Uint8Array(0))];
  const sizes = [1, 15, 16, 99, 100, 101, 511, 512, 513, 1023, 1024, 1025, 4096, 5000, 65536];
  for (const n of sizes) {
    list.push(
      over1024(`no database: text, ${n} bytes`, () =>
        Uint8Array.from(Buffer.from(TEXT.repeat(Math.ceil(n / TEXT.length)).slice(0, n))),
      ),
      over1024(`no database: zeros, ${n} bytes`, () => new Uint8Array(n)),
      over1024(`no database: random, ${n} bytes`, (_, random) => random.bytes(n)),
    );
    if (n > 16) {
      list.push(
        over1024(`no database: magic and random, ${n} bytes`, (_, random) =>
          changed(random.bytes(n), (b) => b.set(MAGIC)),
        ),
      );
    }
    if (n > 24) {
      list.push(
        over1024(`no database: magic, sizes, and random, ${n} bytes`, (base, random) =>
          changed(random.bytes(n), (b) => b.set(base.subarray(0, 24))),
        ),
      );
    }
    if (n > 100) {
      list.push(
        over1024(`no database: header and random, ${n} bytes`, (base, random) =>
          changed(random.bytes(n), (b) => b.set(base.subarray(0, 100))),
        ),
      );
    }
  }
  for (let i = 0; i < 16; i++) {
    list.push(
      over1024(`no database: byte ${i} of the magic wrong`, (base) =>
        changed(base, (b) => (b[i] = (b[i] as number) ^ 0x20)),
      ),
    );
  }
  return list;
}

function cutHeaders(): Content[] {
  const at = [15, 16, 17, 18, 19, 20, 21, 23, 24, 27, 28, 31, 32, 40, 60, 63, 92, 95, 96, 99, 100, 101];
  return [1, ...at, 256, 511, 512, 513, 1023].map((n) =>
    over1024(`header cut at ${n}`, (base) => base.slice(0, n)),
  );
}

function oddSizes(): Content[] {
  const list: Content[] = [];
  for (const d of [-1023, -513, -512, -511, -1]) {
    list.push(over1024(`size ${d} bytes off`, (base) => base.slice(0, d)));
  }
  for (const d of [1, 511, 512, 513, 1023]) {
    for (const what of ["zeros", "garbage"] as const) {
      list.push(
        over1024(`size ${d} bytes off, ${what}`, (base, random) =>
          Uint8Array.from([...base, ...(what === "zeros" ? new Uint8Array(d) : random.bytes(d))]),
        ),
      );
    }
  }
  for (const pages of [1, 1.5, 2, 2.25, 13]) {
    list.push(over1024(`only ${pages} pages`, (base) => base.slice(0, pages * 1024)));
  }
  return list;
}

function pageCounts(): Content[] {
  const list: Content[] = [];
  for (const d of [-13, -2, -1, 1, 2, 1000]) {
    for (const valid of [true, false]) {
      const told = valid ? "" : ", which the version counter invalidates";
      list.push(
        over1024(`page count ${d > 0 ? "+" : ""}${d}${told}`, (base) =>
          changed(base, (b) => {
            put32(b, 28, b.length / 1024 + d);
            if (!valid) put32(b, 92, 99);
          }),
        ),
      );
    }
  }
  for (const n of [0, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff]) {
    list.push(over1024(`page count is ${n}`, (base) => changed(base, (b) => put32(b, 28, n))));
  }
  return list;
}

function versions(): Content[] {
  const list: Content[] = [];
  for (const write of [0, 1, 2, 3, 4, 127, 255]) {
    for (const read of [0, 1, 3, 4, 255]) {
      if (write === 1 && read === 1) continue;
      list.push(
        over1024(`write version ${write}, read version ${read}`, (base) =>
          changed(base, (b) => b.set([write, read], 18)),
        ),
      );
    }
  }
  return list;
}

function pageSizes(): Content[] {
  const values = [0, 1, 2, 3, 16, 100, 255, 256, 257, 511, 512, 513, 1000, 1025, 2048, 4096, 8192];
  const list: Content[] = [];
  for (const value of [...values, 16384, 32768, 32769, 65535]) {
    list.push(
      over1024(`page size field ${value}`, (base) => changed(base, (b) => put16(b, 16, value))),
      over1024(`page size field ${value}, page count 0`, (base) =>
        changed(base, (b) => {
          put16(b, 16, value);
          put32(b, 28, 0);
        }),
      ),
    );
  }
  return list;
}

function fields(): Content[] {
  const list: Content[] = [];
  for (const pageSize of [512, 1024, 4096]) {
    for (const reserve of [1, 8, 31, 32, 33, 34, 64, 128, 255]) {
      list.push({
        name: `pages of ${pageSize}, ${reserve} bytes reserved`,
        pageSize,
        make: (base) => changed(base, (b) => (b[20] = reserve)),
      });
    }
  }
  for (const at of [21, 22, 23]) {
    for (const d of [-1, 1, 100]) {
      list.push(
        over1024(`payload fraction at ${at} ${d > 0 ? "+" : ""}${d}`, (base) =>
          changed(base, (b) => (b[at] = (b[at] as number) + d)),
        ),
      );
    }
  }
  return list;
}

async function run(ctx: CaseContext, content: Content, access: Access): Promise<void> {
  const pair = await sharedPair(ctx);
  const base = await baseDatabase(ctx, pair, content.pageSize);
  const bytes = content.make(base.bytes, ctx.random);
  await sameOutcome(ctx, pair, {
    what: content.name,
    entries: { "a.db": file(bytes) },
    name: "a.db",
    events: access.events,
  });
}

/** The cases. */
export function contentCases(): Case[] {
  const list: Case[] = [];
  let turn = 0;
  const contents = [
    ...noDatabases(),
    ...cutHeaders(),
    ...oddSizes(),
    ...pageCounts(),
    ...versions(),
    ...pageSizes(),
    ...fields(),
  ];
  for (const content of contents) {
    for (const access of ACCESSES) {
      list.push({
        name: `content: ${content.name}: ${access.name}`,
        fullOnly: !access.always && turn++ % 9 !== 0,
        run: async (ctx) => await run(ctx, content, access),
      });
    }
  }
  return list;
}
