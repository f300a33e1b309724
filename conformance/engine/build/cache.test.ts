import { type ChildProcess, spawn } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  cachedModule,
  cacheFolders,
  compilerHash,
  findModule,
  inputsHash,
  type Key,
  storeModule,
  writableFolder,
} from "./cache.js";

let folder = "";
const wasm = new TextEncoder().encode("as if it were a module");
const key: Key = { inputs: "1".repeat(32), compiler: "2".repeat(16) };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pager-mirror-cache-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Counts how often a module is really made. */
function maker(bytes: Uint8Array = wasm): {
  made: number;
  told: string[];
  get: () => ReturnType<typeof cachedModule>;
} {
  const self = {
    made: 0,
    told: [] as string[],
    get: () =>
      cachedModule(
        [folder],
        key,
        false,
        async (text) => void self.told.push(text),
        async () => {
          self.made++;
          return bytes;
        },
      ),
  };
  return self;
}

test("the second time it comes out of the cache", async () => {
  const m = maker();
  const first = await m.get();
  expect(first.cached).toBe(false);
  expect(readFileSync(first.path)).toEqual(Buffer.from(wasm));
  expect(await m.get()).toEqual({ path: first.path, cached: true });
  expect([m.made, m.told]).toEqual([1, []]);
  expect(readdirSync(folder).length).toBe(2);
});

test("a damaged module is made again", async () => {
  const m = maker();
  const { path } = await m.get();
  truncateSync(path, 5);
  expect(findModule([folder], key)).toBeNull();
  expect(await m.get()).toEqual({ path, cached: false });
  expect(readFileSync(path)).toEqual(Buffer.from(wasm));
  appendFileSync(path, "x");
  await m.get();
  expect(m.made).toBe(3);
});

test("other inputs and another compiler are another module", () => {
  const path = storeModule(folder, key, wasm);
  expect(findModule([folder], key)).toBe(path);
  expect(findModule([folder], { inputs: key.inputs })).toBe(path);
  expect(findModule([folder], { ...key, inputs: "3".repeat(32) })).toBeNull();
  expect(findModule([folder], { ...key, compiler: "3".repeat(16) })).toBeNull();
  const hash = inputsHash({ "a.c": "1", "b.c": "2" }, ["-O2"]);
  expect(inputsHash({ "b.c": "2", "a.c": "1" }, ["-O2"])).toBe(hash);
  expect(inputsHash({ "a.c": "1", "b.c": "3" }, ["-O2"])).not.toBe(hash);
  expect(inputsHash({ "a.c": "1", "c.c": "2" }, ["-O2"])).not.toBe(hash);
  expect(inputsHash({ "a.c": "1", "b.c": "2" }, ["-O1"])).not.toBe(hash);
  expect(compilerHash("clang 14")).not.toBe(compilerHash("clang 15"));
});

test("force makes it again and leaves one module", async () => {
  const first = await maker().get();
  const again = await cachedModule(
    [folder],
    key,
    true,
    async () => undefined,
    async () => new TextEncoder().encode("another one"),
  );
  expect(again.cached).toBe(false);
  expect(existsSync(first.path)).toBe(false);
  expect(findModule([folder], key)).toBe(again.path);
});

test("of many modules those used last stay, and old drafts go", () => {
  const paths: string[] = [];
  for (let i = 0; i < 12; i++) {
    const path = storeModule(folder, { ...key, inputs: i.toString(16).repeat(32) }, wasm);
    const time = new Date(1_000_000_000_000 + i * 1000);
    utimesSync(path, time, time);
    paths.push(path);
    /* Looking for the first one is using it. */
    if (i > 0) expect(findModule([folder], { inputs: "0".repeat(32) })).toBe(paths[0]);
  }
  const draft = `${paths[11]}.1`;
  const fresh = `${paths[11]}.2`;
  writeFileSync(draft, "");
  writeFileSync(fresh, "");
  utimesSync(draft, 1, 1);
  storeModule(folder, { ...key, inputs: "f".repeat(32) }, wasm);
  const kept = paths.filter((path) => existsSync(path));
  expect(kept).toEqual([paths[0], ...paths.slice(6)]);
  expect([existsSync(draft), existsSync(fresh)]).toEqual([false, true]);
});

test("where the cache is", () => {
  expect(cacheFolders({ PAGER_MIRROR_CACHE: "/x", XDG_CACHE_HOME: "/y" }, "/r")).toEqual([
    "/x",
    "/r/dist/engine",
  ]);
  expect(cacheFolders({ XDG_CACHE_HOME: "/y", HOME: "/h" }, "/r")[0]).toBe("/y/pager-mirror");
  expect(cacheFolders({ XDG_CACHE_HOME: "not/absolute", HOME: "/h" }, "/r")[0]).toBe(
    "/h/.cache/pager-mirror",
  );
});

test("a folder that cannot be written is passed over, with the reason", async () => {
  /* A file in the way stops even root. */
  writeFileSync(join(folder, "file"), "");
  const bad = join(folder, "file", "cache");
  const good = join(folder, "good");
  expect(writableFolder([bad, good]).folder).toBe(good);
  const told: string[] = [];
  const { path } = await cachedModule(
    [bad, good],
    key,
    false,
    async (text) => void told.push(text),
    async () => wasm,
  );
  expect(told).toEqual([expect.stringMatching(/cannot be used \(ENOTDIR.*so .*good is/)]);
  expect(findModule([bad, good], key)).toBe(path);
  expect(() => writableFolder([bad])).toThrow("Set PAGER_MIRROR_CACHE");
});

/** A process that wants the module; making it, it stops until it is told to go on. */
class Builder {
  readonly #process: ChildProcess;
  readonly #heard: string[] = [];
  #wake: () => void = () => undefined;

  constructor() {
    const code = `
      import { cachedModule } from ${JSON.stringify(new URL("./cache.ts", import.meta.url).href)};
      const tell = (text) => new Promise((resolve) => process.send(text, resolve));
      const { path, cached } = await cachedModule(
        [${JSON.stringify(folder)}], ${JSON.stringify(key)}, false, tell, async () => {
          await new Promise((resolve) => {
            process.once("message", resolve);
            process.send("making");
          });
          return new TextEncoder().encode("as if it were a module");
        });
      await tell(cached ? "found it" : "made it");
      process.disconnect();
    `;
    this.#process = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", code], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    const hear = (text: string): void => {
      this.#heard.push(text);
      this.#wake();
    };
    this.#process.on("message", (text) => hear(String(text)));
    this.#process.on("exit", (code, signal) => hear(`ended ${signal ?? code}`));
  }

  async hears(): Promise<string> {
    while (this.#heard.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.#heard.shift()!;
  }

  goOn(): void {
    this.#process.send("go on");
  }

  kill(): void {
    this.#process.kill("SIGKILL");
  }
}

test("of two processes one makes it, and the other one waits for that", async () => {
  const one = new Builder();
  expect(await one.hears()).toBe("making");
  const two = new Builder();
  expect(await two.hears()).toBe("waiting for another process that builds it");
  one.goOn();
  expect(await one.hears()).toBe("made it");
  expect(await two.hears()).toBe("found it");
  expect([await one.hears(), await two.hears()]).toEqual(["ended 0", "ended 0"]);
});

test("when the one that makes it is killed, the one that waits takes over", async () => {
  const one = new Builder();
  expect(await one.hears()).toBe("making");
  const two = new Builder();
  expect(await two.hears()).toBe("waiting for another process that builds it");
  one.kill();
  expect(await one.hears()).toBe("ended SIGKILL");
  expect(await two.hears()).toBe("making");
  two.goOn();
  expect(await two.hears()).toBe("made it");
  expect(await two.hears()).toBe("ended 0");
});
