/** Plants a fault: a copy of the production build in which one piece of one source file is exchanged. */

import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { translate } from "../../scripts/translate.js";
import type { PlantedFault } from "./faults.js";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** A build with a fault in it, ready to run. */
export interface FaultyBuild {
  /** The command line's entry. */
  cli: string;
  /** Removes the build. */
  remove(): void;
}

/** Exchanges the fault's text in its source file; throws unless it stands there exactly once. */
export function mutate(fault: PlantedFault): string {
  const source = readFileSync(join(root, fault.file), "utf8");
  const pieces = source.split(fault.find);
  if (pieces.length !== 2) {
    throw new Error(
      `fault ${fault.id}: its text stands ${pieces.length - 1} times in ${fault.file}; it must stand there once`,
    );
  }
  return pieces.join(fault.replace);
}

/** Makes `dist/faults/<id>`; needs `npm run build` to have made `dist/production`. */
export function plant(fault: PlantedFault): FaultyBuild {
  const text = mutate(fault);
  const tree = join(root, "dist", "faults", fault.id);
  rmSync(tree, { recursive: true, force: true });
  cpSync(join(root, "dist", "production"), tree, { recursive: true });
  writeFileSync(join(tree, fault.file.replace(/\.ts$/, ".js")), translate(text, fault.file, "production"));
  return {
    cli: join(tree, "conformance", "cli.js"),
    remove: () => rmSync(tree, { recursive: true, force: true }),
  };
}
