// SPDX-License-Identifier: MIT
/**
 * An exploration over several threads. Each has rounds of its own: the strategies take turns in every
 * round. When a run fails, the others go on to the runs before it, so that the first failure is the
 * same whatever the speed of the threads; this thread repeats it and makes it smaller.
 */
import { Worker } from "node:worker_threads";
import { moduleBeside } from "../../../platforms/contract/host.ts";
import { notStarted, workerProgram } from "../../bundle/worker_program.ts";
import { PropertyCounts } from "../check/property_counts.ts";
import { SimulationError } from "../errors.ts";
import { diagnose, planned } from "./diagnosis.ts";
import { driven, mainOf } from "./drive.ts";
import { ExplorationError } from "./errors.ts";
import {
  checkCoverage,
  type ExploreResult,
  type StrategyCount,
  type WorkerFailure,
} from "./exploration.ts";
import type { Steps } from "./attempt.ts";
import type { ExploreSettings } from "./options.ts";
import type { Plan } from "./strategy.ts";

/** What a worker begins with. */
export interface WorkerStart {
  readonly module: string;
  readonly settings: Omit<ExploreSettings, "onRun">;
  readonly at: number;
  readonly of: number;
  /** See Share in exploration.ts. */
  readonly failed: SharedArrayBuffer;
  /** Whether the module is the program of the thread: see bundled_worker.ts. */
  readonly bundled: boolean;
}

/** What a worker ends with. */
export type WorkerReport =
  | { readonly result: ExploreResult; readonly failure: WorkerFailure | null }
  | { readonly problem: string };

/** Larger than the number of any run. */
const NONE = 0x7fff_ffff;

/** Makes the runs in `settings.workers` threads. */
export async function exploreInWorkers(
  settings: ExploreSettings,
  module: URL,
): Promise<ExploreResult> {
  const memory = new SharedArrayBuffer(4);
  new Int32Array(memory)[0] = NONE;
  const { onRun: _, ...others } = settings;
  const of = Math.min(settings.workers, settings.runs);
  // Relative to dist/js as it is to this folder: see scripts/compile.mjs.
  const entry = moduleBeside(import.meta.url, "../explore/worker_entry");
  const program = workerProgram(entry, module.href);
  const reports = await Promise.all(Array.from({ length: of }, (_, at) => {
    const share = Math.floor(settings.runs / of) + (at < settings.runs % of ? 1 : 0);
    const runs = settings.runs === Infinity ? Infinity : share;
    const own = { ...others, runs };
    const { module, bundled } = program;
    return report(program.url, { module, settings: own, at, of, failed: memory, bundled });
  }));
  const failures = reports.flatMap(({ failure }) => failure ?? []);
  if (failures.length > 0) {
    const first = failures.reduce((a, b) => a.index < b.index ? a : b);
    throw await driven(repeated(settings, first), await mainOf(module));
  }
  const result = merged(reports.map(({ result }) => result));
  checkCoverage(settings, result);
  return result;
}

/** Starts a worker and returns its report. */
function report(
  program: URL,
  start: WorkerStart,
): Promise<Exclude<WorkerReport, { problem: string }>> {
  const worker = new Worker(program, { workerData: start });
  return new Promise((resolve, reject) => {
    worker.on("message", (message: WorkerReport) => {
      if ("problem" in message) reject(new Error(`a worker failed: ${message.problem}`));
      else resolve(message);
      void worker.terminate();
    });
    worker.on("error", reject);
    const early = start.bundled
      ? notStarted(start.module, "sim")
      : new Error("a worker ended before its runs");
    worker.on("exit", () => reject(early));
  });
}

/** Makes the run that failed in a worker, and makes it smaller. */
function* repeated(settings: ExploreSettings, failure: WorkerFailure): Steps<ExplorationError> {
  const { index, strategy, seeded, seed, schedule, choices, message } = failure;
  const plan: Plan = { seed, schedule: () => schedule, choices };
  const finder = { index, strategy, seeded };
  const { error } = yield planned(settings, plan);
  if (error !== null) return yield* diagnose(settings, plan, finder, error);
  const none = { at: 0, turns: 0, host: "", goroutine: "", hash: "", dump: "" };
  const lists = { choices, events: [], properties: [], hosts: [] };
  const lost = new SimulationError(message, { seed, ...none, ...lists });
  const { command } = settings;
  const replay = { seed };
  const found = { ...finder, replay, options: replay, repeats: false, shrink: null, command };
  return new ExplorationError(lost, found);
}

function merged(results: readonly ExploreResult[]): ExploreResult {
  const sum = (of: (result: ExploreResult) => number) =>
    results.reduce((total, result) => total + of(result), 0);
  const properties = new PropertyCounts();
  for (const result of results) properties.add(result.properties);
  return {
    runs: sum(({ runs }) => runs),
    failed: 0,
    turns: sum(({ turns }) => turns),
    virtual: sum(({ virtual }) => virtual),
    hash: results.map(({ hash }) => hash).join("-"),
    strategies: results[0].strategies.map((first, i) =>
      together(first, results.map(({ strategies }) => strategies[i].runs))
    ),
    properties: properties.all(),
    failures: [],
    repeated: null,
  };
}

/** The runs of a strategy in all workers; an enumeration has one. */
function together(first: StrategyCount, counts: readonly number[]): StrategyCount {
  const runs = counts.reduce((a, b) => a + b, 0);
  const enumerates = first.complete || first.pending > 0;
  return { ...first, runs, text: enumerates ? first.text : `${first.strategy}: ${runs} runs` };
}
