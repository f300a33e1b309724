/** The vectors are the same each time, as their schema says, and the port passes them; whatever is wrong is seen. */

import "../oracle/wasm32.js";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Schema, schemaErrors } from "../../scripts/audit/report/schema-check.js";
import { MemDisk, Ref, sqlite3_file, toCString, WalIndexHdr } from "../../src/index.js";
import { findCompiler } from "../engine/build/compile.js";
import { buildOracle } from "../oracle/build/index.js";
import { OracleModule } from "../oracle/module.js";
import { failureText, writeVectors } from "./command.js";
import { sha256, VectorsFolder } from "./folder.js";
import { CALLS, type Index, type Level, OPS, type Vector } from "./format.js";
import { type After, type Failure, playVector } from "./play.js";
import { randoms } from "./random.js";
import type { Scenario } from "./record.js";
import { fixedScenarios, numberOfVectors, recordAll } from "./scenarios.js";
import { edited, editOf } from "./snapshot.js";
import { vectorText, Writing, type Written } from "./write.js";

/** Why there can be no oracle on this machine, or null. */
const missing = await findCompiler().then(
  () => null,
  (e: Error) => {
    if (!e.message.includes("needs a C compiler for WebAssembly, and there is none")) throw e;
    return e.message;
  },
);

const top = mkdtempSync(join(tmpdir(), "vectors-test-"));
const path = join(top, "first");
let written: Written;
let folder: VectorsFolder;
let again: { modules: ConstructorParameters<typeof Writing>[0]; fixed: Scenario[] };

function take<T>(all: Iterable<T>, n: number): T[] {
  const some: T[] = [];
  for (const one of all) if (some.push(one) === n) break;
  return some;
}

/** All files below a folder by relative name, with their hashes. */
function hashes(of: string): Record<string, string> {
  const names = readdirSync(of, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    names
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((name) => [name.slice(of.length + 1), sha256(readFileSync(name))]),
  );
}

/** A copy of the folder that a test may spoil. */
function copy(name: string): string {
  const to = join(top, name);
  cpSync(path, to, { recursive: true });
  return to;
}

function readJson<T>(...parts: string[]): T {
  return JSON.parse(readFileSync(join(...parts), "utf8")) as T;
}

/** Changes a vector in a copy of the folder, and the index with it, so that only playing can tell. */
function changed(name: string, change: (vector: Vector) => void): VectorsFolder {
  const to = copy(`changed-${name}-${readdirSync(top).length}`);
  const vector = readJson<Vector>(to, "vectors", `${name}.json`);
  change(vector);
  const text = vectorText(vector);
  writeFileSync(join(to, "vectors", `${name}.json`), text);
  const index = readJson<Index>(to, "index.json");
  index.vectors.find((entry) => entry.name === name)!.sha256 = sha256(text);
  writeFileSync(join(to, "index.json"), JSON.stringify(index));
  return new VectorsFolder(to);
}

function failureOf(of: VectorsFolder, name: string, level: Level = 4, after?: After): Failure | null {
  return playVector(of, of.index.vectors.find((entry) => entry.name === name)!, level, after).failure;
}

afterAll(() => rmSync(top, { recursive: true, force: true }));

describe.skipIf(missing !== null)(`vectors${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  beforeAll(async () => {
    const modules = {
      release: new OracleModule((await buildOracle({ kind: "release" })).path),
      debug: new OracleModule((await buildOracle({ kind: "debug" })).path),
    };
    const writing = new Writing(modules);
    const fixed = fixedScenarios(modules.release);
    expect([...recordAll(writing, modules.release, fixed)].length).toBe(numberOfVectors(fixed));
    mkdirSync(path);
    written = writing.finish(path);
    folder = new VectorsFolder(path);
    again = { modules, fixed };
  }, 600_000);

  it("are not too large, and none is missing", () => {
    expect(written.bytes).toBeLessThan(8e6);
    expect(written.vectors).toBeGreaterThan(250);
    expect(written.steps).toBeGreaterThan(20_000);
    for (const { requires, name } of folder.index.vectors) {
      expect([name, requires.includes("allocator")]).toEqual([name, name.startsWith("allocation-")]);
    }
  });

  it("are the same when they are written again, in another order too", () => {
    const { modules, fixed } = again;
    const some = [...fixed.filter((_, i) => i % 4 === 0), ...take(randoms(modules.release), 12)];
    const names: string[] = [];
    for (const name of ["there", "back"]) {
      const writing = new Writing(modules);
      for (const scenario of some) writing.add(scenario);
      mkdirSync(join(top, name));
      writing.finish(join(top, name));
      some.reverse();
    }
    const [there, back] = [hashes(join(top, "there")), hashes(join(top, "back"))];
    const all = hashes(path);
    for (const [name, hash] of Object.entries(there)) {
      if (name.startsWith("files/") || name.endsWith("schema.json")) expect(back[name]).toBe(hash);
      if (!name.startsWith("vectors/")) continue;
      expect([name, back[name], all[name]]).toEqual([name, hash, hash]);
      names.push(name);
    }
    expect(names.length).toBeGreaterThan(40);
  });

  it("are as the schemas say that lie beside them", () => {
    const schema = readJson<Schema>(path, "vector.schema.json");
    const used = new Set<string>();
    const calls = new Set<string>();
    for (const { name } of folder.index.vectors) {
      const vector = readJson<Vector>(path, "vectors", `${name}.json`);
      /* A step's call by its own schema, instead of trying sixty for each. */
      for (const step of vector.steps) {
        const own = (schema["$defs"] as Record<string, Schema>)[step.do.op]!;
        expect([name, ...schemaErrors(own, step.do)]).toEqual([name]);
        used.add(step.do.op);
        for (const [call] of step.calls ?? []) calls.add(call);
      }
      const steps = vector.steps.map((step) => ({
        ...step,
        do: { op: "Begin", c: 0, exFlag: 0, subjInMemory: true },
      }));
      expect([name, ...schemaErrors(simple(schema), { ...vector, steps })]).toEqual([name]);
    }
    expect(schemaErrors(readJson<Schema>(path, "index.schema.json"), folder.index)).toEqual([]);
    /* Nothing is described that no vector shows. */
    expect(Object.keys(OPS).filter((op) => !used.has(op))).toEqual([]);
    expect(Object.keys(CALLS).filter((call) => !calls.has(call))).toEqual(["sleep", "currenttime"]);
    const broken = readJson<Vector>(path, "vectors", "wal.json");
    (broken.steps[0]!.do as Record<string, unknown>)["c"] = "0";
    expect(schemaErrors(schema, broken)).toEqual(["$.steps[0].do: fits none of the choices"]);
  });

  /** The schema with only one operation to choose from. */
  function simple(schema: Schema): Schema {
    const defs = schema["$defs"] as Record<string, Schema>;
    const step = defs["step"]!;
    const properties = { ...(step["properties"] as object), do: defs["Begin"] };
    return { ...schema, $defs: { ...defs, step: { ...step, properties } } };
  }

  it("are passed by the port with the sizes of 32 bits, those with failing allocations too", () => {
    let values = 0;
    for (const entry of folder.index.vectors) {
      const played = playVector(folder, entry, 4);
      values += played.values;
      expect(played.failure === null ? "" : failureText(played.failure)).toBe("");
      expect(played.skipped).toBeNull();
      expect(played.steps).toBe(entry.steps);
    }
    expect(values).toBeGreaterThan(1_000_000);
  });

  it("are passed by the port with the sizes of 64 bits and threads", () => {
    const module = (name: string): string => JSON.stringify(fileURLToPath(new URL(name, import.meta.url)));
    const code = `
      globalThis.PAGER_MIRROR = { abi: "lp64" };
      const { playVector } = await import(${module("play.ts")});
      const { VectorsFolder } = await import(${module("folder.ts")});
      const folder = new VectorsFolder(${JSON.stringify(path)});
      const all = folder.index.vectors.map((entry) => playVector(folder, entry, 4));
      console.log(JSON.stringify({
        failures: all.filter((played) => played.failure !== null).map((played) => played.failure),
        skipped: folder.index.vectors.filter((_, i) => all[i].skipped !== null).map((entry) => entry.requires),
      }));`;
    const child = spawnSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", code], {
      encoding: "utf8",
    });
    expect(child.stderr).toBe("");
    const { failures, skipped } = JSON.parse(child.stdout) as { failures: unknown[]; skipped: string[][] };
    expect(failures).toEqual([]);
    expect(skipped.length).toBe(folder.index.vectors.filter((e) => e.requires.includes("allocator")).length);
    for (const requires of skipped) expect(requires).toContain("allocator");
  }, 120_000);

  describe("a planted fault", () => {
    it("a result code in a vector", () => {
      const spoiled = changed("wal", (vector) => {
        vector.steps.find((step) => step.do.op === "Checkpoint")!.rc = 5;
      });
      const failure = failureOf(spoiled, "wal", 1)!;
      expect(failure).toMatchObject({ vector: "wal", field: "rc", expected: "5", got: "0" });
      expect(failure.op).toMatch(/^Checkpoint \{"c":0,"mode":0\}$/);
      expect(failureText(failure)).toMatch(/^wal, step \d+, Checkpoint .*\n {2}rc: expected 5, got 0$/);
    });

    it("a byte of a file that a vector starts from", () => {
      const name = "hot-journal-whole";
      const journal = readJson<Vector>(path, "vectors", `${name}.json`).start["/a.db-journal"]!;
      const spoiled = copy("byte");
      const file = join(spoiled, "files", `${journal}.bin`);
      const bytes = readFileSync(file);
      bytes[600]! ^= 1;
      writeFileSync(file, bytes);
      const opened = new VectorsFolder(spoiled);
      expect(() => opened.verify()).toThrow(/\.bin is not what the index says: its SHA-256 is another$/);
      expect(() => failureOf(opened, name)).toThrow(/SHA-256 is another/);
      /* Even with the right hash in vector and index: the journal's checksum fails, and another page comes back. */
      const hash = sha256(bytes);
      const forged = changed(name, (vector) => {
        vector.start["/a.db-journal"] = hash;
      });
      writeFileSync(join(forged.path, "files", `${hash}.bin`), bytes);
      forged.index.files[hash] = { size: bytes.length, stored: true };
      expect(failureOf(forged, name, 1)).toMatchObject({
        field: expect.stringMatching(/^bytes of \/a\.db(, offset \d+)?$/) as string,
      });
    });

    it("a byte of a file that a vector ends with: where it is", () => {
      const entry = folder.index.vectors.find(({ name }) => {
        const hash = readJson<Vector>(path, "vectors", `${name}.json`).steps.at(-1)!.files?.["/a.db"];
        return (
          hash !== undefined && hash !== null && folder.has(hash) && folder.index.files[hash]!.size > 100
        );
      })!;
      const last = readJson<Vector>(path, "vectors", `${entry.name}.json`).steps.at(-1)!;
      const bytes = folder.content(last.files!["/a.db"]!).slice();
      bytes[50]! ^= 1;
      const hash = sha256(bytes);
      const forged = changed(entry.name, (vector) => {
        vector.steps.at(-1)!.files!["/a.db"] = hash;
      });
      writeFileSync(join(forged.path, "files", `${hash}.bin`), bytes);
      forged.index.files[hash] = { size: bytes.length, stored: true };
      expect(failureOf(forged, entry.name, 1)).toMatchObject({
        step: entry.steps - 1,
        field: "bytes of /a.db, offset 50",
        expected: JSON.stringify(Buffer.from(bytes.subarray(50, 66)).toString("hex")),
      });
    });

    it("a field, a call, a place in a list: each at its level and not below", () => {
      const name = "spill-delete";
      const last = (of: string, vector: Vector): Vector["steps"][number] =>
        vector.steps.findLast((step) => of in step)!;
      const state = changed(name, (vector) => {
        last("state", { ...vector, steps: vector.steps.slice(0, 300) }).state!["0"]!.cache!["nRefSum"] = 77;
      });
      expect(failureOf(state, name, 1)).toBeNull();
      expect(failureOf(state, name, 2)).toMatchObject({
        field: "connection 0: cache.nRefSum",
        expected: "77",
      });
      const call = changed(name, (vector) => {
        const step = vector.steps.find((s) => s.calls?.some(([what]) => what === "sync"))!;
        step.calls = step.calls!.filter(([what]) => what !== "sync");
      });
      expect(failureOf(call, name, 2)).toBeNull();
      expect(failureOf(call, name, 3)).toMatchObject({
        field: expect.stringMatching(/^calls\[\d+\]$/) as string,
      });
      const order = changed(name, (vector) => {
        const step = vector.steps.find((s) => (s.order?.["0"]?.lru?.[2].length ?? 0) > 1)!;
        const [at, removed, inserted] = step.order!["0"]!.lru!;
        step.order!["0"]!.lru = [at, removed, inserted.toReversed()];
      });
      expect(failureOf(order, name, 3)).toBeNull();
      expect(failureOf(order, name, 4)).toMatchObject({ field: "connection 0: LRU list" });
    });

    it("a file, the shared memory, a lock at a marked point", () => {
      const files = changed("journal-mode-persist", (vector) => {
        const step = vector.steps.find((s) => s.files?.["/a.db-journal"])!;
        step.files!["/a.db-journal"] = sha256("");
        step.files!["/b.db"] = null;
      });
      files.index.files[sha256("")] = { size: 0, stored: false };
      expect(failureOf(files, "journal-mode-persist", 1)).toMatchObject({
        field: "bytes of /a.db-journal",
        expected: expect.stringContaining("0 bytes, SHA-256 e3b0c442") as string,
      });
      const more = changed("wal", (vector) => {
        const mark = vector.steps.find((s) => s.shm !== undefined)!.shm!["/a.db"]!;
        (mark as unknown as { locks: number[] }).locks = [7, 0, 0, 0, 0, 0, 0, 0];
      });
      expect(failureOf(more, "wal", 1)).toBeNull();
      expect(failureOf(more, "wal", 2)).toMatchObject({ field: "shared-memory locks of /a.db" });
    });

    it("a port that forgets something", () => {
      const own = WalIndexHdr.prototype.assign;
      try {
        WalIndexHdr.prototype.assign = function (from) {
          own.call(this, from);
          this.iChange = 0;
        };
        expect(failureOf(folder, "wal", 2)?.field).toMatch(/hdr\.iChange|shared memory/);
      } finally {
        WalIndexHdr.prototype.assign = own;
      }
      expect(failureOf(folder, "wal")).toBeNull();
    });

    it("a port whose pager changes behind its back, at the step where it does", () => {
      const name = "savepoints-that-spill-delete";
      const at = readJson<Vector>(path, "vectors", `${name}.json`).steps.findIndex(
        (s) => s.do.op === "OpenSavepoint",
      );
      const damage = (act: Parameters<typeof spoil>[1]): Failure | null => spoil(at, act);
      const spoil = (
        step: number,
        act: (pager: ReturnType<Parameters<After>[0]["pager"]>) => void,
      ): Failure | null =>
        failureOf(folder, name, 4, (port, i) => {
          if (i === step) act(port.pager(0));
        });
      expect(damage((pager) => pager.nSubRec++)).toMatchObject({
        step: at,
        field: "connection 0: pager.nSubRec",
      });
      expect(damage((pager) => (pager.pPCache.pDirty!.flags ^= 8))).toMatchObject({
        step: at,
        field: expect.stringMatching(/^connection 0: pages\.\d+$/) as string,
      });
      expect(damage((pager) => (pager.pPCache.pSynced = null))).toMatchObject({
        step: at,
        field: "connection 0: pSynced",
      });
      /* Content of a page: nobody looks at it before it is written. */
      expect(damage((pager) => (pager.pPCache.pDirty!.pData[900]! ^= 1))?.step).toBeGreaterThan(at);
    });
  });

  it("bad input is told in one sentence", () => {
    const open = (dir: string) => () => new VectorsFolder(dir).verify();
    expect(open(join(top, "nothing"))).toThrow(/index\.json cannot be read \(ENOENT\)$/);
    const spoiled = copy("input");
    const index = readFileSync(join(spoiled, "index.json"), "utf8");
    const put = (text: string): void => writeFileSync(join(spoiled, "index.json"), text);
    put(index.slice(0, 500));
    expect(open(spoiled)).toThrow(/index\.json is not JSON: /);
    put("{}");
    expect(open(spoiled)).toThrow(/is not the index of pager vectors$/);
    put(index.replace('"format": 1', '"format": 2'));
    expect(open(spoiled)).toThrow(/has format 2; this version reads format 1 only$/);
    put(index.replace('"totals"', '"sums"'));
    expect(open(spoiled)).toThrow(/is not as its schema says: /);
    put(index);
    writeFileSync(join(spoiled, "vectors", "wal.json"), "{");
    expect(open(spoiled)).toThrow(/wal\.json is not what the index says/);
    rmSync(join(spoiled, "vectors", "wal.json"));
    expect(open(spoiled)).toThrow(/wal\.json cannot be read \(ENOENT\)$/);
  });

  it("the README's algorithms, from its words alone, give the README's values", () => {
    const text = readFileSync(join(path, "README.md"), "utf8");
    const rows = (head: string): string[][] => {
      const lines = text.slice(text.indexOf(head)).split("\n").slice(2);
      return lines.slice(0, lines.indexOf("")).map((line) => line.split("|").map((cell) => cell.trim()));
    };
    const mask = 0xffffffffn;
    for (const [, quoted, expected] of rows("| bytes | hash |")) {
      let h = 0x811c9dc5n;
      for (const byte of Buffer.from(JSON.parse(quoted!) as string))
        h = ((h ^ BigInt(byte)) * 0x01000193n) & mask;
      expect(h.toString(16).padStart(8, "0")).toBe(expected);
    }
    for (const [, first, expected] of rows("| x | first 8 bytes |")) {
      let [x, got] = [BigInt(first!), ""];
      for (let i = 0; i < 8; i++) {
        x ^= (x << 13n) & mask;
        x ^= x >> 17n;
        x ^= (x << 5n) & mask;
        got += (x & 0xffn).toString(16).padStart(2, "0");
      }
      expect(got).toBe(expected);
    }
    for (const [, seed, expected] of rows("| seed | first 16 bytes |")) {
      let [s, got] = [BigInt(seed!) & mask, ""];
      for (let i = 0; i < 4; i++) {
        s = (s + 0x9e3779b9n) & mask;
        let z = s;
        z = ((z ^ (z >> 16n)) * 0x85ebca6bn) & mask;
        z = ((z ^ (z >> 13n)) * 0xc2b2ae35n) & mask;
        z ^= z >> 16n;
        for (let k = 0n; k < 4n; k++) got += ((z >> (8n * k)) & 0xffn).toString(16).padStart(2, "0");
      }
      expect(got).toBe(expected);
    }
  });

  it("a folder with anything else in it is not written to", async () => {
    const other = join(top, "other");
    mkdirSync(other);
    writeFileSync(join(other, "index.json"), "{}");
    await expect(writeVectors(other)).rejects.toThrow(/is not empty, and no folder of vectors/);
    await expect(writeVectors(join(other, "index.json"))).rejects.toThrow(/is not a folder$/);
    expect(readdirSync(other)).toEqual(["index.json"]);
  });
});

describe("the format", () => {
  it("edits make one list of another", () => {
    const lists = [[], [1], [1, 2, 3], [3, 2, 1], [1, 1, 1], [1, 1], [2, 3], [1, 9, 3]];
    for (const a of lists) {
      for (const b of lists) {
        const edit = editOf(a, b);
        expect(edit === undefined ? a : edited(a, edit)).toEqual(b);
        expect(edit === undefined).toBe(a.join() === b.join());
      }
    }
  });

  it("the table of codes is the disk's", () => {
    const zName = toCString("/f");
    const codes: Record<string, number> = {};
    for (const [call, { code }] of Object.entries(CALLS)) {
      if (code === undefined) continue;
      const disk = new MemDisk({ name: "codes" });
      const { vfs } = disk;
      const file = new sqlite3_file();
      const ref = new Ref(0);
      if (call !== "open") vfs.xOpen(vfs, zName, file, 0x106, null);
      disk.addFault({ op: call as "open", nth: 1 });
      const { pMethods: m } = file;
      const bytes = new Uint8Array(600);
      const does: Record<string, () => number> = {
        open: () => vfs.xOpen(vfs, zName, file, 0x106, null),
        delete: () => vfs.xDelete(vfs, zName, 0),
        access: () => vfs.xAccess(vfs, zName, 0, ref),
        fullpathname: () => vfs.xFullPathname(vfs, zName, 600, bytes),
        close: () => m!.xClose(file),
        read: () => m!.xRead(file, bytes, 10, 0),
        write: () => m!.xWrite(file, bytes, 10, 0),
        truncate: () => m!.xTruncate(file, 0),
        sync: () => m!.xSync(file, 2),
        filesize: () => m!.xFileSize(file, ref),
        lock: () => m!.xLock(file, 1),
        unlock: () => m!.xUnlock(file, 0),
        checkreservedlock: () => m!.xCheckReservedLock(file, ref),
        filecontrol: () => m!.xFileControl(file, 1, ref),
        shmmap: () => m!.xShmMap!(file, 0, 32768, 1, new Ref<Uint8Array | null>(null)),
        shmlock: () => m!.xShmLock!(file, 0, 1, 10),
        shmunmap: () => m!.xShmUnmap!(file, 0),
        fetch: () => m!.xFetch!(file, 0, 10, new Ref<Uint8Array | null>(null)),
      };
      codes[call] = does[call]!();
      expect([call, codes[call]]).toEqual([call, code]);
    }
    expect(Object.keys(codes).length).toBe(18);
  });
});
