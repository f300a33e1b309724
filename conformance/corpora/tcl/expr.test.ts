import { describe, expect, it } from "vitest";
import { evaluate } from "./expr.js";
import { parseExpr } from "./expr-parse.js";
import { parseList } from "./list.js";
import { truth } from "./numbers.js";
import { known, textOf, unknown, type Value } from "./value.js";
import type { Part } from "./words.js";

const variables: Record<string, Value> = { a: known("7"), s: known("abc"), u: unknown("it is") };

function value(text: string): Value {
  const e = parseExpr(text);
  if (e === null) return unknown("no expression");
  const substitute = (parts: Part[]): Value => {
    const [part] = parts;
    if (part?.kind === "variable") return variables[part.name] ?? unknown("not set");
    return part?.kind === "text" ? known(part.text) : unknown("a command");
  };
  return evaluate(e, { substitute, list: parseList, random: () => 0.25 });
}

describe("expr", () => {
  it.each([
    ["1+2*3", "7"],
    ["(1+2)*3", "9"],
    ["-7/2", "-4"],
    ["-7%2", "1"],
    ["7.0/2", "3.5"],
    ["2**10", "1024"],
    ["1<<40", "1099511627776"],
    ["0x10 + 1", "17"],
    ["9223372036854775807 + 1", "9223372036854775808"],
    ["$a > 3 && $a < 10", "1"],
    ["$s eq {abc}", "1"],
    ['$s == "abd"', "0"],
    ["$a in {1 7}", "1"],
    ["$a ? 5 : 6", "5"],
    ["!$a", "0"],
    ["~5 & 0xff", "250"],
    ["int(3.9)", "3"],
    ["max(1, 5, 3)", "5"],
    ["int(rand()*8)", "2"],
    ["1.5e3", "1.5e3"],
    ["1.5e3+0", "1500.0"],
    ["10 <= 9", "0"],
    ['"10" <= "9"', "0"],
    ["0 && $u", "0"],
    ["$u || 1", "1"],
  ])("%s is %s", (text, result) => {
    expect(textOf(value(text))).toBe(result);
  });

  it.each([
    "$u + 1",
    "$u",
    "$u && 1",
    "$nothing",
    "1/0",
    "abc + 1",
    "1 +",
    "nofunc(1)",
  ])("%s is unknown", (text) => {
    expect(textOf(value(text)) === null || truth(value(text)) === null).toBe(true);
  });

  it("makes numbers of what was used as a number", () => {
    const n = known("12");
    variables["n"] = n;
    value("$n < 20");
    expect(n.type).toBe("integer");
  });
});
