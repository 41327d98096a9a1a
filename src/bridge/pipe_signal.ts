// SPDX-License-Identifier: MIT
/**
 * Pipes into a connection that end when their signal is aborted, also with a peer that has stopped
 * reading.
 *
 * By the Streams standard `pipeTo` aborts its destination only after the write under way has ended,
 * and neither the destination nor its sink sees the signal. With such a peer that write ends when
 * the peer does. So the two methods that take a signal are wrapped, once a stream of a connection
 * exists: for a destination that is registered here they notify the connection, and then do what
 * they did.
 */

type PipeTo = ReadableStream["pipeTo"];
type PipeThrough = ReadableStream["pipeThrough"];

/** Callback for the abort of a pipe into the stream. */
const aborts = new WeakMap<WritableStream, () => void>();

const streams = ReadableStream.prototype;
const { pipeTo: realPipeTo, pipeThrough: realPipeThrough } = streams;

/**
 * Calls `abort` when a pipe into `writable` is aborted by its signal, before the pipe does
 * anything.
 */
export function abortWithPipes(writable: WritableStream, abort: () => void): void {
  aborts.set(writable, abort);
  if (Object.hasOwn(streams.pipeTo, WRAPPED)) return;
  replace("pipeTo", pipeTo);
  replace("pipeThrough", pipeThrough);
}

/** Marks the methods of this file, which several copies of the library may wrap. */
const WRAPPED = Symbol("netpoll.pipe");

function replace(name: "pipeTo" | "pipeThrough", method: PipeTo | PipeThrough): void {
  Object.defineProperty(method, WRAPPED, { value: true });
  Object.defineProperty(streams, name, { value: method });
}

function pipeTo(
  this: ReadableStream,
  ...args: Parameters<PipeTo>
): Promise<void> {
  const forget = watch(...args);
  const piping = realPipeTo.apply(this, args);
  piping.then(forget, forget);
  return piping;
}

/** Of the pipe inside nothing tells when it is over: its listener goes with the signal. */
function pipeThrough<T>(
  this: ReadableStream,
  ...args: Parameters<PipeThrough>
): ReadableStream<T> {
  watch(args[0]?.writable, args[1]);
  return realPipeThrough.apply(this, args) as ReadableStream<T>;
}

function watch(destination: WritableStream, options?: StreamPipeOptions): () => void {
  const abort = aborts.get(destination);
  const { signal, preventAbort = false } = options ?? {};
  if (abort === undefined || signal === undefined || preventAbort) return () => {};
  signal.addEventListener("abort", abort, { once: true });
  return () => signal.removeEventListener("abort", abort);
}
