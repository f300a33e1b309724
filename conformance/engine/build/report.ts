/** What `pager-mirror engine` shows. */

import { statSync } from "node:fs";
import { UsageError } from "../../core/usage.js";
import { buildEngineWith, type Engine, type EngineOptions } from "./index.js";

/**
 * Gives a listener for the build's progress: one line that is written over on a terminal, elsewhere a line
 * for each stage.
 */
export function progressLine(out: NodeJS.WriteStream): { show: (text: string) => void; end: () => void } {
  let last = "";
  let shown = false;
  return {
    show(text) {
      if (out.isTTY) {
        out.write(`\r\u001b[K${text}`);
        shown = true;
        return;
      }
      const stage = text.replace(/ \(\d+ s\)$/, "");
      if (stage !== last) out.write(`${text}\n`);
      last = stage;
    },
    end() {
      if (shown) out.write("\r\u001b[K");
      shown = false;
    },
  };
}

/**
 * Builds the engine and tells what came of it.
 *
 * @throws UsageError if it cannot be built
 */
export async function reportEngine(options: EngineOptions): Promise<string> {
  const started = performance.now();
  const progress = progressLine(process.stderr);
  let engine: Engine;
  try {
    engine = await buildEngineWith(options, progress.show);
  } catch (e) {
    /* Something is missing or wrong in the C code: a sentence will do. Anything else is a defect of ours. */
    if (e instanceof Error && e.name === "Error") throw new UsageError(e.message);
    throw e;
  } finally {
    progress.end();
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  if (engine.warnings !== "") process.stderr.write(`${engine.warnings}\n`);
  return [
    engine.path,
    `${statSync(engine.path).size} bytes, ${engine.compiler}, ` +
      (engine.cached ? `from the cache (${seconds} s)` : `built in ${seconds} s`),
    "",
  ].join("\n");
}
