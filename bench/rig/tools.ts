// SPDX-License-Identifier: MIT
// Required programs: finds them, installs them if possible, or reports them as missing.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import process from "node:process";

/** Debian packages of programs that may be missing. */
const PACKAGES: Record<string, string[]> = {
  gcc: ["gcc", "libc6-dev"],
  go: ["golang-go"],
  node: ["nodejs"],
  taskset: ["util-linux"],
  "redis-benchmark": ["redis-tools"],
  "redis-server": ["redis-server"],
  wrk: ["wrk"],
};

const VERSION_ARGS: Record<string, string[]> = { go: ["version"], wrk: ["-v"] };
/** wrk prints its version and fails. */
const GOOD_STATUS: Record<string, number> = { wrk: 1 };

/** Returns the first line of a program's version output, or null without the program. */
export function versionLine(program: string): string | null {
  const args = VERSION_ARGS[program] ?? ["--version"];
  const { status, stdout } = spawnSync(program, args, { encoding: "utf8" });
  return status === (GOOD_STATUS[program] ?? 0) ? stdout.split("\n")[0].trim() : null;
}

function mayInstall(): boolean {
  return process.getuid?.() === 0 && existsSync("/etc/debian_version");
}

function install(packages: string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const apt = (...args: string[]) =>
    spawnSync("apt-get", [...args, "-qq"], { env, stdio: ["ignore", "ignore", "inherit"] });
  console.error(`installing ${packages.join(" ")} ...`);
  apt("update");
  apt("install", "-y", "--no-install-recommends", ...packages);
}

/** Throws if the program is missing and cannot be installed. */
export function need(program: string): void {
  if (versionLine(program) !== null) return;
  const packages = PACKAGES[program];
  if (mayInstall()) install(packages);
  if (versionLine(program) !== null) return;
  throw new Error(
    `${program} is needed and missing (Debian: apt-get install ${
      packages.join(" ")
    }); or leave out what needs it with --only`,
  );
}
