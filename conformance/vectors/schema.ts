/** The JSON Schemas (2020-12) of the two kinds of JSON files, made from the tables in format.ts. */

import {
  type ArgKind,
  CALLS,
  FORMAT,
  KIND,
  OPS,
  PAGER_FIELDS,
  PCACHE_FIELDS,
  PCACHE1_FIELDS,
  REQUIREMENTS,
  SAVEPOINT_FIELDS,
  type StateField,
  WAL_FIELDS,
  WAL_HEADER_FIELDS,
} from "./format.js";

type Schema = Record<string, unknown>;

const DIALECT = "https://json-schema.org/draft/2020-12/schema";

const integer: Schema = { type: "integer" };
const natural: Schema = { type: "integer", minimum: 0 };
const text: Schema = { type: "string" };
const boolean: Schema = { type: "boolean" };
const hash: Schema = { type: "string", pattern: "^[0-9a-f]{8}$" };
const sha256: Schema = { type: "string", pattern: "^[0-9a-f]{64}$" };
const ref = (name: string): Schema => ({ $ref: `#/$defs/${name}` });
const orNull = (schema: Schema): Schema => ({ anyOf: [schema, { type: "null" }] });
const list = (items: Schema): Schema => ({ type: "array", items });
/** An object with any keys. */
const map = (values: Schema): Schema => ({ type: "object", additionalProperties: values });
/** An object with these keys, all of them there unless named. */
const record = (properties: Record<string, Schema>, optional: readonly string[] = []): Schema => ({
  type: "object",
  properties,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
  additionalProperties: false,
});
const requirements = list({ enum: Object.keys(REQUIREMENTS) });
const name: Schema = { type: "string", pattern: "^[a-z0-9]+(-[a-z0-9]+)*$" };

const KINDS: Readonly<Record<ArgKind, Schema>> = {
  int: integer,
  "int?": orNull(integer),
  bool: boolean,
  text,
  "text?": orNull(text),
  pairs: list({ type: "array", prefixItems: [text, text], items: false, minItems: 2 }),
  hash,
  hashes: list(hash),
  content: sha256,
  calls: list({ enum: Object.keys(CALLS) }),
};

/** The schemas of an operation's call: one for each name. */
function operations(): Record<string, Schema> {
  const all: Record<string, Schema> = {};
  for (const [op, { args }] of Object.entries(OPS)) {
    const properties: Record<string, Schema> = { op: { const: op } };
    for (const [arg, kind] of Object.entries(args)) properties[arg] = KINDS[kind];
    all[op] = record(properties);
  }
  return all;
}

function outputs(): Schema {
  const properties: Record<string, Schema> = {};
  for (const { out = {} } of Object.values(OPS)) {
    for (const [key, kind] of Object.entries(out)) properties[key] = KINDS[kind];
  }
  return { type: "object", properties, additionalProperties: false };
}

/** Some fields of a struct; every one may be absent, for only changes are told. */
function fields(all: readonly StateField[], prefix = ""): Record<string, Schema> {
  const forms = { hex: { type: "string", pattern: "^([0-9a-f]{2})*$" }, numbers: list(integer), text };
  return Object.fromEntries(
    all.map(({ name: key, form, about }) => [
      prefix + key,
      {
        ...(form === undefined ? integer : forms[form]),
        ...(about === undefined ? {} : { description: about }),
      },
    ]),
  );
}

const some = (properties: Record<string, Schema>): Schema => ({
  type: "object",
  properties,
  additionalProperties: false,
});

function stateSchemas(): Record<string, Schema> {
  const nullable = Object.fromEntries(
    Object.entries(fields(PCACHE1_FIELDS)).map(([key, value]) => [key, orNull(value)]),
  );
  return {
    edit: {
      description: "An edit of a list: at a position, so many elements go, these come.",
      type: "array",
      prefixItems: [natural, natural, list(natural)],
      items: false,
      minItems: 3,
    },
    state: some({
      pager: some(fields(PAGER_FIELDS)),
      wal: orNull(some({ ...fields(WAL_FIELDS), ...fields(WAL_HEADER_FIELDS, "hdr.") })),
      cache: some({ ...fields(PCACHE_FIELDS), ...nullable }),
      savepoints: list(record(fields(SAVEPOINT_FIELDS))),
      sets: map(orNull(ref("edit"))),
      pages: map(orNull({ type: "array", prefixItems: [natural, natural], items: false, minItems: 2 })),
    }),
    order: some({ dirty: ref("edit"), lru: ref("edit"), synced: natural }),
    shm: record({ regions: list(sha256), locks: { ...list(integer), minItems: 8, maxItems: 8 } }),
    call: {
      description: "name, file, offset, amount, arg, hash, out, rc",
      type: "array",
      prefixItems: [
        { enum: Object.keys(CALLS) },
        text,
        natural,
        integer,
        natural,
        { type: "string", pattern: "^([0-9a-f]{8})?$" },
        integer,
        natural,
      ],
      items: false,
      minItems: 8,
    },
  };
}

/** Of a file in vectors/. */
export const VECTOR_SCHEMA: Schema = {
  $schema: DIALECT,
  title: "A pager vector",
  description:
    "One scenario for ports of SQLite's pager, with what SQLite's own pager makes of it. See README.md.",
  ...record({
    format: { const: FORMAT },
    name,
    title: text,
    group: text,
    requires: requirements,
    disk: record({
      sectorSize: { type: "integer", minimum: 1 },
      deviceCharacteristics: natural,
      ioVersion: { enum: [1, 2, 3] },
      seed: integer,
      pendingByte: natural,
    }),
    start: map(sha256),
    steps: { ...list(ref("step")), minItems: 1 },
  }),
  $defs: {
    step: record(
      {
        do: { anyOf: Object.keys(OPS).map((op) => ref(op)) },
        rc: natural,
        value: integer,
        out: outputs(),
        files: map(orNull(sha256)),
        shm: map(orNull(ref("shm"))),
        state: map(orNull(ref("state"))),
        calls: list(ref("call")),
        order: map(ref("order")),
      },
      ["rc", "value", "out", "files", "shm", "state", "calls", "order"],
    ),
    ...stateSchemas(),
    ...operations(),
  },
};

/** Of index.json. */
export const INDEX_SCHEMA: Schema = {
  $schema: DIALECT,
  title: "The index of a folder of pager vectors",
  ...record({
    kind: { const: KIND },
    format: { const: FORMAT },
    sqlite: record({ version: text, sourceId: text }),
    compileOptions: list(text),
    totals: record({ vectors: natural, steps: natural, calls: natural, files: natural }),
    vectors: {
      ...list(record({ name, title: text, group: text, requires: requirements, steps: natural, sha256 })),
      minItems: 1,
    },
    files: map(record({ size: natural, stored: boolean })),
  }),
};
