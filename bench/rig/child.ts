// SPDX-License-Identifier: MIT
// A child process: collects its output, limits its time, and ends with this process.
import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";

const alive = new Set<ChildProcess>();
process.on("exit", () => alive.forEach((child) => child.kill("SIGKILL")));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => process.exit(1));
}

/** Enough for the first lines of an error. */
const KEPT = 4000;

export interface Child {
  pid: number;
  output(): string;
  errors(): string;
  /** Called with each piece of output. */
  onOutput(listener: () => void): void;
  /** Resolves to the exit status, or the signal. */
  ended: Promise<number | string>;
  kill(signal: "SIGTERM" | "SIGKILL"): void;
  /** Writes to its input; only if it was started with `input`. */
  write(text: string): void;
}

export function startChild(
  [program, ...args]: string[],
  env: Record<string, string> = {},
  input = false,
): Child {
  const child = spawn(program, args, {
    env: { ...process.env, ...env },
    stdio: [input ? "pipe" : "ignore", "pipe", "pipe"],
  });
  const [stdout, stderr] = [child.stdout!, child.stderr!];
  // A child that has ended reads no more.
  child.stdin?.on("error", () => {});
  alive.add(child);
  let output = "", errors = "";
  stdout.setEncoding("utf8").on(
    "data",
    (text: string) => output = (output + text).slice(-KEPT),
  );
  stderr.setEncoding("utf8").on(
    "data",
    (text: string) => errors = (errors + text).slice(-KEPT),
  );
  const ended = new Promise<number | string>((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("close", (status, signal) => resolve(status ?? signal ?? "lost"));
  });
  ended.then(() => alive.delete(child));
  return {
    pid: child.pid ?? 0,
    output: () => output,
    errors: () => errors,
    onOutput: (listener) => void stdout.on("data", listener),
    ended,
    kill: (signal) => void child.kill(signal),
    write: (text) => void child.stdin?.write(text),
  };
}

/** Returns undefined after a timeout. */
export async function within<T>(seconds: number, promise: Promise<T>): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, seconds * 1000, undefined);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
