// SPDX-License-Identifier: MIT
/** Moves bytes between a connection and a `Duplex` of `node:stream` over it. */
import type { Duplex } from "node:stream";
import { descriptorOf } from "../net/socket/descriptor.ts";
import type { Conn } from "../net/net.ts";
import type { Chunks } from "../fd/chunks.ts";
import { ClosedError } from "../fd/errors.ts";
import type { Routine } from "../sched/goroutine.ts";
import { scheduler } from "../sched/thread.ts";
import { failureOf, hostError, HostTasks, nodeBuffer, nodeStream } from "./host.ts";

/** What writable streams call when a chunk is dealt with. */
export type Done = (error?: Error | null) => void;

/** Moves bytes between a connection and the stream that stands for it. */
export class ConnPump {
  readonly conn: Conn;
  /** The stream; set once, before anything is moved. */
  stream!: Duplex;
  /** Bytes that the stream has handed over and the connection has not yet taken. */
  unwritten = 0;
  /** Bytes read so far. */
  bytesRead = 0;
  /** Bytes that the stream has handed over so far. */
  bytesWritten = 0;
  /** Whether the connection is reset when the stream is destroyed. */
  resets = false;
  /** Called whenever bytes have come or are to go. */
  onActivity: () => void = () => {};
  readonly #chunks: Chunks;
  readonly #hostTasks = new HostTasks();
  readonly #buffer = nodeBuffer();
  #reading = false;
  #holds = true;

  constructor(conn: Conn) {
    this.conn = conn;
    this.#chunks = conn.chunks();
  }

  /** Reads once, and hands what came to `received`. */
  read(): void {
    if (this.#reading || this.stream.destroyed) return;
    this.#reading = true;
    if (!this.#holds) scheduler.addUnheld(1);
    this.#hostTasks.start("stream read", this.#next(), (outcome) => {
      this.#reading = false;
      if (!this.#holds) scheduler.addUnheld(-1);
      this.onActivity();
      if (this.stream.destroyed) return;
      // The run has ended: with the connection, or the connection has been handed on.
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
    // One piece needs no vector, and is mostly all there is.
    const body = pieces.length === 1 ? conn.write(pieces[0]) : conn.writev(pieces);
    this.#hostTasks.startToTheEnd("stream write", body, (outcome) => {
      this.unwritten -= length;
      this.wrote(failureOf(outcome), done);
    });
  }

  /** Ends the writing side. A peer that is gone already is no error, as with the host's sockets. */
  end(done: Done): void {
    try {
      this.conn.closeWrite();
    } catch (error) {
      if ((error as { code?: string }).code !== "ENOTCONN") return done(hostError(error));
    }
    done();
  }

  /** Sets whether a read that waits keeps the process alive. */
  hold(on: boolean): void {
    if (on === this.#holds) return;
    this.#holds = on;
    if (this.#reading) scheduler.addUnheld(on ? -1 : 1);
  }

  /** Ends it all; parked calls end with it. */
  destroy(error: Error | null, done: Done): void {
    if (this.resets && descriptorOf(this.conn)?.closed === false) this.conn.abort();
    this.conn[Symbol.dispose]();
    this.#chunks[Symbol.dispose]();
    done(error);
  }

  /** Bytes came, or the end of the stream. */
  protected received(chunk: Uint8Array | null): void {
    this.bytesRead += chunk?.length ?? 0;
    this.stream.push(chunk);
  }

  /** Reading failed. */
  protected failed(error: Error): void {
    this.stream.destroy(error);
  }

  /** A write is over. */
  protected wrote(failure: Error | null, done: Done): void {
    done(failure);
  }

  /** The buffer that is lent for the read is given back before the host sees the bytes. */
  *#next(): Routine<Uint8Array | null> {
    const chunk = yield* this.#chunks.next();
    // From the pool of the host's buffers: a memory of its own for each costs more than the read.
    const copy = chunk === null ? null : this.#buffer.from(chunk);
    this.#chunks[Symbol.dispose]();
    return copy;
  }
}

/** The stream over `pump`. */
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
