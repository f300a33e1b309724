/** Holds the two sides of a lockstep run against each other after an operation. */

import "./wasm32.js";
import { sizeof } from "../../src/abi.js";
import { SQLITE_FCNTL_DB_UNCHANGED } from "../../src/index.js";
import type { Figures } from "./figures.js";
import type { Op, Outcome } from "./ops.js";
import { showOp } from "./ops.js";
import { type Event, HOOKS, type Lists, type Scalars, type Side, SZ_OS_FILE, showEvent } from "./side.js";

/** Something that differs: what, and how it is on each side. */
export interface Difference {
  /** The field, file or event, by name. */
  what: string;
  c: string;
  port: string;
}

/** How strict a comparison is. */
export interface Strictness {
  /** Whether both sides have their asserts or neither has, so that both make the calls that asserts make. */
  asserts: boolean;
  /** C's `sizeof(Wal)`: two fields larger with SQLITE_DEBUG, for which the port has no other table. */
  sizeofWal: number;
}

/** Two sides came apart; the message tells the operation, what differs, and both traces. */
export class Disagreement extends Error {
  override readonly name = "Disagreement";
  readonly index: number;
  readonly op: Op;
  readonly differences: readonly Difference[];

  constructor(index: number, op: Op, differences: readonly Difference[], c: Side, port: Side) {
    const lines = [
      `operation ${index}, ${showOp(op)}:`,
      ...differences.map((d) => `  ${d.what}: C ${d.c}, port ${d.port}`),
      ...traces(c.events, port.events),
    ];
    super(lines.join("\n"));
    this.index = index;
    this.op = op;
    this.differences = differences;
  }
}

/** Both traces, side by side as a diff: what they share at the start is told once. */
function traces(c: readonly Event[], port: readonly Event[]): string[] {
  const a = c.map(showEvent);
  const b = port.map(showEvent);
  let same = 0;
  while (same < a.length && same < b.length && a[same] === b[same]) same++;
  const lines = [`  trace: ${same} calls agree`];
  for (const e of a.slice(Math.max(0, same - 5), same)) lines.push(`      ${e}`);
  for (const e of a.slice(same, same + 20)) lines.push(`    C ${e}`);
  for (const e of b.slice(same, same + 20)) lines.push(`    P ${e}`);
  return lines;
}

/** Whether the outcomes and the traces of one operation are equal; counts what it compares. */
export function sameOutcome(
  c: Outcome,
  port: Outcome,
  cEvents: readonly Event[],
  portEvents: readonly Event[],
  strict: Strictness,
  figures: Figures,
): boolean {
  if (c.rc !== port.rc || c.out.length !== port.out.length) return false;
  for (let i = 0; i < c.out.length; i++) if (c.out[i] !== port.out[i]) return false;
  if ((c.assertion !== null || port.assertion !== null) && !sameAssertion(c.assertion, port.assertion)) {
    return false;
  }
  for (let i = 0, k = 0; ; i++, k++) {
    if (!strict.asserts) {
      while (i < cEvents.length && isAsserting(cEvents[i]!)) i++;
      while (k < portEvents.length && isAsserting(portEvents[k]!)) k++;
    }
    if (i >= cEvents.length || k >= portEvents.length) return i >= cEvents.length && k >= portEvents.length;
    if (!sameEvent(cEvents[i]!, portEvents[k]!, strict)) return false;
    count(cEvents[i]!, figures);
  }
}

/** Counts an event that both sides have. */
function count({ call, hash, amount }: Event, figures: Figures): void {
  if (call === "malloc" || call === "free" || call === "realloc") {
    figures.allocations++;
  } else if (HOOKS.has(call)) {
    figures.hooks++;
  } else {
    figures.events++;
    if (hash !== 0) figures.hashed += amount;
  }
}

/** What differs between the outcomes and the traces of one operation. */
export function compareOutcome(
  c: Outcome,
  port: Outcome,
  cEvents: readonly Event[],
  portEvents: readonly Event[],
  strict: Strictness,
): Difference[] {
  const found: Difference[] = [];
  const say = (what: string, a: unknown, b: unknown): void => {
    if (JSON.stringify(a) !== JSON.stringify(b)) {
      found.push({ what, c: JSON.stringify(a), port: JSON.stringify(b) });
    }
  };
  if (!sameAssertion(c.assertion, port.assertion)) {
    found.push({ what: "assert", c: c.assertion ?? "none", port: port.assertion ?? "none" });
  }
  say("rc", c.rc, port.rc);
  say("out", c.out, port.out);
  const a = strict.asserts ? cEvents : cEvents.filter((e) => !isAsserting(e));
  const b = strict.asserts ? portEvents : portEvents.filter((e) => !isAsserting(e));
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    if (i < a.length && i < b.length && sameEvent(a[i]!, b[i]!, strict)) continue;
    found.push({
      what: `call ${i}`,
      c: i < a.length ? showEvent(a[i]!) : "none",
      port: i < b.length ? showEvent(b[i]!) : "none",
    });
    break;
  }
  return found;
}

/** Whether both sides stopped, and in the same function; the texts are C's and a place in the port's sources. */
function sameAssertion(c: string | null, port: string | null): boolean {
  if (c === null || port === null) return c === port;
  const inC = / \((\w+), line \d+\)$/.exec(c)?.[1];
  return inC === undefined ? c === port : new RegExp(`\\bat (?:\\w+\\.)*${inC} `).test(port);
}

/** Whether this is a call that asserts make, and the debug build's file control. */
function isAsserting(e: Event): boolean {
  return (
    e.call === "devicecharacteristics" || (e.call === "filecontrol" && e.arg === SQLITE_FCNTL_DB_UNCHANGED)
  );
}

function sameEvent(a: Event, b: Event, strict: Strictness): boolean {
  if (a.call !== b.call || a.file !== b.file || a.offset !== b.offset || a.hash !== b.hash) return false;
  if (a.arg !== b.arg || a.rc !== b.rc || a.out !== b.out) return false;
  if (a.amount === b.amount) return true;
  const isMemory = a.call === "malloc" || a.call === "free";
  return isMemory && a.amount === strict.sizeofWal + SZ_OS_FILE && b.amount === sizeof.Wal + SZ_OS_FILE;
}

/** What differs between the states of all connections: every scalar by name, and the lists. */
export function compareState(c: Side, port: Side): Difference[] {
  const found: Difference[] = [];
  compareScalars(c.global(), port.global(), (name, x, y) => {
    found.push({ what: name, c: x, port: y });
  });
  const open = c.connections();
  if (open.join() !== port.connections().join()) {
    return [...found, { what: "connections", c: open.join(), port: port.connections().join() }];
  }
  for (const number of open) {
    const a = c.state(number);
    const b = port.state(number);
    compareScalars(a.scalars, b.scalars, (name, x, y) => {
      found.push({ what: `connection ${number}: ${name}`, c: x, port: y });
    });
    const difference = compareLists(a.lists, b.lists);
    if (difference !== null) found.push({ ...difference, what: `connection ${number}: ${difference.what}` });
  }
  return found;
}

function compareScalars(a: Scalars, b: Scalars, say: (name: string, x: string, y: string) => void): void {
  const differ = (name: string, x: unknown, y: unknown): void => {
    if (x === y || (typeof x === "object" && String(x) === String(y))) return;
    const show = (value: unknown): string => (value === undefined ? "absent" : JSON.stringify(value));
    say(name, show(x), show(y));
  };
  for (const [name, x] of a) differ(name, x, b.get(name));
  for (const [name, y] of b) if (!a.has(name)) differ(name, undefined, y);
}

function compareLists(a: Lists, b: Lists): Difference | null {
  let i = 0;
  while (i < a.length && i < b.length && a[i] === b[i]) i++;
  if (i === a.length && i === b.length) return null;
  const show = (words: Lists): string => (i < words.length ? words.slice(i, i + 12).join(" ") : "end");
  return { what: whereInLists(a, i), c: show(a), port: show(b) };
}

/** Which list word `at` belongs to, as c/shim.c describes them. */
function whereInLists(words: Lists, at: number): string {
  let i = 0;
  const count = (size: number): number => 1 + words[i]! * size;
  const sections: [string, () => number][] = [
    ["dirty list", () => count(3)],
    ["tail of the dirty list", () => 1],
    ["pSynced", () => 1],
  ];
  for (const [name, length] of sections) {
    const end = i + length();
    if (at < end) return `${name}, word ${at - i}`;
    i = end;
  }
  const nHash = words[i]!;
  if (at === i++) return "nHash";
  for (let h = 0; h < nHash; h++) {
    const end = i + count(7);
    if (at < end) return `hash slot ${h}, word ${at - i} (n; iKey bulk pinned has pgno flags nRef; ...)`;
    i = end;
  }
  if (nHash > 0) {
    const end = i + count(1);
    if (at < end) return `LRU list, word ${at - i}`;
    if (at === end) return "free bulk pages";
  }
  return "free mmap headers, or the end";
}

/** What differs between everything that is too much for every operation: files, locks, pages, sets. */
export function compareDeep(c: Side, port: Side): Difference[] {
  const found: Difference[] = [];
  const say = (what: string, a: string, b: string): void => {
    if (a !== b) found.push({ what, c: a, port: b });
  };
  const names = c.disk.list();
  say("names of files", names.join(" "), port.disk.list().join(" "));
  for (const name of names) {
    say(`bytes of ${name}`, ...firstDifference(c.disk.exportFile(name), port.disk.exportFile(name)));
    const [a, b] = [c.disk.shmRegions(name), port.disk.shmRegions(name)];
    say(`regions of ${name}'s shared memory`, `${a.length}`, `${b.length}`);
    a.forEach((region, i) => {
      say(`shared memory of ${name}, region ${i}`, ...firstDifference(region, b[i] ?? null));
    });
    say(`shared-memory locks of ${name}`, c.disk.shmLocks(name).join(), port.disk.shmLocks(name).join());
  }
  say("pending operations", pending(c), pending(port));
  say("values of sqlite3_status", c.status().join(" "), port.status().join(" "));
  for (const number of c.connections()) {
    const [a, b] = [c.contents(number), port.contents(number)];
    for (const pgno of new Set([...a.keys(), ...b.keys()])) {
      say(`connection ${number}: content of page ${pgno}`, `${a.get(pgno)}`, `${b.get(pgno)}`);
    }
    const [e, f] = [c.extras(number), port.extras(number)];
    for (const pgno of new Set([...e.keys(), ...f.keys()])) {
      say(`connection ${number}: extra bytes of page ${pgno}`, `${e.get(pgno)}`, `${f.get(pgno)}`);
    }
    const [x, y] = [c.journals(number), port.journals(number)];
    for (const name of new Set([...x.keys(), ...y.keys()])) {
      const difference = firstDifference(x.get(name) ?? null, y.get(name) ?? null);
      say(`connection ${number}: content of ${name} in memory`, ...difference);
    }
    const [v, w] = [c.walIndex(number), port.walIndex(number)];
    for (const i of new Set([...v.keys(), ...w.keys()])) {
      const difference = firstDifference(v.get(i) ?? null, w.get(i) ?? null);
      say(`connection ${number}: region ${i} of the wal-index`, ...difference);
    }
    const [s, t] = [c.sets(number), port.sets(number)];
    for (const name of new Set([...s.keys(), ...t.keys()])) {
      say(`connection ${number}: ${name}`, `${s.get(name)?.join()}`, `${t.get(name)?.join()}`);
    }
  }
  return found;
}

/** What a crash could undo: equal traces must have left equal disks. */
function pending(side: Side): string {
  return JSON.stringify(side.disk.pending());
}

function firstDifference(a: Uint8Array | null, b: Uint8Array | null): [string, string] {
  if (a === null || b === null) return [`${a?.length}`, `${b?.length}`];
  if (a.length !== b.length) return [`${a.length} bytes`, `${b.length} bytes`];
  const i = a.findIndex((byte, k) => byte !== b[k]);
  if (i < 0) return ["", ""];
  const show = (bytes: Uint8Array): string =>
    `at ${i}: ${Buffer.from(bytes.subarray(i, i + 16)).toString("hex")}`;
  return [show(a), show(b)];
}
