/**
 * The suite `crash-storm`: short-lived processes of both kinds commit to one database while being killed.
 *
 * Who is killed, when and how comes from the seed; how the processes interleave is the machine's. After
 * every few deaths, and after all, both engines must find the database sound, every acknowledged
 * transaction there, none half there, none that was rolled back. With a log, everything that they called,
 * those that were killed too, must have kept the rules of the log.
 */

import type { Case, Suite } from "../../core/case.js";
import { storm, type Weather } from "./storm.js";

const USUAL: readonly Weather[] = [
  { journal: "WAL", pageSize: 1024, synchronous: "NORMAL", autoVacuum: false, kills: 80 },
  { journal: "WAL", pageSize: 4096, synchronous: "FULL", autoVacuum: true, kills: 40 },
  { journal: "DELETE", pageSize: 1024, synchronous: "FULL", autoVacuum: false, kills: 40 },
];

/** With `--full`: so many more of each page size, journal mode and auto_vacuum. */
const ROUNDS = 4;
const FULL_KILLS = 400;

function weatherText({ journal, pageSize, synchronous, autoVacuum, kills }: Weather): string {
  const sync = synchronous === "FULL" ? "" : `, synchronous ${synchronous}`;
  return `${journal}, page size ${pageSize}${sync}${autoVacuum ? ", auto_vacuum" : ""}, ${kills} kills`;
}

function stormCase(name: string, weather: Weather, fullOnly: boolean): Case {
  return {
    name,
    fullOnly,
    timeoutSeconds: 60 + weather.kills * 10,
    run: async (ctx) => await storm(ctx, weather),
  };
}

function fullCases(): Case[] {
  const cases: Case[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    for (const journal of ["WAL", "WAL", "DELETE"] as const) {
      for (const pageSize of [512, 4096, 65536]) {
        const autoVacuum = (cases.length & 1) === 1;
        const synchronous = journal === "WAL" && cases.length % 3 === 0 ? "NORMAL" : "FULL";
        const weather: Weather = { journal, pageSize, synchronous, autoVacuum, kills: FULL_KILLS };
        cases.push(stormCase(`${weatherText(weather)}, long ${cases.length + 1}`, weather, true));
      }
    }
  }
  return cases;
}

export const crashStorm: Suite = {
  name: "crash-storm",
  about:
    "Processes of both kinds commit to one database and are killed at random: no acknowledged commit is lost, " +
    "none is half there, and the database is sound on both engines.",
  needsEngine: true,
  cases: () => [...USUAL.map((w) => stormCase(weatherText(w), w, false)), ...fullCases()],
};
