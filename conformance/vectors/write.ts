/** Writes a folder of vectors. Runs in a process of its own, where the port has the oracle's sizes. */

import "../oracle/wasm32.js";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { installOsInit, MemDisk, sqlite3_randomness, sqlite3_shutdown } from "../../src/index.js";
import { packageRoot } from "../core/package-root.js";
import { amalgamationFolder, sqlite3_libversion } from "../engines/version.js";
import { type OracleKind, oracleDefines } from "../oracle/build/index.js";
import type { OracleModule } from "../oracle/module.js";
import { sha256 } from "./folder.js";
import { FORMAT, type Index, KIND, type Vector } from "./format.js";
import { readme } from "./readme.js";
import { Contents, record, type Scenario, Unsuitable } from "./record.js";
import { INDEX_SCHEMA, VECTOR_SCHEMA } from "./schema.js";

/** Contents larger than this are given by their hash only, unless a vector cannot be run without them. */
const LARGEST_STORED = 32 * 1024;
/** Nor are any more stored when so many bytes are, those that are needed counted first. */
const MOST_STORED = 1280 * 1024;

/** An optional scenario whose JSON is longer is left out. */
const LONGEST_OPTIONAL = 14_000;

/** What a folder came to. */
export interface Written {
  vectors: number;
  steps: number;
  calls: number;
  /** Bytes of all files. */
  bytes: number;
}

/** A vector's JSON: one line for each step, so that a difference of two versions can be read. */
export function vectorText(vector: Vector): string {
  const { steps, ...head } = vector;
  const lines = Object.entries(head).map(
    ([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)},`,
  );
  const body = steps.map((step) => JSON.stringify(step)).join(",\n");
  return ["{", ...lines, '"steps": [', body, "]", "}", ""].join("\n");
}

function pretty(value: unknown): string {
  return `${JSON.stringify(value, null, 1)}\n`;
}

/** The index's JSON: one line for each vector and each file. */
function indexText({ vectors, files, ...head }: Index): string {
  const lines = Object.entries(head).map(
    ([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)},`,
  );
  return [
    "{",
    ...lines,
    '"vectors": [',
    vectors.map((entry) => JSON.stringify(entry)).join(",\n"),
    "],",
    '"files": {',
    Object.entries(files)
      .map(([hash, file]) => `${JSON.stringify(hash)}: ${JSON.stringify(file)}`)
      .join(",\n"),
    "}",
    "}",
    "",
  ].join("\n");
}

/** The first bytes of the library's generator on a disk of seed 0. */
function libraryRandom(): Uint8Array {
  const disk = new MemDisk({ name: "vectors-readme" });
  const bytes = new Uint8Array(16);
  sqlite3_randomness(0, null);
  sqlite3_shutdown();
  installOsInit(
    () => disk.register(1),
    () => disk.unregister(),
  );
  sqlite3_randomness(bytes.length, bytes);
  sqlite3_randomness(0, null);
  sqlite3_shutdown();
  return bytes;
}

function sourceId(): string {
  const text = readFileSync(join(amalgamationFolder(), "sqlite3.h"), "utf8");
  return /^#define SQLITE_SOURCE_ID\s+"([^"]+)"/m.exec(text)?.[1] ?? "unknown";
}

/** Records scenarios one by one, and writes them at the end. */
export class Writing {
  readonly #modules: Readonly<Record<OracleKind, OracleModule>>;
  readonly #contents = new Contents();
  readonly #vectors: { text: string; vector: Vector }[] = [];

  constructor(modules: Readonly<Record<OracleKind, OracleModule>>) {
    this.#modules = modules;
  }

  /**
   * Records one scenario with both builds of the C code.
   *
   * @returns whether it is a vector now; one that is optional may turn out not to be suitable
   * @throws Error if the builds do not agree: then it is not the pager's behaviour that differs, but the harness's
   */
  add(scenario: Scenario): boolean {
    if (this.#vectors.some(({ vector }) => vector.name === scenario.name)) {
      throw new Error(`two scenarios are called ${scenario.name}`);
    }
    try {
      this.#add(scenario);
      return true;
    } catch (e) {
      if (scenario.isOptional && e instanceof Unsuitable) return false;
      throw e;
    }
  }

  #add(scenario: Scenario): void {
    /* The build with asserts tells what breaks a rule of the pager's. */
    const other = record(this.#modules.debug, scenario, new Contents());
    const contents = new Contents();
    const vector = record(this.#modules.release, scenario, contents);
    const text = vectorText(vector);
    if (scenario.isOptional && text.length > LONGEST_OPTIONAL) throw new Unsuitable("it is too long");
    if (vectorText(other) !== text) {
      const at = vector.steps.findIndex((step, i) => JSON.stringify(step) !== JSON.stringify(other.steps[i]));
      throw new Error(`${scenario.title}: the two builds of the C pager differ at step ${at}`);
    }
    this.#contents.addAll(contents);
    this.#vectors.push({ text, vector });
  }

  #index(): Index {
    const vectors = [...this.#vectors].sort((a, b) => (a.vector.name < b.vector.name ? -1 : 1));
    const files: Index["files"] = {};
    const { bytes, needed } = this.#contents;
    let room = MOST_STORED;
    for (const hash of needed) room -= bytes.get(hash)!.length;
    /* Small ones first: then most are there, whatever the order of the scenarios. */
    const bySize = [...bytes].sort(([a, { length: n }], [b, { length: m }]) => n - m || (a < b ? -1 : 1));
    for (const [hash, { length }] of bySize) {
      const isKept = length <= LARGEST_STORED && length <= room;
      const stored = needed.has(hash) || isKept;
      if (isKept && !needed.has(hash)) room -= length;
      files[hash] = { size: length, stored };
    }
    const steps = vectors.flatMap(({ vector }) => vector.steps);
    return {
      kind: KIND,
      format: FORMAT,
      sqlite: { version: sqlite3_libversion(), sourceId: sourceId() },
      compileOptions: oracleDefines("release"),
      totals: {
        vectors: vectors.length,
        steps: steps.length,
        calls: steps.reduce((sum, step) => sum + (step.calls?.length ?? 0), 0),
        files: Object.values(files).filter(({ stored }) => stored).length,
      },
      vectors: vectors.map(({ text, vector: { name, title, group, requires, steps } }) => {
        return { name, title, group, requires, steps: steps.length, sha256: sha256(text) };
      }),
      files: Object.fromEntries(Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1))),
    };
  }

  /** Writes everything; files of vectors that lay in the folder before are gone then. */
  finish(folder: string): Written {
    const index = this.#index();
    let bytes = 0;
    const put = (name: string, content: string | Uint8Array): void => {
      writeFileSync(join(folder, name), content);
      bytes += Buffer.byteLength(content);
    };
    for (const [sub, ending] of [
      ["vectors", /^[a-z0-9-]+\.json$/],
      ["files", /^[0-9a-f]{64}\.bin$/],
    ] as const) {
      const path = join(folder, sub);
      if (existsSync(path))
        for (const name of readdirSync(path)) if (ending.test(name)) rmSync(join(path, name));
      mkdirSync(path, { recursive: true });
    }
    /* The index last: a folder without one is not mistaken for a whole one. */
    rmSync(join(folder, "index.json"), { force: true });
    put("README.md", readme(index, libraryRandom()));
    put("LICENSE", readFileSync(join(packageRoot(), "LICENSE")));
    put("vector.schema.json", pretty(VECTOR_SCHEMA));
    put("index.schema.json", pretty(INDEX_SCHEMA));
    for (const { text, vector } of this.#vectors) put(join("vectors", `${vector.name}.json`), text);
    for (const [hash, content] of this.#contents.bytes) {
      if (index.files[hash]!.stored) put(join("files", `${hash}.bin`), content);
    }
    put("index.json", indexText(index));
    const { vectors, steps, calls } = index.totals;
    return { vectors, steps, calls, bytes };
  }
}
