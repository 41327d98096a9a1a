// SPDX-License-Identifier: MIT
/** Runs the programs of node_modules, on every system and also outside `npm run`. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { runtimeProgram } from "./runtimes.mjs";
import { root } from "./tools.mjs";

/** The repository. */
export const ROOT = fileURLToPath(root);

/** Maximum time in milliseconds to read the remaining output of a program that has exited. */
const LINGER_MS = 3000;
const MODULES = join(ROOT, "node_modules");
/** Packages whose program has a different name. */
const PACKAGE_OF = { attw: "@arethetypeswrong/cli", tsc: "typescript" };
/**
 * Environment of every program: no colors, and node_modules/.bin in the path of its own programs.
 */
const ENVIRONMENT = {
  PATH: [join(MODULES, ".bin"), process.env.PATH].join(delimiter),
  NO_COLOR: "1",
  DENO_NO_UPDATE_CHECK: "1",
};

/**
 * Returns the command line of the program `name` of node_modules: "bun" and "deno" directly, any
 * other by the file that its package names, run by Node. (The files in `.bin` need a shell on
 * Windows, and a shell needs quoting.)
 */
export function program(name, ...args) {
  if (name === "bun" || name === "deno") return [runtimeProgram(name), ...args];
  const folder = join(MODULES, PACKAGE_OF[name] ?? name);
  const { bin } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return [process.execPath, join(folder, typeof bin === "string" ? bin : bin[name]), ...args];
}

/** Returns the command line of npm: the one that runs this script, or the one next to Node. */
export function npm(...args) {
  const beside = process.platform === "win32" ? "." : "../lib";
  const file = process.env.npm_execpath ??
    join(dirname(process.execPath), beside, "node_modules/npm/bin/npm-cli.js");
  return [process.execPath, file, ...args];
}

/**
 * Runs a command to its end. Resolves to its exit status (null after a signal), the signal, its
 * output, and its standard output alone. `onText` is called with each piece of output.
 */
export function capture([file, ...args], { cwd = ROOT, env, timeout, onText = () => {} } = {}) {
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      cwd,
      env: { ...process.env, ...ENVIRONMENT, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      timeout,
      killSignal: "SIGKILL",
    });
    let [output, stdout] = ["", ""];
    const add = (text) => {
      output += text;
      onText(text);
    };
    child.stdout.setEncoding("utf8").on("data", (text) => {
      stdout += text;
      add(text);
    });
    child.stderr.setEncoding("utf8").on("data", add);
    child.once("error", (error) => add(`${error}\n`));
    // Child processes of the program may keep its output open.
    child.once("exit", () => {
      const closing = setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, LINGER_MS);
      child.once("close", () => clearTimeout(closing));
    });
    child.once("close", (status, signal) => resolve({ status, signal, output, stdout }));
  });
}
