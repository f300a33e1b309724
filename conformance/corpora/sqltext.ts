/** As much of SQL's surface as a harvest needs: tokens, where statements end, which parameters they have. */

/** A token; blanks and comments are left out. */
export interface SqlToken {
  kind: "word" | "string" | "name" | "number" | "parameter" | "blob" | "operator" | "illegal";
  text: string;
  start: number;
  end: number;
}

const WORD_START = /[A-Za-z_\u0080-\u{10ffff}]/u;
const WORD = /[A-Za-z0-9_$\u0080-\u{10ffff}]/u;

/** End of a quoted text that begins at `at`; the length of the SQL if it is not closed. */
function quotedEnd(sql: string, at: number, quote: string): number {
  for (let i = at + 1; i < sql.length; i++) {
    if (sql[i] !== quote) continue;
    if (quote !== "]" && sql[i + 1] === quote) i++;
    else return i + 1;
  }
  return sql.length;
}

/** End of a parameter's name: `$name`, `$name::more`, `$name(anything)`. */
function parameterEnd(sql: string, at: number): number {
  let end = at + 1;
  while (end < sql.length) {
    if (WORD.test(sql[end] as string)) end++;
    else if (sql[end] === ":" && sql[end + 1] === ":") end += 2;
    else break;
  }
  if (sql[at] !== ":" && end > at + 1 && sql[end] === "(") {
    const close = sql.indexOf(")", end);
    if (close > 0 && !/\s/.test(sql.slice(end, close))) return close + 1;
  }
  return end;
}

/** The tokens of SQL text. */
export function sqlTokens(sql: string): SqlToken[] {
  const tokens: SqlToken[] = [];
  let at = 0;
  const push = (kind: SqlToken["kind"], end: number): void => {
    tokens.push({ kind, text: sql.slice(at, end), start: at, end });
    at = end;
  };
  while (at < sql.length) {
    const c = sql[at] as string;
    const next = sql[at + 1] ?? "";
    if (/\s/.test(c)) at++;
    else if (c === "-" && next === "-") {
      const end = sql.indexOf("\n", at);
      at = end < 0 ? sql.length : end + 1;
    } else if (c === "/" && next === "*") {
      const end = sql.indexOf("*/", at + 2);
      at = end < 0 ? sql.length : end + 2;
    } else if (c === "'") push("string", quotedEnd(sql, at, "'"));
    else if (c === '"' || c === "`") push("name", quotedEnd(sql, at, c));
    else if (c === "[") push("name", quotedEnd(sql, at, "]"));
    else if ((c === "x" || c === "X") && next === "'") push("blob", quotedEnd(sql, at + 1, "'"));
    else if (/[0-9]/.test(c) || (c === "." && /[0-9]/.test(next))) {
      const m = /^(?:0[xX][0-9a-fA-F_]+|[0-9_]*\.?[0-9_]*(?:[eE][-+]?[0-9]+)?)[A-Za-z0-9_$]*/.exec(
        sql.slice(at, at + 2000),
      );
      push("number", at + Math.max(1, m?.[0].length ?? 1));
    } else if (c === "?") {
      let end = at + 1;
      while (/[0-9]/.test(sql[end] ?? "")) end++;
      push("parameter", end);
    } else if (c === "$" || c === "@" || c === "#" || (c === ":" && (WORD.test(next) || next === ":"))) {
      const end = parameterEnd(sql, at);
      push(end > at + 1 ? "parameter" : "illegal", Math.max(end, at + 1));
    } else if (WORD_START.test(c)) {
      let end = at + 1;
      while (end < sql.length && WORD.test(sql[end] as string)) end++;
      push("word", end);
    } else push("operator", at + 1);
  }
  return tokens;
}

/** A statement of a longer text. */
export interface SqlStatement {
  /** Its text without the semicolon. */
  sql: string;
  /** Where it begins in the text. */
  start: number;
  tokens: SqlToken[];
}

/** Whether a statement that begins with these tokens creates a trigger. */
function isTrigger(tokens: readonly SqlToken[]): boolean {
  const words = tokens.slice(0, 8).map((t) => (t.kind === "word" ? t.text.toLowerCase() : ""));
  let i = 0;
  if (words[i] === "explain") {
    i++;
    if (words[i] === "query") i += 2;
  }
  if (words[i++] !== "create") return false;
  if (words[i] === "temp" || words[i] === "temporary") i++;
  return words[i] === "trigger";
}

/**
 * Cuts SQL text at the semicolons that end statements; those within a trigger's body do not.
 *
 * Statements without any token (comments, blanks) are left out.
 */
export function splitSql(sql: string): SqlStatement[] {
  const statements: SqlStatement[] = [];
  let tokens: SqlToken[] = [];
  const end = (to: number): void => {
    const first = tokens[0];
    if (first !== undefined) {
      const last = tokens[tokens.length - 1] as SqlToken;
      /* A comment that is not closed and the like stay out of the statement's text; nothing else does. */
      statements.push({
        sql: sql.slice(first.start, Math.max(last.end, Math.min(to, last.end))),
        start: first.start,
        tokens,
      });
    }
    tokens = [];
  };
  for (const token of sqlTokens(sql)) {
    if (token.kind === "operator" && token.text === ";") {
      if (isTrigger(tokens)) {
        /* As sqlite3_complete has it: a trigger ends with "; END ;". */
        const last = tokens[tokens.length - 1];
        const before = tokens[tokens.length - 2];
        const ended = last?.text.toLowerCase() === "end" && before?.text === ";";
        const begun = tokens.some((t) => t.kind === "word" && t.text.toLowerCase() === "begin");
        if (!ended && begun) {
          tokens.push(token);
          continue;
        }
      }
      end(token.start);
    } else {
      tokens.push(token);
    }
  }
  end(sql.length);
  return statements;
}

/** A statement whose parameters all have a number. */
export interface Parametrised {
  sql: string;
  /** Names by number, counted from 1 (index 0 is number 1); null for a `?`. */
  names: (string | null)[];
}

/**
 * Gives every parameter a spelling that the engines know, and says which number each name has.
 *
 * The builds compared here know `$name` but neither `$ns::name` nor `$name(index)`: those get another
 * name of the same meaning.
 */
export function numberParameters(statement: Pick<SqlStatement, "sql" | "start" | "tokens">): Parametrised {
  const names: (string | null)[] = [];
  const numbers = new Map<string, number>();
  let out = "";
  let from = 0;
  for (const token of statement.tokens) {
    if (token.kind !== "parameter") continue;
    const start = token.start - statement.start;
    let spelling = token.text;
    if (spelling === "?") {
      names.push(null);
    } else if (spelling.startsWith("?")) {
      const n = Number(spelling.slice(1));
      /* A number out of range is an error of the statement's own. */
      if (n >= 1 && n <= 32766) while (names.length < n) names.push(null);
    } else {
      if (!numbers.has(token.text)) {
        names.push(token.text);
        numbers.set(token.text, names.length);
      }
      if (/[:(]/.test(spelling.slice(1)) && !spelling.startsWith("#")) {
        spelling = `$p${numbers.get(token.text)}_${spelling.replace(/[^A-Za-z0-9_]/g, "_")}`;
      }
    }
    out += statement.sql.slice(from, start) + spelling;
    from = token.end - statement.start;
  }
  return { sql: out + statement.sql.slice(from), names };
}
