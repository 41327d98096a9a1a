// SPDX-License-Identifier: MIT
/**
 * Ciphertext transport over any connection, by its methods alone: a `pipe()`, a stream of the host,
 * another TLS connection. They park, so goroutines call them: one reads while a goroutine waits for
 * ciphertext, one writes while there is some to write; neither holds more than one piece.
 */
import { epoch, now } from "../../sched/clock.ts";
import { ClosedError } from "../../fd/errors.ts";
import { HalfConn, type Watcher } from "../../net/io/half_conn.ts";
import type { Conn } from "../../net/net.ts";
import { lingerTimeoutOf } from "../../net/socket/net_fd.ts";
import type { Routine } from "../../sched/goroutine.ts";
import type { RunOwner } from "../../sched/goroutine.ts";
import { goBounded, spawn } from "../../sched/spawn.ts";
import { scheduler } from "../../sched/thread.ts";
import { tracked } from "../tracked.ts";
import { NOTHING_YET, type Transport, type Way } from "./transport.ts";

/** Maximum number of bytes per write of the underlying connection. */
const MOST_WRITTEN = 64 * 1024;

/** See the top of this file. */
export class ConnTransport implements Transport {
  readonly conn: Conn;
  readonly #incoming = new HalfConn("IO wait");
  readonly #outgoing = new HalfConn("IO wait");
  readonly #run: RunOwner | null = scheduler.current?.run ?? null;
  /** Data received but not consumed yet; null if there is none. */
  #came: Uint8Array | null = null;
  #atEnd = false;
  #failure: Error | null = null;
  #reading = false;
  #writing = false;
  #closed = false;

  constructor(conn: Conn) {
    this.conn = conn;
    this.#incoming.onWatch = () => this.#read();
  }

  get closed(): boolean {
    return this.#closed;
  }

  receive(into: Uint8Array): number {
    const came = this.#came;
    if (came !== null) {
      const part = came.subarray(0, into.length);
      into.set(part);
      this.#came = part.length === came.length ? null : came.subarray(part.length);
      return part.length;
    }
    if (this.#atEnd) return 0;
    if (this.#failure !== null) throw this.#failure;
    return NOTHING_YET;
  }

  send(bytes: Uint8Array, length: number): number {
    if (this.#failure !== null) throw this.#failure;
    if (this.#writing) return 0;
    const run = this.#mayStart();
    if (run === null) throw this.#failure = new ClosedError();
    const piece = bytes.slice(0, Math.min(length, MOST_WRITTEN));
    this.#writing = true;
    const ended = () => {
      // Ended together with its run, possibly within a record: nothing can follow.
      if (this.#writing) this.#failure ??= new ClosedError();
      this.#writing = false;
      this.#outgoing.changed();
    };
    spawn(run, "TLS write", tracked(this.#writeOne(piece), ended));
    return piece.length;
  }

  ready(way: Way): boolean {
    if (this.#failure !== null) return true;
    return way === "write" ? !this.#writing : this.#came !== null || this.#atEnd;
  }

  watch(way: Way, watcher: Watcher): void {
    (way === "read" ? this.#incoming : this.#outgoing).watch(watcher);
  }

  unwatch(way: Way, watcher: Watcher): void {
    (way === "read" ? this.#incoming : this.#outgoing).unwatch(watcher);
  }

  wake(): void {
    this.#incoming.changed();
    this.#outgoing.changed();
  }

  close(rest: Uint8Array | null): void {
    if (this.#closed) return;
    const end = now() + lingerTimeoutOf(this.conn);
    goBounded(
      this.#run?.over === false ? this.#run : null,
      "TLS close",
      () => this.#send(rest, end),
      () => {
        this.#closed = true;
        this.conn[Symbol.dispose]();
      },
    );
  }

  abort(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.conn.abort();
  }

  /**
   * Sends the rest on close, as far as the peer accepts it until the time `end`. A `pipe()` has no
   * buffer: its write waits for the reader, so a peer that neither reads nor closes is waited for,
   * as in Go, whose Close waits 5 s. A peer that has closed ends the wait at once.
   */
  *#send(rest: Uint8Array | null, end: number): Routine<void> {
    try {
      this.#outgoing.setDeadline(end);
      while (this.#writing && !this.#outgoing.expired) yield* this.#outgoing.wait();
      if (rest === null || this.#writing || this.#failure !== null) return;
      this.conn.setWriteDeadline(epoch() + Math.max(0, end - now()));
      yield* this.conn.write(rest);
    } catch {
      // The peer is gone.
    }
  }

  /** Reads once, unless a read is pending or there is unconsumed data. */
  #read(): void {
    if (this.#reading || this.#closed || this.#came !== null || this.#atEnd) return;
    const run = this.#mayStart();
    if (this.#failure !== null || run === null) return;
    this.#reading = true;
    const ended = () => {
      this.#reading = false;
      this.#incoming.changed();
    };
    spawn(run, "TLS read", tracked(this.#readOne(), ended));
  }

  *#readOne(): Routine<void> {
    try {
      using chunks = this.conn.chunks();
      const chunk = yield* chunks.next();
      if (chunk === null) this.#atEnd = true;
      else this.#came = chunk.slice();
    } catch (error) {
      this.#failure ??= causeOf(error);
    }
  }

  *#writeOne(piece: Uint8Array): Routine<void> {
    try {
      yield* this.conn.write(piece);
      this.#writing = false;
    } catch (error) {
      this.#failure ??= causeOf(error);
    }
  }

  /** Returns the run for new goroutines; null while it ends. */
  #mayStart(): RunOwner | null {
    if (this.#run?.ending === false) return this.#run;
    const run = scheduler.current?.run ?? null;
    return run?.ending === false ? run : null;
  }
}

/** Returns the cause of the underlying connection's OpError, for the error of the TLS call. */
function causeOf(error: unknown): Error {
  const { cause } = error as Error;
  return cause instanceof Error ? cause : error instanceof Error ? error : new ClosedError();
}
