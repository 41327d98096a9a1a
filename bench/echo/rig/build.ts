// SPDX-License-Identifier: MIT
// Compiles what is older than its source.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { compiled, inRepository } from "./paths.ts";
import { C, GO, type Server } from "./servers.ts";
import { need } from "./tools.ts";

function changed(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function compile(name: string, sources: string[], command: string[]): void {
  const target = compiled(name);
  if (changed(target) > Math.max(...sources.map(changed))) return;
  const [program, ...args] = command;
  need(program);
  // GO111MODULE: a single file of the standard library only; nothing is to be fetched.
  const env = { ...process.env, GO111MODULE: "off", GOTOOLCHAIN: "local" };
  const { status, stderr } = spawnSync(program, args, { env, encoding: "utf8" });
  if (status !== 0) throw new Error(`${command.join(" ")} failed:\n${stderr}`);
}

const GCC = ["gcc", "-O2", "-Wall", "-Wextra", "-pthread", "-o"];

/** The generator, and the servers that are to be compiled. */
export function build(servers: Server[]): void {
  mkdirSync(compiled(""), { recursive: true });
  const folder = inRepository("bench", "echo");
  const load = join(folder, "load.c");
  const parts = readdirSync(join(folder, "load")).map((name) => join(folder, "load", name));
  compile("echo-load", [load, ...parts], [...GCC, compiled("echo-load"), load]);
  const chosen = new Set(servers.map(({ id }) => id));
  const epoll = join(folder, "epoll.c");
  if (chosen.has(C)) compile("echo-epoll", [epoll], [...GCC, compiled("echo-epoll"), epoll]);
  const main = join(folder, "go", "main.go");
  if (chosen.has(GO)) {
    compile("echo-go", [main], ["go", "build", "-o", compiled("echo-go"), main]);
  }
}
