/** What is known of a TCL value while a file is harvested: its text, or why there is none. */

/** A value with a text. */
export interface Known {
  text: string;
  /** Where the text stands: file, and line from 1 on which it begins. */
  at?: Place;
  /** The text as the file has it, where braces kept it from being read. */
  raw?: string;
  /** Numbers and bytes that commands have made are bound to SQL as such; everything else is text. */
  type?: "integer" | "real" | "blob";
}

/** A value that only the running test program could know. */
export interface Unknown {
  /** Why, in a few words that name the class, not the case: reports count them. */
  unknown: string;
}

/** A value as far as it is known. */
export type Value = Known | Unknown;

/** A line of a source file. */
export interface Place {
  file: string;
  line: number;
}

export function isKnown(value: Value): value is Known {
  return "text" in value;
}

export function known(text: string): Known {
  return { text };
}

export function unknown(why: string): Unknown {
  return { unknown: why };
}

/** The text, or null. */
export function textOf(value: Value | undefined): string | null {
  return value !== undefined && isKnown(value) ? value.text : null;
}

/** Longer texts are not built. */
export const LONGEST_TEXT = 4_000_000;

/** Puts pieces together; one unknown piece makes the whole unknown. */
export function join(values: readonly Value[], separator = ""): Value {
  let text = "";
  for (const [i, value] of values.entries()) {
    if (!isKnown(value)) return value;
    /* Adding to a long text is cheap as long as nobody looks into it; Array.join would copy it. */
    text = i === 0 ? value.text : text + separator + value.text;
    if (text.length > LONGEST_TEXT) return unknown("a text of megabytes");
  }
  return known(text);
}
