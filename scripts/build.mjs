// SPDX-License-Identifier: MIT
/** `npm pack` runs this first: compiles the sources into `dist`, from nothing. */
import { rmSync } from "node:fs";
import { root, run } from "./tools.mjs";

rmSync(new URL("dist", root), { recursive: true, force: true });
process.exitCode = run(process.execPath, [
  "node_modules/typescript/bin/tsc",
  "-p",
  "tsconfig.build.json",
]);
