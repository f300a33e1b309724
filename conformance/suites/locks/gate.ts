/**
 * A gate in a busy handler: the parent learns that the handler has been called and decides when it
 * returns. Two named pipes; nobody polls and nobody sleeps.
 */

import { execFileSync } from "node:child_process";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import type { TreeGate } from "../../engines/tree.js";

/** The parent's end of a gate. */
export class Gate {
  readonly #up: FileHandle;
  readonly #down: FileHandle;
  readonly #paths: { up: string; down: string };

  private constructor(up: FileHandle, down: FileHandle, paths: { up: string; down: string }) {
    this.#up = up;
    this.#down = down;
    this.#paths = paths;
  }

  /** Makes the pipes in a folder. */
  static async make(dir: string, name: string): Promise<Gate> {
    const paths = { up: join(dir, `${name}.up`), down: join(dir, `${name}.down`) };
    execFileSync("mkfifo", [paths.up, paths.down]);
    /* Opened for both directions, a pipe opens at once and never ends. */
    return new Gate(await open(paths.up, "r+"), await open(paths.down, "r+"), paths);
  }

  /** What the handler is told: to wait at call `at`. */
  at(call: number): TreeGate {
    return { at: call, ...this.#paths };
  }

  /** Resolves when the handler has come to the gate, or after {@link giveUp}. */
  async reached(): Promise<void> {
    await this.#up.read(Buffer.alloc(1), 0, 1, null);
  }

  /** Ends the wait in {@link reached} when the handler will not come. */
  async giveUp(): Promise<void> {
    await this.#up.write("!");
  }

  /** Lets the handler return. */
  async release(): Promise<void> {
    await this.#down.write("!");
  }

  async close(): Promise<void> {
    await this.#up.close();
    await this.#down.close();
  }
}
