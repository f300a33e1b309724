/**
 * The child process that makes the module: it may block, on a lock or in a compiler that is itself
 * WebAssembly, while the parent shows how long that has taken.
 *
 * Its argument is an {@link EngineOptions} in JSON. When the parent is gone, it stops.
 */

import type { CompilerKind } from "./compile.js";
import type { BuilderMessage } from "./index.js";
import { type EngineOptions, makeEngine } from "./make.js";

const stop = new AbortController();
const abort = (): void => stop.abort();
process.on("disconnect", abort);

/** From here on an interrupt stops the compiler first and lets it clean up. */
function begin(kind: CompilerKind): AbortSignal {
  /* The other compiler keeps the process busy, which then would not hear that it has been interrupted. */
  if (kind === "system") for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, abort);
  return stop.signal;
}

function tell(message: BuilderMessage): Promise<void> {
  return new Promise((resolve, reject) => {
    if (process.send === undefined) {
      reject(new Error("builder.js is run by the engine's build step"));
      return;
    }
    process.send(message, undefined, undefined, (e) => (e === null ? resolve() : reject(e)));
  });
}

try {
  const options = JSON.parse(process.argv[2] ?? "{}") as EngineOptions;
  const engine = await makeEngine(options, (stage) => tell({ stage }), begin);
  await tell({ engine });
} catch (e) {
  const { name, message, stack } = e as Error;
  /* Mistakes of the C code or the installation are told in words; only a defect of ours needs its stack. */
  const plain = name === "CompileError" || name === "Error";
  if (process.connected) await tell({ error: plain ? message : (stack ?? message) });
  process.exitCode = 1;
}
if (process.connected) process.disconnect();
