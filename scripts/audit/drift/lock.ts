/**
 * The lock file: which upstream the port is a port of. It has the version, the hash of the text, and one
 * line for each function, struct, constant and macro that the port looks at.
 */

import type { Finding } from "../rules.js";
import type { UpstreamSide } from "../run.js";
import type { Entities, Entity } from "./entities.js";

export const LOCK = "docs/ledger/upstream.lock.json";

const PARTS: Readonly<Record<Entity["kind"], string>> = {
  function: "functions",
  struct: "structs",
  constant: "constants",
  macro: "macros",
};

/** What the lock says of an entity: the hash; of a constant that has one definition, the value. */
function locked(e: Entity): string {
  if (e.value === null) return e.hash;
  return e.ranges.length === 1 ? e.value : `${e.value} ${e.hash}`;
}

/** Its text: by kind and file, one line each. */
export function renderLock(theirs: UpstreamSide, entities: Entities): string {
  const { version, sha256 } = theirs.up;
  const root: Record<string, unknown> = { version, sha256 };
  for (const [kind, part] of Object.entries(PARTS)) {
    const files: Record<string, Record<string, string>> = {};
    const own = [...entities.values()].filter((e) => e.kind === kind);
    for (const e of own.sort((x, y) => x.ranges[0]![0] - y.ranges[0]![0])) {
      files[e.file] ??= {};
      files[e.file]![e.name] = locked(e);
    }
    root[part] = files;
  }
  return `${JSON.stringify(root, null, 2)}\n`;
}

interface Lock {
  version: string;
  sha256: string;
  /** `functions pager.c pagerOpenWal` to what is locked. */
  entries: Map<string, string>;
}

function isRecord(v: unknown): v is Record<string, unknown> {
  return typeof v === "object" && v !== null && !Array.isArray(v);
}

/** Null for a text that is no lock file. */
export function parseLock(text: string): Lock | null {
  let root: unknown;
  try {
    root = JSON.parse(text);
  } catch (e) {
    if (e instanceof SyntaxError) return null;
    throw e;
  }
  if (!isRecord(root) || typeof root["version"] !== "string" || typeof root["sha256"] !== "string")
    return null;
  const entries = new Map<string, string>();
  for (const part of Object.values(PARTS)) {
    const files = root[part];
    if (!isRecord(files)) return null;
    for (const [file, names] of Object.entries(files)) {
      if (!isRecord(names)) return null;
      for (const [name, value] of Object.entries(names))
        entries.set(`${part} ${file} ${name}`, String(value));
    }
  }
  return { version: root["version"], sha256: root["sha256"], entries };
}

/**
 * `text` is the lock as committed, or null. If upstream has changed, each thing that has is named (PM020);
 * if only the port has, the lock is stale (PM011).
 */
export function checkLock(theirs: UpstreamSide, entities: Entities, text: string | null): Finding[] {
  const finding = (subject: string, message: string, line: number | null = null): Finding => ({
    rule: "PM020",
    subject,
    message,
    path: LOCK,
    line,
  });
  if (text === null) return [finding(LOCK, "does not exist; run npm run audit -- --write")];
  const lock = parseLock(text);
  if (lock === null) return [finding(LOCK, "is no lock file; run npm run audit -- --write")];
  const { up } = theirs;
  if (lock.version === up.version && lock.sha256 === up.sha256) {
    if (text === renderLock(theirs, entities)) return [];
    /* Upstream is what it was, but the port looks at other things in it. */
    const message = "is not what the audit generates; run npm run audit -- --write";
    return [{ ...finding(LOCK, message), rule: "PM011" }];
  }
  const findings: Finding[] = [];
  if (lock.version !== up.version) {
    findings.push(finding("version", `the lock has ${lock.version}, ${up.path} is ${up.version}`));
  } else {
    findings.push(finding("sha256", `${up.path} is no longer the ${up.version} that the lock has`));
  }
  const lines = text.split("\n");
  const lineOf = (name: string): number | null => {
    const at = lines.findIndex((l) => l.trimStart().startsWith(`${JSON.stringify(name)}: `));
    return at < 0 ? null : at + 1;
  };
  const seen = new Set<string>();
  for (const e of entities.values()) {
    const key = `${PARTS[e.kind]} ${e.file} ${e.name}`;
    seen.add(key);
    const old = lock.entries.get(key);
    const now = locked(e);
    if (old === undefined) findings.push(finding(e.name, `the ${e.kind} of ${e.file} is not in the lock`));
    else if (old !== now)
      findings.push(
        finding(
          e.name,
          `the ${e.kind} of ${e.file} has changed${e.value === null ? "" : ` from ${old} to ${now}`}`,
          lineOf(e.name),
        ),
      );
  }
  for (const key of lock.entries.keys()) {
    if (seen.has(key)) continue;
    const [part, file, name] = key.split(" ") as [string, string, string];
    findings.push(
      finding(name, `${file} no longer has it among the ${part} that the port looks at`, lineOf(name)),
    );
  }
  return findings;
}
