import type { Suite } from "../../core/case.js";

export const order: Suite = { name: "order", about: "", cases: () => [] };
