/**
 * Writes the C table of the structs' fields: names are taken from the amalgamation, offsets, sizes and kinds
 * from the compiler. A field that a later SQLite adds is in the table without anybody's doing.
 */

/** The structs whose fields are compared. */
export const ORACLE_STRUCTS: readonly string[] = [
  "Pager",
  "PagerSavepoint",
  "Wal",
  "PCache",
  "PgHdr",
  "PgHdr1",
  "PGroup",
  "PCache1",
  "Bitvec",
  "PCacheGlobal",
  "MemJournal",
  "FilePoint",
  "FileChunk",
];

/** One struct's body: declarations of fields, and preprocessor lines as they stand. */
function structBody(source: string, name: string): string {
  const found = new RegExp(
    `^(?:static SQLITE_WSD )?struct ${name} \\{[^\\n]*\\n([\\s\\S]*?)^\\}(?: \\w+)?;`,
    "m",
  ).exec(source);
  if (found === null) throw new Error(`the amalgamation does not define struct ${name}`);
  return found[1]!.replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ""));
}

/**
 * The fields of a struct in order, with the preprocessor lines between them.
 *
 * @throws Error at a declaration that this does not understand
 */
export function structFields(source: string, name: string): string[] {
  const result: string[] = [];
  let declaration = "";
  let depth = 0;
  for (const line of structBody(source, name).split("\n")) {
    if (/^\s*#/.test(line)) {
      result.push(line.trim());
      continue;
    }
    declaration += ` ${line.trim()}`;
    depth += (line.match(/\{/g)?.length ?? 0) - (line.match(/\}/g)?.length ?? 0);
    if (depth > 0) continue;
    if (!/;\s*$/.test(declaration)) {
      if (declaration.trim() === "") declaration = "";
      continue;
    }
    for (const one of declaration.replace(/\{[\s\S]*\}/, " ").split(";")) {
      if (one.trim() !== "") result.push(...declaredNames(one, name));
    }
    declaration = "";
  }
  return result;
}

function declaredNames(declaration: string, struct: string): string[] {
  const pointer = /\(\s*\*\s*(\w+)\s*\)\s*\(/.exec(declaration);
  if (pointer !== null) return [pointer[1]!];
  return declaration.split(",").map((part) => {
    const name = /(\w+)\s*(?:\[[^\]]*\]\s*)*$/.exec(part.trim());
    if (name === null)
      throw new Error(`struct ${struct}: cannot read the declaration "${declaration.trim()}"`);
    return name[1]!;
  });
}

/** The table as C text; c/shim.c says what FIELD and STRUCT are. */
export function fieldTable(source: string): string {
  const lines: string[] = [];
  for (const struct of ORACLE_STRUCTS) {
    lines.push(`STRUCT(${struct})`);
    for (const field of structFields(source, struct)) {
      lines.push(field.startsWith("#") ? field : `FIELD(${struct}, ${field})`);
    }
  }
  return `${lines.join("\n")}\n`;
}
