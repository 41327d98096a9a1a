// SPDX-License-Identifier: MIT
/** The `openssl` programs to test with: the system's, and those that scripts/openssl.sh unpacked. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./child.ts";

/** A program, with the arguments before its own. */
export interface OpenSSLProgram {
  readonly title: string;
  readonly file: string;
  readonly args: readonly string[];
}

const SUITES = { trixie: "3.5", sid: "3.6", experimental: "4.0" };

function unpacked(suite: string, version: string): OpenSSLProgram {
  const root = join(ROOT, ".cache/openssl", suite, "root/usr");
  const libraries = join(root, "lib/x86_64-linux-gnu");
  return {
    title: `openssl ${version}`,
    file: join(root, "lib64/ld-linux-x86-64.so.2"),
    args: ["--library-path", libraries, join(root, "bin/openssl")],
  };
}

/** Returns the programs that are there. */
export function openSSLPrograms(): OpenSSLProgram[] {
  const others = Object.entries(SUITES).map(([suite, version]) => unpacked(suite, version));
  return [
    { title: "openssl of the system", file: "openssl", args: [] },
    ...others.filter(({ file, args }) => existsSync(file) && existsSync(args.at(-1)!)),
  ];
}
