/** What a connection's state is at one moment, and how two moments differ: the form in which steps tell it. */

import type { Edit, OrderChange, StateChange, Value } from "./format.js";

/** The state of one connection. */
export interface Snapshot {
  pager: Record<string, Value>;
  wal: Record<string, Value> | null;
  cache: Record<string, Value>;
  savepoints: Record<string, Value>[];
  sets: Record<string, readonly number[]>;
  /** By page number: flags and reference count. */
  pages: Record<string, readonly [number, number]>;
  dirty: readonly number[];
  lru: readonly number[];
  synced: number;
}

/** What everything changes from when a connection has just been opened. */
export function emptySnapshot(): Snapshot {
  return {
    pager: {},
    wal: null,
    cache: {},
    savepoints: [],
    sets: {},
    pages: {},
    dirty: [],
    lru: [],
    synced: 0,
  };
}

/** Whether two values are the same; of the kinds that JSON has. */
export function same(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

/** The shortest edit at one place that makes `b` of `a`; undefined: they are the same. */
export function editOf(a: readonly number[], b: readonly number[]): Edit | undefined {
  let at = 0;
  while (at < a.length && at < b.length && a[at] === b[at]) at++;
  let end = 0;
  while (end < a.length - at && end < b.length - at && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  if (at === a.length && at === b.length) return undefined;
  return [at, a.length - at - end, b.slice(at, b.length - end)];
}

/** What an edit makes of a list. */
export function edited(list: readonly number[], [at, removed, inserted]: Edit): number[] {
  return [...list.slice(0, at), ...inserted, ...list.slice(at + removed)];
}

function changedFields<T>(
  a: Readonly<Record<string, T>>,
  b: Readonly<Record<string, T>>,
): Record<string, T | null> {
  const changed: Record<string, T | null> = {};
  for (const [name, value] of Object.entries(b)) if (!same(a[name], value)) changed[name] = value;
  for (const name of Object.keys(a)) if (!(name in b)) changed[name] = null;
  return changed;
}

const isEmpty = (object: object): boolean => Object.keys(object).length === 0;

/** The state's change from one snapshot to the next; undefined: none. */
export function stateChange(a: Snapshot, b: Snapshot): StateChange | undefined {
  const change: StateChange = {};
  const pager = changedFields(a.pager, b.pager);
  if (!isEmpty(pager)) change.pager = pager;
  if (b.wal === null) {
    if (a.wal !== null) change.wal = null;
  } else {
    const wal = changedFields(a.wal ?? {}, b.wal);
    if (!isEmpty(wal) || a.wal === null) change.wal = wal;
  }
  const cache = changedFields(a.cache, b.cache);
  if (!isEmpty(cache)) change.cache = cache;
  if (!same(a.savepoints, b.savepoints)) change.savepoints = b.savepoints;
  const sets: Record<string, Edit | null> = {};
  for (const name of Object.keys(a.sets)) if (!(name in b.sets)) sets[name] = null;
  for (const [name, members] of Object.entries(b.sets)) {
    const edit = editOf(a.sets[name] ?? [], members);
    if (edit !== undefined) sets[name] = edit;
    else if (!(name in a.sets)) sets[name] = [0, 0, []];
  }
  if (!isEmpty(sets)) change.sets = sets;
  const pages = changedFields(a.pages, b.pages);
  if (!isEmpty(pages)) change.pages = pages;
  return isEmpty(change) ? undefined : change;
}

/** The order's change, likewise. */
export function orderChange(a: Snapshot, b: Snapshot): OrderChange | undefined {
  const change: OrderChange = {};
  const dirty = editOf(a.dirty, b.dirty);
  if (dirty !== undefined) change.dirty = dirty;
  const lru = editOf(a.lru, b.lru);
  if (lru !== undefined) change.lru = lru;
  if (a.synced !== b.synced) change.synced = b.synced;
  return isEmpty(change) ? undefined : change;
}

function applyFields<T>(
  to: Record<string, T>,
  change: Readonly<Record<string, T | null>>,
  goes: boolean,
): void {
  for (const [name, value] of Object.entries(change)) {
    if (value === null && goes) delete to[name];
    else to[name] = value as T;
  }
}

/** Carries out a change of the state. */
export function applyState(to: Snapshot, change: StateChange): void {
  if (change.pager !== undefined) applyFields(to.pager, change.pager, false);
  if (change.wal === null) to.wal = null;
  else if (change.wal !== undefined) applyFields((to.wal ??= {}), change.wal, false);
  if (change.cache !== undefined) applyFields(to.cache, change.cache, false);
  if (change.savepoints !== undefined) to.savepoints = [...change.savepoints];
  for (const [name, edit] of Object.entries(change.sets ?? {})) {
    if (edit === null) delete to.sets[name];
    else to.sets[name] = edited(to.sets[name] ?? [], edit);
  }
  if (change.pages !== undefined) applyFields(to.pages, change.pages, true);
}

/** Carries out a change of the order. */
export function applyOrder(to: Snapshot, change: OrderChange): void {
  if (change.dirty !== undefined) to.dirty = edited(to.dirty, change.dirty);
  if (change.lru !== undefined) to.lru = edited(to.lru, change.lru);
  if (change.synced !== undefined) to.synced = change.synced;
}
