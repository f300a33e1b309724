/**
 * Whether two sides agree, found out without building anything: C's fields are read where they lie in its memory
 * and held against the port's properties. What differs, and how, is compare.ts' business; it is asked only
 * when something does.
 */

import "./wasm32.js";
import {
  type Bitvec,
  type Pager,
  type PgHdr,
  pcache1Global,
  Ref,
  sqlite3JournalIsInMemory,
} from "../../src/index.js";
import type { FileContent } from "../../src/os/memvfs/content.js";
import type { DataOp, DirOp } from "../../src/os/memvfs/durable.js";
import type { DiskState } from "../../src/os/memvfs/state.js";
import type { PCache1, PGroup } from "../../src/pcache/pcache1.js";
import type { CSide } from "./c-side.js";
import { type Figures, noFigures } from "./figures.js";
import type { Address, OracleModule, Struct, Views } from "./module.js";
import type { MemJournal, PortSide } from "./port-side.js";
import { isOnHeap, NOT_COMPARED } from "./side.js";

/** A struct of the port's, by field. */
type Fields = Record<string, unknown>;

/** How a field is read. */
const U8 = 0;
const I8 = 1;
const U16 = 2;
const I16 = 3;
const U32 = 4;
const I32 = 5;
const I64 = 6;
const POINTER = 7;
const BYTES = 8;
const WORDS = 9;

/** Fields that {@link Quick} compares by hand, because the port has something else in their place. */
const BY_HAND: ReadonlySet<string> = new Set([
  ...["Pager.xGet", "Pager.fd", "Pager.jfd", "Pager.sjfd", "Pager.pBackup", "Pager.aSavepoint"],
  ...["Pager.zFilename", "Pager.zJournal", "Pager.zWal", "Wal.apWiData", "Wal.hdr", "Wal.zWalName"],
  "MemJournal.zJournal",
]);

/** One of C's structs, ready to be held against an object of the port's class of that name. */
class Layout {
  readonly size: number;
  /** How many fields count as compared. */
  readonly count: number;
  readonly #struct: Struct;
  readonly #views: Views;
  readonly #names: string[] = [];
  readonly #how: number[] = [];
  readonly #offset: number[] = [];
  readonly #length: number[] = [];
  /** Whether it has been seen that the port's class has all fields. */
  #isKnown = false;

  constructor(struct: Struct, views: Views) {
    this.#struct = struct;
    this.#views = views;
    this.size = struct.size;
    let count = 0;
    for (const { name, offset, size, kind } of struct.fields) {
      const full = `${struct.name}.${name}`;
      if (NOT_COMPARED.has(full)) continue;
      count++;
      if (BY_HAND.has(full)) continue;
      this.#names.push(name);
      this.#offset.push(offset);
      this.#length.push(size);
      this.#how.push(howOf(kind, size));
    }
    this.count = count;
  }

  /** Whether every field has the same value. */
  same(p: Address, object: Fields): boolean {
    const { bytes, i8, u16, i16, u32, i32 } = this.#views;
    const names = this.#names;
    const how = this.#how;
    const offset = this.#offset;
    if (!this.#isKnown) this.#know(object);
    for (let k = 0; k < names.length; k++) {
      const at = p + offset[k]!;
      const value = object[names[k]!];
      let own: number;
      switch (how[k]) {
        case U8:
          own = bytes[at]!;
          break;
        case I8:
          own = i8[at]!;
          break;
        case U16:
          own = u16[at >>> 1]!;
          break;
        case I16:
          own = i16[at >>> 1]!;
          break;
        case U32:
          own = u32[at >>> 2]!;
          break;
        case I32:
          own = i32[at >>> 2]!;
          break;
        case I64:
          own = i32[(at >>> 2) + 1]! * 0x100000000 + u32[at >>> 2]!;
          break;
        case POINTER:
          if ((u32[at >>> 2] === 0) !== (value === null || value === undefined)) return false;
          continue;
        default:
          if (!this.#sameArray(at, k, value)) return false;
          continue;
      }
      if (own !== value && !(value instanceof Ref && value.value === own)) return false;
    }
    return true;
  }

  #sameArray(at: Address, k: number, value: unknown): boolean {
    const { bytes, u32 } = this.#views;
    if (!ArrayBuffer.isView(value)) return false;
    const array = value as Uint8Array | Uint32Array;
    const isWords = this.#how[k] === WORDS;
    const n = this.#length[k]! / (isWords ? 4 : 1);
    if (array.length !== n) return false;
    for (let i = 0; i < n; i++) {
      if ((isWords ? u32[(at >>> 2) + i] : bytes[at + i]) !== array[i]) return false;
    }
    return true;
  }

  #know(object: Fields): void {
    for (const name of this.#names) {
      if (!(name in object)) throw new Error(`the port's ${this.#struct.name} has no field ${name}`);
    }
    this.#isKnown = true;
  }
}

function howOf(kind: Struct["fields"][number]["kind"], size: number): number {
  if (kind === "pointer") return POINTER;
  if (kind === "bytes") return BYTES;
  if (kind === "words") return WORDS;
  const signed = kind === "signed";
  switch (size) {
    case 1:
      return signed ? I8 : U8;
    case 2:
      return signed ? I16 : U16;
    case 4:
      return signed ? I32 : U32;
    default:
      return I64;
  }
}

/** Holds the two sides of one run against each other, and counts what it compares. */
export class Quick {
  readonly figures: Figures = noFigures();
  readonly #module: OracleModule;
  readonly #c: CSide;
  readonly #port: PortSide;
  readonly #layouts: Layouts;

  constructor(module: OracleModule, c: CSide, port: PortSide) {
    this.#module = module;
    this.#c = c;
    this.#port = port;
    this.#layouts = layoutsOf(module);
  }

  /** Whether what all page caches share, and the states of all connections, are equal. */
  state(): boolean {
    if (!this.#global()) return false;
    const { pagers } = this.#c;
    if (pagers.size !== this.#port.pagers.size) return false;
    for (const [number, p] of pagers) {
      const pager = this.#port.pagers.get(number);
      if (pager === undefined || !this.#connection(p, pager)) return false;
    }
    return true;
  }

  #connection(p: Address, pager: Pager): boolean {
    const { u32 } = this.#module.views;
    const { layouts, at } = this.#layouts;
    const { figures } = this;
    let n = layouts.Pager.count;
    if (!layouts.Pager.same(p, pager as unknown as Fields)) return false;
    if (this.#c.getterName(p) !== getterName(pager.xGet)) return false;
    const files = this.#c.fileKinds(p);
    if (files !== (fileKind(pager.fd) | (fileKind(pager.jfd) << 4) | (fileKind(pager.sjfd) << 8)))
      return false;
    if ((u32[(p + at.pBackup) >>> 2] === 0) !== (pager.pBackup.value === null)) return false;
    const first = u32[(p + at.aSavepoint) >>> 2]!;
    if ((first === 0) !== (pager.aSavepointMem === null)) return false;
    if (!this.#sameText(u32[(p + at.zFilename) >>> 2]!, pager.zFilename)) return false;
    if (!this.#sameText(u32[(p + at.zJournal) >>> 2]!, pager.zJournal)) return false;
    if (!this.#sameText(u32[(p + at.zWal) >>> 2]!, pager.zWal)) return false;
    if (!this.#journals(p, pager, false)) return false;
    const inJournal = u32[(p + at.pInJournal) >>> 2]!;
    if (inJournal !== 0) {
      n += layouts.Bitvec.count;
      if (!this.#bitvec(inJournal, pager.pInJournal!)) return false;
    }
    for (let i = 0; i < pager.nSavepoint; i++) {
      const q = first + i * layouts.PagerSavepoint.size;
      const savepoint = pager.aSavepoint[i]!;
      n += layouts.PagerSavepoint.count;
      if (!layouts.PagerSavepoint.same(q, savepoint as unknown as Fields)) return false;
      if (savepoint.pInSavepoint === null) continue;
      n += layouts.Bitvec.count;
      if (!this.#bitvec(u32[(q + at.pInSavepoint) >>> 2]!, savepoint.pInSavepoint)) return false;
    }
    const wal = pager.pWal;
    if (wal !== null) {
      const q = u32[(p + at.pWal) >>> 2]!;
      n += layouts.Wal.count;
      if (!layouts.Wal.same(q, wal as unknown as Fields)) return false;
      if ((u32[(q + at.apWiData) >>> 2] === 0) !== (wal.apWiDataMem === null)) return false;
      if (!this.#walIndex(q, wal, false)) return false;
      n += wal.nWiData;
      if (!this.#sameBytes(q + at.hdr, wal.hdr.aByte)) return false;
      if (!this.#sameText(u32[(q + at.zWalName) >>> 2]!, wal.zWalName)) return false;
    }
    n += layouts.PCache.count;
    const pcache = u32[(p + at.pPCache) >>> 2]!;
    if (!layouts.PCache.same(pcache, pager.pPCache as unknown as Fields)) return false;
    const cache = pager.pPCache.pCache as PCache1 | null;
    if (cache !== null) {
      const q = u32[(pcache + at.pCache) >>> 2]!;
      const group = u32[(q + at.pGroup) >>> 2]!;
      n += layouts.PCache1.count;
      if (!layouts.PCache1.same(q, cache as unknown as Fields)) return false;
      if (!this.#group(group, cache.pGroup!)) return false;
    }
    figures.scalars += n;
    const nWord = this.#c.lists(p);
    figures.words += nWord;
    return sameLists(pager, u32, this.#c.listsAt >>> 2, nWord);
  }

  /** Whether what all page caches share is equal. */
  #global(): boolean {
    const { u32 } = this.#module.views;
    const { layouts, at } = this.#layouts;
    const p = this.#c.globals();
    const global = pcache1Global();
    if (!layouts.PCacheGlobal.same(p, global as unknown as Fields)) return false;
    if (!this.#group(p + at.grp, global.grp)) return false;
    this.figures.scalars += layouts.PCacheGlobal.count;
    const start = u32[(p + at.pStart) >>> 2]!;
    let q = u32[(p + at.pFree) >>> 2]!;
    for (let slot = global.pFree; slot !== null; slot = slot.pNext, q = u32[q >>> 2]!) {
      if (q === 0 || q - start !== slot.mem.byteOffset - global.pStart!.byteOffset) return false;
      this.figures.words++;
    }
    return q === 0;
  }

  #group(p: Address, group: PGroup): boolean {
    const { layouts, at } = this.#layouts;
    this.figures.scalars += layouts.PGroup.count + 1;
    if (this.#module.views.u32[(p + at.nPurgeable) >>> 2] !== group.nPurgeable.value) return false;
    return layouts.PGroup.same(p, group as unknown as Fields);
  }

  /** Whether the same regions of the wal-index are mapped. Their content is compared if that is asked for. */
  #walIndex(p: Address, wal: NonNullable<Pager["pWal"]>, withContent: boolean): boolean {
    const { bytes, u32 } = this.#module.views;
    const first = u32[(p + this.#layouts.at.apWiData) >>> 2]! >>> 2;
    for (let i = 0; i < wal.nWiData; i++) {
      const q = u32[first + i]!;
      const region = wal.apWiData[i]?.mem ?? null;
      if ((q === 0) !== (region === null)) return false;
      if (!withContent || region === null) continue;
      this.figures.bytes += region.length;
      if (bytes.compare(region, 0, region.length, q, q + region.length) !== 0) return false;
    }
    return true;
  }

  /** Whether a journal in memory is in the same state. Its content is compared if that is asked for. */
  #journal(p: Address, file: Pager["fd"], withContent: boolean): boolean {
    if (!isInMemory(file)) return true;
    const { u32 } = this.#module.views;
    const { layouts, at } = this.#layouts;
    const journal = file.pImpl as MemJournal;
    const { endpoint, readpoint } = journal;
    this.figures.scalars += layouts.MemJournal.count + 2 * layouts.FilePoint.count + 1;
    if (!layouts.MemJournal.same(p, journal as unknown as Fields)) return false;
    if (!layouts.FilePoint.same(p + at.endpoint, endpoint as unknown as Fields)) return false;
    if (!layouts.FilePoint.same(p + at.readpoint, readpoint as unknown as Fields)) return false;
    if (!this.#sameText(u32[(p + at.memJournalName) >>> 2]!, journal.zJournal)) return false;
    const end = u32[(p + at.endpoint + at.pChunk) >>> 2]!;
    const read = u32[(p + at.readpoint + at.pChunk) >>> 2]!;
    let q = u32[(p + at.pFirst) >>> 2]!;
    for (let chunk = journal.pFirst; chunk !== null; chunk = chunk.pNext, q = u32[(q + at.pNext) >>> 2]!) {
      if (q === 0 || (q === end) !== (chunk === endpoint.pChunk)) return false;
      if ((q === read) !== (chunk === readpoint.pChunk)) return false;
      if (!withContent) continue;
      const content = chunk.mem.subarray(at.zChunk, at.zChunk + journal.nChunkSize);
      this.figures.bytes += content.length;
      if (!this.#sameBytes(q + at.zChunk, content)) return false;
    }
    return q === 0;
  }

  #journals(p: Address, pager: Pager, withContent: boolean): boolean {
    const { u32 } = this.#module.views;
    const { at } = this.#layouts;
    return (
      this.#journal(u32[(p + at.jfd) >>> 2]!, pager.jfd, withContent) &&
      this.#journal(u32[(p + at.sjfd) >>> 2]!, pager.sjfd, withContent)
    );
  }

  /** Whether the values of sqlite3_status are equal. */
  #status(): boolean {
    const { u32 } = this.#module.views;
    const at = this.#c.statusAt() >>> 2;
    const values = this.#port.status();
    for (let i = 0; i < values.length; i++) if (u32[at + i] !== values[i]) return false;
    this.figures.scalars += values.length;
    return true;
  }

  /** Whether a set is kept in the same way, and with the same members. */
  #bitvec(p: Address, set: Bitvec): boolean {
    const { u32 } = this.#module.views;
    const { layouts, at } = this.#layouts;
    if (!layouts.Bitvec.same(p, set as unknown as Fields)) return false;
    const union = p + at.u;
    const { aBitmap, aHash, apSub } = set.u;
    this.figures.bytes += layouts.Bitvec.size - at.u;
    if (set.iDivisor !== 0) {
      for (let i = 0; i < apSub.length; i++) {
        const q = u32[(union >>> 2) + i]!;
        const sub = apSub[i]!;
        if ((q === 0) !== (sub === null)) return false;
        if (q !== 0 && !this.#bitvec(q, sub)) return false;
      }
      return true;
    }
    if (aBitmap.length > 0) return this.#sameBytes(union, aBitmap);
    for (let i = 0; i < aHash.length; i++) if (u32[(union >>> 2) + i] !== aHash[i]) return false;
    return true;
  }

  /** Whether C has the bytes of `b` at `p`. */
  #sameBytes(p: Address, b: Uint8Array): boolean {
    const { bytes } = this.#module.views;
    const n = b.length;
    if (n > 64) return bytes.compare(b, 0, n, p, p + n) === 0;
    for (let i = 0; i < n; i++) if (bytes[p + i] !== b[i]) return false;
    return true;
  }

  /** Whether two C strings, or null pointers, are equal. */
  #sameText(p: Address, z: Uint8Array | null): boolean {
    const { bytes } = this.#module.views;
    if (p === 0 || z === null) return p === 0 && z === null;
    for (let i = 0; ; i++) {
      if (bytes[p + i] !== z[i]) return false;
      if (z[i] === 0) return true;
    }
  }

  /** Whether all that is too much for every operation is equal: files, locks, pages. Wants equal states. */
  deep(): boolean {
    const [a, b] = [this.#c.disk.state, this.#port.disk.state];
    if (a.names.size !== b.names.size) return false;
    for (const [name, x] of a.names) {
      const y = b.names.get(name);
      if (y === undefined || !sameContent(x.content, y.content)) return false;
      this.figures.bytes += x.content.size;
      const [regions, others] = [x.shm?.regions ?? [], y.shm?.regions ?? []];
      if (regions.length !== others.length) return false;
      for (let i = 0; i < regions.length; i++) {
        this.figures.bytes += regions[i]!.length;
        if (Buffer.compare(regions[i]!, others[i]!) !== 0) return false;
      }
      for (let i = 0; i < 8; i++) {
        if ((x.shm?.aLock[i] ?? 0) !== (y.shm?.aLock[i] ?? 0)) return false;
      }
    }
    if (!samePending(a, b) || !this.#status()) return false;
    for (const [number, p] of this.#c.pagers) {
      const pager = this.#port.pagers.get(number)!;
      if (!this.#pages(p, pager) || !this.#journals(p, pager, true)) return false;
      if (pager.pWal === null) continue;
      const wal = this.#module.views.u32[(p + this.#layouts.at.pWal) >>> 2]!;
      if (isOnHeap(pager.pWal) && !this.#walIndex(wal, pager.pWal, true)) return false;
    }
    return true;
  }

  /** Whether the cached pages have the same content and extra bytes; which pages there are is part of the lists. */
  #pages(p: Address, pager: Pager): boolean {
    const cache = pager.pPCache.pCache as PCache1 | null;
    if (cache === null) return true;
    const { bytes, u32 } = this.#module.views;
    const { at } = this.#layouts;
    const n = pager.pageSize;
    const { nExtra } = pager;
    for (let h = 0; h < cache.nHash; h++) {
      for (let page = cache.apHash![h]!; page !== null; page = page.pNext!) {
        const header = page.pHdr as PgHdr | null;
        if (header === null || header.pPage === null) continue;
        const q = this.#c.cached(p, page.iKey);
        if (q === 0) return false;
        const data = u32[(q + at.pData) >>> 2]!;
        const extra = u32[(q + at.pExtra) >>> 2]!;
        this.figures.bytes += n + nExtra;
        if (bytes.compare(page.pBuf, 0, n, data, data + n) !== 0) return false;
        if (bytes.compare(header.pExtra, 0, nExtra, extra, extra + nExtra) !== 0) return false;
      }
    }
    return true;
  }
}

/** The structs that are compared field by field. */
const STRUCTS = [
  ...(["Pager", "PagerSavepoint", "Wal", "PCache", "PCache1", "PGroup", "Bitvec"] as const),
  ...(["PCacheGlobal", "MemJournal", "FilePoint"] as const),
];

/** What {@link Quick} needs to know of a module, made once for each. */
interface Layouts {
  readonly layouts: Record<(typeof STRUCTS)[number], Layout>;
  /** Offsets of the fields that are read by hand. */
  readonly at: ReturnType<typeof offsetsOf>;
}

const known = new WeakMap<OracleModule, Layouts>();

function layoutsOf(module: OracleModule): Layouts {
  let layouts = known.get(module);
  if (layouts === undefined) {
    const all = STRUCTS.map((name) => [name, new Layout(module.structs.get(name)!, module.views)]);
    layouts = { layouts: Object.fromEntries(all) as Layouts["layouts"], at: offsetsOf(module) };
    known.set(module, layouts);
  }
  return layouts;
}

function offsetsOf(module: OracleModule) {
  const offset = (struct: string, name: string): number => module.field(struct, name).offset;
  return {
    pBackup: offset("Pager", "pBackup"),
    aSavepoint: offset("Pager", "aSavepoint"),
    zFilename: offset("Pager", "zFilename"),
    zJournal: offset("Pager", "zJournal"),
    zWal: offset("Pager", "zWal"),
    pInJournal: offset("Pager", "pInJournal"),
    pWal: offset("Pager", "pWal"),
    pPCache: offset("Pager", "pPCache"),
    pInSavepoint: offset("PagerSavepoint", "pInSavepoint"),
    apWiData: offset("Wal", "apWiData"),
    hdr: offset("Wal", "hdr"),
    zWalName: offset("Wal", "zWalName"),
    pCache: offset("PCache", "pCache"),
    pGroup: offset("PCache1", "pGroup"),
    nPurgeable: offset("PGroup", "nPurgeable"),
    u: offset("Bitvec", "u"),
    jfd: offset("Pager", "jfd"),
    sjfd: offset("Pager", "sjfd"),
    pData: offset("PgHdr", "pData"),
    pExtra: offset("PgHdr", "pExtra"),
    grp: offset("PCacheGlobal", "grp"),
    pStart: offset("PCacheGlobal", "pStart"),
    pFree: offset("PCacheGlobal", "pFree"),
    pFirst: offset("MemJournal", "pFirst"),
    endpoint: offset("MemJournal", "endpoint"),
    readpoint: offset("MemJournal", "readpoint"),
    memJournalName: offset("MemJournal", "zJournal"),
    pChunk: offset("FilePoint", "pChunk"),
    pNext: offset("FileChunk", "pNext"),
    zChunk: offset("FileChunk", "zChunk"),
  };
}

/** `Function.name` is a getter and slow. */
const names = new Map<object, string>();

function getterName(xGet: { readonly name: string }): string {
  let name = names.get(xGet);
  if (name === undefined) {
    name = xGet.name;
    names.set(xGet, name);
  }
  return name;
}

function isInMemory(file: Pager["fd"]): boolean {
  return file.pMethods !== null && sqlite3JournalIsInMemory(file) !== 0;
}

function fileKind(file: Pager["fd"]): number {
  if (file.pMethods === null) return 0;
  return isInMemory(file) ? 1 : 2;
}

/** Whether the port's cache is what the words of c/shim.c's oracle_lists say, `n` of them from `start` on. */
function sameLists(pager: Pager, words: Uint32Array, start: number, n: number): boolean {
  const end = start + n;
  const pcache = pager.pPCache;
  const cache = pcache.pCache as PCache1 | null;
  let at = start;
  let i = start + 1;
  let k = 0;
  for (let p = pcache.pDirty; p !== null; p = p.pDirtyNext, k++, i += 3) {
    if (i + 3 > end) return false;
    if (words[i] !== p.pgno || words[i + 1] !== p.flags || words[i + 2] !== p.nRef) return false;
  }
  if (words[at] !== k) return false;
  if (words[i++] !== (pcache.pDirtyTail === null ? 0 : pcache.pDirtyTail.pgno)) return false;
  if (words[i++] !== (pcache.pSynced === null ? 0 : pcache.pSynced.pgno)) return false;
  if (cache === null) {
    if (words[i++] !== 0) return false;
  } else {
    const { nHash, apHash } = cache;
    if (words[i++] !== nHash) return false;
    for (let h = 0; h < nHash; h++) {
      at = i++;
      k = 0;
      for (let p = apHash![h]!; p !== null; p = p.pNext!, k++, i += 7) {
        if (i + 7 > end) return false;
        if (words[i] !== p.iKey || words[i + 1] !== p.isBulkLocal) return false;
        if (words[i + 2] !== (p.pLruNext === null ? 1 : 0)) return false;
        const header = p.pHdr as { pPage: unknown; pgno: number; flags: number; nRef: number } | null;
        if (header !== null && header.pPage !== null) {
          if (words[i + 3] !== 1 || words[i + 4] !== header.pgno) return false;
          if (words[i + 5] !== header.flags || words[i + 6] !== header.nRef) return false;
        } else if ((words[i + 3]! | words[i + 4]! | words[i + 5]! | words[i + 6]!) !== 0) {
          return false;
        }
      }
      if (words[at] !== k) return false;
    }
    at = i++;
    k = 0;
    for (let p = cache.pGroup!.lru.pLruNext; p !== null && !p.isAnchor; p = p.pLruNext, k++) {
      if (i >= end || words[i++] !== p.iKey) return false;
    }
    if (words[at] !== k) return false;
    k = 0;
    for (let p = cache.pFree; p !== null; p = p.pNext) if (++k > words[i]!) return false;
    if (words[i++] !== k) return false;
  }
  k = 0;
  for (let p = pager.pMmapFreelist; p !== null; p = p.pDirty) if (++k > words[i]!) return false;
  return words[i++] === k && i === end;
}

/** Whether two files have the same bytes. */
function sameContent(a: FileContent, b: FileContent): boolean {
  if (a.size !== b.size) return false;
  const [x, y] = [a.blocks(), b.blocks()];
  for (let i = 0; i < Math.max(x.length, y.length); i++) {
    const [p, q] = [x[i] ?? NONE, y[i] ?? NONE];
    const n = Math.min(p.length, q.length);
    if (Buffer.compare(n === p.length ? p : p.subarray(0, n), n === q.length ? q : q.subarray(0, n)) !== 0)
      return false;
    for (const rest of [p, q]) for (let k = n; k < rest.length; k++) if (rest[k] !== 0) return false;
  }
  return true;
}

const NONE = new Uint8Array(0);

/** Whether a crash could undo the same on both disks. */
function samePending(a: DiskState, b: DiskState): boolean {
  const sameDir = (x: DirOp, y: DirOp): boolean => x.kind === y.kind && x.seq === y.seq && x.name === y.name;
  if (!sameItems(a.pendingDir, b.pendingDir, sameDir)) return false;
  const others = b.inodes();
  const mine = a.inodes();
  if (mine.size !== others.size) return false;
  const theirs = others.values();
  for (const x of mine) {
    const y = theirs.next().value!;
    if (x.name !== y.name || !sameItems(x.pending, y.pending, sameData)) return false;
  }
  return true;
}

function sameItems<T>(a: readonly T[], b: readonly T[], same: (x: T, y: T) => boolean): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!same(a[i]!, b[i]!)) return false;
  return true;
}

function sameData(x: DataOp, y: DataOp): boolean {
  if (x.seq !== y.seq) return false;
  if (x.kind === "write")
    return y.kind === "write" && x.offset === y.offset && x.bytes.length === y.bytes.length;
  if (x.kind === "truncate") return y.kind === "truncate" && x.size === y.size;
  return y.kind === "batch" && x.ops.length === y.ops.length;
}
