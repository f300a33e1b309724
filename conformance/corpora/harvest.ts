/** From a file of a source to what it does, whichever of the two languages it is written in. */

import { shown } from "./collect.js";
import type { Harvest } from "./events.js";
import { knownFile, knownStatement } from "./known.js";
import { isSqllogictest, parseSqllogictest } from "./slt/parse.js";
import type { Source } from "./sources.js";
import { harvestTcl } from "./tcl/harvest.js";

/** How much one file may give and take. */
export const LIMITS = { steps: 20_000, characters: 20_000_000 } as const;

/** Files in sqllogictest's format have no loops: they are as long as they are. */
const SLT_LIMITS = { steps: 2_000_000, characters: 400_000_000 } as const;

/** Commands of TCL that one file may take. */
const TCL_STEPS = 1_000_000;

/** The group of a file: its folder. */
export function suiteOf(file: string): string {
  const folder = file.includes("/") ? file.replace(/\/[^/]*$/, "") : ".";
  return folder;
}

/** A path that a test sources, as a name of the source. */
function sourced(path: string, file: string): string {
  const folder = suiteOf(file);
  const bare = path.replace(/^[^/]*\/\.\.\//, "");
  const parts: string[] = [];
  for (const part of (path.startsWith("/") || path === bare ? `${folder}/${bare}` : bare).split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "." && part !== "") parts.push(part);
  }
  return parts.join("/");
}

/** Harvests one file of a source. */
export function harvestFile(
  source: Source,
  file: string,
  seed: string,
  onUnknownCommand?: (name: string) => void,
): Harvest {
  const text = source.read(file);
  if (text === null) throw new Error(`${file} is not in the source`);
  const suite = suiteOf(file);
  const left = knownFile(file);
  if (left !== null) {
    return { file, suite, kind: "tcl", events: [], exclusions: [], leftOut: left.reason };
  }
  const harvest = harvestText(source, file, text, suite, seed, onUnknownCommand);
  return withoutKnown(harvest);
}

/** Leaves out the statements that are known not to be comparable. */
function withoutKnown(harvest: Harvest): Harvest {
  const exclusions = [...harvest.exclusions];
  const events = harvest.events.filter((e) => {
    const entry = e.do === "sql" ? knownStatement(harvest.file, e.sql) : null;
    if (entry !== null && e.do === "sql")
      exclusions.push({ at: e.at, reason: entry.reason, sql: shown(e.sql) });
    return entry === null;
  });
  return { ...harvest, events, exclusions };
}

function harvestText(
  source: Source,
  file: string,
  text: string,
  suite: string,
  seed: string,
  onUnknownCommand?: (name: string) => void,
): Harvest {
  if (/^\s*(?:--|\/\*)/.test(text)) {
    return {
      file,
      suite,
      kind: "tcl",
      events: [],
      exclusions: [],
      leftOut: "it is neither TCL nor sqllogictest",
    };
  }
  if (isSqllogictest(text)) return parseSqllogictest(text, { file, suite, limits: SLT_LIMITS });
  return harvestTcl(text, {
    file,
    suite,
    seed,
    limits: LIMITS,
    steps: TCL_STEPS,
    read: (path) => {
      const name = sourced(path, file);
      const other = source.read(name) ?? source.read(`test/${name.replace(/^.*\//, "")}`);
      return other === null ? null : { file: name, text: other };
    },
    ...(onUnknownCommand === undefined ? {} : { onUnknownCommand }),
  });
}
