/** Ways in which a user comes to a database that may be no database. */

import type { Event } from "./trial.js";

/** A list of things to do, by name. */
export interface Access {
  name: string;
  events: Event[];
  /** Part of the default run for every file; the others only for some. */
  always?: boolean;
}

/** Each of them ends with the database closed. */
export const ACCESSES: readonly Access[] = [
  {
    name: "read and write",
    always: true,
    events: [
      { do: "open" },
      { do: "read" },
      { do: "set", value: 5 },
      { do: "read" },
      { do: "set", value: 6 },
      { do: "close" },
    ],
  },
  {
    name: "opened read-only",
    events: [
      { do: "open", readonly: true },
      { do: "read" },
      { do: "set", value: 5 },
      { do: "read" },
      { do: "close" },
    ],
  },
  {
    name: "write at once",
    events: [
      { do: "open" },
      { do: "begin" },
      { do: "set", value: 5 },
      { do: "read" },
      { do: "rollback" },
      { do: "set", value: 6 },
      { do: "close" },
    ],
  },
  {
    name: "memory-mapped",
    events: [
      { do: "open" },
      { do: "mmap", bytes: 1 << 20 },
      { do: "read" },
      { do: "set", value: 5 },
      { do: "read" },
      { do: "close" },
    ],
  },
  {
    name: "exclusive mode",
    events: [
      { do: "open" },
      { do: "exclusiveMode" },
      { do: "read" },
      { do: "set", value: 5 },
      { do: "begin", exclusive: true },
      { do: "set", value: 6 },
      { do: "commit" },
      { do: "close" },
    ],
  },
];
