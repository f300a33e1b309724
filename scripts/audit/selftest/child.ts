/** A process of the self-test: takes a task, sends its result, ends. */

import { judge, type Task } from "./index.js";

process.once("message", (task: Task) => {
  judge(task).then(
    (result) => process.send?.(result),
    (e: unknown) => {
      process.stderr.write(`${e instanceof Error ? (e.stack ?? e.message) : String(e)}\n`);
      process.exit(2);
    },
  );
});
