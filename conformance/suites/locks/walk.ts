/** Random scripts: combinations that nobody has thought of. */

import type { Random } from "../../core/random.js";
import { ROWS } from "./database.js";
import { processOf } from "./moves.js";

/**
 * A script of about `length` moves.
 *
 * Whether a move makes sense is not asked: a COMMIT without a transaction is an error that both
 * engines must give.
 *
 * @param names the connections
 * @param deaths whether processes may die
 */
export function randomScript(
  random: Random,
  names: readonly string[],
  length: number,
  deaths: boolean,
): string {
  const script: string[] = [];
  const open = new Set<string>();
  let letters = 0;
  const openIt = (name: string): void => {
    const how = [
      random.chance(0.5) ? " cold" : "",
      random.chance(0.4) ? " small" : "",
      random.chance(0.07) ? " readonly" : "",
    ];
    script.push(`${name} open${how.join("")}`, `${name} busy ${random.below(4)}`);
    open.add(name);
  };
  const rows = (): string => {
    if (random.chance(0.15)) return `1-${random.between(9, 18)}`;
    const first = random.between(1, ROWS - 2);
    return `${first}-${first + random.below(3)}`;
  };
  const letter = (): string => String.fromCharCode(98 + (letters++ % 25));
  /** A move that opens and closes nothing. */
  const statement = (): string => {
    const dice = random.below(94);
    if (dice < 24) return `read ${rows()}`;
    if (dice < 46) return `write ${letter()} ${rows()}`;
    if (dice < 58) return "begin";
    if (dice < 64) return "begin immediate";
    if (dice < 67) return "begin exclusive";
    if (dice < 79) return "commit";
    if (dice < 84) return "rollback";
    if (dice < 88) return `locking ${random.pick(["exclusive", "normal"])}`;
    if (dice < 91) return `journal ${random.pick(["DELETE", "TRUNCATE", "PERSIST"])}`;
    return `busy ${random.below(4)}`;
  };
  const move = (): string => {
    if (random.chance(0.94)) return statement();
    return random.chance(0.65) || !deaths ? "close" : "dies";
  };
  /** What others do while `name` waits, if it has to. */
  const meanwhile = (name: string): string => {
    const others = [...open].filter((other) => processOf(other) !== processOf(name));
    if (others.length === 0 || random.chance(0.9)) return "";
    const moves = Array.from({ length: random.between(1, 4) }, () => `${random.pick(others)} ${statement()}`);
    return ` waits at ${random.below(3)} { ${moves.join("; ")} }`;
  };
  for (const name of names) openIt(name);
  while (script.length < length) {
    const name = random.pick(names);
    if (!open.has(name)) {
      openIt(name);
      continue;
    }
    const what = move();
    const ends = what === "close" || what === "dies";
    script.push(`${name} ${what}${ends ? "" : meanwhile(name)}`);
    if (what === "close") open.delete(name);
    if (what === "dies") {
      for (const other of [...open]) if (processOf(other) === processOf(name)) open.delete(other);
    }
  }
  for (const name of open) script.push(`${name} close`);
  return script.join("; ");
}
