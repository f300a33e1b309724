/**
 * The parent's side of processes that stop themselves at a planned call ("stop-before" and "stop-after" of
 * shimvfs.ts): wait until one stands still, and let it go on.
 *
 * Nobody polls: the kernel sends SIGCHLD to the parent when a child has stopped, after all its threads have.
 */

import { existsSync, readFileSync } from "node:fs";

/** Whether a process stands still; false if there is none. */
export function isStopped(pid: number): boolean {
  if (!existsSync("/proc/self/stat")) throw new Error("only /proc tells whether a process has stopped");
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch (e) {
    const { code } = e as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH") return false;
    throw e;
  }
  /* The state follows the name, which is in parentheses and may hold some itself. */
  return stat.slice(stat.lastIndexOf(")") + 2).startsWith("T");
}

/**
 * Waits until a child of this process has stopped, or until what it is doing is over.
 *
 * @param over settles when the child will not stop any more; that it rejects is not reported here
 */
export async function stoppedOrOver(pid: number, over: Promise<unknown>): Promise<"stopped" | "over"> {
  let look: () => void = () => undefined;
  const stopped = new Promise<"stopped">((resolve, reject) => {
    look = () => {
      try {
        if (isStopped(pid)) resolve("stopped");
      } catch (e) {
        reject(e as Error);
      }
    };
  });
  process.on("SIGCHLD", look);
  try {
    /* It may have stopped before anybody listened. */
    look();
    const settled = over.then(
      () => "over" as const,
      () => "over" as const,
    );
    return await Promise.race([stopped, settled]);
  } finally {
    process.off("SIGCHLD", look);
  }
}

/** Lets a stopped process go on. */
export function goOn(pid: number): void {
  process.kill(pid, "SIGCONT");
}
