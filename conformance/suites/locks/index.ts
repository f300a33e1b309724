import type { Suite } from "../../core/case.js";

export const locks: Suite = { name: "locks", about: "", cases: () => [] };
