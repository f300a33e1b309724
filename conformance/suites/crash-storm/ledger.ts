/** What the parent knows of the transactions: which must be there, which must not, which may. */

/** The books. */
export class Ledger {
  #next = 1;
  /** Acknowledged, or seen by a check: there for good. */
  readonly #there = new Set<number>();
  /** Ended with ROLLBACK, or refused. */
  readonly #gone = new Set<number>();
  acknowledged = 0;
  /** Not acknowledged since their process died, and found by a check. */
  found = 0;

  /** Who waits, and for how many acknowledgements in all. */
  #waiting: { until: number; go: () => void }[] = [];

  /** The number of the next transaction. */
  begin(): number {
    return this.#next++;
  }

  /** The process said that COMMIT had succeeded. */
  acknowledge(txn: number): void {
    this.#there.add(txn);
    this.acknowledged++;
    for (const w of this.#waiting) if (w.until <= this.acknowledged) w.go();
    this.#waiting = this.#waiting.filter((w) => w.until > this.acknowledged);
  }

  /** Resolves when so many more have been acknowledged. */
  async more(n: number): Promise<void> {
    await new Promise<void>((go) => this.#waiting.push({ until: this.acknowledged + n, go }));
  }

  /** The process said that nothing of it is left. */
  undone(txn: number): void {
    this.#gone.add(txn);
  }

  /** Those that a reader must see who begins from now on. */
  promised(): number[] {
    return [...this.#there];
  }

  /**
   * Takes note of what a reader saw.
   *
   * @returns transactions that must not be there
   */
  seen(txns: readonly number[]): number[] {
    const ghosts: number[] = [];
    for (const txn of txns) {
      if (this.#gone.has(txn)) ghosts.push(txn);
      if (this.#there.has(txn)) continue;
      this.#there.add(txn);
      this.found++;
    }
    return ghosts;
  }
}
