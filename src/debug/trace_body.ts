// SPDX-License-Identifier: MIT
/** Response body with a trace of the next seconds. */
import { clearTimeout, setTimeout } from "node:timers";
import { startTrace, stopTrace } from "../diag/trace.ts";

/** Maximum number of spans per download: about 15 MB of JSON. */
const LIMIT = 100_000;

/**
 * Starts a trace, and returns a stream that contains its JSON after `ms` milliseconds. Stops early
 * if the client disconnects.
 *
 * @throws {PanicError} if a trace is already being recorded
 */
export function traceBody(ms: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  startTrace({ limit: LIMIT });
  let timer: ReturnType<typeof setTimeout> | null = null;
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      timer = setTimeout(() => {
        timer = null;
        try {
          controller.enqueue(new TextEncoder().encode(stopTrace()));
          controller.close();
        } catch (error) {
          // The program stopped the trace itself.
          controller.error(error);
        }
      }, ms);
    },
    cancel() {
      if (timer === null) return;
      clearTimeout(timer);
      stopTrace();
    },
  });
}
