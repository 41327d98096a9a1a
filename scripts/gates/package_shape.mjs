// SPDX-License-Identifier: MIT
/**
 * Gate: the packed npm package contains what its package.json promises (publint), and a compiler
 * finds the types of every entry (arethetypeswrong). Only ES modules are promised: `require`, and
 * compilers that do not support `exports`, are not supported.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { capture, npm, program, ROOT } from "../programs.mjs";
import { packageSizes } from "./package_sizes.mjs";

const LONGEST_LINE = 2_000;

/** Prints each size that exceeds its limit. Resolves to whether none does. */
async function sizesAreBounded(tarball) {
  const sizes = await packageSizes(tarball);
  for (const { ok, line } of sizes) if (!ok) console.log(`docs/size.md: ${line}`);
  return sizes.every(({ ok }) => ok);
}

/** Bun prints the lines around an uncaught error: prints the files in which they are not readable. */
function linesAreReadable() {
  const dist = join(ROOT, "dist", "js");
  const long = readdirSync(dist).filter((name) =>
    readFileSync(join(dist, name), "utf8").split("\n").some(({ length }) => length > LONGEST_LINE)
  );
  for (const name of long) console.log(`dist/js/${name} has lines of over ${LONGEST_LINE}`);
  return long.length === 0;
}

/** Runs a command; prints its output if it fails. Resolves to whether it succeeded. */
async function succeeds(command) {
  const { status, output } = await capture(command);
  if (status !== 0) console.log(output);
  return status === 0;
}

const folder = mkdtempSync(join(tmpdir(), "netpoll-pack-"));
try {
  const packed = await succeeds(npm("pack", "--silent", "--pack-destination", folder));
  const files = readdirSync(folder).filter((name) => name.endsWith(".tgz"));
  if (packed && files.length === 0) console.log("npm pack has made no package");
  const checks = files.flatMap((name) => [
    program("publint", "run", join(folder, name), "--pack", "false", "--strict"),
    program("attw", join(folder, name), "--profile", "esm-only", "--no-color", "--no-emoji"),
  ]);
  const good = [];
  for (const check of packed ? checks : []) good.push(await succeeds(check));
  if (packed) { for (const name of files) good.push(await sizesAreBounded(join(folder, name))); }
  if (packed) good.push(linesAreReadable());
  process.exitCode = good.length > 0 && good.every(Boolean) ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true });
}
