/** Numbers and truths among TCL's values. */

import { isKnown, type Known, type Value } from "./value.js";

/** A number as `expr` sees it. */
export type Num = bigint | number;

/** The number that a text denotes, or null. */
export function parseNumber(text: string): Num | null {
  const t = text.trim();
  if (/^[-+]?\d+$/.test(t)) {
    /* A leading zero means octal to the TCL of these tests only where digits allow; decimal is what they mean. */
    return BigInt(t.startsWith("+") ? t.slice(1) : t);
  }
  const radix = /^([-+]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+)$/.exec(t);
  if (radix !== null) {
    const n = BigInt((radix[2] as string).toLowerCase());
    return radix[1] === "-" ? -n : n;
  }
  if (/^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(t)) return Number(t);
  if (/^[-+]?inf(inity)?$/i.test(t)) return t.startsWith("-") ? -Infinity : Infinity;
  return null;
}

const TRUE = /^(?:true|yes|on|t|y|tr|tru|ye)$/i;
const FALSE = /^(?:false|no|off|f|n|fa|fal|fals|of)$/i;

/** What a value is as a condition; null if that is unknown. */
export function truth(value: Value): boolean | null {
  if (!isKnown(value)) return null;
  const n = parseNumber(value.text);
  if (n !== null) return n !== 0n && n !== 0;
  if (TRUE.test(value.text.trim())) return true;
  if (FALSE.test(value.text.trim())) return false;
  return null;
}

/** A double as TCL prints it. */
export function formatReal(x: number): string {
  if (Number.isNaN(x)) return "NaN";
  if (!Number.isFinite(x)) return x < 0 ? "-Inf" : "Inf";
  if (Object.is(x, -0)) return "-0.0";
  const text = String(x);
  if (/^-?\d+$/.test(text)) return `${text}.0`;
  return text.replace(/e([+-])(\d)$/, "e$10$2");
}

/** A number as a value. */
export function fromNumber(n: Num): Value {
  return typeof n === "bigint"
    ? { text: n.toString(), type: "integer" }
    : { text: formatReal(n), type: "real" };
}

/** What `expr` makes of a value that stands alone: a number where it reads as one. */
export function numeric(value: Known): Value {
  const n = parseNumber(value.text);
  return n === null ? value : fromNumber(n);
}

/** A truth as a value. */
export const bool = (b: boolean): Value => ({ text: b ? "1" : "0", type: "integer" });
/**
 * The number that a value is, or null. As in TCL, a value that has been used as a number is one from then
 * on: bound to SQL it is no text any more.
 */
export function asNumber(value: Known): Num | null {
  const n = parseNumber(value.text);
  if (n !== null && value.type === undefined) {
    if (typeof n === "bigint" && value.text === n.toString()) value.type = "integer";
    else if (typeof n === "number" && value.text === formatReal(n)) value.type = "real";
  }
  return n;
}
