// SPDX-License-Identifier: MIT
// Streams in memory that every runtime has: the peers of `pipe()` in bench:shapes. Plain
// JavaScript: Node 20 runs it too.
import { once } from "node:events";
import { PassThrough } from "node:stream";
import { setTimeout } from "node:timers";
import process from "node:process";
import { count, printed, pseudoRandom } from "./measure.mjs";

const MESSAGE = 64;
const FAR_MS = 60_000;

/** Answers every message with itself. */
async function echo(readable, writable) {
  const [reader, writer] = [readable.getReader(), writable.getWriter()];
  for (let step; !(step = await reader.read()).done;) await writer.write(step.value);
}

/** Round trips over a pair of TransformStreams. */
export async function pipe(ms) {
  const [there, back] = [new TransformStream(), new TransformStream()];
  void echo(there.readable, back.writable);
  const writer = there.writable.getWriter();
  const reader = back.readable.getReader();
  const message = new Uint8Array(MESSAGE);
  const timing = count(Number(ms));
  while (timing.goOn()) {
    await writer.write(message);
    await reader.read();
  }
  printed(timing.result());
  process.exit(0);
}

/** As net.Socket does it: a Timeout that every read refreshes. */
function timed(stream, moves) {
  const timeout = moves ? setTimeout(() => stream.destroy(), FAR_MS) : null;
  stream.on("data", () => timeout?.refresh());
}

/** Reads on many streams, each with a timeout that moves if `moves`. */
export async function deadlines(ms, connections, moves) {
  const streams = Array.from({ length: Number(connections) }, () => new PassThrough());
  for (const stream of streams) timed(stream, moves === "true");
  const message = new Uint8Array(MESSAGE);
  const next = pseudoRandom(streams.length);
  const timing = count(Number(ms));
  for (let i = 0; timing.goOn(); i++) {
    const stream = streams[next()];
    if (!stream.write(message)) await once(stream, "drain");
    // The streams hand on their data in a later turn.
    if (i % 64 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  printed(timing.result());
  process.exit(0);
}
