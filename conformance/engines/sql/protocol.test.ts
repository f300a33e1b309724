/** The byte protocol without an engine: what is written is read back, what is not whole is refused. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteError, ByteReader, ByteWriter } from "./bytes.js";
import { formatOutcome, formatStatement, runDifference, sameOutcome } from "./outcome.js";
import {
  decodeAnswer,
  encodeRequest,
  OK,
  OPERATIONS,
  type RunResult,
  SessionError,
  type StatementResult,
} from "./protocol.js";
import { formatValue, readValue, type SqlValue, writeParameter } from "./values.js";

const values: fc.Arbitrary<SqlValue> = fc.oneof(
  fc.constant(null),
  fc.maxSafeInteger().filter((n) => !Object.is(n, -0)),
  fc
    .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
    .map((n) => (Number.isSafeInteger(Number(n)) ? Number(n) : n)),
  fc.double().map((real) => ({ real })),
  fc.string({ unit: "grapheme" }),
  fc.uint8Array(),
  fc.uint8Array({ minLength: 1 }).map((text) => ({ text: Uint8Array.from([...text, 0xff]) })),
);

function roundTrip(value: SqlValue): SqlValue {
  const w = new ByteWriter();
  writeParameter(w, value);
  const r = new ByteReader(w.bytes());
  const read = readValue(r);
  r.end();
  return read;
}

/** A `run` answer as session.c writes it, with one statement. */
function runAnswer(rows: SqlValue[][], columns: string[]): Uint8Array {
  const w = new ByteWriter().u8(0).u8(1).u32(0).u32(9).u32(columns.length);
  for (const c of columns) w.text(c);
  for (const row of rows) {
    w.u32(row.length);
    for (const v of row) writeParameter(w, v);
  }
  w.u32(0xffffffff).u32(rows.length).u8(2).u8(3).i32(0);
  w.i64(1)
    .i64(2)
    .i64(2n ** 62n)
    .u8(1)
    .i32(0);
  return w.u8(0).u32(9).bytes();
}

describe("values", () => {
  it("come back with type and bits", () => {
    fc.assert(fc.property(values, (v) => sameOutcome(roundTrip(v), v)));
  });

  it("keep what a careless encoding loses", () => {
    expect(roundTrip(-0)).toEqual({ real: -0 });
    expect(roundTrip({ real: 1 })).toEqual({ real: 1 });
    expect(roundTrip(1)).toBe(1);
    expect(roundTrip("\ufeffa\0b")).toBe("\ufeffa\0b");
    expect(roundTrip(9007199254740993n)).toBe(9007199254740993n);
    expect(roundTrip(5n)).toBe(5);
  });

  it("that would be changed on the way are refused", () => {
    const w = new ByteWriter();
    expect(() => writeParameter(w, 2 ** 60)).toThrow(RangeError);
    expect(() => writeParameter(w, 2n ** 63n)).toThrow(RangeError);
    expect(() => writeParameter(w, "\ud800")).toThrow(RangeError);
  });

  it("are printed as SQL", () => {
    const printed = [null, 1, { real: 1 }, { real: -0 }, { real: 1e300 }, "it's", Uint8Array.of(1, 255)];
    expect(printed.map(formatValue)).toEqual(["NULL", "1", "1.0", "-0.0", "1e+300", "'it''s'", "x'01ff'"]);
    expect(formatValue({ text: Uint8Array.of(0xff) })).toBe("CAST(x'ff' AS TEXT)");
  });
});

describe("answers", () => {
  it("of a run come back whole, for any rows", () => {
    const row = fc.array(values, { maxLength: 5 });
    fc.assert(
      fc.property(
        fc.array(row, { maxLength: 5 }),
        fc.array(fc.string({ unit: "grapheme" })),
        (rows, columns) => {
          const { statements, consumed } = decodeAnswer("run", runAnswer(rows, columns));
          expect(consumed).toBe(9);
          expect(statements).toEqual([
            {
              ...{ start: 0, end: 9, stage: "finish", outcome: OK, columns, rows, count: rows.length },
              ...{ state: "done", changes: 1, totalChanges: 2, lastRowid: 2n ** 62n },
              ...{ autocommit: true, transaction: 0 },
            },
          ]);
        },
      ),
    );
  });

  it("that are cut off or too long are not taken for answers", () => {
    const whole = runAnswer([[1, "x", null]], ["a", "b", "c"]);
    for (let n = 0; n < whole.length; n++) {
      expect(() => decodeAnswer("run", whole.subarray(0, n)), `${n} bytes`).toThrow(ByteError);
    }
    expect(() => decodeAnswer("run", Uint8Array.from([...whole, 0]))).toThrow(ByteError);
  });

  it("that refuse throw with the reason", () => {
    const refusal = new ByteWriter().u8(2).text("no such connection is open").bytes();
    expect(() => decodeAnswer("close", refusal)).toThrow(
      new SessionError("handle", "close: no such connection is open"),
    );
  });
});

describe("requests", () => {
  it("begin with the number of their operation", () => {
    expect(encodeRequest({ op: "open", conn: 1, path: "p", flags: 6, vfs: null })).toEqual(
      Uint8Array.of(1, 1, 0, 0, 0, 1, 0, 0, 0, 112, 6, 0, 0, 0, 255, 255, 255, 255),
    );
    expect(encodeRequest({ op: "reset" })).toEqual(Uint8Array.of(OPERATIONS.length));
    expect(new Set(OPERATIONS).size).toBe(OPERATIONS.length);
  });
});

describe("outcomes", () => {
  const statement: StatementResult = {
    ...{ start: 0, end: 8, stage: "finish", outcome: OK, columns: ["1"], rows: [[1]], count: 1 },
    ...{ state: "done", changes: 0, totalChanges: 0, lastRowid: 0, autocommit: true, transaction: 0 },
  };
  const result = (s: Partial<StatementResult>): RunResult => ({
    statements: [{ ...statement, ...s }],
    consumed: 8,
  });

  it("are printed in one line", () => {
    expect(formatOutcome(OK)).toBe("SQLITE_OK");
    expect(formatOutcome({ code: 2067, name: "SQLITE_CONSTRAINT_UNIQUE", message: "m", offset: -1 })).toBe(
      "SQLITE_CONSTRAINT_UNIQUE (2067): m",
    );
    expect(formatStatement(statement)).not.toContain("\n");
    expect(formatStatement({ ...statement, rows: Array(50).fill(["x".repeat(999)]) })).not.toContain("\n");
  });

  it("differ if anything differs, and the difference is told", () => {
    expect(runDifference(result({}), result({}), "SELECT 1")).toBeNull();
    const cases: Partial<StatementResult>[] = [
      { rows: [[{ real: 1 }]] },
      { rows: [["1"]] },
      { columns: ["x"] },
      { changes: 1 },
      { end: 7 },
      { autocommit: false },
      { outcome: { code: 1, name: "SQLITE_ERROR", message: "x", offset: -1 } },
    ];
    for (const c of cases) expect(runDifference(result(c), result({}), "SELECT 1")).toContain("SELECT");
    expect(runDifference(result({ rows: [[{ real: 1 }]] }), result({}), "SELECT 1")).toContain(
      "row 1: actual (1.0), expected (1)",
    );
    const none = { statements: [], consumed: 8 };
    expect(runDifference(none, result({}), "SELECT 1")).toContain("actual:   (none)");
    expect(runDifference({ ...none, consumed: 7 }, none, "SELECT 1")).toContain("consumed");
  });
});
