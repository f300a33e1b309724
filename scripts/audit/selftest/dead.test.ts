import { ts } from "ts-morph";
import { expect, it } from "vitest";
import { deadLines, type Fold } from "./dead.js";

const TEXT = `function f(a) {
  if (ON) {
    a();
  } else {
    b();
  }
  if (OFF) c();
  if (OFF) {
    d();
  } else if (a) {
    e();
  }
  if (a) {
    if (OFF) {
      g();
    }
  }
  if (SOME) {
    h();
  }
}`;

function under(options: Readonly<Record<string, boolean>>): Fold {
  return (e) => (ts.isIdentifier(e) ? options[e.text] : undefined);
}

function dead(...profiles: Readonly<Record<string, boolean>>[]): number[] {
  const isDead = deadLines(TEXT, profiles.map(under));
  return TEXT.split("\n").flatMap((_, i) => (isDead(i + 1) ? [i + 1] : []));
}

it("tells the lines of arms that are off under every profile", () => {
  const base = { ON: true, OFF: false };
  expect(dead({ ...base, SOME: false }, { ...base, SOME: true })).toEqual([5, 7, 9, 14, 15, 16]);
  expect(dead({ ...base, SOME: false }, { ...base, SOME: false })).toEqual([5, 7, 9, 14, 15, 16, 18, 19, 20]);
});

it("takes nothing for dead that no profile is asked about, or whose condition is no option", () => {
  expect(dead()).toEqual([]);
  expect(dead({})).toEqual([]);
});
