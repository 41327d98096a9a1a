// SPDX-License-Identifier: MIT
// Compiles programs that are older than their sources.
import { spawnSync } from "node:child_process";
import { mkdirSync, statSync } from "node:fs";
import process from "node:process";
import { compiled } from "./paths.ts";
import { need } from "./tools.ts";

function changed(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Compiles `sources` to `name` by `command`, whose program must exist. */
export function compile(name: string, sources: string[], command: string[]): void {
  const target = compiled(name);
  if (changed(target) > Math.max(...sources.map(changed))) return;
  const [program, ...args] = command;
  need(program);
  mkdirSync(compiled(""), { recursive: true });
  // GO111MODULE: a single file that uses only the standard library; nothing must be downloaded.
  const env = { ...process.env, GO111MODULE: "off", GOTOOLCHAIN: "local" };
  const { status, stderr } = spawnSync(program, args, { env, encoding: "utf8" });
  if (status !== 0) throw new Error(`${command.join(" ")} failed:\n${stderr}`);
}
