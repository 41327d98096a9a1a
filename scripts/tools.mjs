// SPDX-License-Identifier: MIT
/** Runs other programs, for the scripts in this directory. Each runs in the repository's root. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

/** The repository. */
export const root = new URL("../", import.meta.url);

/** Exits with a message unless the system is Debian or a derivative. */
export function needsDebian(script) {
  if (process.platform === "linux" && existsSync("/usr/bin/dpkg")) return;
  console.error(`npm run ${script} needs Debian on x86-64: see CONTRIBUTING.md`);
  process.exit(1);
}

/**
 * Runs a program with this process's standard streams, and returns its exit status; 1 after a
 * signal.
 */
export function run(file, args, env = {}) {
  const { status, error } = spawnSync(file, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: "inherit",
  });
  if (error) throw error;
  return status ?? 1;
}

/** Runs a program that must succeed, and returns its trimmed output. */
export function output(file, args) {
  return execFileSync(file, args, {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 1 << 26,
  }).trim();
}
