// SPDX-License-Identifier: MIT
// Runs of alone.ts.
import { startChild, within } from "../rig/child.ts";
import { BUN, DENO, inRepository } from "../rig/paths.ts";
import { placed } from "../echo/rig/placing.ts";
import type { Alone } from "./alone.ts";

const LIMIT_S = 100;

/** One program, in one process. */
export interface AloneRun {
  runtime: string;
  form: string;
  title: string;
  steps: Alone[];
}

const RUNTIMES: Record<string, string[]> = {
  bun: [BUN],
  deno: [DENO, "run", "--quiet", "--no-check", "-A"],
};

const FORMS: Record<string, string> = {
  run: "netpoll, goroutines",
  event: "netpoll, events",
  plain: "generators alone",
  objects: "generators and objects alone",
};

/** Runs all forms on both runtimes with the given numbers of connections. */
export async function withoutKernel(steps: number[]): Promise<AloneRun[]> {
  const runs: AloneRun[] = [];
  for (const [runtime, program] of Object.entries(RUNTIMES)) {
    for (const [form, name] of Object.entries(FORMS)) {
      const file = inRepository("bench", "million", "alone.ts");
      const title = `${name}, ${runtime === "bun" ? "Bun" : "Deno"}`;
      const run = [...program, file, form, ...steps.map(String)];
      const child = startChild(placed("server", run, { pin: "none", nice: 0 }));
      const status = await within(LIMIT_S, child.ended);
      if (status === undefined) child.kill("SIGKILL");
      if (status !== 0) throw new Error(`${title}: ${status ?? "time is up"}: ${child.errors()}`);
      runs.push({ runtime, form, title, steps: JSON.parse(child.output()) });
      console.error(`${title}: ${child.output().trim()}`);
    }
  }
  return runs;
}
