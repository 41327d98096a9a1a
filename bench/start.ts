// SPDX-License-Identifier: MIT
// Start-up benchmark: `npm run bench:start`. See bench/README.md.
import { execFileSync } from "node:child_process";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { command } from "./rig/command.ts";
import { number } from "./rig/flags.ts";
import { describeMachine, machineLine } from "./rig/machine.ts";
import { BUN, DENO, inRepository } from "./rig/paths.ts";
import { saveResults } from "./rig/results.ts";
import { median } from "./rig/stats.ts";

const USAGE = `npm run bench:start -- [--rounds N] [--against FOLDER] [--save]
  --rounds N        samples of each row, 15 by default
  --against FOLDER  a checkout of an older version, which ratios are to
  --save            writes results/start.json and start.md`;

/** Program to start: "none" is the runtime alone, the baseline of the memory. */
interface Subject {
  readonly name: string;
  readonly module: string;
  /** The module on Bun, if it is another. */
  readonly onBun?: string;
}

interface Sample {
  readonly ms: number;
  readonly bytes: number;
}

const RUNTIMES = [
  { name: "Bun", args: [BUN] },
  { name: "Deno", args: [DENO, "run", "-A", "--no-check"] },
] as const;

function subjects(against: string | undefined): Subject[] {
  const url = (...parts: string[]) => pathToFileURL(inRepository(...parts)).href;
  const before = against === undefined
    ? []
    : [{ name: "before", module: pathToFileURL(`${against}/mod.ts`).href }];
  return [
    { name: "none", module: "none" },
    { name: "the runtime's own listen", module: "host" },
    ...before,
    { name: "sources", module: url("mod.ts") },
    { name: "JSR package", module: url(".cache", "jsr", "js", "mod.js") },
    {
      name: "npm package",
      module: url("dist", "js", "mod.js"),
      onBun: url("dist", "bun", "js", "mod.js"),
    },
  ];
}

function start(runtime: readonly string[], module: string): Sample {
  const [program, ...args] = runtime;
  const file = inRepository("bench", "start", "listen.ts");
  return JSON.parse(execFileSync(program, [...args, file, module], { encoding: "utf8" }));
}

/** A row of the table: medians, and their ratios to those of "before". */
function row(name: string, samples: Sample[], none: Sample[], before: Sample[] | undefined) {
  const ms = median(samples.map((one) => one.ms));
  const extra = (all: Sample[]) =>
    (median(all.map(({ bytes }) => bytes)) - median(none.map(({ bytes }) => bytes))) / 1e6;
  const ratio = (a: number, b: number) => before === undefined ? "" : (a / b).toFixed(2);
  const old = before ?? samples;
  return [
    name,
    ms.toFixed(1),
    ratio(ms, median(old.map((one) => one.ms))),
    extra(samples).toFixed(1),
    ratio(extra(samples), extra(old)),
  ];
}

function table(rows: string[][]): string {
  const head = ["", "import and listen, ms", "to before", "extra memory, MB", "to before"];
  return [head, head.map((_, i) => i === 0 ? "---" : "--:"), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function bench(): void {
  const { values } = parseArgs({
    args: process.argv.slice(2),
    options: {
      rounds: { type: "string", default: "15" },
      against: { type: "string" },
      save: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const rounds = number("rounds", values.rounds, 1, 1000);
  const all = subjects(values.against);
  for (const script of ["build", "jsr"]) {
    execFileSync("node", [`scripts/${script}.mjs`], { cwd: inRepository(""), stdio: "inherit" });
  }
  const samples = new Map<string, Sample[]>();
  const of = (runtime: string, name: string) => {
    const key = `${runtime} ${name}`;
    return samples.get(key) ?? samples.set(key, []).get(key)!;
  };
  // The first, extra round fills the runtimes' code caches.
  for (let round = 0; round <= rounds; round++) {
    for (const { name, module, onBun = module } of all) {
      for (const runtime of RUNTIMES) {
        const sample = start(runtime.args, runtime.name === "Bun" ? onBun : module);
        if (round > 0) of(runtime.name, name).push(sample);
      }
    }
  }
  const machine = describeMachine();
  const parts = RUNTIMES.map((runtime) => {
    const before = values.against === undefined ? undefined : of(runtime.name, "before");
    const rows = all.filter(({ name }) => name !== "none").map(({ name }) =>
      row(name, of(runtime.name, name), of(runtime.name, "none"), before)
    );
    return `## ${runtime.name}\n\n${table(rows)}`;
  });
  const text = `${machineLine(machine)}\n\nMedians of ${rounds} starts.\n\n${parts.join("\n\n")}\n`;
  console.log(text);
  if (values.save) {
    const json = { machine, rounds, samples: Object.fromEntries(samples) };
    saveResults("start", json, `# The start-up\n\n${text}`);
  }
}

await command("start", () => Promise.resolve(bench()));
