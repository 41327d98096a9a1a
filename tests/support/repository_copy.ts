// SPDX-License-Identifier: MIT
/** A copy of the repository, without its large folders, into which tests plant faults. */
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { type Child, ROOT, start } from "./child.ts";

/** Folders that a copy does without, so that the gates are quick. */
const LEFT_OUT = new Set([
  ".cache",
  ".git",
  "bench",
  "dist",
  "node_modules",
  ...["bridge", "docs", "event", "examples", "net", "platforms", "reactor", "sync", "system"].map(
    (folder) => join("tests", folder),
  ),
]);

/** A copy of the repository in a temporary folder, which is removed at the end. */
export class RepositoryCopy implements Disposable {
  readonly #folder: string = mkdtempSync(join(tmpdir(), "netpoll-copy-"));

  constructor() {
    cpSync(ROOT, this.#folder, {
      recursive: true,
      filter: (path) => !LEFT_OUT.has(relative(ROOT, path)),
    });
    symlinkSync(join(ROOT, "node_modules"), join(this.#folder, "node_modules"), "junction");
  }

  /** Writes a file. */
  write(file: string, text: string): void {
    const path = join(this.#folder, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }

  /** Adds to a file that is there. */
  append(file: string, text: string): void {
    appendFileSync(join(this.#folder, file), text);
  }

  /** Replaces a text in a file, where it must be. */
  replace(file: string, from: string, to: string): void {
    const path = join(this.#folder, file);
    const text = readFileSync(path, "utf8");
    if (!text.includes(from)) throw new Error(`${file} does not contain ${from}`);
    writeFileSync(path, text.replace(from, to));
  }

  /** Starts a script of the copy under Node. */
  start(script: string, args: string[], lifetime: number): Child {
    return start("node", [join(this.#folder, script), ...args], { lifetime });
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true });
  }
}
