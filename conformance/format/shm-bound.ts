/** How far a checkpoint may copy, and which reader keeps it from going further. */

import { READERS, type Shm } from "./shm.js";
import type { ShmLock } from "./shm-locks.js";

/** What a read mark means for a checkpoint that begins now. */
export interface MarkState {
  /** 0 to 4. */
  reader: number;
  /** {@link READMARK_NOT_USED} if nobody has set it. */
  mark: number;
  /** Whether its lock is held; null if locks are not known. */
  held: boolean | null;
  /** A process that holds it. */
  pid: number | null;
}

/** How far a checkpoint gets. */
export interface Bound {
  marks: MarkState[];
  /** The last frame that a passive checkpoint may copy; if locks are not known, if every mark is in use. */
  mxSafeFrame: number;
  /** The reader whose mark that is; null if nobody keeps a checkpoint from copying the whole log. */
  reader: MarkState | null;
  /** Sentences. */
  text: string[];
}

const holder = (m: MarkState): string =>
  m.held === true ? `process ${m.pid}` : "a reader, if its lock is held,";

/**
 * Goes through the read marks as a checkpoint does: a mark below what is left to copy counts if its lock
 * is held (otherwise the checkpoint moves the mark out of its way).
 *
 * @param locks null if it is not known who holds them: then each mark counts that has been set
 */
export function checkpointBound(shm: Shm, locks: readonly ShmLock[] | null): Bound {
  const mxFrame = shm.copies?.[0].mxFrame ?? 0;
  const lockOf = (byte: number): ShmLock | undefined => locks?.find((l) => l.byte === byte);
  const marks = Array.from({ length: shm.copies === null ? 0 : READERS }, (_, reader): MarkState => {
    const lock = lockOf(123 + reader);
    return {
      reader,
      mark: shm.readMarks[reader]!,
      held: locks === null ? null : lock !== undefined,
      pid: lock?.pid ?? null,
    };
  });
  let mxSafeFrame = mxFrame;
  let reader: MarkState | null = null;
  for (const m of marks.slice(1)) {
    if (m.held !== false && m.mark < mxSafeFrame) {
      mxSafeFrame = m.mark;
      reader = m;
    }
  }
  return { marks, mxSafeFrame, reader, text: explain(shm, mxFrame, mxSafeFrame, reader, marks, lockOf) };
}

function explain(
  shm: Shm,
  mxFrame: number,
  mxSafeFrame: number,
  reader: MarkState | null,
  marks: readonly MarkState[],
  lockOf: (byte: number) => ShmLock | undefined,
): string[] {
  const text: string[] = [];
  if (shm.copies === null) return [shm.verdict];
  if (!shm.usable) text.push(`what follows would be so if the header counted; but ${shm.verdict}`);
  const checkpointer = lockOf(121);
  if (checkpointer)
    text.push(`process ${checkpointer.pid} checkpoints now: another checkpoint is busy at once`);
  const writer = lockOf(120);
  if (writer)
    text.push(`process ${writer.pid} writes now: a checkpoint other than a passive one waits for it`);
  if (mxFrame === 0) return [...text, "the log is empty: there is nothing to copy"];
  if (shm.nBackfill >= mxFrame) {
    text.push(`all ${mxFrame} frame(s) have been copied into the database`);
    const users = marks.slice(1).filter((m) => m.held === true);
    for (const m of users) {
      text.push(`${holder(m)} reads with mark ${m.reader} (frame ${m.mark}): the log cannot start anew`);
    }
    return text;
  }
  const [database] = marks;
  if (database?.held) {
    text.push(
      `${holder(database)} reads the database alone (lock "read 0"): a checkpoint can copy nothing until it ends`,
    );
  }
  if (reader === null) {
    text.push(`no reader holds back a checkpoint: it may copy up to frame ${mxFrame}, the last one`);
  } else {
    const rest =
      mxSafeFrame <= shm.nBackfill
        ? "up to which everything has been copied"
        : `so frames ${shm.nBackfill + 1} to ${mxSafeFrame} may be copied`;
    text.push(
      `${holder(reader)} holds back a checkpoint: read mark ${reader.reader} is at frame ${mxSafeFrame} of ${mxFrame}, ${rest}`,
    );
  }
  return text;
}
