/** The types of C as far as the normal form depends on them, and what a declaration declares. */

import { characters } from "./c-literals.js";
import { type CNode, part } from "./c-tree.js";

export type CType =
  | { readonly kind: "int"; readonly bits: 8 | 16 | 32 | 64; readonly signed: boolean }
  | { readonly kind: "float" }
  | { readonly kind: "void" }
  | { readonly kind: "unknown" }
  | { readonly kind: "pointer"; readonly to: CType }
  | { readonly kind: "array"; readonly of: CType; readonly length: number | null }
  | { readonly kind: "struct"; readonly name: string }
  | { readonly kind: "function"; readonly returns: CType; readonly params: readonly CType[] };

export type IntType = Extract<CType, { kind: "int" }>;

const int = (bits: 8 | 16 | 32 | 64, signed: boolean): IntType => ({ kind: "int", bits, signed });

export const I8 = int(8, true);
export const U8 = int(8, false);
export const I16 = int(16, true);
export const U16 = int(16, false);
export const I32 = int(32, true);
export const U32 = int(32, false);
export const I64 = int(64, true);
export const U64 = int(64, false);
export const FLOAT: CType = { kind: "float" };
export const VOID: CType = { kind: "void" };
export const UNKNOWN: CType = { kind: "unknown" };

export function pointer(to: CType): CType {
  return { kind: "pointer", to };
}

/** `u8`, `i32` and so on. */
export function intName(t: IntType): string {
  return `${t.signed ? "i" : "u"}${t.bits}`;
}

/** As in a declaration, for people. */
export function typeName(t: CType): string {
  switch (t.kind) {
    case "int":
      return intName(t);
    case "pointer":
      return `${typeName(t.to)}*`;
    case "array":
      return `${typeName(t.of)}[${t.length ?? ""}]`;
    case "struct":
      return t.name;
    case "function":
      return `${typeName(t.returns)}(${t.params.map(typeName).join(", ")})`;
    default:
      return t.kind;
  }
}

/** What an array or a function is as a value. */
export function decayed(t: CType): CType {
  if (t.kind === "array") return pointer(t.of);
  return t.kind === "function" ? pointer(t) : t;
}

/** What a pointer points to, an array consists of. */
export function pointee(t: CType): CType {
  return t.kind === "pointer" ? t.to : t.kind === "array" ? t.of : UNKNOWN;
}

/** The integer types of the language and of the system's headers. */
const SCALARS: Readonly<Record<string, CType>> = {
  void: VOID,
  double: FLOAT,
  float: FLOAT,
  "long double": FLOAT,
  char: I8,
  "signed char": I8,
  "unsigned char": U8,
  short: I16,
  "short int": I16,
  "unsigned short": U16,
  "unsigned short int": U16,
  int: I32,
  signed: I32,
  "signed int": I32,
  unsigned: U32,
  "unsigned int": U32,
  long: I64,
  "long int": I64,
  "long long": I64,
  "long long int": I64,
  "signed long": I64,
  "unsigned long": U64,
  "unsigned long int": U64,
  "unsigned long long": U64,
  "unsigned long long int": U64,
  "long unsigned int": U64,
  _Bool: U8,
  bool: U8,
  int8_t: I8,
  int16_t: I16,
  int32_t: I32,
  int64_t: I64,
  uint8_t: U8,
  uint16_t: U16,
  uint32_t: U32,
  uint64_t: U64,
  intptr_t: I64,
  uintptr_t: U64,
  size_t: U64,
  ssize_t: I64,
  ptrdiff_t: I64,
  off_t: I64,
  off64_t: I64,
  time_t: I64,
  suseconds_t: I64,
  mode_t: U32,
  pid_t: I32,
  uid_t: U32,
  gid_t: U32,
  ino_t: U64,
  dev_t: U64,
  nlink_t: U64,
  blksize_t: I64,
  blkcnt_t: I64,
  pthread_t: U64,
  __int128: I64,
};

/** Words for integer types that the grammar takes for types wherever they stand. */
const SPELLED: Readonly<Record<string, string>> = {
  i8: "int8_t",
  u8: "uint8_t",
  i16: "int16_t",
  u16: "uint16_t",
  i32: "int32_t",
  u32: "uint32_t",
  i64: "int64_t",
  u64: "uint64_t",
};

/** Structs of the system's headers, and what its functions return. */
const SYSTEM_FIELDS: Readonly<Record<string, Readonly<Record<string, CType>>>> = {
  stat: {
    st_dev: U64,
    st_ino: U64,
    st_nlink: U64,
    st_mode: U32,
    st_uid: U32,
    st_gid: U32,
    st_size: I64,
    st_blksize: I64,
    st_blocks: I64,
    st_mtime: I64,
  },
  flock: { l_type: I16, l_whence: I16, l_start: I64, l_len: I64, l_pid: I32 },
  timeval: { tv_sec: I64, tv_usec: I64 },
  timespec: { tv_sec: I64, tv_nsec: I64 },
};

const VOID_POINTER = pointer(VOID);
const CHAR_POINTER = pointer(I8);
const SYSTEM_RETURNS: Readonly<Record<string, CType>> = {
  memcmp: I32,
  memcpy: VOID_POINTER,
  memmove: VOID_POINTER,
  memset: VOID_POINTER,
  strlen: U64,
  strcmp: I32,
  strncmp: I32,
  strchr: CHAR_POINTER,
  strrchr: CHAR_POINTER,
  malloc: VOID_POINTER,
  realloc: VOID_POINTER,
  getpid: I32,
  getenv: CHAR_POINTER,
  sleep: U32,
  usleep: I32,
  nanosleep: I32,
  gettimeofday: I32,
  time: I64,
  sysconf: I64,
  close: I32,
  stat: I32,
  fsync: I32,
  fdatasync: I32,
  strerror: CHAR_POINTER,
  abs: I32,
};

export interface Declared {
  name: string;
  type: CType;
}

/** Structs, typedefs, enumerators and variables by name. */
export class TypeTable {
  private readonly structs = new Map<string, Map<string, CType>>();
  private readonly typedefs = new Map<string, CType>();
  private readonly enums = new Map<string, bigint>();
  private readonly globals = new Map<string, CType>();
  /** Static variables and functions of each file. */
  private readonly statics = new Map<string, Map<string, CType>>();
  /** Static variables of whatever file: a header's are everybody's. */
  private readonly elsewhere = new Map<string, CType>();
  private anonymous = 0;

  /**
   * `value` computes constant expressions: lengths of arrays, enumerators. `load` takes in a function by
   * its name, or by file and name, if there is one that this table has not been told of.
   */
  constructor(
    private readonly value: (e: CNode) => bigint | null,
    private readonly load: (name: string) => boolean,
  ) {
    for (const [name, fields] of Object.entries(SYSTEM_FIELDS)) {
      this.structs.set(name, new Map(Object.entries(fields)));
    }
    for (const [name, returns] of Object.entries(SYSTEM_RETURNS)) {
      this.globals.set(name, { kind: "function", returns, params: [] });
    }
    this.globals.set("errno", I32);
  }

  /** Another word for a scalar type that the grammar knows as one. */
  readonly spell = (name: string): string | undefined => {
    const t = this.typedefs.get(name) ?? SCALARS[name];
    return t?.kind === "int" ? SPELLED[intName(t)] : undefined;
  };

  typedef(name: string): CType | undefined {
    return this.typedefs.get(name) ?? SCALARS[name];
  }

  enumerator(name: string): bigint | undefined {
    return this.enums.get(name);
  }

  variable(name: string, file: string): CType | undefined {
    const own = `${file} ${name}`;
    const known = this.statics.get(file)?.get(name);
    if (known !== undefined || this.load(own)) return known ?? this.statics.get(file)?.get(name);
    if (!this.globals.has(name)) this.load(name);
    return this.globals.get(name) ?? this.elsewhere.get(name);
  }

  field(struct: string, name: string): CType | undefined {
    return this.structs.get(struct)?.get(name);
  }

  /** The fields of a struct in order, or none. */
  fieldsOf(struct: string): readonly (readonly [name: string, type: CType])[] {
    return [...(this.structs.get(struct) ?? [])];
  }

  /** Takes in what a declaration at the top level of a file declares. */
  note(n: CNode, file: string): void {
    switch (n.type) {
      case "type_definition": {
        const base = this.base(n);
        for (const d of n.kids) {
          if (d.field !== "declarator") continue;
          const { name, type } = this.declarator(d, base);
          if (name === "") continue;
          this.typedefs.set(name, this.named(type, name));
        }
        break;
      }
      case "declaration":
      case "function_definition": {
        const hidden = n.kids.some((k) => k.type === "storage_class_specifier" && k.text === "static");
        for (const { name, type } of this.declaration(n)) {
          if (name === "") continue;
          if (!hidden) this.globals.set(name, type);
          else {
            let own = this.statics.get(file);
            if (own === undefined) {
              own = new Map();
              this.statics.set(file, own);
            }
            own.set(name, type);
            this.elsewhere.set(name, type);
          }
        }
        break;
      }
      case "struct_specifier":
      case "union_specifier":
      case "enum_specifier":
        this.specifier(n);
        break;
      default:
        break;
    }
  }

  /** The names that a declaration declares. */
  declaration(n: CNode): Declared[] {
    const base = this.base(n);
    return n.kids.filter((k) => k.field === "declarator").map((d) => this.declarator(d, base));
  }

  /** The type before the declarators. */
  base(n: CNode): CType {
    const t = part(n, "type");
    return t === undefined ? UNKNOWN : this.specifier(t);
  }

  /** Of a cast, sizeof, or parameter without a name. */
  descriptor(n: CNode): CType {
    const base = this.base(n);
    const d = part(n, "declarator");
    return d === undefined ? base : this.declarator(d, base).type;
  }

  /** A struct without a tag gets the name of its typedef. */
  private named(type: CType, name: string): CType {
    if (type.kind !== "struct" || !type.name.startsWith("?")) return type;
    const fields = this.structs.get(type.name);
    if (fields === undefined) return type;
    this.structs.set(name, fields);
    return { kind: "struct", name };
  }

  private specifier(t: CNode): CType {
    switch (t.type) {
      case "primitive_type":
      case "sized_type_specifier":
        return SCALARS[t.text.replace(/\s+/g, " ")] ?? UNKNOWN;
      case "type_identifier":
        return this.typedefs.get(t.text) ?? SCALARS[t.text] ?? UNKNOWN;
      case "struct_specifier":
      case "union_specifier": {
        const name = part(t, "name")?.text ?? `?${++this.anonymous}`;
        const body = part(t, "body");
        if (body !== undefined) this.structs.set(name, this.fields(body));
        return { kind: "struct", name };
      }
      case "enum_specifier": {
        let next = 0n;
        for (const e of part(t, "body")?.kids ?? []) {
          if (e.type !== "enumerator") continue;
          const given = part(e, "value");
          if (given !== undefined) next = this.value(given) ?? next;
          this.enums.set(part(e, "name")?.text ?? "", next++);
        }
        return I32;
      }
      default:
        return UNKNOWN;
    }
  }

  private fields(body: CNode): Map<string, CType> {
    const fields = new Map<string, CType>();
    for (const f of body.kids) {
      if (f.type !== "field_declaration") continue;
      const base = this.base(f);
      let none = true;
      for (const d of f.kids) {
        if (d.field !== "declarator") continue;
        none = false;
        const { name, type } = this.declarator(d, base);
        fields.set(name, type);
      }
      /* A struct without a name inside: its fields are the outer one's. */
      if (none && base.kind === "struct") {
        for (const [name, type] of this.structs.get(base.name) ?? []) fields.set(name, type);
      }
    }
    return fields;
  }

  declarator(d: CNode, base: CType): Declared {
    switch (d.type) {
      case "identifier":
      case "field_identifier":
      case "type_identifier":
      case "primitive_type":
        return { name: d.text, type: base };
      case "pointer_declarator":
      case "abstract_pointer_declarator":
        return this.inner(d, pointer(base));
      case "array_declarator":
      case "abstract_array_declarator": {
        const size = part(d, "size");
        const length = size === undefined ? null : this.value(size);
        return this.inner(d, { kind: "array", of: base, length: length === null ? null : Number(length) });
      }
      case "function_declarator":
      case "abstract_function_declarator": {
        const params = this.parameters(part(d, "parameters")).map((p) => p.type);
        return this.inner(d, { kind: "function", returns: base, params });
      }
      case "init_declarator": {
        const declared = this.inner(d, base);
        const value = part(d, "value");
        const { type } = declared;
        if (type.kind !== "array" || type.length !== null || value === undefined) return declared;
        const length =
          value.type === "initializer_list"
            ? value.kids.length
            : value.type === "string_literal"
              ? characters(value.text).length + 1
              : null;
        return { name: declared.name, type: { ...type, length } };
      }
      case "parenthesized_declarator":
      case "abstract_parenthesized_declarator":
      case "attributed_declarator": {
        const only = d.kids.find((k) => k.type.endsWith("declarator") || k.type.endsWith("identifier"));
        return only === undefined ? { name: "", type: base } : this.declarator(only, base);
      }
      default:
        return { name: "", type: base };
    }
  }

  private inner(d: CNode, type: CType): Declared {
    const next = part(d, "declarator");
    return next === undefined ? { name: "", type } : this.declarator(next, type);
  }

  parameters(list: CNode | undefined): Declared[] {
    const found: Declared[] = [];
    for (const p of list?.kids ?? []) {
      if (p.type !== "parameter_declaration") continue;
      const base = this.base(p);
      const d = part(p, "declarator");
      if (d === undefined && base.kind === "void") continue;
      const declared = d === undefined ? { name: "", type: base } : this.declarator(d, base);
      found.push({ name: declared.name, type: decayed(declared.type) });
    }
    return found;
  }
}
