/**
 * Journals that live in memory, for ever or until they grow.
 *
 * A file opened by sqlite3JournalOpen keeps its content in a list of chunks of equal size. With
 * `nSpill < 0` it stays there (`:memory:` databases, `journal_mode=MEMORY`); with `nSpill > 0` it
 * turns into a real file, in place, on the first write that ends beyond `nSpill` bytes: the same
 * `sqlite3_file` gets other methods. With `nSpill == 0` it is a real file from the start and nothing
 * here is involved.
 *
 * A journal is appended to and read from start to end; a write may also go back to any earlier
 * offset, and what lay behind that offset is dropped. Only a write at offset 0, of less than a
 * chunk, overwrites in place: it updates the journal header.
 *
 * @upstream memjournal.c
 * @module
 */

import { memcpyAt } from "../cstring.js";
import { sqlite3_free, sqlite3_malloc } from "../malloc.js";
import {
  ALWAYS,
  assert,
  type Counted,
  type CString,
  MAX,
  MIN,
  NEVER,
  type Ref,
  SQLITE_ENABLE_ATOMIC_WRITE,
  SQLITE_ENABLE_BATCH_ATOMIC_WRITE,
  SQLITE_IOERR_NOMEM_BKPT,
  SQLITE_IOERR_SHORT_READ,
  SQLITE_OK,
  SQLITE_OPEN_EXCLUSIVE,
  SQLITE_OPEN_MAIN_JOURNAL,
  sizeof,
  type sqlite3_file,
  type sqlite3_io_methods,
  type sqlite3_vfs,
} from "../sqliteInt.js";
import { sqlite3OsClose, sqlite3OsOpen, sqlite3OsWrite } from "./os.js";

/**
 * One piece of the content, in a list.
 *
 * @upstream memjournal.c FileChunk
 * @divergence memjournal-index
 */
class FileChunk implements Counted {
  /** The piece that follows. */
  pNext: FileChunk | null = null;
  /** The block; from its byte `zChunk` on, behind the space of the pointer, it has the content. */
  mem: Uint8Array;

  constructor(mem: Uint8Array) {
    this.mem = mem;
  }
}

/** NON-UPSTREAM: place of the content in a chunk's block; in C a field of FileChunk. */
const zChunk: number = sizeof.ptr;

/** Bytes allocated for each chunk of a journal that never spills. */
const MEMJOURNAL_DFLT_FILECHUNKSIZE: number = 1024;

/** Bytes to allocate for a chunk with `nChunkSize` bytes of content. @upstream memjournal.c fileChunkSize */
function fileChunkSize(nChunkSize: number): number {
  return sizeof.FileChunk + (nChunkSize - 8);
}

/**
 * A position in the journal.
 *
 * @upstream memjournal.c FilePoint
 */
class FilePoint {
  /** Bytes from the start of the file. */
  iOffset = 0;
  /** The chunk concerned. */
  pChunk: FileChunk | null = null;
}

/**
 * What an in-memory journal keeps in `sqlite3_file.pImpl`. Its first field in C, the methods, is
 * `sqlite3_file.pMethods` here.
 *
 * @upstream memjournal.c MemJournal
 */
class MemJournal {
  /** Bytes of content per chunk. */
  nChunkSize = 0;
  /** Largest size in memory; negative for no limit. */
  nSpill = 0;
  /** First chunk, or null while the journal is empty. */
  pFirst: FileChunk | null = null;
  /** End of the file, and the last chunk. */
  readonly endpoint = new FilePoint();
  /** Where the last read stopped, and the chunk that the next read starts in; all zero if unknown. */
  readonly readpoint = new FilePoint();
  /** Flags for xOpen when the journal spills. */
  flags = 0;
  /** The VFS that will hold the real file. */
  pVfs: sqlite3_vfs | null = null;
  /** Name of the real file. */
  zJournal: CString | null = null;
}

/** The file as C's cast `(MemJournal *)pJfd` sees it. NON-UPSTREAM: C casts. */
function memJournal(pJfd: sqlite3_file): MemJournal {
  return pJfd.pImpl as MemJournal;
}

/** Gives a file object its methods and state: what C's struct consists of. NON-UPSTREAM. */
function setState(pJfd: sqlite3_file, pMethods: sqlite3_io_methods | null, p: MemJournal | null): void {
  pJfd.pMethods = pMethods;
  pJfd.pImpl = p;
}

/**
 * Reads `iAmt` bytes at `iOfst`. xRead of an in-memory journal.
 *
 * Sequential reads go on in the chunk where the last one stopped; any other walks the list.
 *
 * @returns SQLITE_OK, or SQLITE_IOERR_SHORT_READ beyond the end; then, unlike a real file, the buffer
 *   is left alone.
 * @divergence memjournal-state
 * @divergence memjournal-index
 * @upstream memjournal.c memjrnlRead
 */
function memjrnlRead(pJfd: sqlite3_file, zBuf: Uint8Array, iAmt: number, iOfst: number): number {
  const p = memJournal(pJfd);
  let zOut = 0;
  let nRead = iAmt;
  let iChunkOffset: number;
  let pChunk: FileChunk | null;

  if (iAmt + iOfst > p.endpoint.iOffset) {
    return SQLITE_IOERR_SHORT_READ;
  }
  assert(p.readpoint.iOffset === 0 || p.readpoint.pChunk !== null);
  if (p.readpoint.iOffset !== iOfst || iOfst === 0) {
    let iOff = 0;
    for (pChunk = p.pFirst; ALWAYS(pChunk !== null) && iOff + p.nChunkSize <= iOfst; pChunk = pChunk!.pNext) {
      iOff += p.nChunkSize;
    }
  } else {
    pChunk = p.readpoint.pChunk;
    assert(pChunk !== null);
  }

  iChunkOffset = (iOfst % p.nChunkSize) | 0;
  do {
    const iSpace = p.nChunkSize - iChunkOffset;
    const nCopy = MIN(nRead, p.nChunkSize - iChunkOffset);
    memcpyAt(zBuf, zOut, pChunk!.mem, zChunk + iChunkOffset, nCopy);
    zOut += nCopy;
    nRead -= iSpace;
    iChunkOffset = 0;
    /* nRead is 0 exactly when the read ended with the chunk: then the next read starts in the next. */
  } while (nRead >= 0 && (pChunk = pChunk!.pNext) !== null && nRead > 0);
  p.readpoint.iOffset = pChunk ? iOfst + iAmt : 0;
  p.readpoint.pChunk = pChunk;

  return SQLITE_OK;
}

/**
 * Frees a list of chunks.
 *
 * @upstream memjournal.c memjrnlFreeChunks
 */
function memjrnlFreeChunks(pFirst: FileChunk | null): void {
  let pIter: FileChunk | null;
  let pNext: FileChunk | null;
  for (pIter = pFirst; pIter; pIter = pNext) {
    pNext = pIter.pNext;
    sqlite3_free(pIter);
  }
}

/**
 * Turns the in-memory journal into a real file with the same content.
 *
 * @returns SQLITE_OK, or the error of the VFS; then the journal is in memory as before, so that it
 *   can still be played back.
 * @divergence memjournal-state
 * @upstream memjournal.c memjrnlCreateFile
 * @divergence memjournal-copy
 * @divergence memjournal-index
 */
function memjrnlCreateFile(p: sqlite3_file): number {
  let rc: number;
  const pReal = p;
  /* C copies the struct; here the state is an object of its own, which nobody else changes. */
  const copy = memJournal(p);

  setState(p, null, null);
  rc = sqlite3OsOpen(copy.pVfs!, copy.zJournal, pReal, copy.flags, null);
  if (rc === SQLITE_OK) {
    let nChunk = copy.nChunkSize;
    let iOff = 0;
    let pIter: FileChunk | null;
    for (pIter = copy.pFirst; pIter; pIter = pIter.pNext) {
      if (iOff + nChunk > copy.endpoint.iOffset) {
        nChunk = copy.endpoint.iOffset - iOff;
      }
      rc = sqlite3OsWrite(pReal, pIter.mem.subarray(zChunk), nChunk, iOff);
      if (rc) break;
      iOff += nChunk;
    }
    if (rc === SQLITE_OK) {
      /* The content is in the file now. */
      memjrnlFreeChunks(copy.pFirst);
    }
  }
  if (rc !== SQLITE_OK) {
    sqlite3OsClose(pReal);
    setState(p, MemJournalMethods, copy);
  }
  return rc;
}

/**
 * Writes `iAmt` bytes at `iOfst`. xWrite of an in-memory journal.
 *
 * The offset is at most the size. Unless it is 0, whatever lies behind it is dropped first.
 *
 * @returns SQLITE_OK; SQLITE_IOERR_NOMEM, after which part of the data may have been appended; or the
 *   error of the VFS if the journal became a real file.
 * @divergence memjournal-state
 * @divergence memjournal-index
 * @upstream memjournal.c memjrnlWrite
 */
function memjrnlWrite(pJfd: sqlite3_file, zBuf: Uint8Array, iAmt: number, iOfst: number): number {
  const p = memJournal(pJfd);
  let nWrite = iAmt;
  let zWrite = 0;

  if (p.nSpill > 0 && iAmt + iOfst > p.nSpill) {
    let rc = memjrnlCreateFile(pJfd);
    if (rc === SQLITE_OK) {
      rc = sqlite3OsWrite(pJfd, zBuf, iAmt, iOfst);
    }
    return rc;
  } else {
    assert(iOfst <= p.endpoint.iOffset);
    if (iOfst > 0 && iOfst !== p.endpoint.iOffset) {
      memjrnlTruncate(pJfd, iOfst);
    }
    if (iOfst === 0 && p.pFirst) {
      /* The journal header is written anew when its record count or the commit is finished. */
      assert(p.nChunkSize > iAmt);
      memcpyAt(p.pFirst.mem, zChunk, zBuf, 0, iAmt);
    } else {
      while (nWrite > 0) {
        let pChunk = p.endpoint.pChunk;
        const iChunkOffset = (p.endpoint.iOffset % p.nChunkSize) | 0;
        const iSpace = MIN(nWrite, p.nChunkSize - iChunkOffset);

        assert(pChunk !== null || iChunkOffset === 0);
        if (iChunkOffset === 0) {
          /* The last chunk, if there is one, is full. */
          const mem = sqlite3_malloc(fileChunkSize(p.nChunkSize));
          if (!mem) {
            return SQLITE_IOERR_NOMEM_BKPT;
          }
          const pNew = new FileChunk(mem);
          pNew.pNext = null;
          if (pChunk) {
            assert(p.pFirst);
            pChunk.pNext = pNew;
          } else {
            assert(!p.pFirst);
            p.pFirst = pNew;
          }
          pChunk = p.endpoint.pChunk = pNew;
        }

        assert(pChunk !== null);
        memcpyAt(pChunk!.mem, zChunk + iChunkOffset, zBuf, zWrite, iSpace);
        zWrite += iSpace;
        nWrite -= iSpace;
        p.endpoint.iOffset += iSpace;
      }
    }
  }

  return SQLITE_OK;
}

/**
 * Cuts the journal to `size` bytes; a larger size changes nothing. xTruncate of an in-memory
 * journal. Cannot fail.
 *
 * @divergence memjournal-state
 * @upstream memjournal.c memjrnlTruncate
 */
function memjrnlTruncate(pJfd: sqlite3_file, size: number): number {
  const p = memJournal(pJfd);
  assert(p.endpoint.pChunk === null || p.endpoint.pChunk.pNext === null);
  if (size < p.endpoint.iOffset) {
    let pIter: FileChunk | null = null;
    if (size === 0) {
      memjrnlFreeChunks(p.pFirst);
      p.pFirst = null;
    } else {
      /* A size that is a whole number of chunks ends in a full chunk, not in an empty one. */
      let iOff = p.nChunkSize;
      for (pIter = p.pFirst; ALWAYS(pIter !== null) && iOff < size; pIter = pIter!.pNext) {
        iOff += p.nChunkSize;
      }
      if (ALWAYS(pIter !== null)) {
        memjrnlFreeChunks(pIter!.pNext);
        pIter!.pNext = null;
      }
    }

    p.endpoint.pChunk = pIter;
    p.endpoint.iOffset = size;
    /* The chunk where the last read stopped may be gone. */
    p.readpoint.pChunk = null;
    p.readpoint.iOffset = 0;
  }
  return SQLITE_OK;
}

/**
 * Frees the content. xClose of an in-memory journal.
 *
 * @divergence memjournal-state
 * @upstream memjournal.c memjrnlClose
 */
function memjrnlClose(pJfd: sqlite3_file): number {
  const p = memJournal(pJfd);
  memjrnlFreeChunks(p.pFirst);
  return SQLITE_OK;
}

/**
 * Does nothing: memory needs no sync. xSync of an in-memory journal.
 *
 * @upstream memjournal.c memjrnlSync
 */
function memjrnlSync(_pJfd: sqlite3_file, _flags: number): number {
  return SQLITE_OK;
}

/**
 * Reports the size in bytes. xFileSize of an in-memory journal.
 *
 * @divergence memjournal-state
 * @upstream memjournal.c memjrnlFileSize
 */
function memjrnlFileSize(pJfd: sqlite3_file, pSize: Ref<number>): number {
  const p = memJournal(pJfd);
  pSize.value = p.endpoint.iOffset;
  return SQLITE_OK;
}

/**
 * The methods of an in-memory journal. As in C the rest are null pointers: nobody locks a journal,
 * and os.c tests xSectorSize before it calls it.
 *
 * @upstream memjournal.c MemJournalMethods
 */
const MemJournalMethods: sqlite3_io_methods = {
  iVersion: 1,
  xClose: memjrnlClose,
  xRead: memjrnlRead,
  xWrite: memjrnlWrite,
  xTruncate: memjrnlTruncate,
  xSync: memjrnlSync,
  xFileSize: memjrnlFileSize,
  xLock: null as never,
  xUnlock: null as never,
  xCheckReservedLock: null as never,
  xFileControl: null as never,
  xSectorSize: null as never,
  xDeviceCharacteristics: null as never,
};

/**
 * Opens a journal; see the head of this file for `nSpill`.
 *
 * The name must outlive the file, which opens it when it spills.
 *
 * @param pVfs of the real file; may be null if `nSpill` is negative.
 * @param pJfd a file that is not open; whatever it holds is forgotten.
 * @param flags for xOpen.
 * @param nSpill bytes to keep in memory: 0 none, negative all.
 * @returns SQLITE_OK, or, if `nSpill` is 0, the error of xOpen.
 * @divergence memjournal-state
 * @upstream memjournal.c sqlite3JournalOpen
 */
export function sqlite3JournalOpen(
  pVfs: sqlite3_vfs | null,
  zName: CString | null,
  pJfd: sqlite3_file,
  flags: number,
  nSpill: number,
): number {
  const p = new MemJournal();

  assert(zName || nSpill < 0 || flags & SQLITE_OPEN_EXCLUSIVE);

  setState(pJfd, null, p);
  if (nSpill === 0) {
    return sqlite3OsOpen(pVfs!, zName, pJfd, flags, null);
  }

  if (nSpill > 0) {
    p.nChunkSize = nSpill;
  } else {
    p.nChunkSize = 8 + MEMJOURNAL_DFLT_FILECHUNKSIZE - sizeof.FileChunk;
    assert(MEMJOURNAL_DFLT_FILECHUNKSIZE === fileChunkSize(p.nChunkSize));
  }

  pJfd.pMethods = MemJournalMethods;
  p.nSpill = nSpill;
  p.flags = flags;
  p.zJournal = zName;
  p.pVfs = pVfs;
  return SQLITE_OK;
}

/**
 * Opens a journal that stays in memory. Cannot fail.
 *
 * @upstream memjournal.c sqlite3MemJournalOpen
 */
export function sqlite3MemJournalOpen(pJfd: sqlite3_file): void {
  sqlite3JournalOpen(null, null, pJfd, 0, -1);
}

/**
 * Makes a journal that may spill a real file now, if it is in memory still. Upstream has the
 * function only in builds with one of the two atomic-write options; the port's callers test those.
 *
 * With batch-atomic writes a main journal is made real even if it was opened to stay in memory.
 *
 * @returns SQLITE_OK, also when there is nothing to do, or the error of the VFS.
 * @divergence memjournal-state
 * @upstream memjournal.c sqlite3JournalCreate
 */
export function sqlite3JournalCreate(pJfd: sqlite3_file): number {
  let rc = SQLITE_OK;
  const p = memJournal(pJfd);
  if (
    pJfd.pMethods === MemJournalMethods &&
    ((SQLITE_ENABLE_ATOMIC_WRITE ? p.nSpill > 0 : NEVER(p.nSpill > 0)) ||
      (SQLITE_ENABLE_BATCH_ATOMIC_WRITE && p.flags & SQLITE_OPEN_MAIN_JOURNAL))
  ) {
    rc = memjrnlCreateFile(pJfd);
  }
  return rc;
}

/**
 * 1 if the open journal is in memory, 0 if it is a real file.
 *
 * @upstream memjournal.c sqlite3JournalIsInMemory
 */
export function sqlite3JournalIsInMemory(p: sqlite3_file): number {
  return p.pMethods === MemJournalMethods ? 1 : 0;
}

/**
 * Bytes that C needs for a file handle that can be either; counted by the pager.
 *
 * @upstream memjournal.c sqlite3JournalSize
 */
export function sqlite3JournalSize(pVfs: sqlite3_vfs): number {
  return MAX(pVfs.szOsFile, sizeof.MemJournal);
}
