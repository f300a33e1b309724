/**
 * Idioms of the port that take several statements and are one in C. Each is a rewriting of a function's
 * body that keeps its meaning; docs/audit.md has them with examples.
 */

import { NO_KIDS, type Node } from "./form.js";
import { assignment, count, isName, keyOf, rewrite } from "./tree.js";

/** What is known of the C function. */
export interface Known {
  /** Its parameters and locals, and every other name in it. */
  variables: ReadonlySet<string>;
  /** What it clears as a whole. */
  cleared: ReadonlySet<string>;
  /** Local structs and arrays that it leaves as they are at first. */
  structs: ReadonlySet<string>;
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
      list.splice(i, 2, readdress(list[i]!, key, after.to));
      i--;
    }
    return list;
  });
}

/** `t = e; ...t...`, where C has no t and the next statement alone uses it, once, is `...e...`. */
function once(body: Node, known: Known): Node {
  return eachList(body, (list) => {
    for (let i = list.length - 2; i >= 0; i--) {
      const a = assignment(list[i]!);
      if (a === null || !a.init || !isName(a.to) || known.variables.has(a.to.text)) continue;
      const { text } = a.to;
      const mentions = (n: Node): boolean => isName(n, text);
      if (list.reduce((sum, s) => sum + count(s, mentions), 0) !== 2) continue;
      if (count(list[i + 1]!, (n) => isAddressOf(n, text)) > 0) continue;
      if (!headMentions(list[i + 1]!, mentions)) continue;
      list.splice(i, 2, renamed(list[i + 1]!, text, a.from));
    }
    return list;
  });
}

/** `r = 0; f(&r); if (rc) return; v = r`, where C has no r and v takes its value nowhere else, is `f(&v)`. */
function companions(body: Node, known: Known): Node {
  let tree = body;
  for (const [key, to] of companionsOf(body, known)) {
    let taken = false;
    const hasInitial = count(tree, (n) => isInitial(n, keyOf(to))) > 0;
    tree = rewrite(tree, (n) => {
      const a = assignment(n);
      if (a !== null && keyOf(a.from) === key && keyOf(a.to) === keyOf(to)) {
        taken = true;
        return NOTHING;
      }
      if (a !== null && keyOf(a.to) === key) {
        /* A reset before the value is taken, as C's initializer; behind it, hygiene of the Ref's owner. */
        if (taken || hasInitial) return NOTHING;
        return { ...n, init: true, kids: [{ ...n.kids[0]!, kids: [to, a.from] }] };
      }
      return isAddressOf(n, key) ? { ...n, kids: [to] } : n;
    });
  }
  return tree;
}

function isInitial(n: Node, key: string): boolean {
  const a = assignment(n);
  return a?.init === true && keyOf(a.to) === key;
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
    if (mentions.get(key) === expected.get(key)) found.set(key, to[0]!);
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

/** `const s = x` where C has a struct s without a value: an object that is used again and again. */
function reused(body: Node, known: Known): Node {
  return rewrite(body, (n) => {
    const a = assignment(n);
    const gone = a?.init === true && isName(a.to) && known.structs.has(a.to.text) && isPath(a.from);
    return gone ? NOTHING : n;
  });
}

/** A local that C lacks and that only names a field all along is that field. */
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
    if (assigned.get(name) !== 1) continue;
    tree = renamed(without(tree, new Set([s])), name, path);
  }
  return tree;
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
