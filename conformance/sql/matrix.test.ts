import { describe, expect, it } from "vitest";
import { JOURNAL_LEVELS, LEVELS, matrix } from "./matrix.js";
import { workloads } from "./workloads/index.js";

const all = matrix(workloads, LEVELS, [5, 19, 33]);

describe("matrix", () => {
  it("names every case once, and the same way each time", () => {
    expect(new Set(all.map((e) => e.name)).size).toBe(all.length);
    expect(matrix(workloads, LEVELS, [5, 19, 33]).map((e) => e.name)).toEqual(all.map((e) => e.name));
  });

  it("gives every workload to the default share, under different settings", () => {
    const share = all.filter((e) => !e.fullOnly);
    for (const w of workloads) {
      const own = share.filter((e) => e.workload === w);
      expect(own.length, w.name).toBe(3);
    }
  });

  it("has every level in the default share", () => {
    const share = all.filter((e) => !e.fullOnly).map((e) => e.settings);
    const has = <K extends keyof (typeof share)[number]>(key: K, levels: readonly unknown[]): void => {
      for (const level of new Set(levels)) {
        expect(
          share.some((s) => s[key] === level),
          `${key} ${String(level)}`,
        ).toBe(true);
      }
    };
    has("pageSize", LEVELS.pageSize);
    has("journal", LEVELS.journal);
    has("sync", LEVELS.sync);
    has("autoVacuum", LEVELS.autoVacuum);
    has("cache", LEVELS.cache);
    has("exclusive", LEVELS.exclusive);
    has("mmap", LEVELS.mmap);
    has("tempStore", LEVELS.tempStore);
    has("sizeLimit", LEVELS.sizeLimit);
    has("device", LEVELS.device);
    has("secureDelete", LEVELS.secureDelete);
    has("cacheSpill", LEVELS.cacheSpill);
    has("fullfsync", LEVELS.fullfsync);
    expect(share.some((s) => s.pendingByte !== null)).toBe(true);
  });

  it("lets every level meet every level of other settings and every workload", () => {
    /* Workloads with settings of their own take these out of the array. */
    const free = all.filter((e) => e.workload.settings === undefined && !e.workload.needsJournal);
    const pairs = new Set(free.map((e) => `${e.settings.pageSize} ${e.settings.device.name}`));
    expect(pairs.size).toBe(new Set(LEVELS.pageSize).size * LEVELS.device.length);
    for (const w of new Set(free.map((e) => e.workload))) {
      const own = free.filter((e) => e.workload === w);
      expect(new Set(own.map((e) => e.settings.journal)).size).toBe(5);
      expect(new Set(own.map((e) => e.settings.device.name)).size).toBe(LEVELS.device.length);
    }
  });

  it("leaves journals out only where they have no file", () => {
    const share = matrix(workloads, JOURNAL_LEVELS, [2, 16, 30]).filter((e) => !e.fullOnly);
    const files = share.filter((e) => ["DELETE", "TRUNCATE", "PERSIST"].includes(e.settings.journal));
    expect(files.length).toBeGreaterThan(share.length * 0.75);
  });
});
