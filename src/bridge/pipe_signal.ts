// SPDX-License-Identifier: MIT
/**
 * Makes pipes into a connection end at once when their signal is aborted, even if the peer has
 * stopped reading.
 *
 * By the Streams standard, `pipeTo` aborts its destination only after the pending write has ended,
 * and neither the destination nor its sink sees the signal. With such a peer, that write ends only
 * when the peer does. So the two methods that accept a signal are wrapped once a connection has a
 * stream: they first notify the connection, if their destination is registered here, and then call
 * the original.
 */

type PipeTo = ReadableStream["pipeTo"];
type PipeThrough = ReadableStream["pipeThrough"];

/** Callback for an aborted pipe into the stream. */
const aborts = new WeakMap<WritableStream, () => void>();

const streams = ReadableStream.prototype;
const { pipeTo: realPipeTo, pipeThrough: realPipeThrough } = streams;

/** Calls `abort` when the signal of a pipe into `writable` is aborted, before the pipe reacts. */
export function abortWithPipes(writable: WritableStream, abort: () => void): void {
  aborts.set(writable, abort);
  if (Object.hasOwn(streams.pipeTo, WRAPPED)) return;
  replace("pipeTo", pipeTo);
  replace("pipeThrough", pipeThrough);
}

/** Marks the methods wrapped by this file, because several copies of the library may wrap them. */
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

/** The end of the inner pipe is not observable: its listener is removed with the signal. */
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
