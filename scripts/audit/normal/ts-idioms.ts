/**
 * Idioms of the port that take several statements and are one in C. Each is a rewriting of a function's
 * body that keeps its meaning; docs/audit.md has them with examples.
 */

import { isZero, NO_KIDS, type Node } from "./form.js";
import { assignment, count, isName, keyOf, rewrite } from "./tree.js";

/** What is known of the C function. */
export interface Known {
  /** Its parameters and locals, and every other name in it. */
  variables: ReadonlySet<string>;
  /** What it clears as a whole. */
  cleared: ReadonlySet<string>;
  /** Local structs and arrays that it leaves as they are at first. */
  structs: ReadonlySet<string>;
  /** Fields of ours that upstream does not have. */
  ownFields: ReadonlySet<string>;
  /** Whether a function may change one of these fields. */
  changes(name: string, fields: ReadonlySet<string>): boolean;
}

const NOTHING: Node = { op: "seq", text: "", kids: NO_KIDS, line: 0, end: 0 };

/** All idioms, in order. */
export function undoIdioms(body: Node, known: Known): Node {
  let tree = allocated(body, known);
  tree = otherwise(tree);
  tree = inOut(tree, known);
  tree = companions(tree, known);
  tree = out(tree, known);
  tree = once(tree, known);
  tree = hoisted(tree, known);
  tree = reused(tree, known);
  return unneeded(tree, known);
}

function renamed(body: Node, name: string, to: Node): Node {
  return rewrite(body, (n) => (isName(n, name) ? to : n));
}

function without(body: Node, gone: ReadonlySet<Node>): Node {
  return rewrite(body, (n) => (gone.has(n) ? NOTHING : n));
}

/** `mem = alloc(); if (!mem) ...; p = new T(mem)` is `p = alloc(); if (!p) ...`. */
function allocated(body: Node, known: Known): Node {
  const found: { s: Node; name: string; to: Node }[] = [];
  const visit = (n: Node): void => {
    const a = assignment(n);
    if (a !== null && a.from.op === "call" && a.from.kids[0]!.text.startsWith("new ")) {
      const mem = a.from.kids[1];
      if (mem !== undefined && isName(mem) && !known.variables.has(mem.text)) {
        found.push({ s: n, name: mem.text, to: a.to });
      }
    }
    for (const k of n.kids) visit(k);
  };
  visit(body);
  const made = new Map(found.map((f) => [f.s, f.to]));
  let tree = rewrite(body, (n) => {
    const to = made.get(n);
    if (to === undefined) return n;
    if (!known.cleared.has(keyOf(to))) return NOTHING;
    return { ...n, kids: [{ ...n.kids[0]!, op: "clear", text: "", kids: [to] }] };
  });
  for (const f of found) tree = renamed(tree, f.name, f.to);
  return tree;
}

function isAddressOf(n: Node, key: string): boolean {
  return n.op === "un" && n.text === "&" && keyOf(n.kids[0]!) === key;
}

/** A statement without the lists inside it: what runs before anything in them. */
function headMentions(s: Node, test: (n: Node) => boolean): boolean {
  return s.kids.some((k) => k.op !== "seq" && count(k, test) > 0);
}

function readdress(s: Node, key: string, to: Node): Node {
  return rewrite(s, (n) => (isAddressOf(n, key) ? { ...n, kids: [to] } : n));
}

/** Whether a list inside of a statement mentions a variable or field. */
function bodiesMention(s: Node, of: Node): boolean {
  const key = keyOf(of);
  return s.kids.some((k) => k.op === "seq" && count(k, (n) => n.op === of.op && keyOf(n) === key) > 0);
}

/** What is called without changing a field. */
const HARMLESS = /^(assert|testcase|ALWAYS|NEVER|MIN|MAX|memset|memcpy|memcmp|AtomicLoad|AtomicStore)$/;

/** Whether a call may change what a path says. */
function callChanges(n: Node, path: Node, known: Known): boolean {
  const fields = new Set<string>();
  let root = path;
  for (; root.kids.length > 0; root = root.kids[0]!) if (root.op === "field") fields.add(root.text);
  if (fields.size === 0) return false;
  /* A struct of the function's own is changed by whom it is given to. */
  if (known.structs.has(root.text)) return n.kids.slice(1).some((a) => isName(a, root.text));
  const callee = n.kids[0]!;
  if (isName(callee)) return !HARMLESS.test(callee.text) && known.changes(callee.text, fields);
  return true;
}

/** What an assignment, or a step, or whoever gets the address, changes. */
function targetOf(n: Node): Node | null {
  const changes = n.op === "assign" || n.op === "step" || n.op === "copy" || n.op === "clear";
  return changes || (n.op === "un" && n.text === "&") ? n.kids[0]! : null;
}

/** Whether the node itself may change what a path says: a call, or an assignment to a part of it. */
function mayChange(n: Node, path: Node, known: Known): boolean {
  if (n.op === "call") return callChanges(n, path, known);
  const to = targetOf(n);
  return to !== null && touches(to, path);
}

/** Whether an assignment to `to` changes a variable, a field of that name, or an element on the path. */
function touches(to: Node, path: Node): boolean {
  const isSame =
    to.op === "index" ? keyOf(to.kids[0]!) === keyOf(path.kids[0] ?? path) : to.text === path.text;
  if (path.op === to.op && isSame) return true;
  return path.kids.some((k) => touches(to, k));
}

/** Rewrites every list of statements. */
function eachList(body: Node, change: (list: Node[]) => Node[]): Node {
  return rewrite(body, (n) => {
    if (n.op !== "seq") return n;
    const kids = change([...n.kids]);
    return kids.length === n.kids.length && kids.every((k, i) => k === n.kids[i]) ? n : { ...n, kids };
  });
}

/** `r = L; f(&r); L = r`, where C has no r, is `f(&L)`. */
function inOut(body: Node, known: Known): Node {
  return eachList(body, (list) => {
    for (let i = 0; i < list.length; i++) {
      const first = assignment(list[i]!);
      if (first === null || !isName(first.to) || known.variables.has(first.to.text)) continue;
      const key = keyOf(first.to);
      const at = list.findIndex((s, k) => k > i && count(s, (n) => isName(n, first.to.text)) > 0);
      if (at < 0 || !headMentions(list[at]!, (n) => isAddressOf(n, key))) continue;
      const back = list[at + 1] === undefined ? null : assignment(list[at + 1]!);
      if (back === null || keyOf(back.from) !== key || keyOf(back.to) !== keyOf(first.from)) continue;
      /* In between, and inside of the statement that passes it, L is not yet what C has. */
      if (list.slice(i + 1, at).some((s) => count(s, (n) => mayChange(n, first.from, known)) > 0)) continue;
      if (bodiesMention(list[at]!, first.from)) continue;
      const used = readdress(list[at]!, key, first.from);
      list.splice(at, 2, used);
      list.splice(i, 1);
      i--;
    }
    return list;
  });
}

/** `f(&r); v = r`, where C has no r, is `f(&v)`. */
function out(body: Node, known: Known): Node {
  return eachList(body, (list) => {
    for (let i = 0; i + 1 < list.length; i++) {
      const after = assignment(list[i + 1]!);
      if (after === null || !(after.from.op === "name" || after.from.op === "field")) continue;
      if (after.from.op === "name" && known.variables.has(after.from.text)) continue;
      const key = keyOf(after.from);
      if (!headMentions(list[i]!, (n) => isAddressOf(n, key))) continue;
      if (after.from.op === "field" && !/^(ref|[a-z]+Ref)/.test(after.from.text)) continue;
      if (bodiesMention(list[i]!, after.to)) continue;
      const initial = initialOf(body, key);
      if (initial !== null && !isZero(initial) && !isStill(list, i, key, after.to, known)) continue;
      list.splice(i, 2, readdress(list[i]!, key, after.to));
      i--;
    }
    return list;
  });
}

/**
 * `t = e; ...t...`, where C has no t and the next statement alone uses it, once, is `...e...`: if that is
 * where it is computed first, and in any case, and once.
 */
function once(body: Node, known: Known): Node {
  return eachList(body, (list) => {
    for (let i = list.length - 2; i >= 0; i--) {
      const a = assignment(list[i]!);
      if (a === null || !a.init || !isName(a.to) || known.variables.has(a.to.text)) continue;
      const { text } = a.to;
      const mentions = (n: Node): boolean => isName(n, text);
      if (list.reduce((sum, s) => sum + count(s, mentions), 0) !== 2) continue;
      if (count(list[i + 1]!, (n) => isAddressOf(n, text)) > 0) continue;
      if (!headMentions(list[i + 1]!, mentions) || !isFirst(list[i + 1]!, text)) continue;
      list.splice(i, 2, renamed(list[i + 1]!, text, a.from));
    }
    return list;
  });
}

/** Whether a statement looks at a name before it does anything, and whatever comes of it. */
function isFirst(s: Node, name: string): boolean {
  if (s.op === "while" || s.op === "do" || s.op === "for") return false;
  let found: boolean | null = null;
  const visit = (n: Node, always: boolean): void => {
    if (found !== null || n.op === "seq") return;
    if (isName(n, name)) {
      found = always;
      return;
    }
    const chooses = n.op === "cond" || (n.op === "bin" && (n.text === "&&" || n.text === "||"));
    /* What is assigned to is no value that is read. */
    const order = n.op === "assign" ? [n.kids[1]!, n.kids[0]!] : n.kids;
    for (const [i, k] of order.entries()) visit(k, always && !(chooses && i > 0));
    if (n.op === "call" || n.op === "assign" || n.op === "step" || n.op === "copy" || n.op === "clear")
      found ??= false;
  };
  for (const k of s.kids) visit(k, true);
  return found === true;
}

/** `r = 0; f(&r); if (rc) return; v = r`, where C has no r and v takes its value nowhere else, is `f(&v)`. */
function companions(body: Node, known: Known): Node {
  let tree = body;
  for (const [key, to] of companionsOf(body, known)) {
    let taken = false;
    const initial = initialOf(tree, keyOf(to));
    tree = rewrite(tree, (n) => {
      const a = assignment(n);
      if (a !== null && keyOf(a.from) === key && keyOf(a.to) === keyOf(to)) {
        taken = true;
        return NOTHING;
      }
      if (a !== null && keyOf(a.to) === key) {
        /* A reset before the value is taken, as C's initializer; behind it, hygiene of the Ref's owner. */
        const isSame = initial !== null && keyOf(initial) === keyOf(a.from);
        if (taken || initial !== null) return isZero(a.from) || isSame ? NOTHING : n;
        return { ...n, init: true, kids: [{ ...n.kids[0]!, kids: [to, a.from] }] };
      }
      return isAddressOf(n, key) ? { ...n, kids: [to] } : n;
    });
  }
  return tree;
}

/** Whether r, from `r = L` on to the statement at `i`, is what L is. */
function isStill(list: readonly Node[], i: number, key: string, path: Node, known: Known): boolean {
  const start = list.findIndex((s) => {
    const a = assignment(s);
    return a?.init === true && keyOf(a.to) === key && keyOf(a.from) === keyOf(path);
  });
  return start >= 0 && !list.slice(start + 1, i).some((s) => count(s, (n) => mayChange(n, path, known)) > 0);
}

/** What a variable starts with, or null. */
function initialOf(n: Node, key: string): Node | null {
  const a = assignment(n);
  if (a?.init === true && keyOf(a.to) === key) return a.from;
  for (const k of n.kids) {
    const found = initialOf(k, key);
    if (found !== null) return found;
  }
  return null;
}

/** Whether `v = r` follows each `f(&r)` before anybody looks at v, and stands nowhere else. */
function isTakenAtOnce(body: Node, key: string, to: Node): boolean {
  const v = keyOf(to);
  const isTaking = (s: Node): boolean => {
    const a = assignment(s);
    return a !== null && keyOf(a.from) === key && keyOf(a.to) === v;
  };
  const passes = (s: Node): boolean => headMentions(s, (n) => isAddressOf(n, key));
  const takings = new Set<Node>();
  let holds = true;
  const looks = (s: Node): boolean => count(s, (n) => n.op === to.op && keyOf(n) === v) > 0;
  const take = (list: readonly Node[]): boolean => {
    for (const [i, s] of list.entries()) {
      if (isTaking(s)) {
        takings.add(s);
        return true;
      }
      /* `if (rc === SQLITE_OK) v = r`, first in a branch that looks at v. */
      if (
        s.op === "if" &&
        ![s.kids[0]!, s.kids[2]!, ...list.slice(i + 1)].some(looks) &&
        take(s.kids[1]!.kids)
      )
        return true;
      if (looks(s)) return false;
    }
    return false;
  };
  const visit = (n: Node): void => {
    if (n.op === "seq") {
      for (const [i, s] of n.kids.entries()) {
        if (!passes(s)) continue;
        const inside =
          s.op === "if" && take(s.kids[1]!.kids) && !bodiesMention({ ...s, kids: [s.kids[2]!] }, to);
        if (!inside && (bodiesMention(s, to) || !take(n.kids.slice(i + 1)))) holds = false;
      }
    }
    for (const k of n.kids) visit(k);
  };
  visit(body);
  return holds && count(body, (s) => isTaking(s) && !takings.has(s)) === 0;
}

/** Refs that C does not have, each with the only variable that takes its value. */
function companionsOf(body: Node, known: Known): Map<string, Node> {
  const addressed = new Set<string>();
  const takers = new Map<string, Node[]>();
  const mentions = new Map<string, number>();
  const expected = new Map<string, number>();
  const add = (m: Map<string, number>, key: string): void => {
    m.set(key, (m.get(key) ?? 0) + 1);
  };
  const visit = (n: Node): void => {
    if (n.op === "un" && n.text === "&") {
      addressed.add(keyOf(n.kids[0]!));
      add(expected, keyOf(n.kids[0]!));
    }
    const a = assignment(n);
    if (a !== null) {
      if (a.to.op === "name") {
        const key = keyOf(a.from);
        takers.set(key, [...(takers.get(key) ?? []), a.to]);
        add(expected, key);
      }
      add(expected, keyOf(a.to));
    }
    if (n.op === "name" || n.op === "field") add(mentions, keyOf(n));
    for (const k of n.kids) visit(k);
  };
  visit(body);
  const found = new Map<string, Node>();
  for (const key of addressed) {
    if (/^\w+$/.test(key) ? known.variables.has(key) : !/\.ref[A-Z]\w*$/.test(key)) continue;
    const to = takers.get(key) ?? [];
    if (to.length === 0 || to.some((t) => t.text !== to[0]!.text)) continue;
    if (mentions.get(key) === expected.get(key) && isTakenAtOnce(body, key, to[0]!)) found.set(key, to[0]!);
  }
  return found;
}

/** A path of names, fields and elements. */
function isPath(n: Node): boolean {
  return (
    n.op === "name" ||
    ((n.op === "field" || n.op === "index") && n.kids.every((k) => isPath(k) || k.op === "num"))
  );
}

/**
 * `const s = x` where C has a struct s without a value: an object that is used again and again, a constant
 * of the module or a field that upstream does not have, for one such s only.
 */
function reused(body: Node, known: Known): Node {
  const isOwn = (x: Node): boolean =>
    x.op === "field"
      ? known.ownFields.has(x.text) && isName(x.kids[0]!)
      : isName(x) && !known.variables.has(x.text);
  const times = new Map<string, number>();
  const note = (n: Node): void => {
    if (n.op === "name" || n.op === "field") times.set(keyOf(n), (times.get(keyOf(n)) ?? 0) + 1);
    for (const k of n.kids) note(k);
  };
  note(body);
  return rewrite(body, (n) => {
    const a = assignment(n);
    const gone = a?.init === true && isName(a.to) && known.structs.has(a.to.text) && isOwn(a.from);
    return gone && times.get(keyOf(a.from)) === 1 ? NOTHING : n;
  });
}

/** A local that C lacks and that only names a field all along is that field, as long as that stays as it is. */
function hoisted(body: Node, known: Known): Node {
  const assigned = new Map<string, number>();
  const found = new Map<string, { s: Node; path: Node }>();
  const visit = (n: Node): void => {
    if (n.op === "assign" || n.op === "step") {
      const key = n.kids[0]!;
      if (isName(key)) assigned.set(key.text, (assigned.get(key.text) ?? 0) + 1);
    }
    if (n.op === "un" && n.text === "&" && isName(n.kids[0]!)) assigned.set(n.kids[0]!.text, 2);
    const a = assignment(n);
    if (a?.init && isName(a.to) && !known.variables.has(a.to.text) && isPath(a.from)) {
      found.set(a.to.text, { s: n, path: a.from });
    }
    for (const k of n.kids) visit(k);
  };
  visit(body);
  let tree = body;
  for (const [name, { s, path }] of found) {
    if (assigned.get(name) !== 1 || !staysSame(body, s, name, path, known)) continue;
    tree = renamed(without(tree, new Set([s])), name, path);
  }
  return tree;
}

/** Whether nothing changes the path between its naming by `s` and any mention of the name. */
function staysSame(body: Node, s: Node, name: string, path: Node, known: Known): boolean {
  const list = listOf(body, s);
  if (list === null) return false;
  let changed = false;
  let holds = true;
  const visit = (n: Node): void => {
    if (isName(n, name)) {
      if (changed) holds = false;
      return;
    }
    const before = changed;
    for (const k of n.kids) visit(k);
    if (/^(while|do|for)$/.test(n.op) && changed && !before) for (const k of n.kids) visit(k);
    if (mayChange(n, path, known)) changed = true;
  };
  for (const k of list.slice(list.indexOf(s) + 1)) visit(k);
  return holds;
}

/** The list that a statement stands in. */
function listOf(n: Node, s: Node): readonly Node[] | null {
  if (n.op === "seq" && n.kids.includes(s)) return n.kids;
  for (const k of n.kids) {
    const found = listOf(k, s);
    if (found !== null) return found;
  }
  return null;
}

/** `if (t) { A; goto end; } B; end:` is `if (t) A; else B`, if nothing else goes to that label. */
function otherwise(body: Node): Node {
  return rewrite(body, (n) => {
    if (n.op !== "seq") return n;
    for (const [i, s] of n.kids.entries()) {
      if (s.op !== "if" || s.kids[2]!.kids.length > 0) continue;
      const last = s.kids[1]!.kids.at(-1);
      if (last?.op !== "goto") continue;
      const end = n.kids.findIndex((k, at) => at > i && k.op === "label" && k.text === last.text);
      if (end < 0 || count(body, (k) => k.op === "goto" && k.text === last.text) !== 1) continue;
      const yes = { ...s.kids[1]!, kids: s.kids[1]!.kids.slice(0, -1) };
      const no = { ...s.kids[2]!, kids: n.kids.slice(i + 1, end) };
      const merged = { ...s, kids: [s.kids[0]!, yes, no], end: n.kids[end]!.line };
      return { ...n, kids: [...n.kids.slice(0, i), merged, ...n.kids.slice(end + 1)] };
    }
    return n;
  });
}

/** A local that C lacks, with a constant value that nothing uses: what is left of a folded option. */
function unneeded(body: Node, known: Known): Node {
  const gone = new Set<Node>();
  const visit = (n: Node): void => {
    const a = assignment(n);
    if (
      a?.init &&
      isName(a.to) &&
      (a.from.op === "num" || a.from.op === "name") &&
      !known.variables.has(a.to.text) &&
      count(body, (k) => isName(k, a.to.text)) === 1
    )
      gone.add(n);
    for (const k of n.kids) visit(k);
  };
  visit(body);
  return gone.size === 0 ? body : without(body, gone);
}
