/** Cleaning up when the user ends a run: a corpus may have gigabytes lying in memory. */

const SIGNALS = ["SIGINT", "SIGTERM"] as const;
const waiting = new Set<() => void>();

function end(): void {
  for (const clean of waiting) clean();
  process.exit(130);
}

/** Runs `work` and then `clean`; if a signal ends the process meanwhile, `clean` is called before that. */
export async function cleaningUp<T>(clean: () => void, work: () => Promise<T>): Promise<T> {
  if (waiting.size === 0) for (const signal of SIGNALS) process.on(signal, end);
  waiting.add(clean);
  try {
    return await work();
  } finally {
    waiting.delete(clean);
    if (waiting.size === 0) for (const signal of SIGNALS) process.off(signal, end);
    clean();
  }
}
