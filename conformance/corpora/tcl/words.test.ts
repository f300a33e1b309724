import { describe, expect, it } from "vitest";
import { formatList, parseList } from "./list.js";
import { parseAsFarAsPossible, parseScript, parseTemplate, readEscape, TclSyntaxError } from "./words.js";

/** Words of each command in short: text, or raw text in braces, or the kinds of the parts. */
function words(text: string): string[][] {
  return parseScript(text).map((c) =>
    c.words.map((w) => {
      const [only] = w.parts;
      const inner = w.parts
        .map((p) => (p.kind === "text" ? p.text : p.kind === "script" ? `[${p.script}]` : `$${p.name}`))
        .join("+");
      return `${w.expand ? "*" : ""}${w.raw !== null ? `{${w.raw}}` : only === undefined ? "" : inner}`;
    }),
  );
}

describe("parseScript", () => {
  it("separates commands at newlines and semicolons, words at blanks", () => {
    expect(words("set a 1; set b  2\n\n set\tc 3 ")).toEqual([
      ["set", "a", "1"],
      ["set", "b", "2"],
      ["set", "c", "3"],
    ]);
  });

  it("keeps what is in braces, nested ones and protected ones included", () => {
    expect(words("x {a {b} \\} c; # no} {}")).toEqual([["x", "{a {b} \\} c; # no}", "{}"]]);
  });

  it("does not see comments within braces, so that braces in them count", () => {
    expect(() => parseScript("x {\n# }\n}\n}")).not.toThrow();
    expect(words("x {\n# }\ny}")).toEqual([["x", "{\n# }"], ["y}"]]);
  });

  it("reads comments only where a command begins, with continued lines", () => {
    expect(words("# a \\\n b\nset x #y ;# z\nset y 1")).toEqual([
      ["set", "x", "#y"],
      ["set", "y", "1"],
    ]);
  });

  it("takes a backslash before a newline for a blank, outside and inside of braces", () => {
    expect(words("set a \\\n   1")).toEqual([["set", "a", "1"]]);
    const [command] = parseScript("x {a \\\n   b}");
    expect(command?.words[1]).toMatchObject({ raw: "a \\\n   b", parts: [{ kind: "text", text: "a  b" }] });
  });

  it("substitutes in quotes and bare words: variables, arrays, commands, backslashes", () => {
    expect(words('p "a $b c" $' + "{d e}" + 'f $g(h) $i(j,$k) [l [m {]}] "]"]\\n $::n::o $ x$')).toEqual([
      ["p", "a +$b+ c", "$d e+f", "$g", "$i", '[l [m {]}] "]"]+\n', "$::n::o", "$", "x$"],
    ]);
    const [command] = parseScript("p $i(j,$k)");
    expect(command?.words[1]?.parts[0]).toMatchObject({
      name: "i",
      index: [
        { kind: "text", text: "j," },
        { kind: "variable", name: "k" },
      ],
    });
  });

  it("finds the bracket that closes a substitution by its commands, not by counting", () => {
    expect(words('p [a "]" {]} \\] # c\n # ]\n b] d')).toEqual([["p", '[a "]" {]} \\] # c\n # ]\n b]', "d"]]);
  });

  it("marks words whose elements are words of their own", () => {
    expect(words("f {*}$a {*}{b c} {*} x")).toEqual([["f", "*$a", "*{b c}", "{*}", "x"]]);
  });

  it("counts lines", () => {
    const commands = parseScript('a\n{b\n}\nc {\n\nd} "e\nf" [g\n]\nh');
    expect(commands.map((c) => c.line)).toEqual([0, 1, 3, 8]);
    expect(commands[2]?.words.map((w) => w.line)).toEqual([3, 3, 5, 6]);
  });

  it("throws where a brace, quote or bracket is missing", () => {
    for (const [text, line] of [
      ["a\nb {c", 1],
      ['a "b', 0],
      ["a [b\nc", 0],
      ["a {b}c", 0],
      ["a ${b", 0],
    ] as const) {
      let error: unknown;
      try {
        parseScript(text);
      } catch (e) {
        error = e;
      }
      expect(error, text).toBeInstanceOf(TclSyntaxError);
      expect((error as TclSyntaxError).line, text).toBe(line);
    }
  });

  it("keeps what stands before a mistake when asked to", () => {
    const { commands, error } = parseAsFarAsPossible("a\nb\nc {");
    expect(commands.length).toBe(2);
    expect(error?.line).toBe(2);
  });
});

describe("readEscape", () => {
  it("knows TCL's sequences", () => {
    const all = ["\\n", "\\x41", "\\u00e9", "\\101", "\\q", "\\", "\\\n  x", "\\xg"].map((t) =>
      readEscape(t, 0),
    );
    expect(all.map((e) => e.value)).toEqual(["\n", "A", "é", "A", "q", "\\", " ", "x"]);
    expect(all.map((e) => e.length)).toEqual([2, 4, 6, 4, 2, 1, 4, 2]);
  });
});

describe("parseTemplate", () => {
  it("does not end at quotes, braces or blanks", () => {
    expect(parseTemplate('a "b" {$c} [d e]').map((p) => p.kind)).toEqual([
      "text",
      "variable",
      "text",
      "script",
    ]);
  });
});

describe("lists", () => {
  it("are taken apart", () => {
    expect(parseList('a {b c} "d e" {} \\{ x\\ny {f {g}}')).toEqual([
      "a",
      "b c",
      "d e",
      "",
      "{",
      "x\ny",
      "f {g}",
    ]);
    expect(parseList("a {b")).toBeNull();
    expect(parseList("{a}b")).toBeNull();
  });

  it("come back as they went in", () => {
    const elements = [
      "",
      "a",
      "b c",
      "{",
      "}",
      "a{b}c",
      "$x",
      "[y]",
      'q"',
      "back\\",
      "\n",
      "#c",
      "a\\\nb",
      "{x}y",
    ];
    expect(parseList(formatList(elements))).toEqual(elements);
  });
});
