/** The README of a folder of vectors: everything that a player has to know, with values to try it out. */

import { fnv1a, SeededRandom } from "../../src/index.js";
import { nameBytes, pokedBytes } from "./algorithms.js";
import {
  CALLS,
  hex,
  hex32,
  type Index,
  OPS,
  PAGER_FIELDS,
  PCACHE_FIELDS,
  PCACHE1_FIELDS,
  REQUIREMENTS,
  SAVEPOINT_FIELDS,
  type StateField,
  WAL_FIELDS,
  WAL_HEADER_FIELDS,
} from "./format.js";

const row = (...cells: string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [row(...head), row(...head.map(() => "---")), ...rows.map((cells) => row(...cells))].join("\n");
}

function operations(): string {
  return table(
    ["operation", "arguments", "in C", "gives", "remarks"],
    Object.entries(OPS).map(([op, { args, c, returns, out = {}, about = "" }]) => [
      `\`${op}\``,
      Object.entries(args)
        .map(([name, kind]) => (kind === "int" ? name : `${name}: ${kind}`))
        .join(", "),
      c === "" ? "" : `\`${c}\``,
      [...(returns === "nothing" ? [] : [returns]), ...Object.keys(out).map((name) => `out.${name}`)].join(
        ", ",
      ),
      about,
    ]),
  );
}

function calls(): string {
  return table(
    ["call", "made to", "members", "fails with"],
    Object.entries(CALLS).map(([name, { method, about, code }]) => [
      `\`${name}\``,
      method,
      about,
      code === undefined ? "" : `${code}`,
    ]),
  );
}

function fieldList(fields: readonly StateField[]): string {
  return fields
    .map(({ name, about }) => (about === undefined ? `\`${name}\`` : `\`${name}\` (${about})`))
    .join(", ");
}

function randomBytes(seed: number, n: number): string {
  const bytes = new Uint8Array(n);
  new SeededRandom(seed).fill(bytes, 0, n);
  return hex(bytes);
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** @param random the first bytes of the library's generator on a disk of seed 0 */
export function readme(index: Index, random: Uint8Array): string {
  const { totals, sqlite } = index;
  return `# Vectors for ports of SQLite's pager

${totals.vectors} scenarios for \`pager.c\`, \`wal.c\`, \`pcache.c\` and \`pcache1.c\` of SQLite ${sqlite.version}
(${sqlite.sourceId}), with what SQLite's own C code makes of them: ${totals.steps} operations, ${totals.calls} calls of
the VFS. All expected values come from that C code, compiled to WebAssembly, in two builds (with and without
\`SQLITE_DEBUG\`) that agree; none comes from a port. They hold on any little-endian machine, for any size of a pointer
and in any language, except for the optional class \`allocator\`.

Written by \`pager-mirror vectors <folder>\`; played on its own port by \`pager-mirror vectors <folder> --check\`.

## Files

| | |
| --- | --- |
| \`index.json\` | version of SQLite, compile options, the vectors with their SHA-256, every content with its size (\`index.schema.json\`) |
| \`vectors/NAME.json\` | one scenario; each step is one line (\`vector.schema.json\`, JSON Schema 2020-12) |
| \`files/SHA256.bin\` | contents of files, by the SHA-256 of their bytes. A content that the index lists as not \`stored\` is known by its hash and size only: it is expected, and never needed to begin with |

Integers fit into 53 bits. Hashes of 32 bits are eight hexadecimal digits.

## How to play a vector

1. Reset the library: shut it down, let its generator of random numbers forget its seed
   (\`sqlite3_randomness(0, 0)\`), set the pending byte to \`disk.pendingByte\`, make a new disk (below) the default VFS
   with \`disk.sectorSize\`, \`disk.deviceCharacteristics\`, \`disk.ioVersion\` and \`disk.seed\`, initialize.
2. Put the files of \`start\` onto the disk.
3. For each step: carry out \`do\`, then compare what your level demands. After the first difference go to the next
   vector; what follows would tell you nothing.

\`c\` is a connection: one pager. \`slot\` is a place for a reference to a page. Both are numbers of the vector's choice.

| member of a step | level | what it says |
| --- | --- | --- |
| \`rc\`, \`value\` | 1 | the result code, or what a function without one returned |
| \`out\` | 1 | outputs by name |
| \`files\` | 1 | a marked point. The files on the disk, as a change since the last one: name to SHA-256, or null for one that is gone. Then the disk has exactly the files so known, with these bytes. At the beginning they are those of \`start\` |
| \`state\` | 2 | by connection: what has changed since the step before. Null: the connection is closed |
| \`shm\` | 2 | shared memory at marked points, as a change likewise: name of the database to the SHA-256 of each region, and the eight lock slots (number of shared holders, or -1) |
| \`calls\` | 3 | all calls of the VFS and of hooks during the operation, in order. Absent: none |
| \`order\` | 4 | by connection: changes of the dirty list (head first), of the LRU list (last used first), of pSynced (page number or 0) |

Levels include those below. **1**: same results, same bytes in files; **2**: same states of pager, log and page cache;
**3**: same calls in the same order; **4**: same order of the page cache. A port that lacks a field may leave it out at
level 2 and should say so. At level 1 the sizes of the page cache matter all the same: a page that is written early
because the cache is full shows in the journal.

What is never compared: addresses, sizes and numbers of allocations (but for \`allocator\`), what \`sqlite3PagerMemUsed\`
returns, hash chains and bulk allocation of the page cache, calls that only asserts make (\`xDeviceCharacteristics\`
altogether, and the file control \`SQLITE_FCNTL_DB_UNCHANGED\`): leave those out of your record too.

Changes: a field that is absent has the value that it had. Lists change by an edit \`[at, removed, inserted]\`: from
position \`at\` so many elements go and these come. A set is such a list in ascending order; null: there is none any
more. \`pages\` has each cached page with \`[PgHdr.flags, PgHdr.nRef]\`, null for one that has left the cache; pages read
through xFetch are not in it. \`savepoints\` is always the whole list. A new connection begins with nothing: no fields, no
lists, \`wal\` null.

## Operations

\`pager\` is what Open gave connection c, \`page\` what slot holds; other arguments stand under their names. Booleans are
C's 0 and 1. A function that returns nothing has neither \`rc\` nor \`value\`.

${operations()}

## State

* \`pager\`, fields of \`Pager\`: ${fieldList(PAGER_FIELDS)}.
* \`wal\`, fields of \`Wal\`: ${fieldList(WAL_FIELDS)}; as \`hdr.NAME\` those of \`Wal.hdr\`: ${fieldList(WAL_HEADER_FIELDS)}.
  Null while \`Pager.pWal\` is.
* \`cache\`, fields of \`PCache\`: ${fieldList(PCACHE_FIELDS)}; of \`PCache1\`: ${fieldList(PCACHE1_FIELDS)}, null before
  the cache has been made.
* \`savepoints\`, fields of each \`PagerSavepoint\`: ${fieldList(SAVEPOINT_FIELDS)}.
* \`sets\`: members of \`pInJournal\`, and of each savepoint's \`pInSavepoint\` as \`PagerSavepoint[i]\`.

The library is compiled with the options in the index and configured with nothing: no \`SQLITE_CONFIG_PAGECACHE\`, no heap
limit, every page cache its own group.

## Calls

Each is \`[name, file, offset, amount, arg, hash, out, rc]\`, with 0 or "" for what a call has not. File names are full
names. A hash is there for bytes handed over, and for bytes read if rc is 0 or 522 (SQLITE_IOERR_SHORT_READ).

${calls()}

## The disk

A VFS in memory, \`iVersion\` 2, \`mxPathname\` 512. Every open file is a connection of its own, whose locks conflict with
those of all others as if each lived in its own process.

* **Names.** xFullPathname puts \`/\` before a name that has none, and nothing else.
* **xOpen.** Without SQLITE_OPEN_CREATE and without the file: SQLITE_CANTOPEN (14). With CREATE and EXCLUSIVE and the
  file: likewise. The flags come back as they were given. With a null name, or with SQLITE_OPEN_DELETEONCLOSE, the file
  has no name on the disk. A null name becomes \`/tmp/etilqs_\` and 16 hexadecimal digits of a counter that starts at 1.
* **xDelete.** SQLITE_IOERR_DELETE_NOENT (5898) without the file; SQLITE_IOERR_DELETE (2570) if it is open and the device
  has SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN. Whoever has a deleted file open keeps it.
* **xAccess.** SQLITE_ACCESS_EXISTS is 1 for a file that is not empty; the other two for every file.
* **xRead.** Behind the end of the file the buffer is filled with zeros, and the result is SQLITE_IOERR_SHORT_READ.
* **xWrite** beyond the end and **xTruncate** upwards fill with zeros. SQLITE_FCNTL_CHUNK_SIZE is not used.
* **xSync** does nothing but to be called: what a loss of power leaves is given in the step \`Crash\`.
* **xLock, xUnlock** follow os_unix.c, for files opened with SQLITE_OPEN_MAIN_DB only; for others they do nothing, and
  \`out\` is 0. SHARED is refused (SQLITE_BUSY) while somebody else has PENDING or EXCLUSIVE; RESERVED and
  EXCLUSIVE while somebody else has RESERVED or more. Going from RESERVED to EXCLUSIVE one has PENDING if others still have SHARED, and gets BUSY;
  going there from SHARED (a hot journal) one stays SHARED then. **xCheckReservedLock**: anybody, the asker
  included.
* **xFileControl.** SQLITE_FCNTL_LOCKSTATE, LAST_ERRNO (0), CHUNK_SIZE, SIZE_HINT (acts only with a mapping, below),
  PERSIST_WAL (0), POWERSAFE_OVERWRITE, HAS_MOVED (1 for a main database whose name is gone or is another file's),
  MMAP_SIZE, EXTERNAL_READER, DB_UNCHANGED answer SQLITE_OK; all others SQLITE_NOTFOUND (12), among them BUSYHANDLER, SYNC,
  COMMIT_PHASETWO, OVERWRITE, CKPT_START, CKPT_DONE, BEGIN_ATOMIC_WRITE.
* **xDeviceCharacteristics** are the vector's, without SQLITE_IOCAP_POWERSAFE_OVERWRITE if the URI says \`psow=0\`.
* **Methods** are of \`ioVersion\`: 1 has no shared memory, 2 no xFetch.
* **Shared memory.** There is no -shm file. The first connection finds it empty, the last one takes it away. Regions come
  zeroed, as xShmMap extends. A connection of \`readonly_shm=1\` does not occur. xShmLock follows os_unix.c; before
  xShmMap it answers SQLITE_IOERR_SHMLOCK (5130).
* **xFetch.** The limit of a file is 0, and nothing can be mapped, until SQLITE_FCNTL_MMAP_SIZE (which gives the old limit
  back) sets another, at most 0x7fff0000. The first xFetch maps as much as the file has, up to the limit. A page is given
  if 256 bytes more than its end lie in the mapping, and the same 1 MiB of the file holds all of it. xUnfetch with null
  forgets the mapping, so that the next xFetch makes it anew; while pages are out, limits do not change. xTruncate
  shortens the mapping. SIZE_HINT beyond the mapping extends the file with zeros to the size hinted, if the limit is
  above 0, and the mapping too unless pages are out. Pages show the live file.
* **xRandomness**: below. **xSleep** moves the clock only; **xCurrentTimeInt64** starts at 211813444800000.

## Faults

A rule counts the calls that it names (of files whose names end in \`file\`, unless that is null) from when it is added;
the \`nth\` fails, with \`persistent\` all after it too. Several rules may stand: all count, the first that fires gives
the code. \`code\` null is the code in the table of calls. A call that fails does nothing and leaves its outputs alone,
but: xClose closes; xWrite writes the first \`partial\` bytes; xRead fills the buffer with 0xA5 if \`scribble\`. Never
counted, whatever a rule says: xUnfetch, xShmLock that gives back, DB_UNCHANGED.

## Algorithms

**FNV-1a, 32 bits**: h = 0x811c9dc5; for each byte b: h = (h xor b) * 0x01000193 mod 2^32.

${table(
  ["bytes", "hash"],
  ["", "a", "foobar"].map((word) => [`"${word}"`, hex32(fnv1a(utf8(word)))]),
)}

**Bytes of Poke**: x is the state; for each byte: x ^= x << 13; x ^= x >> 17; x ^= x << 5, in 32 bits without sign; the
byte is the low 8 bits of x.

${table(
  ["x", "first 8 bytes"],
  [1, 0x9e3779b1].map((x) => [`${x}`, hex(pokedBytes(8, x))]),
)}

**xRandomness**: the disk's state s begins as \`seed\` mod 2^32. Each word: s = s + 0x9e3779b9; z = s;
z = (z ^ (z >> 16)) * 0x85ebca6b; z = (z ^ (z >> 13)) * 0xc2b2ae35; the word is z ^ (z >> 16), all in 32 bits without sign. The word gives four
bytes, lowest first; a call that wants fewer throws the rest of its last word away.

${table(
  ["seed", "first 16 bytes"],
  [0, 1, 4294967295].map((seed) => [`${seed}`, randomBytes(seed, 16)]),
)}

**sqlite3_randomness** is upstream's (random.c: ChaCha20, seeded with 44 bytes of xRandomness at its first use). Its first 16
bytes on a disk of seed 0: \`${hex(random)}\`.

**Names** for Open: \`/a.db\` with \`psow\` = \`0\`, four bytes before the pointer that sqlite3PagerOpen gets:
\`${hex(nameBytes("/a.db", [["psow", "0"]]))}\`.

## Undefined bytes

A recovery of the wal-index that finds no valid frame copies memory that nobody has set (walIndexRecover in wal.c). Such a
region is given without it: compare as many bytes as the index says that the content has, that is 136 of the first region and none
of another.

## What a vector requires

${table(
  ["in `requires`", "vectors", "what"],
  Object.entries(REQUIREMENTS).map(([name, about]) => [
    `\`${name}\``,
    `${index.vectors.filter(({ requires }) => (requires as readonly string[]).includes(name)).length}`,
    about,
  ]),
)}

Leave out what you have not, and say how many.

## Not in here

Other processes and blocking locks, SQLITE_CONFIG_PAGECACHE, heap limits, custom page caches, snapshots, SETLK_TIMEOUT,
BATCH_ATOMIC_WRITE, 8.3 names, big-endian machines (a log with big-endian checksums is in), a loss of power in the middle of
an operation (what it leaves is in, as files to start from).
`;
}
