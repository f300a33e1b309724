/** The port on a disk in memory, with the struct sizes of the C in WebAssembly that runs beside it. */

import "../../oracle/wasm32.js";
import { installOsInit, SQLITE_OK, sqlite3_initialize } from "../../../src/index.js";
import { FOLDER, MemorySide } from "./memory-disk.js";
import { WORKLOAD_NAMES, Workloads } from "./workloads.js";

/** See above. */
export class PortMemorySide extends MemorySide {
  readonly names = WORKLOAD_NAMES;
  readonly #workloads = new Workloads(FOLDER, this.watch.set);

  constructor() {
    super({ allocate: (n) => new Uint8Array(n), release: () => undefined });
    installOsInit(
      () => this.disk.register(1),
      () => this.disk.unregister(),
    );
    const rc = sqlite3_initialize();
    if (rc !== SQLITE_OK) throw new Error(`the port cannot be initialized: result code ${rc}`);
  }

  protected work(i: number, n: number): number {
    return this.#workloads.run(i, n);
  }
}
