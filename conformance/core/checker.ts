/**
 * Comparisons that count themselves and explain a difference.
 */

import { existsSync, readFileSync } from "node:fs";
import { inspect, isDeepStrictEqual } from "node:util";
import { explainDifference } from "../format/explain.js";
import { type Checker, type FileKind, FindingError } from "./case.js";

function show(value: unknown): string {
  return inspect(value, { depth: 6, breakLength: 100, maxArrayLength: 40, maxStringLength: 400 });
}

/** The checker of one case. */
export class CountingChecker implements Checker {
  count = 0;

  equal(what: string, actual: unknown, expected: unknown): void {
    this.count++;
    if (isDeepStrictEqual(actual, expected)) return;
    throw new FindingError({
      summary: `${what}: got ${show(actual).split("\n")[0]}, expected ${show(expected).split("\n")[0]}`,
      detail: `actual:   ${show(actual)}\nexpected: ${show(expected)}`,
    });
  }

  ok(what: string, condition: boolean, detail = ""): void {
    this.count++;
    if (!condition) throw new FindingError({ summary: what, detail });
  }

  bytes(what: string, kind: FileKind, actual: Uint8Array, expected: Uint8Array): void {
    this.count++;
    if (Buffer.compare(actual, expected) === 0) return;
    const why = explainDifference(kind, actual, expected);
    throw new FindingError({ summary: `${what}: ${why.summary}`, detail: why.detail });
  }

  files(what: string, kind: FileKind, actualPath: string, expectedPath: string): void {
    const a = existsSync(actualPath);
    const e = existsSync(expectedPath);
    if (a !== e) {
      this.count++;
      throw new FindingError({
        summary: `${what}: the file ${a ? "exists" : "is missing"}, expected that it ${e ? "exists" : "is missing"}`,
        detail: `actual:   ${actualPath}\nexpected: ${expectedPath}`,
      });
    }
    if (!a) {
      this.count++;
      return;
    }
    this.bytes(what, kind, readFileSync(actualPath), readFileSync(expectedPath));
  }

  agreed(n: number): void {
    this.count += n;
  }
}
