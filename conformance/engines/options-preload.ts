/**
 * Loaded before everything else in a child process (`--import`): the port's compile-time options, as JSON
 * in the environment variable PAGER_MIRROR_OPTIONS.
 */

const text = process.env["PAGER_MIRROR_OPTIONS"];
if (text === undefined) throw new Error("PAGER_MIRROR_OPTIONS is not set");
(globalThis as { PAGER_MIRROR?: unknown }).PAGER_MIRROR = { options: JSON.parse(text) as unknown };
