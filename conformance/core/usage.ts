/** A user's mistake: printed as a sentence, without a stack trace, exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
