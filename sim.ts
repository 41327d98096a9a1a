// SPDX-License-Identifier: MIT
/**
 * Deterministic simulation: a program's hosts, network, time and faults in one process, repeated from a
 * seed.
 *
 * @module
 */
import "./src/sim/explore/bundled_worker.ts";
export type { Choice } from "./platforms/sim/choices.ts";
export type { FaultKind, FaultRates } from "./platforms/sim/faults.ts";
export type { GilbertElliott } from "./platforms/sim/link.ts";
export type { SimEvent, SimEventKind } from "./platforms/sim/log.ts";
export type { SimClock } from "./src/sim/calendar.ts";
export {
  always,
  eventually,
  type EventuallyOptions,
  reachable,
  sometimes,
} from "./src/sim/check/properties.ts";
export {
  type PropertyCount,
  PropertyError,
  type PropertyKind,
} from "./src/sim/check/property_counts.ts";
export {
  History,
  type HistoryEvent,
  type HistoryEventKind,
  type Operation,
  type OperationOutcome,
  type PendingOperation,
} from "./src/sim/check/history.ts";
export {
  checkLinearizability,
  type LinearizabilityOptions,
  type LinearizabilityResult,
} from "./src/sim/check/linearizability.ts";
export type { Model, ModelStep } from "./src/sim/check/model.ts";
export {
  type MutexInput,
  mutexModel,
  type QueueInput,
  queueModel,
  type RegisterInput,
  registerModel,
} from "./src/sim/check/models.ts";
export { LeakError, SimulationError, SimulationLimitError } from "./src/sim/errors.ts";
export type { SimMain } from "./src/sim/explore/drive.ts";
export { CoverageError, ExplorationError, type ShrinkReport } from "./src/sim/explore/errors.ts";
export type { ExploreResult, StrategyCount } from "./src/sim/explore/exploration.ts";
export { explore, exploreSync } from "./src/sim/explore/explore.ts";
export type { ExploredRun, ExploreOptions } from "./src/sim/explore/options.ts";
export { formatReplay, parseReplay, type Replay, ReplayError } from "./src/sim/explore/replay.ts";
export { simTest, type SimTestOptions, type TestFunction } from "./src/sim/explore/sim_test.ts";
export type { Strategy } from "./src/sim/explore/strategy.ts";
export { OutsideError } from "./src/sim/globals.ts";
export type { FaultPreset } from "./src/sim/fault_options.ts";
export type { HostMain, SimHost } from "./src/sim/host.ts";
export type { LinkOptions } from "./src/sim/link_options.ts";
export type { Schedule, SimOptions } from "./src/sim/options.ts";
export { simulate, simulateSync, type SimulationResult } from "./src/sim/simulate.ts";
export type {
  Cut,
  HostOptions,
  Hosts,
  OneWay,
  SimStream,
  Simulation,
} from "./src/sim/simulation.ts";
export { pageOfRun } from "./src/sim/view/page.ts";
export type { SimulationRun } from "./src/sim/view/run.ts";
export { type FormatOptions, formatRun } from "./src/sim/view/text.ts";
export { traceRun } from "./src/sim/view/trace.ts";
export type { Goroutine, GoroutineStatus, Routine } from "./src/sched/goroutine.ts";
export type { Park } from "./src/sched/park.ts";
