/** Upstream's functions in the normal form, under one profile. */

import type { CParser } from "../cparser.js";
import { evaluateConstant, NotConstant } from "../expression.js";
import type { UpstreamFunction } from "../inventory.js";
import { MIRRORS } from "../mirrors.js";
import type { Preprocessed } from "../preprocess.js";
import type { Upstream } from "../upstream.js";
import { type Chunk, chunksOf, Expander, textOf } from "./c-expand.js";
import { Expressions, Scopes, type Surroundings } from "./c-expr.js";
import { characters, integerLiteral } from "./c-literals.js";
import { Statements } from "./c-stmt.js";
import { bare, type CNode, part, TreeCache } from "./c-tree.js";
import { type CType, TypeTable } from "./c-types.js";
import { type Node, node, seq } from "./form.js";

export interface LoweredC {
  name: string;
  file: string;
  first: number;
  last: number;
  params: { name: string; type: CType }[];
  returns: CType;
  /** A list of statements. */
  body: Node;
  /** All locals, those of inner scopes included; the first declaration of a name counts. */
  locals: ReadonlyMap<string, CType>;
  /** Locals that are declared without an initializer. */
  uninitialized: ReadonlySet<string>;
}

/** A variable of a file with its initializer. */
export interface CTable {
  value: Node;
  type: CType;
  line: number;
}

/** What the port has by name. */
export interface TsNames {
  /** Function-like macros of these names stay calls, object-like ones names; others are expanded. */
  functions: ReadonlySet<string>;
  /** Object-like macros of these names stay names; others are expanded. */
  constants: ReadonlySet<string>;
}

/** Macros that stay what they are, whatever the port has. */
const ALWAYS_KEPT: ReadonlySet<string> = new Set([
  "testcase",
  "assert",
  "offsetof",
  "ALWAYS",
  "NEVER",
  "SQLITE_CORRUPT_BKPT",
  "SQLITE_CANTOPEN_BKPT",
  "SQLITE_MISUSE_BKPT",
  "SQLITE_NOMEM_BKPT",
  "SQLITE_IOERR_NOMEM_BKPT",
]);

/** Headers whose declarations the mirrored files use. */
const HEADERS: readonly string[] = [
  "sqlite3.c",
  "sqlite3.h",
  "sqliteInt.h",
  "sqliteLimit.h",
  "hash.h",
  "os.h",
  "os_setup.h",
  "os_common.h",
  "pager.h",
  "pcache.h",
  "btree.h",
  "btreeInt.h",
  "vdbe.h",
  "vdbeInt.h",
  "mutex.h",
  "wal.h",
];

/** Trees are the same under most profiles. */
const trees = new WeakMap<Upstream, TreeCache>();

export class CSide {
  /** Constructs that were not understood: what and where. */
  readonly fallbacks: string[] = [];

  private readonly cache: TreeCache;
  private readonly expander: Expander;
  private readonly types: TypeTable;
  private readonly around: Surroundings;
  /** Definitions of functions by file and name. */
  private readonly definitions = new Map<string, Chunk>();
  private readonly constants = new Map<string, bigint | null>();
  private readonly macroBodies = new Map<string, { body: CNode; params: readonly string[] } | null>();
  private readonly evaluating = new Set<string>();

  constructor(
    private readonly up: Upstream,
    private readonly pre: Preprocessed,
    parse: CParser,
    names: TsNames,
  ) {
    const cache = trees.get(up) ?? new TreeCache(parse);
    trees.set(up, cache);
    this.cache = cache;
    const kept = (name: string): boolean =>
      ALWAYS_KEPT.has(name) || names.functions.has(name) || names.constants.has(name);
    this.expander = new Expander(pre.macros, kept);
    this.types = new TypeTable(
      (e) => this.value(e),
      (name) => this.load(name),
    );
    this.around = {
      types: this.types,
      constant: (name) => this.constant(name),
      string: (name) => this.string(name),
      macroType: (name, line, args, scopes) => this.macroType(name, line, args, scopes),
      fallback: (what) => this.fallbacks.push(what),
    };
    const headers = [
      ...HEADERS,
      ...[...up.files.keys()].filter((f) => f.endsWith(".h") && up.files.size < 20),
    ];
    const files = [...new Set([...headers, ...MIRRORS.keys()])].filter((f) => up.files.has(f));
    this.read(files);
  }

  /** Takes in the declarations of files, in the order of their lines; functions when somebody asks. */
  private read(files: readonly string[]): void {
    const chunks = files.flatMap((f) => chunksOf(this.up, this.pre, this.expander, f));
    const line = (c: Chunk): number => c.tokens[c.from]!.line;
    chunks.sort((a, b) => line(a) - line(b));
    for (const c of chunks) {
      const name = functionName(c);
      if (name === null) {
        this.note(c);
        continue;
      }
      const own = `${c.file} ${name}`;
      if (c.body >= 0) this.definitions.set(own, c);
      if (c.tokens.slice(c.from, c.from + 2).some((t) => t.text === "static")) this.pending.set(own, c);
      else this.pending.set(name, c);
    }
    for (const f of files) this.files.add(f);
  }

  /** Takes in one declaration; of a function its head. */
  private note(c: Chunk): void {
    const text =
      c.body < 0
        ? textOf(c.tokens, c.from, c.to, this.types.spell)
        : `${textOf(c.tokens, c.from, c.body - 1, this.types.spell)};`;
    for (const n of this.cache.get(text).root.kids) {
      this.types.note(n, c.file);
      if (c.body < 0) {
        this.noteValues(n, c);
        continue;
      }
      for (const { name } of this.types.declaration(n)) this.definitions.set(`${c.file} ${name}`, c);
    }
  }

  /** Keeps what variables of a file are initialized with. */
  private noteValues(n: CNode, c: Chunk): void {
    if (n.type !== "declaration") return;
    for (const d of n.kids) {
      const value = d.type === "init_declarator" ? part(d, "value") : undefined;
      if (value === undefined) continue;
      const { name } = this.types.declarator(d, { kind: "unknown" });
      this.values.set(`${c.file} ${name}`, { value, line: c.tokens[c.from]!.line });
    }
  }

  /** Names of the variables of a file that have an initializer. */
  tables(file: string): string[] {
    return [...this.values.keys()]
      .filter((k) => k.startsWith(`${file} `))
      .map((k) => k.slice(file.length + 1));
  }

  /** What a variable of a file is initialized with, its type and its line, or null. */
  table(name: string, file: string): CTable | null {
    const found = this.values.get(`${file} ${name}`);
    if (found === undefined) return null;
    const before = this.fallbacks.length;
    const { e } = new Expressions(this.around, new Scopes(), file, found.line).expr(found.value);
    this.fallbacks.length = before;
    return {
      value: this.spread(e),
      type: this.types.variable(name, file) ?? { kind: "unknown" },
      line: found.line,
    };
  }

  /** A macro that is several elements of a list, `1200,40`, as these. */
  private spread(e: Node): Node {
    const kids = e.kids.flatMap((k) => {
      const body = k.op === "name" ? this.pre.macros.at(k.text)?.body : undefined;
      if (e.op !== "list" || body === undefined || !body.some((t) => t.text === ",")) return [this.spread(k)];
      const numbers = body.filter((t) => t.text !== ",");
      if (!numbers.every((t) => t.kind === "num")) return [k];
      return numbers.map((t) => node("num", String(integerLiteral(t.text)?.value ?? t.text), [], k.line));
    });
    return { ...e, kids };
  }

  /** The fields of a struct in order. */
  fieldsOf(struct: string): readonly (readonly [name: string, type: CType])[] {
    return this.types.fieldsOf(struct);
  }

  /** Takes in the function of that name, if there is one that has not been taken in. */
  private load(name: string): boolean {
    const c = this.pending.get(name);
    if (c === undefined) return false;
    this.pending.delete(name);
    this.note(c);
    return true;
  }

  private readonly values = new Map<string, { value: CNode; line: number }>();
  private readonly files = new Set<string>();
  /** Functions whose heads nobody has asked for: static ones by file and name, others by name. */
  private readonly pending = new Map<string, Chunk>();

  /** A function that is compiled under the profile. */
  lower(fn: UpstreamFunction): LoweredC {
    if (!this.files.has(fn.file)) this.read([fn.file]);
    const chunk = this.definitions.get(`${fn.file} ${fn.name}`);
    if (chunk === undefined) throw new Error(`${fn.file} does not define ${fn.name} under this profile`);
    const { tokens } = chunk;
    const tree = this.cache.get(textOf(tokens, chunk.from, chunk.to, this.types.spell));
    for (const e of tree.errors) this.fallbacks.push(`${fn.file} ${fn.name}: no C: ${e}`);
    const n = tree.root.kids.find((k) => k.type === "function_definition");
    if (n === undefined) throw new Error(`${fn.file}: the definition of ${fn.name} could not be read`);
    const base = tokens[chunk.from]!.line;
    const { type } = this.types.declaration(n)[0]!;
    const scopes = new Scopes();
    const params = this.types.parameters(parameterList(part(n, "declarator")!));
    for (const p of params) scopes.declare(p.name, p.type);
    const expressions = new Expressions(this.around, scopes, fn.file, base);
    const statements = new Statements(this.around, expressions);
    const returns: CType = type.kind === "function" ? type.returns : { kind: "unknown" };
    statements.returns = returns;
    const body = statements.block(part(n, "body"), base);
    return {
      name: fn.name,
      file: fn.file,
      first: fn.first,
      last: fn.last,
      params,
      returns,
      body,
      locals: statements.locals,
      uninitialized: statements.uninitialized,
    };
  }

  /**
   * A macro as the function that it is in the port: its parameters by the names that the port gives them,
   * and what it stands for as what is returned, or done. Null for one that is no expression, or stands for nothing.
   */
  lowerMacro(name: string, file: string, params: readonly string[]): LoweredC | null {
    const last = this.up.fileOf.lastIndexOf(file);
    const macro = this.pre.macros.at(name, last < 0 ? undefined : last);
    if (macro === undefined || macro.body.length === 0) return null;
    const written = macro.params ?? [];
    const tokens = this.expander
      .body(macro, macro.line)
      .map((t) =>
        t.kind === "id" && written.includes(t.text)
          ? { ...t, text: params[written.indexOf(t.text)] ?? t.text }
          : t,
      );
    while (tokens.at(-1)?.text === ";") tokens.pop();
    const text = textOf(tokens, 0, tokens.length - 1, this.types.spell);
    const tree = this.cache.get(`int x(void){ return (${text}); }`);
    const found = tree.errors.length === 0 ? find(tree.root, "return_statement") : undefined;
    if (found === undefined) return null;
    const scopes = new Scopes();
    const declared = written.map((_, i) => ({ name: params[i] ?? "", type: { kind: "unknown" } as CType }));
    for (const p of declared) scopes.declare(p.name, p.type);
    const { line } = macro;
    const before = this.fallbacks.length;
    const { e, t } = new Expressions(this.around, scopes, this.up.fileOf[line] ?? "", line).expr(
      found.kids[0]!,
    );
    this.fallbacks.length = before;
    return {
      ...{ name, file, first: line, last: line, params: declared, returns: t },
      body: seq([node("return", "", [e], line)], line),
      ...{ locals: new Map(), uninitialized: new Set() },
    };
  }

  /** The value of a name that stands for a constant. */
  private constant(name: string): bigint | null {
    let value = this.constants.get(name);
    if (value !== undefined) return value;
    value = this.types.enumerator(name) ?? null;
    const macro = this.pre.macros.at(name);
    if (macro !== undefined && macro.params === null) {
      try {
        const tokens = this.pre.macros.expand(macro.body, Number.POSITIVE_INFINITY);
        value = evaluateConstant(tokens, (n) => this.types.enumerator(n));
      } catch (e) {
        if (!(e instanceof NotConstant)) throw e;
        value = null;
      }
    }
    this.constants.set(name, value);
    return value;
  }

  private string(name: string): string | null {
    const macro = this.pre.macros.at(name);
    if (macro === undefined) return null;
    const tokens = this.pre.macros.expand(macro.body, Number.POSITIVE_INFINITY);
    return tokens.every((t) => t.kind === "str") ? tokens.map((t) => characters(t.text)).join("") : null;
  }

  /** A constant expression as far as lengths of arrays need it. */
  private value(e: CNode): bigint | null {
    switch (e.type) {
      case "parenthesized_expression":
        return this.value(e.kids[0]!);
      case "number_literal":
        return integerLiteral(e.text)?.value ?? null;
      case "identifier":
        return this.constant(e.text);
      case "cast_expression":
        return this.value(part(e, "value")!);
      case "unary_expression": {
        const of = this.value(part(e, "argument")!);
        if (of === null) return null;
        const op = part(e, "operator")!.type;
        return op === "-" ? -of : op === "~" ? ~of : op === "+" ? of : null;
      }
      case "sizeof_expression": {
        const type = part(e, "type");
        const t = type !== undefined ? this.types.descriptor(type) : this.named(part(e, "value"));
        return t?.kind === "int" ? BigInt(t.bits / 8) : t?.kind === "pointer" ? 8n : null;
      }
      case "binary_expression": {
        const a = this.value(part(e, "left")!);
        const b = this.value(part(e, "right")!);
        return a === null || b === null ? null : compute(part(e, "operator")!.type, a, b);
      }
      default:
        return null;
    }
  }

  private named(e: CNode | undefined): CType | undefined {
    const of = e === undefined ? undefined : bare(e);
    return of?.type === "identifier" ? this.types.typedef(of.text) : undefined;
  }

  /** The type of a macro that was not expanded: its body's, with parameters of the given types. */
  private macroType(name: string, line: number, args: readonly CType[], outer: Scopes): CType | undefined {
    const macro = this.pre.macros.at(name, line);
    if (macro === undefined || this.evaluating.has(name)) return undefined;
    let known = this.macroBodies.get(name);
    if (known === undefined) {
      known = null;
      const tokens = this.expander.body(macro, line);
      if (tokens.length > 0 && !tokens.some((t) => t.text === ";" || t.text === "{")) {
        const inside = [
          { kind: "punct" as const, text: "(", line },
          ...tokens,
          { kind: "punct" as const, text: ")", line },
        ];
        const tree = this.cache.get(
          `int x(void){ return ${textOf(inside, 0, inside.length - 1, this.types.spell)}; }`,
        );
        const found = tree.errors.length === 0 ? find(tree.root, "return_statement") : undefined;
        if (found !== undefined) known = { body: found.kids[0]!, params: macro.params ?? [] };
      }
      this.macroBodies.set(name, known);
    }
    if (known === null) return undefined;
    const scopes = new Scopes(outer);
    for (const [i, p] of known.params.entries()) scopes.declare(p, args[i] ?? { kind: "unknown" });
    this.evaluating.add(name);
    const before = this.fallbacks.length;
    const { t } = new Expressions(this.around, scopes, this.up.fileOf[line] ?? "", line).expr(known.body);
    this.fallbacks.length = before;
    this.evaluating.delete(name);
    return t;
  }
}

/** The function that a chunk declares or defines; null if that takes a parser to see. */
function functionName(c: Chunk): string | null {
  const { tokens } = c;
  if (tokens[c.from]!.text === "typedef") return null;
  for (let i = c.from + 1; i < c.to; i++) {
    const t = tokens[i]!;
    if (t.text === "(") {
      const name = tokens[i - 1]!;
      return name.kind === "id" && tokens[i + 1]!.text !== "*" ? name.text : null;
    }
    if (t.text === "{" || t.text === "=" || t.text === "[") return null;
  }
  return null;
}

function find(n: CNode, type: string): CNode | undefined {
  if (n.type === type) return n;
  for (const k of n.kids) {
    const found = find(k, type);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The parameters of the function that is defined, not those of one it returns. */
function parameterList(d: CNode): CNode | undefined {
  let found: CNode | undefined;
  for (let at: CNode | undefined = d; at !== undefined; ) {
    if (at.type === "function_declarator") found = part(at, "parameters");
    const inner: CNode | undefined =
      part(at, "declarator") ?? at.kids.find((k) => k.type.endsWith("declarator"));
    at = inner;
  }
  return found;
}

function compute(op: string, a: bigint, b: bigint): bigint | null {
  switch (op) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      return b === 0n ? null : a / b;
    case "%":
      return b === 0n ? null : a % b;
    case "<<":
      return a << b;
    case ">>":
      return a >> b;
    case "&":
      return a & b;
    case "|":
      return a | b;
    default:
      return null;
  }
}
