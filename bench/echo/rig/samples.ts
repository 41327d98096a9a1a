// SPDX-License-Identifier: MIT
// A measurement: a fresh server, the generator, and possible disturbances.
import { coreToCore, type Measured, pingPong } from "./generator.ts";
import type { Options } from "./options.ts";
import { type Running, startServer } from "./running.ts";
import type { Server } from "./servers.ts";
import type { Shape } from "./shapes.ts";

/**
 * Placement of a virtual machine's two CPUs by the host: sharing a cache or not. It changes every
 * few minutes, and a round trip takes a third longer without a shared cache, so only samples of the
 * same placement are compared. "moved": changed during the sample.
 */
export type Place = "near" | "far" | "moved";

export interface Sample extends Measured {
  round: number;
  server: string;
  shape: string;
  place: Place;
  /** No other process interfered: comparable with other samples. */
  clean: boolean;
}

/** The values are bimodal: about 50 ns with a shared cache, 200 and more without. */
const APART_NS = 150;
/** Fraction of a CPU; the system's counters are that coarse. */
export const OTHERS_ALLOWED = 0.1;

/** Derives the placement from the time between the CPUs before and after. */
export function placeOf(before: number, after: number): Place {
  if ((before > APART_NS) !== (after > APART_NS)) return "moved";
  return before > APART_NS ? "far" : "near";
}

async function measureOnce(running: Running, shape: Shape, options: Options) {
  const before = await coreToCore();
  const measured = await pingPong(running, shape, options);
  const place = placeOf(before, await coreToCore());
  const failure = [measured.failure, running.complaint()].filter((text) => text !== "").join("; ");
  const undisturbed = place !== "moved" && measured.others_cpu < OTHERS_ALLOWED;
  return { ...measured, failure, place, clean: failure === "" && undisturbed };
}

/** A failed sample: all zero, with the reason. */
function failed(error: unknown): Omit<Sample, "round" | "server" | "shape"> {
  const failure = error instanceof Error ? error.message : String(error);
  const none = { rate: 0, p50_us: 0, p99_us: 0, max_us: 0, load_cpu: 0, server_cpu: 0 };
  return { ...none, others_cpu: 0, errors: 1, failure, place: "moved", clean: false };
}

/** Uses a fresh process each time, because JIT results vary from process to process. */
export async function measure(
  server: Server,
  shape: Shape,
  round: number,
  options: Options,
): Promise<Sample> {
  const about = { round, server: server.id, shape: shape.id };
  for (let retries = options.retries;; retries--) {
    let running: Running | undefined, sample: Sample;
    try {
      running = await startServer(server, shape.buffer, options);
      sample = { ...about, ...await measureOnce(running, shape, options) };
    } catch (error) {
      sample = { ...about, ...failed(error) };
    } finally {
      await running?.stop();
    }
    const again = !sample.clean && sample.failure === "" && Date.now() < options.deadline;
    if (!again || retries <= 0) return sample;
  }
}
