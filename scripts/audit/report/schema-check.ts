/** As much of JSON Schema as audit.schema.json uses; a keyword that is not known here is an error. */

export type Schema = Readonly<Record<string, unknown>>;

const KNOWN: ReadonlySet<string> = new Set([
  ...["$schema", "$id", "$defs", "$ref", "title", "description"],
  ...[
    "type",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "prefixItems",
    "minItems",
    "maxItems",
  ],
  ...["enum", "const", "anyOf", "pattern", "minimum", "maximum"],
]);

function typeOf(v: unknown): string {
  if (v === null) return "null";
  if (Array.isArray(v)) return "array";
  if (typeof v === "number") return Number.isInteger(v) ? "integer" : "number";
  return typeof v;
}

/** What does not fit, each with its place; empty if the value is as the schema says. */
export function schemaErrors(root: Schema, value: unknown): string[] {
  const check = (schema: Schema, v: unknown, at: string): string[] => {
    const errors: string[] = [];
    const fail = (message: string): void => {
      errors.push(`${at}: ${message}`);
    };
    const inside = (s: unknown, x: unknown, path: string): void => {
      errors.push(...check(s as Schema, x, path));
    };
    for (const key of Object.keys(schema)) if (!KNOWN.has(key)) fail(`the schema uses ${key}`);
    if (typeof schema["$ref"] === "string") {
      const name = schema["$ref"].replace("#/$defs/", "");
      const target = (root["$defs"] as Record<string, Schema> | undefined)?.[name];
      if (target === undefined) fail(`the schema has no ${schema["$ref"]}`);
      else inside(target, v, at);
    }
    const type = typeOf(v);
    if (schema["type"] !== undefined) {
      const types = ([] as unknown[]).concat(schema["type"]);
      if (!types.includes(type) && !(type === "integer" && types.includes("number")))
        fail(`is ${type}, not ${types.join(" or ")}`);
    }
    if (Array.isArray(schema["enum"]) && !schema["enum"].includes(v))
      fail(`${JSON.stringify(v)} is not allowed`);
    if ("const" in schema && schema["const"] !== v) fail(`is not ${JSON.stringify(schema["const"])}`);
    if (
      Array.isArray(schema["anyOf"]) &&
      !schema["anyOf"].some((s) => check(s as Schema, v, at).length === 0)
    )
      fail("fits none of the choices");
    if (
      typeof v === "string" &&
      typeof schema["pattern"] === "string" &&
      !new RegExp(schema["pattern"], "u").test(v)
    )
      fail(`${JSON.stringify(v)} does not match ${schema["pattern"]}`);
    if (typeof v === "number") {
      if (typeof schema["minimum"] === "number" && v < schema["minimum"]) fail(`${v} is too small`);
      if (typeof schema["maximum"] === "number" && v > schema["maximum"]) fail(`${v} is too large`);
    }
    if (Array.isArray(v)) {
      const prefix = (schema["prefixItems"] ?? []) as readonly unknown[];
      for (const [i, x] of v.entries()) {
        const own = prefix[i] ?? schema["items"];
        if (own === false) fail(`has an element ${i}`);
        else if (own !== undefined) inside(own, x, `${at}[${i}]`);
      }
      if (typeof schema["minItems"] === "number" && v.length < schema["minItems"]) fail("is too short");
      if (typeof schema["maxItems"] === "number" && v.length > schema["maxItems"]) fail("is too long");
    } else if (type === "object") {
      const object = v as Record<string, unknown>;
      const properties = (schema["properties"] ?? {}) as Record<string, unknown>;
      for (const key of (schema["required"] ?? []) as string[]) if (!(key in object)) fail(`lacks ${key}`);
      for (const [key, x] of Object.entries(object)) {
        if (properties[key] !== undefined) inside(properties[key], x, `${at}.${key}`);
        else if (schema["additionalProperties"] === false) fail(`has an unknown key ${key}`);
        else if (typeof schema["additionalProperties"] === "object")
          inside(schema["additionalProperties"], x, `${at}.${key}`);
      }
    }
    return errors;
  };
  return check(root, value, "$");
}
