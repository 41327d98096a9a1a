// SPDX-License-Identifier: MIT
// One measurement: a fresh server, the generator, and what may have disturbed them.
import { coreToCore, type Measured, pingPong } from "./generator.ts";
import type { Options } from "./options.ts";
import { type Running, startServer } from "./running.ts";
import type { Server } from "./servers.ts";
import type { Shape } from "./shapes.ts";

/**
 * Where the host has put the two CPUs of a virtual machine: under one cache or apart. It moves them
 * every few minutes, and a round trip costs a third more when they are apart, so only samples of
 * the same place are compared. "moved": from one to the other within the sample.
 */
export type Place = "near" | "far" | "moved";

export interface Sample extends Measured {
  round: number;
  server: string;
  shape: string;
  place: Place;
  /** Nobody else took part: it may be compared with others. */
  clean: boolean;
}

/** Between the two lies nothing: about 50 ns under one cache, 200 and more apart. */
const APART_NS = 150;
/** Of a CPU. The counters of the system are that coarse. */
export const OTHERS_ALLOWED = 0.1;

/** From the time between the CPUs before and after. */
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

/** A sample that failed is as good as none: all zero, and why. */
function failed(error: unknown): Omit<Sample, "round" | "server" | "shape"> {
  const failure = error instanceof Error ? error.message : String(error);
  const none = { rate: 0, p50_us: 0, p99_us: 0, max_us: 0, load_cpu: 0, server_cpu: 0 };
  return { ...none, others_cpu: 0, errors: 1, failure, place: "moved", clean: false };
}

/**
 * A fresh process each time: what a runtime's compiler made of the last one is luck, good or bad.
 */
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
