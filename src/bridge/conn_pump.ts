// SPDX-License-Identifier: MIT
/** Transfers bytes between a connection and the `Duplex` of `node:stream` over it. */
import type { Duplex } from "node:stream";
import { descriptorOf } from "../net/socket/descriptor.ts";
import type { Conn } from "../net/net.ts";
import type { Chunks } from "../fd/chunks.ts";
import { ClosedError } from "../fd/errors.ts";
import type { Routine } from "../sched/goroutine.ts";
import { scheduler } from "../sched/thread.ts";
import { failureOf, hostError, HostTasks, nodeBuffer, nodeStream } from "./host.ts";

/** Callback of a writable stream for a finished chunk. */
export type Done = (error?: Error | null) => void;

/** Transfers bytes between a connection and its stream. */
export class ConnPump {
  readonly conn: Conn;
  /** The stream; set once, before any transfer. */
  stream!: Duplex;
  /** Number of bytes from the stream that the connection has not accepted yet. */
  unwritten = 0;
  /** Number of bytes read so far. */
  bytesRead = 0;
  /** Number of bytes received from the stream so far. */
  bytesWritten = 0;
  /** Whether the connection is reset when the stream is destroyed. */
  resets = false;
  /** Called on every read and write. */
  onActivity: () => void = () => {};
  readonly #chunks: Chunks;
  /** Starts the goroutines that read and write. */
  protected readonly hostTasks: HostTasks = new HostTasks();
  readonly #buffer = nodeBuffer();
  #reading = false;
  #holds = true;

  constructor(conn: Conn) {
    this.conn = conn;
    this.#chunks = conn.chunks();
  }

  /** Reads once, and passes the data to `received`. */
  read(): void {
    if (this.#reading || this.stream.destroyed) return;
    this.#reading = true;
    if (!this.#holds) scheduler.addUnheld(1);
    this.hostTasks.start("stream read", this.#next(), (outcome) => {
      this.#reading = false;
      if (!this.#holds) scheduler.addUnheld(-1);
      this.onActivity();
      if (this.stream.destroyed) return;
      // The run has ended: with the connection, or the connection has been handed over.
      if (outcome === null && !descriptorOf(this.conn)?.closed) this.read();
      else if (outcome === null) this.failed(new ClosedError());
      else if ("error" in outcome) this.failed(hostError(outcome.error));
      else this.received(outcome.value);
    });
  }

  /** Writes all of `pieces`. */
  write(pieces: Uint8Array[], done: Done): void {
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    this.unwritten += length;
    this.bytesWritten += length;
    this.onActivity();
    const { conn } = this;
    // A single piece, the usual case, needs no vector.
    const body = pieces.length === 1 ? conn.write(pieces[0]) : conn.writev(pieces);
    this.hostTasks.startToTheEnd("stream write", body, (outcome) => {
      this.unwritten -= length;
      this.wrote(failureOf(outcome), done);
    });
  }

  /**
   * Shuts down the writing side. A peer that is already gone is not an error, as with the host's
   * sockets.
   */
  end(done: Done): void {
    try {
      this.conn.closeWrite();
    } catch (error) {
      if ((error as { code?: string }).code !== "ENOTCONN") return done(hostError(error));
    }
    done();
  }

  /** Sets whether a pending read keeps the process alive. */
  hold(on: boolean): void {
    if (on === this.#holds) return;
    this.#holds = on;
    if (this.#reading) scheduler.addUnheld(on ? -1 : 1);
  }

  /** Ends all parked calls and closes the connection. */
  destroy(error: Error | null, done: Done): void {
    if (this.resets && descriptorOf(this.conn)?.closed === false) this.conn.abort();
    this.conn[Symbol.dispose]();
    this.#chunks[Symbol.dispose]();
    done(error);
  }

  /** Handles received bytes, or the end of the stream. */
  protected received(chunk: Uint8Array | null): void {
    this.bytesRead += chunk?.length ?? 0;
    this.stream.push(chunk);
  }

  /** Handles a failed read. */
  protected failed(error: Error): void {
    this.stream.destroy(error);
  }

  /** Handles a finished write. */
  protected wrote(failure: Error | null, done: Done): void {
    done(failure);
  }

  /** Reads a chunk and returns its shared buffer before the host sees the bytes. */
  *#next(): Routine<Uint8Array | null> {
    const chunk = yield* this.#chunks.next();
    // Copy to the host's buffer pool: a separate allocation for each chunk costs more than the
    // read.
    const copy = chunk === null ? null : this.#buffer.from(chunk);
    this.#chunks[Symbol.dispose]();
    return copy;
  }
}

/** Creates the stream over `pump`. */
export function pumpDuplex(pump: ConnPump, allowHalfOpen: boolean): Duplex {
  const { Duplex } = nodeStream();
  return pump.stream = new Duplex({
    allowHalfOpen,
    read: () => pump.read(),
    write: (chunk: Uint8Array, _encoding, done) => pump.write([chunk], done),
    writev: (chunks, done) => pump.write(chunks.map(({ chunk }) => chunk), done),
    final: (done) => pump.end(done),
    destroy: (error, done) => pump.destroy(error, done),
  });
}
