// SPDX-License-Identifier: MIT
/**
 * `npm start`: `node scripts/start.mjs bun|deno ARGUMENT...` runs a program under a runtime, passes
 * signals on to it, and exits as it exits.
 *
 * Between npm and a program stands a shell. Ctrl-C reaches the whole process group, and npm sends
 * SIGINT to its child as well; a server that ends in order at the first signal and at once at the
 * second would be cut off. So on POSIX the program has a process group of its own, and two signals
 * within {@linkcode REPEAT_MS} count as one. The loss of the terminal or of the parent process
 * counts as SIGTERM: when npm receives SIGTERM it ends its shell, which passes nothing on. (A
 * SIGINT sent to npm alone waits in dash until the program has ended: to stop it by `kill`, send
 * SIGTERM.)
 *
 * On Windows the console itself notifies every process of Ctrl-C, and npm ends no more than its
 * shell.
 */
import { spawn } from "node:child_process";
import { runtimeProgram } from "./runtimes.mjs";

/** A signal that arrives sooner than this after another is the same request, in milliseconds. */
const REPEAT_MS = 1000;
/** Time between two looks for the parent process, in milliseconds. */
const PARENT_MS = 100;
/** Signals, and what the program receives for each. */
const SIGNALS = { SIGINT: "SIGINT", SIGTERM: "SIGTERM", SIGQUIT: "SIGQUIT", SIGHUP: "SIGTERM" };
const onWindows = process.platform === "win32";

/** Passes `SIGNALS` on to `child`, and the loss of this process's parent as SIGTERM. */
function passSignals(child) {
  let last = -Infinity;
  const pass = (signal) => {
    const now = performance.now();
    if (now - last < REPEAT_MS) return;
    last = now;
    child.kill(SIGNALS[signal]);
  };
  for (const signal of Object.keys(SIGNALS)) process.on(signal, pass);
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    pass("SIGTERM");
  }, PARENT_MS);
}

/** Exits with the exit status of the program, or dies by the signal that ended it. */
function exitAs(code, signal) {
  if (signal === null) process.exit(code);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}

const [name, ...args] = process.argv.slice(2);
const child = spawn(runtimeProgram(name), args, { stdio: "inherit", detached: !onWindows });
child.on("error", (error) => {
  console.error(`scripts/start.mjs: ${error.message}`);
  process.exit(1);
});
child.on("exit", exitAs);
// The console's Ctrl-C is the child's own on Windows: this process only waits.
if (onWindows) process.on("SIGINT", () => {});
else passSignals(child);
