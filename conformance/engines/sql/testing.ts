/** Children that run the sources themselves, for tests: no build is needed, and asserts are on. */

import type { ChildOptions } from "../child.js";

/** Options of a child whose compiled module would be `module`. */
export function fromSource(
  module: string,
): { module: string; env: Record<string, string> } & Partial<ChildOptions> {
  return {
    module: module.replace(/\.js$/, ".ts"),
    env: { NODE_OPTIONS: `--import ${import.meta.resolve("tsx")}` },
  };
}
