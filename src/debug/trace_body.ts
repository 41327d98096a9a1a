// SPDX-License-Identifier: MIT
/** A trace of the next seconds, as the body of a response. */
import { clearTimeout, setTimeout } from "node:timers";
import { startTrace, stopTrace } from "../diag/trace.ts";

/** Spans that a download keeps at most: some 15 MB of JSON. */
const LIMIT = 100_000;

/**
 * Starts a trace, and returns a stream of its JSON, which comes after `ms` milliseconds. It ends
 * early if the client goes away.
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
          // The program has ended the trace itself.
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
