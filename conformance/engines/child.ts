/**
 * A child process that answers one request at a time, as the parent sees it.
 *
 * Each engine lives in a process of its own: POSIX locks belong to the process, so the port and real
 * SQLite must never have one file open in the same one. The parent never opens an engine; it alone
 * copies, reads and hashes files, while no engine in *its* process could lose a lock by that.
 */

import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";

/** How a child's life ended. */
export interface ChildExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** What the child answers: a value, or an error it could name. */
export type ChildReply =
  | { ok: true; value: unknown }
  | { ok: false; name: string; code: string; message: string };

/** The child ended while a request was under way. */
export class ChildGone extends Error {
  override readonly name = "ChildGone";
  readonly exit: ChildExit;

  constructor(what: string, exit: ChildExit) {
    super(`${what} ended (${exit.signal ?? `exit code ${exit.code}`})`);
    this.exit = exit;
  }
}

/** The child answered with an error. */
export class ChildError extends Error {
  override readonly name = "ChildError";
  /** The engine's own code, such as SQLITE_BUSY. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Who the child is and how it is started. */
export interface ChildOptions {
  /** For messages: "real SQLite", "the port". */
  what: string;
  /** The compiled module that the child runs, relative to this one. */
  module: string;
  /** Run as this user id (and group id); the parent must be root. */
  uid?: number;
  /** No file that the child writes may become longer than so many bytes, a multiple of 512. */
  fileSizeLimit?: number;
  /** Extra environment. */
  env?: Record<string, string>;
  /** The folder in which the child runs: what relative names in SQL begin at. */
  cwd?: string;
}

/** One child process and the request under way. */
export class Child {
  readonly what: string;
  readonly #process: ChildProcess;
  readonly #ended: Promise<ChildExit>;
  #exit: ChildExit | null = null;
  #pending: { resolve: (r: ChildReply) => void; reject: (e: Error) => void } | null = null;
  #stderr = "";

  constructor(options: ChildOptions) {
    this.what = options.what;
    this.#process = fork(fileURLToPath(new URL(options.module, import.meta.url)), [], {
      serialization: "advanced",
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
      ...(options.fileSizeLimit === undefined ? {} : limited(options.fileSizeLimit)),
      env: { ...process.env, ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    this.#process.stderr?.on("data", (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString()).slice(-4000);
    });
    this.#process.on("message", (reply) => {
      const p = this.#pending;
      this.#pending = null;
      p?.resolve(reply as ChildReply);
    });
    this.#ended = new Promise((resolve) => {
      const end = (exit: ChildExit): void => {
        if (this.#exit !== null) return;
        this.#exit = exit;
        this.#pending?.reject(new ChildGone(this.what, exit));
        this.#pending = null;
        resolve(exit);
      };
      this.#process.on("exit", (code, signal) => end({ code, signal }));
      this.#process.on("error", () => end({ code: null, signal: null }));
    });
  }

  /** The process id. */
  get pid(): number {
    return this.#process.pid ?? -1;
  }

  get alive(): boolean {
    return this.#exit === null;
  }

  /** What the child wrote on standard error, its last 4000 characters. */
  get stderr(): string {
    return this.#stderr;
  }

  /** Sends one request and waits for its answer. */
  async call(request: unknown): Promise<unknown> {
    if (this.#exit !== null) throw new ChildGone(this.what, this.#exit);
    if (this.#pending !== null) throw new Error(`${this.what} is busy with another request`);
    const reply = await new Promise<ChildReply>((resolve, reject) => {
      this.#pending = { resolve, reject };
      this.#process.send(request as object, (e) => {
        if (e !== null && this.#pending?.reject === reject) {
          /* The exit event tells more; give it the chance to come first. */
          void this.#ended.then(() => undefined);
        }
      });
    });
    if (reply.ok) return reply.value;
    throw new ChildError(reply.code, `${this.what}: ${reply.message}`);
  }

  /** Kills the process with SIGKILL and waits until it is gone. */
  async kill(): Promise<ChildExit> {
    if (this.#exit === null) this.#process.kill("SIGKILL");
    return await this.#ended;
  }

  /** Waits until the process has ended by itself. */
  async ended(): Promise<ChildExit> {
    return await this.#ended;
  }

  /** Lets the process end by closing its channel. */
  async end(): Promise<void> {
    if (this.#exit === null && this.#process.connected) this.#process.disconnect();
    await this.#ended;
  }
}

/** Options of fork that start Node through a shell which limits the size of files. */
function limited(bytes: number): { execPath: string; execArgv: string[] } {
  const script = `ulimit -f ${Math.floor(bytes / 512)} && exec "$0" "$@"`;
  return { execPath: "/bin/sh", execArgv: ["-c", script, process.execPath] };
}

/** The child's side: gives up the rights of root for those of a user and the group of the same number. */
export function become(uid: number): void {
  process.setgroups?.([]);
  process.setgid?.(uid);
  process.setuid?.(uid);
  if (process.getuid?.() !== uid) throw new Error(`this process cannot become user ${uid}`);
}

/** The child's side: answers requests one after the other until the parent closes the channel. */
export function serve(handle: (request: never) => unknown): void {
  const answer = async (request: unknown): Promise<void> => {
    let reply: ChildReply;
    try {
      reply = { ok: true, value: await handle(request as never) };
    } catch (e) {
      const error = e as Error & { code?: unknown };
      reply = {
        ok: false,
        name: error.name,
        code: typeof error.code === "string" ? error.code : error.name,
        message: typeof error.code === "string" ? error.message : (error.stack ?? error.message),
      };
    }
    process.send?.(reply);
  };
  process.on("message", (request) => void answer(request));
  process.on("disconnect", () => process.exit(0));
}
