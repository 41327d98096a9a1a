// SPDX-License-Identifier: MIT
/** Follows relative imports to find out whether an imported name is a `function*`. */
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";

/** Maximum number of files between an import and the function itself. */
const MOST_STEPS = 5;

/** Whether `source` is this library, from npm or JSR, or one of its entries. */
export function isLibrary(source: string): boolean {
  return /^((npm|jsr):)?\/?@netpoll\/netpoll(@[^/]*)?(\/\w+)?$/.test(source);
}

/** Kind of an exported function: one that returns a `Routine`, or another `function*`. */
export type Exported = "routine" | "generator";

/** Cache of file contents: a linter reads a directory in one process. */
const texts = new Map<string, string>();

function textOf(file: string): string {
  let text = texts.get(file);
  if (text === undefined) {
    try {
      text = readFileSync(file, "utf8");
    } catch {
      text = "";
    }
    texts.set(file, text);
  }
  return text;
}

/** Returns what `name`, imported by the file `from` from `source`, is; null if it is neither. */
export function exported(source: string, name: string, from: string, steps = 0): Exported | null {
  if (!source.startsWith(".") || steps > MOST_STEPS) return null;
  const file = resolve(dirname(from), source);
  const text = textOf(file);
  const head = `^export ${name === "default" ? "default " : ""}function`;
  const id = name === "default" ? "\\w*" : name.replaceAll("$", "\\$");
  if (new RegExp(`${head}\\*?\\s*${id}\\b[^;{]*?\\): Routine<`, "m").test(text)) return "routine";
  if (new RegExp(`${head}\\*\\s*${id}\\b`, "m").test(text)) return "generator";
  for (const [, list, next] of text.matchAll(/^export \{([^}]*)\} from "([^"]+)"/gm)) {
    for (const one of list.split(",")) {
      const [inner, outer = inner] = one.trim().split(/\s+as\s+/);
      if (outer === name) return exported(next, inner, file, steps + 1);
    }
  }
  return null;
}

/** Whether `source`, imported by the file `from`, is an entry of this library's own sources. */
export function isLibrarySource(source: string, from: string): boolean {
  if (!/\/(mod|event|reactor)\.ts$/.test(source) || !source.startsWith(".")) return false;
  return textOf(resolve(dirname(from), source)).includes('from "@netpoll/netpoll');
}
