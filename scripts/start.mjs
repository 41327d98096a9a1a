// SPDX-License-Identifier: MIT
/**
 * `npm start`: `node scripts/start.mjs bun|deno ARGUMENT...` runs a program under a runtime,
 * forwards signals to it, and exits with its status.
 *
 * There is a shell between npm and the program. Ctrl-C reaches the whole process group, and npm
 * sends SIGINT to its child as well; a server that shuts down gracefully on the first signal and at
 * once on the second would be cut off. So on POSIX the program has its own process group, and two
 * signals within {@linkcode REPEAT_MS} count as one. Losing the terminal or the parent process
 * counts as SIGTERM: when npm receives SIGTERM it ends its shell, which forwards nothing. (A SIGINT
 * sent to npm alone is deferred in dash until the program has ended: to stop it by `kill`, send
 * SIGTERM.)
 *
 * On Windows the console itself notifies every process of Ctrl-C, and npm ends only its shell.
 */
import { spawn } from "node:child_process";
import { runtimeProgram } from "./runtimes.mjs";

/** Minimum interval in milliseconds between signals that count separately. */
const REPEAT_MS = 1000;
/** Interval in milliseconds between checks for the parent process. */
const PARENT_MS = 100;
/** Signals, and the corresponding signal for the program. */
const SIGNALS = { SIGINT: "SIGINT", SIGTERM: "SIGTERM", SIGQUIT: "SIGQUIT", SIGHUP: "SIGTERM" };
const onWindows = process.platform === "win32";

/** Forwards `SIGNALS` to `child`, and the loss of this process's parent as SIGTERM. */
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

/** Exits with the exit status of the program, or by the signal that ended it. */
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
// On Windows the child receives the console's Ctrl-C itself: this process only waits.
if (onWindows) process.on("SIGINT", () => {});
else passSignals(child);
