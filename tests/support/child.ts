// SPDX-License-Identifier: MIT
/**
 * Child processes of the tests: programs of ours on the runtime that runs the test, and tools. What
 * they print is kept, lines of it can be waited for, and each is ended by its own pid, at the latest
 * when its time is up: a child that hangs fails its test instead of stopping it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** The repository. */
export const ROOT: string = fileURLToPath(new URL("../../", import.meta.url));
/** Whether this is Deno; else it is Bun. */
export const isDeno: boolean = "Deno" in globalThis;
/** Longest life of a child, in milliseconds; it is there to end a hang, not to measure. */
const LIFETIME_MS = 60_000;

/** How a child ended: one of the two is null. */
export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** Settings of {@linkcode start}. */
export interface StartOptions {
  /** Added to the environment. */
  env?: Record<string, string>;
  /** Milliseconds after which it is killed. */
  lifetime?: number;
}

/** Waiter for a text. */
interface Waiter {
  readonly pattern: RegExp;
  readonly found: (match: RegExpMatchArray) => void;
  readonly lost: (error: Error) => void;
}

/** One of the two streams that a child writes, as text. */
class Output {
  text = "";
  #waiters: Waiter[] = [];
  #ended = false;

  add(part: string): void {
    this.text += part;
    this.#look();
  }

  end(): void {
    this.#ended = true;
    this.#look();
  }

  /** The first match of `pattern`, now or later. */
  match(pattern: RegExp): Promise<RegExpMatchArray> {
    return new Promise((found, lost) => {
      this.#waiters.push({ pattern, found, lost });
      this.#look();
    });
  }

  #look(): void {
    this.#waiters = this.#waiters.filter(({ pattern, found, lost }) => {
      const match = this.text.match(pattern);
      if (match !== null) found(match);
      else if (this.#ended) lost(new Error(`the child ended without ${pattern}:\n${this.text}`));
      else return true;
      return false;
    });
  }
}

/** See the top of this file. */
export class Child {
  readonly pid: number;
  readonly stdout: Output = new Output();
  readonly stderr: Output = new Output();
  /** Resolves when it has ended and all that it printed has been read. */
  readonly exit: Promise<Exit>;
  /** Whether it was killed because its time was up. */
  timedOut = false;
  #ended = false;
  readonly #process: ChildProcess;

  constructor(child: ChildProcess, lifetime: number) {
    this.#process = child;
    this.pid = child.pid ?? -1;
    const timer = setTimeout(() => {
      this.timedOut = true;
      this.kill("SIGKILL");
    }, lifetime);
    this.exit = new Promise((resolve, reject) => {
      const over = () => {
        clearTimeout(timer);
        this.#ended = true;
        this.stdout.end();
        this.stderr.end();
      };
      child.once("error", (error) => {
        this.stderr.add(`${error}\n`);
        over();
        reject(error);
      });
      // From here on its number may be another's.
      child.once("exit", () => this.#ended = true);
      child.once("close", (code, signal) => {
        over();
        resolve({ code, signal });
      });
    });
    // A missing tool must not crash a test that never awaits the exit.
    this.exit.catch(() => {});
    for (const name of ["stdout", "stderr"] as const) {
      child[name]!.setEncoding("utf8").on("data", (part: string) => this[name].add(part));
    }
  }

  /** Whether it has ended. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Writes to its standard input. */
  send(text: string): void {
    this.#process.stdin!.write(text);
  }

  /** Sends a signal, unless it has ended and its number may be another's. */
  kill(signal: NodeJS.Signals): void {
    // Not by ChildProcess.kill: Deno would then say that the signal ended it, whatever it did.
    if (!this.#ended) process.kill(this.pid, signal);
  }

  /** Kills it unless it has ended, and waits for its end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.kill("SIGKILL");
    await this.exit.catch(() => {});
  }
}

/** Starts a tool. */
export function start(file: string, args: string[], options: StartOptions = {}): Child {
  // Deno's look for a newer version opens sockets of its own.
  const quiet = { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" };
  const env = { ...process.env, ...quiet, ...options.env };
  const child = spawn(file, args, { cwd: ROOT, env, stdio: ["pipe", "pipe", "pipe"] });
  // A child that ended before it read what was sent is found by its exit.
  child.stdin.on("error", () => {});
  return new Child(child, options.lifetime ?? LIFETIME_MS);
}

/** Starts a program of this repository, with every permission. */
export function startProgram(file: string, args: string[] = [], options: StartOptions = {}): Child {
  return start(process.execPath, [...isDeno ? ["run", "-A", file] : [file], ...args], options);
}

/** Waits until `condition` holds; fails after `limit` milliseconds. */
export async function eventually(
  what: string,
  condition: () => boolean | Promise<boolean>,
  limit = 10_000,
): Promise<void> {
  const end = performance.now() + limit;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`${limit} ms went by without: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
