/** What a run of the command line may touch. */

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { UsageError } from "../../../conformance/core/usage.js";
import type { Report } from "../report/model.js";
import type { AuditOptions } from "./options.js";

/** Tests have their own. */
export interface Surroundings {
  out: (text: string) => void;
  err: (text: string) => void;
  env: Readonly<Record<string, string | undefined>>;
  /** Of the terminal; undefined without one. */
  columns: number | undefined;
  colours: boolean;
  makeReport: (root: string, options: AuditOptions) => Promise<Report>;
}

let isGuarded = false;

/** Who reads a pipe may stop before the end (`| head`); that is no failure of ours. */
function guard(): void {
  if (isGuarded) return;
  isGuarded = true;
  process.stdout.on("error", (e: NodeJS.ErrnoException) => {
    if (e.code !== "EPIPE") throw e;
  });
}

export const PROCESS: Surroundings = {
  out: (text) => {
    guard();
    process.stdout.write(text);
  },
  err: (text) => {
    process.stderr.write(text);
  },
  env: process.env,
  columns: process.stdout.columns,
  colours: true,
  /* What needs the parsers is loaded when it is clear that they are there. */
  makeReport: async (root, options) => (await import("./reports.js")).makeReport(root, options),
};

/** Writes a text to standard output, or to a file whose folders are made. */
export function putOut(text: string, file: string | null, given: Surroundings): void {
  if (file === null) {
    given.out(text);
    return;
  }
  try {
    mkdirSync(dirname(resolve(file)), { recursive: true });
    writeFileSync(file, text);
  } catch (e) {
    throw new UsageError(`cannot write ${file}: ${(e as Error).message}`);
  }
}
