/** Matches upstream's functions with ours, gives each its status, and reports what does not fit. */

import type { Decisions } from "./decisions.js";
import { OMITTED, PENDING } from "./decisions.js";
import type { FileInventory, UpstreamFunction } from "./inventory.js";
import { HEADERS, MIRRORED, MIRRORS, PARTIAL, SHARED, WHOLE } from "./mirrors.js";
import type { Finding, RuleId } from "./rules.js";
import type { TsFunction, TypeScriptSide, UpstreamTag } from "./typescript.js";

/**
 * ported: there is a function of the same name; macro: upstream has a macro, we a function; pending:
 * the file arrives later; missing: a finding.
 */
export type Status = "ported" | "macro" | "compiled out" | "omitted" | "pending" | "not needed" | "missing";

/** A row of the ledger. */
export interface Row {
  file: string;
  name: string;
  status: Status;
  /** Null for a macro. */
  upstream: UpstreamFunction | null;
  ts: TsFunction | null;
  reason: string | null;
}

export interface MatchResult {
  rows: Row[];
  findings: Finding[];
}

/** Looks at one of upstream's files, whatever it is; null if there is none of that name. */
export type InventoryOf = (file: string) => FileInventory | null;

/** Functions of ours by what they say they mirror, `pager.c pagerOpen`. */
function byTag(side: TypeScriptSide): Map<string, TsFunction[]> {
  const found = new Map<string, TsFunction[]>();
  for (const fn of side.functions) {
    for (const tag of fn.tags) {
      const key = `${tag.file} ${tag.name}`;
      found.set(key, [...(found.get(key) ?? []), fn]);
    }
  }
  return found;
}

/**
 * A function that has the name of a macro of the file it stands in, or of a header, needs no tag:
 * `osOpen`, `ROUND8`. This gives it one.
 */
function withMacroTags(side: TypeScriptSide, inventoryOf: InventoryOf): TypeScriptSide {
  const isMacro = (file: string, name: string): boolean => inventoryOf(file)?.names.get(name) === "macro";
  const functions = side.functions.map((fn) => {
    if (fn.tags.length > 0 || fn.nonUpstream || !(MIRRORED.has(fn.path) || fn.path === SHARED)) return fn;
    const own = [...MIRRORS].filter(([, path]) => path === fn.path).map(([file]) => file);
    const file = [...own, ...HEADERS].find((f) => isMacro(f, fn.name));
    return file === undefined
      ? fn
      : { ...fn, tags: [{ file, name: fn.name, path: fn.path, line: fn.first }] };
  });
  return { ...side, functions };
}

export function match(inventoryOf: InventoryOf, given: TypeScriptSide, decisions: Decisions): MatchResult {
  const side = withMacroTags(given, inventoryOf);
  /* Files that only a tag names are looked at too: what is taken from them belongs to the ledger. */
  const tagFiles = [...side.upstreamTags, ...side.functions.flatMap((fn) => fn.tags)].map((t) => t.file);
  const files = [...new Set([...WHOLE, ...PARTIAL, ...tagFiles])]
    .map(inventoryOf)
    .filter((inv) => inv !== null)
    .sort((a, b) => a.start - b.start);
  const rows: Row[] = [];
  const findings: Finding[] = [];
  const find = (rule: RuleId, subject: string, message: string, path: string, line: number | null): void => {
    findings.push({ rule, subject, message, path, line });
  };
  const tagged = byTag(side);
  const named = new Map(side.functions.map((fn) => [`${fn.path} ${fn.name}`, fn]));

  for (const inv of files) {
    const { file } = inv;
    for (const e of inv.errors) {
      find("PM014", file, `line ${e.line} of the amalgamation is not understood: ${e.text}`, file, null);
    }
    const mirror = MIRRORS.get(file);
    const ported: Row[] = [];
    const seen = new Set<string>();
    /* A name may be defined in several arms; the one that is compiled counts. */
    const main = new Map<string, UpstreamFunction>();
    for (const fn of inv.functions) if (!main.has(fn.name) || fn.compiled) main.set(fn.name, fn);

    for (const fn of inv.functions) {
      const row: Row = { file, name: fn.name, status: "missing", upstream: fn, ts: null, reason: null };
      if (main.get(fn.name) !== fn) {
        row.status = "compiled out";
        if (mirror !== undefined) rows.push(row);
        continue;
      }
      seen.add(fn.name);
      const candidates = tagged.get(`${file} ${fn.name}`) ?? [];
      row.ts = candidates[0] ?? (mirror === undefined ? null : named.get(`${mirror} ${fn.name}`)) ?? null;
      for (const other of candidates.slice(1)) {
        find(
          "PM015",
          fn.name,
          `${other.name} and ${row.ts!.name} (${row.ts!.path}) both claim it`,
          other.path,
          other.first,
        );
      }
      /* Of a file that we have no mirror of, only what was taken is listed. */
      if (row.ts !== null || mirror !== undefined) rows.push(row);
      const omission = decisions.omitted.get(fn.name);
      const own = omission?.file === file ? omission : undefined;
      if (own !== undefined) row.reason = own.reason;
      if (row.ts !== null) {
        const pending = decisions.pending.get(file);
        row.status = pending === undefined ? "ported" : "pending";
        row.reason = pending === undefined ? null : "placeholder";
        if (own !== undefined) find("PM012", fn.name, "is listed as not ported, and ported", OMITTED, null);
        ported.push(row);
      } else if (!fn.compiled) {
        row.status = "compiled out";
      } else if (own !== undefined) {
        row.status = "omitted";
        if (own.status !== "omitted")
          find("PM012", fn.name, "is listed as compiled out, but compiled in", OMITTED, null);
      } else if (decisions.pending.has(file)) {
        row.status = "pending";
      } else if (WHOLE.includes(file)) {
        const where = `${file}, line ${fn.first} of the amalgamation`;
        find("PM001", fn.name, `${where}: neither ported nor omitted with a reason`, mirror ?? file, null);
      } else {
        row.status = "not needed";
      }
    }
    checkPorted(ported, mirror, find);
    for (const [name, kind] of inv.names) {
      if (kind !== "macro" || seen.has(name)) continue;
      const fn = (tagged.get(`${file} ${name}`) ?? [])[0];
      if (fn === undefined) continue;
      rows.push({ file, name, status: "macro", upstream: null, ts: fn, reason: null });
      if (fn.name !== name && !fn.nonUpstream) find("PM005", name, `is called ${fn.name}`, fn.path, fn.first);
    }
  }

  checkTags(side, inventoryOf, find);
  checkDecisions(decisions, inventoryOf, find);
  for (const fn of side.functions) {
    if (!MIRRORED.has(fn.path) || fn.tags.length > 0 || fn.nonUpstream) continue;
    find(
      "PM007",
      fn.name,
      "has neither an @upstream tag nor the word NON-UPSTREAM in its doc comment",
      fn.path,
      fn.first,
    );
  }
  return { rows, findings };
}

type Find = (rule: RuleId, subject: string, message: string, path: string, line: number | null) => void;

/** Place, name, linkage and order of what is ported; `rows` are in upstream's order. */
function checkPorted(rows: readonly Row[], mirror: string | undefined, find: Find): void {
  for (const { ts, upstream } of rows) {
    if (ts === null || upstream === null) continue;
    if (mirror !== undefined && ts.path !== mirror) {
      find("PM002", upstream.name, `${upstream.file} is mirrored by ${mirror}`, ts.path, ts.first);
    }
    if (ts.name !== upstream.name && !ts.nonUpstream) {
      find("PM005", upstream.name, `is called ${ts.name}`, ts.path, ts.first);
    }
    /* A function taken from a file that we have no mirror of may be its only caller's own. */
    if (ts.exported === upstream.static && (mirror !== undefined || ts.exported)) {
      const message = upstream.static
        ? "is static upstream, and exported here"
        : "is not static upstream, and not exported here";
      find("PM004", upstream.name, message, ts.path, ts.first);
    }
  }
  const byFile = new Map<string, Row[]>();
  for (const row of rows)
    if (row.status !== "pending") byFile.set(row.ts!.path, [...(byFile.get(row.ts!.path) ?? []), row]);
  for (const group of byFile.values()) {
    const kept = longestIncreasing(group.map((row) => row.ts!.first));
    for (const [i, row] of group.entries()) {
      if (kept.has(i)) continue;
      const before = group[i - 1]?.name;
      const message = before === undefined ? "comes first upstream" : `comes after ${before} upstream`;
      find("PM003", row.name, message, row.ts!.path, row.ts!.first);
    }
  }
}

/** Indices of a longest strictly increasing subsequence: the fewest functions are out of order. */
export function longestIncreasing(values: readonly number[]): Set<number> {
  const tails: number[] = [];
  const previous: number[] = [];
  for (let i = 0; i < values.length; i++) {
    let low = 0;
    let high = tails.length;
    while (low < high) {
      const mid = (low + high) >> 1;
      if (values[tails[mid]!]! < values[i]!) low = mid + 1;
      else high = mid;
    }
    previous[i] = low > 0 ? tails[low - 1]! : -1;
    tails[low] = i;
  }
  const kept = new Set<number>();
  for (let i = tails[tails.length - 1] ?? -1; i >= 0; i = previous[i]!) kept.add(i);
  return kept;
}

/** Every tag must name something that upstream declares in that file. */
function checkTags(side: TypeScriptSide, inventoryOf: InventoryOf, find: Find): void {
  const known = (tag: UpstreamTag): boolean => {
    const inv = inventoryOf(tag.file);
    return inv !== null && (tag.name === null || inv.names.has(tag.name));
  };
  for (const tag of side.upstreamTags) {
    if (known(tag)) continue;
    let message = "upstream has no such file";
    if (inventoryOf(tag.file) !== null) {
      const elsewhere = [...WHOLE, ...PARTIAL, ...HEADERS, "sqlite3.h", "sqlite3.c"].find(
        (file) => tag.name !== null && inventoryOf(file)?.names.has(tag.name),
      );
      message = `${tag.file} declares no such name${elsewhere === undefined ? "" : `; ${elsewhere} does`}`;
    }
    find("PM006", `${tag.file} ${tag.name ?? ""}`.trim(), message, tag.path, tag.line);
  }
}

function checkDecisions(decisions: Decisions, inventoryOf: InventoryOf, find: Find): void {
  for (const e of decisions.errors) find("PM012", e.path, e.message, e.path, null);
  for (const [name, entry] of decisions.omitted) {
    const fn = inventoryOf(entry.file)?.functions.find((f) => f.name === name);
    if (fn === undefined) find("PM012", name, `${entry.file} has no such function`, OMITTED, null);
  }
  for (const file of decisions.pending.keys()) {
    if (inventoryOf(file) === null) find("PM012", file, "upstream has no such file", PENDING, null);
  }
}
