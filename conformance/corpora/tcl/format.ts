/** TCL's `format` and `binary format`. */

import { parseList } from "./list.js";
import { formatReal, parseNumber } from "./numbers.js";
import type { Value } from "./value.js";

/** `format`, for the conversions that occur. */
export function format(template: string, args: string[]): string | null {
  let next = 0;
  let broken = false;
  const out = template.replace(
    /%(?:(\d+)\$)?([-+ 0#]*)(\*|\d+)?(?:\.(\*|\d+))?(?:ll|l|h)?([a-zA-Z%])/g,
    (_, position, flags: string, width, precision, conversion: string) => {
      if (conversion === "%") return "%";
      const take = (): string => {
        const at = position === undefined ? next++ : Number(position) - 1;
        if (args[at] === undefined) broken = true;
        return args[at] ?? "0";
      };
      const w = width === "*" ? Number(take()) : Number(width ?? 0);
      const p = precision === "*" ? Number(take()) : precision === undefined ? null : Number(precision);
      const text = convert(conversion, take(), flags, p);
      if (text === null) {
        broken = true;
        return "";
      }
      if (flags.includes("-")) return text.padEnd(w);
      if (!flags.includes("0") || conversion === "s") return text.padStart(w);
      return text.startsWith("-") ? `-${text.slice(1).padStart(w - 1, "0")}` : text.padStart(w, "0");
    },
  );
  return broken ? null : out;
}

function convert(conversion: string, arg: string, flags: string, precision: number | null): string | null {
  if (conversion === "s") return precision === null ? arg : arg.slice(0, precision);
  const n = parseNumber(arg);
  if (n === null) return null;
  switch (conversion) {
    case "d":
    case "i":
    case "u": {
      if (typeof n === "number" && !Number.isFinite(n)) return null;
      const digits = (typeof n === "bigint" ? n : BigInt(Math.trunc(n))).toString();
      const padded = digits.replace("-", "").padStart(precision ?? 0, "0");
      return `${digits.startsWith("-") ? "-" : flags.includes("+") ? "+" : ""}${padded}`;
    }
    case "x":
    case "X":
    case "o": {
      if (typeof n !== "bigint") return null;
      const value = n < 0n ? n + (n < -0x80000000n ? 0x10000000000000000n : 0x100000000n) : n;
      const digits = value.toString(conversion === "o" ? 8 : 16).padStart(precision ?? 0, "0");
      return `${flags.includes("#") ? "0x" : ""}${conversion === "X" ? digits.toUpperCase() : digits}`;
    }
    case "c":
      return String.fromCodePoint(Number(n) & 0x1fffff);
    case "f":
      return Number(n).toFixed(Math.min(100, precision ?? 6));
    case "e":
      return Number(n)
        .toExponential(Math.min(100, precision ?? 6))
        .replace(/e([+-])(\d)$/, "e$10$2");
    case "g":
      return formatReal(Number(Number(n).toPrecision(Math.max(1, Math.min(100, precision ?? 6)))));
  }
  return null;
}

/** `binary format` for the letters that the tests use. */
export function binaryFormat(args: string[]): Value | null {
  const [template = "", ...values] = args;
  let out = "";
  let next = 0;
  const count = (text: string | undefined, length: number): number =>
    text === undefined || text === "" ? 1 : text === "*" ? length : Number(text);
  for (const m of template.matchAll(/\s*([a-zA-Z@])u?(\*|\d+)?/g)) {
    const letter = m[1] as string;
    if (letter === "x") {
      out += "\0".repeat(count(m[2], 1));
      continue;
    }
    const value = values[next++];
    if (value === undefined) return null;
    if (letter === "a" || letter === "A") {
      const n = count(m[2], value.length);
      out += value.slice(0, n).padEnd(n, letter === "a" ? "\0" : " ");
    } else if (letter === "H") {
      const n = count(m[2], value.length);
      const digits = value.slice(0, n).padEnd(n + (n % 2), "0");
      for (let i = 0; i < digits.length; i += 2)
        out += String.fromCharCode(Number.parseInt(digits.slice(i, i + 2), 16) & 255);
    } else {
      const sizes: Record<string, [number, boolean]> = {
        c: [1, true],
        s: [2, false],
        S: [2, true],
        i: [4, false],
        I: [4, true],
        w: [8, false],
        W: [8, true],
      };
      const size = sizes[letter];
      if (size === undefined) return null;
      const items = m[2] === undefined ? [value] : (parseList(value) ?? []);
      for (const item of items.slice(0, count(m[2], items.length))) {
        const n = parseNumber(item);
        if (typeof n !== "bigint") return null;
        const bytes: number[] = [];
        for (let i = 0; i < size[0]; i++) bytes.push(Number((n >> BigInt(8 * i)) & 255n));
        if (size[1]) bytes.reverse();
        out += String.fromCharCode(...bytes);
      }
    }
  }
  return { text: out, type: "blob" };
}
