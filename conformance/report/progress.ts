/** A bar on a terminal, plain lines elsewhere. */

import { MultiBar, Presets, type SingleBar } from "cli-progress";
import type { CaseResult } from "../core/case.js";

/** Shows how far a run has come. */
export class Progress {
  readonly #out: NodeJS.WriteStream;
  #bars: MultiBar | null = null;
  #bar: SingleBar | null = null;
  #total = 0;
  #failed = 0;
  #lastTenth = 0;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  start(total: number): void {
    this.#total = total;
    if (!this.#out.isTTY) return;
    this.#bars = new MultiBar(
      {
        stream: this.#out,
        format: "{bar} {value}/{total} {failed}  {name}",
        hideCursor: true,
        clearOnComplete: true,
        autopadding: true,
      },
      Presets.shades_classic,
    );
    this.#bar = this.#bars.create(total, 0, { failed: "", name: "" });
  }

  result(result: CaseResult, done: number): void {
    if (result.outcome === "failed") this.#failed++;
    if (this.#bar !== null) {
      this.#bar.update(done, {
        failed: this.#failed > 0 ? `${this.#failed} failed` : "",
        name: `${result.suite}: ${result.name}`.slice(0, 60),
      });
      return;
    }
    const tenth = Math.floor((done * 10) / this.#total);
    if (tenth > this.#lastTenth || result.outcome === "failed") {
      this.#lastTenth = tenth;
      const what = result.outcome === "failed" ? `FAILED ${result.suite}: ${result.name}` : "";
      this.#out.write(`${done}/${this.#total} ${this.#failed} failed ${what}`.trimEnd().concat("\n"));
    }
  }

  stop(): void {
    this.#bars?.stop();
  }
}
