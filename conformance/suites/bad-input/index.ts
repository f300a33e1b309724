import type { Suite } from "../../core/case.js";

export const badInput: Suite = { name: "bad-input", about: "", cases: () => [] };
