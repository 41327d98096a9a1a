// SPDX-License-Identifier: MIT
// All scenarios.
import {
  emfile,
  type Figures,
  resetStorm,
  slowReader,
  slowSender,
  workerKilled,
} from "./faults.ts";
import { tenTimes } from "./flood.ts";
import type { Runtime } from "./served.ts";
import type { Timeline } from "./timeline.ts";

export interface Scenario {
  readonly id: string;
  readonly title: string;
  readonly run: (runtime: Runtime, timeline: Timeline) => Promise<Figures>;
}

export const SCENARIOS: Scenario[] = [
  { id: "worker-killed", title: "A worker dies in mid-traffic", run: workerKilled },
  { id: "emfile", title: "Descriptors run out", run: emfile },
  { id: "slow-reader", title: "Clients that do not read", run: slowReader },
  { id: "slow-sender", title: "Clients that say nothing", run: slowSender },
  { id: "reset-storm", title: "Clients that reset", run: resetStorm },
  { id: "ten-times", title: "Ten times the load", run: tenTimes },
];
