// SPDX-License-Identifier: MIT
// Writes bench/results: measurements as JSON, tables as Markdown.
import { mkdirSync, writeFileSync } from "node:fs";
import { type Machine, machineLine } from "./machine.ts";
import { inRepository } from "./paths.ts";

/** Removes local paths, which errors may contain. */
function withoutPaths(text: string): string {
  return text.replaceAll(inRepository(""), "").replaceAll(/(^|[\s("'])\/[^\s"')]*/g, "$1...");
}

/** Writes `name.json` and `name.md`. */
export function saveResults(name: string, json: unknown, text: string): void {
  const folder = inRepository("bench", "results");
  const replacer = (key: string, value: unknown) =>
    key === "failure" ? withoutPaths(value as string) : value;
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/${name}.json`, JSON.stringify(json, replacer, 2) + "\n");
  writeFileSync(`${folder}/${name}.md`, withoutPaths(text));
}

/** As {@linkcode saveResults}, for a table below a title, the machine and how it was measured. */
export function saveTable(
  name: string,
  page: { readonly title: string; readonly how: string; readonly table: string },
  json: { readonly machine: Machine } & Record<string, unknown>,
): void {
  const head = `# ${page.title}\n\n${machineLine(json.machine)}\n\n${page.how}`;
  saveResults(name, json, `${head}\n\n${page.table}\n`);
}
