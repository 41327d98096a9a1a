// SPDX-License-Identifier: MIT
/** Converts a connection to a pair of web streams, and back. */
import * as z from "../validate/schema.ts";
import { needMethods } from "../validate/argument.ts";
import { checkOptions } from "../validate/options.ts";
import { descriptorOf } from "../net/socket/descriptor.ts";
import type { Conn } from "../net/net.ts";
import { checkBytes } from "../fd/check_bytes.ts";
import type { Chunks } from "../fd/chunks.ts";
import { ClosedError } from "../fd/errors.ts";
import type { Routine } from "../sched/goroutine.ts";
import { disown } from "../sched/ownership.ts";
import { outsideRun } from "../sched/spawn.ts";
import { abortWithPipes } from "./pipe_signal.ts";
import { DuplexConn } from "./duplex_conn.ts";
import { failureOf, HostTasks, nodeStream, requireLoop } from "./host.ts";

/** Pair of byte streams, such as a `TransformStream` or a `Deno.Conn`. */
export interface WebStreams {
  /** Data from the peer. */
  readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Data to the peer. */
  writable: WritableStream<Uint8Array>;
}

/** Settings of {@linkcode toWebStreams}. */
export interface WebStreamsOptions {
  /**
   * Resets the connection when it is aborted, at once, whatever is under way. So does the signal of
   * a pipe into `writable`.
   */
  signal?: AbortSignal;
}

const OPTIONS: z.Schema<WebStreamsOptions> = z.options(() => ({
  signal: z.instanceof(AbortSignal).optional(),
}));

/** Closes a connection when both of its streams have ended. */
class Halves {
  readonly conn: Conn;
  readonly hostTasks = new HostTasks().hold();
  readonly #left = new Set<"readable" | "writable">(["readable", "writable"]);
  readonly #signal: AbortSignal | undefined;
  readonly #aborted = () => this.abort();

  constructor(conn: Conn, signal: AbortSignal | undefined) {
    this.conn = conn;
    this.#signal = signal;
    if (signal?.aborted) this.abort();
    else signal?.addEventListener("abort", this.#aborted, { once: true });
  }

  /** Marks one half as ended; may be called again. */
  done(half: "readable" | "writable"): void {
    this.#left.delete(half);
    if (this.#left.size > 0) return;
    this.#signal?.removeEventListener("abort", this.#aborted);
    this.conn[Symbol.dispose]();
    this.hostTasks.release();
  }

  /** Marks both halves as ended, and resets the connection. */
  abort(): void {
    try {
      this.conn.abort();
    } catch {
      // Already closed.
    }
    this.hostTasks.release();
  }

  /** Runs a reading goroutine, and restarts it if it was ended together with its run. */
  reading<T>(body: () => Routine<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const begin = () =>
        this.hostTasks.start("stream read", body(), (outcome) => {
          if (outcome === null && !descriptorOf(this.conn)?.closed) begin();
          else if (outcome === null) reject(new ClosedError());
          else if ("error" in outcome) reject(outcome.error);
          else resolve(outcome.value);
        });
      begin();
    });
  }

  /** Runs a writing goroutine. */
  writing(body: Routine<number>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.hostTasks.startToTheEnd("stream write", body, (outcome) => {
        const failure = failureOf(outcome);
        if (failure === null) resolve();
        else reject(failure);
      });
    });
  }
}

/** Reads only on request, into the reader's buffer if there is one (BYOB). */
class ConnSource implements UnderlyingByteSource {
  readonly type = "bytes";
  readonly #halves: Halves;
  readonly #chunks: Chunks;

  constructor(halves: Halves) {
    this.#halves = halves;
    this.#chunks = halves.conn.chunks();
  }

  async pull(controller: ReadableByteStreamController): Promise<void> {
    const request = controller.byobRequest;
    try {
      // A packet longer than the reader's buffer would be truncated.
      if (request === null || descriptorOf(this.#halves.conn)?.keepsPackets) {
        const chunk = await this.#halves.reading(() => this.#next());
        if (chunk === null) this.#end(controller);
        else controller.enqueue(chunk);
      } else {
        const { buffer, byteOffset, byteLength } = request.view!;
        const view = new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
        const n = await this.#halves.reading(() => this.#halves.conn.read(view));
        if (n === null) this.#end(controller);
        else request.respond(n);
      }
    } catch (error) {
      this.#halves.done("readable");
      throw error;
    }
  }

  cancel(): void {
    try {
      this.#halves.conn.closeRead();
    } catch {
      // The connection is closed, or the peer is gone.
    }
    this.#halves.done("readable");
  }

  #end(controller: ReadableByteStreamController): void {
    controller.close();
    // Returns a BYOB reader's buffer to it, empty.
    controller.byobRequest?.respond(0);
    this.#halves.done("readable");
  }

  *#next(): Routine<Uint8Array<ArrayBuffer> | null> {
    const chunk = yield* this.#chunks.next();
    const copy = chunk === null ? null : new Uint8Array(chunk);
    this.#chunks[Symbol.dispose]();
    return copy;
  }
}

/** A write completes when the kernel has accepted it: the stream's `ready` is the backpressure. */
class ConnSink implements UnderlyingSink<Uint8Array> {
  readonly #halves: Halves;

  constructor(halves: Halves) {
    this.#halves = halves;
  }

  /** A stream calls `abort` only after the pending write has ended; its signal fires at once. */
  start(controller: WritableStreamDefaultController): void {
    controller.signal.addEventListener("abort", () => this.#halves.abort(), { once: true });
  }

  async write(chunk: Uint8Array): Promise<void> {
    try {
      // Unlike the connection, a byte stream rejects text.
      checkBytes("write", chunk);
      await this.#halves.writing(this.#halves.conn.write(chunk));
    } catch (error) {
      this.#halves.done("writable");
      throw error;
    }
  }

  close(): void {
    try {
      this.#halves.conn.closeWrite();
    } finally {
      this.#halves.done("writable");
    }
  }

  abort(): void {
    this.#halves.abort();
  }
}

/**
 * Returns a `ReadableStream` and a `WritableStream` over a connection, which they take over. Never
 * parks.
 *
 * The readable side is a byte stream and also supports readers with their own buffer (BYOB).
 * Nothing is read until it is requested; a write completes when the kernel has accepted it. Closing
 * the writable side half-closes the connection, aborting it resets the connection, also under a
 * write that waits for its peer, and cancelling the readable side shuts down reading. When both
 * sides are done, the connection is closed.
 *
 * @param conn a connection without other readers or writers
 * @param options see {@linkcode WebStreamsOptions}
 * @throws {PanicError} under `runSync`, where the host's event loop does not run
 * @example
 * ```ts
 * const { readable, writable } = toWebStreams(conn);
 * yield* wait(readable.pipeThrough(new DecompressionStream("gzip")).pipeTo(file.writable));
 * ```
 */
export function toWebStreams(conn: Conn, options: WebStreamsOptions = {}): WebStreams {
  requireLoop("toWebStreams");
  const { signal } = checkOptions("create streams", OPTIONS, options);
  needMethods("create streams", "conn", "a Conn", conn, "chunks", "read", "write", "closeWrite");
  if (outsideRun()) disown(conn);
  const halves = new Halves(conn, signal);
  const writable = new WritableStream(new ConnSink(halves));
  abortWithPipes(writable, () => halves.abort());
  return {
    readable: new ReadableStream(new ConnSource(halves)) as WebStreams["readable"],
    writable,
  };
}

/**
 * Returns a connection over two byte streams. See {@linkcode fromDuplex}. Never parks.
 *
 * @param streams the streams to read from and write to, such as the two ends of a `TransformStream`
 * @throws {PanicError} under `runSync`, where the host's event loop does not run;
 * {@linkcode TypeError} if either is not a stream
 * @example
 * ```ts
 * using conn = fromWebStreams(yield* wait(Deno.connect({ port: 8080 })));
 * yield* conn.write(hello);
 * ```
 */
export function fromWebStreams(
  streams: { readable: ReadableStream<Uint8Array>; writable: WritableStream<Uint8Array> },
): Conn {
  requireLoop("fromWebStreams");
  const { readable, writable } = streams ?? {};
  needMethods("create a connection", "readable", "a ReadableStream", readable, "getReader");
  needMethods("create a connection", "writable", "a WritableStream", writable, "getWriter");
  const { Duplex } = nodeStream();
  const stream = Duplex.fromWeb(streams as unknown as Parameters<typeof Duplex.fromWeb>[0]);
  return new DuplexConn(NOWHERE, NOWHERE).attach(stream);
}

/** Addresses of a connection over two streams. */
const NOWHERE = { network: "stream", toString: () => "stream" };
