// SPDX-License-Identifier: MIT
/** A connection as a `Duplex` of `node:stream`, for code written for the host's own sockets. */
import { needMethods } from "../validate/argument.ts";
import type { Duplex } from "node:stream";
import { descriptorOf } from "../net/socket/descriptor.ts";
import type { Conn } from "../net/net.ts";
import type { Chunks } from "../fd/chunks.ts";
import { ERR_CLOSED } from "../fd/errors.ts";
import type { Routine } from "../sched/goroutine.ts";
import { failureOf, hostError, HostTasks, nodeBuffer, nodeStream, requireLoop } from "./host.ts";
import { addNetSocketMethods } from "./net_socket_methods.ts";

/** Options of {@linkcode toDuplex}. */
export interface DuplexOptions {
  /** Whether the stream stays writable after the peer has ended its side; true by default. */
  allowHalfOpen?: boolean;
}

/** What writable streams call when a chunk is dealt with. */
type Done = (error?: Error | null) => void;

/** Moves bytes between a connection and the stream that stands for it. */
export class ConnPump {
  readonly conn: Conn;
  /** The stream; set once, before anything is moved. */
  stream!: Duplex;
  /** Bytes that the stream has handed over and the connection has not yet taken. */
  unwritten = 0;
  /** Called whenever bytes have come or are to go. */
  onActivity: () => void = () => {};
  readonly #chunks: Chunks;
  readonly #hostTasks = new HostTasks();
  #reading = false;

  constructor(conn: Conn) {
    this.conn = conn;
    this.#chunks = conn.chunks();
  }

  /** Reads once, and hands what came to `received`. */
  read(): void {
    if (this.#reading || this.stream.destroyed) return;
    this.#reading = true;
    this.#hostTasks.start("stream read", this.#next(), (outcome) => {
      this.#reading = false;
      this.onActivity();
      if (this.stream.destroyed) return;
      // The run has ended: with the connection, or the connection has been handed on.
      if (outcome === null && !descriptorOf(this.conn)?.closed) this.read();
      else if (outcome === null) this.failed(ERR_CLOSED);
      else if ("error" in outcome) this.failed(hostError(outcome.error));
      else this.received(outcome.value);
    });
  }

  /** Writes all of `pieces`. */
  write(pieces: Uint8Array[], done: Done): void {
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    this.unwritten += length;
    this.onActivity();
    this.#hostTasks.startToTheEnd("stream write", this.conn.writev(pieces), (outcome) => {
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

  /** Ends it all; parked calls end with it. */
  destroy(error: Error | null, done: Done): void {
    this.conn[Symbol.dispose]();
    this.#chunks[Symbol.dispose]();
    done(error);
  }

  /** Bytes came, or the end of the stream. */
  protected received(chunk: Uint8Array | null): void {
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
    const copy = chunk === null ? null : nodeBuffer().from(chunk);
    this.#chunks[Symbol.dispose]();
    return copy;
  }
}

/** The stream over `pump`. */
export function pumpDuplex(pump: ConnPump, options: DuplexOptions = {}): Duplex {
  const { Duplex } = nodeStream();
  return pump.stream = new Duplex({
    allowHalfOpen: options.allowHalfOpen ?? true,
    read: () => pump.read(),
    write: (chunk: Uint8Array, _encoding, done) => pump.write([chunk], done),
    writev: (chunks, done) => pump.write(chunks.map(({ chunk }) => chunk), done),
    final: (done) => pump.end(done),
    destroy: (error, done) => pump.destroy(error, done),
  });
}

/**
 * Returns a `Duplex` of `node:stream` over a connection, for `node:http`, `node:tls` and npm
 * clients that accept a stream or a socket. The stream takes over the connection; `destroy` closes
 * it. Never parks.
 *
 * Nothing is read until the stream is read, and no more than it has room for. A write completes
 * when the kernel has accepted it. `end` half-closes the connection. Errors are those of the
 * connection, with their `code`. The stream has `setNoDelay`, `setKeepAlive`, `setTimeout`,
 * `remoteAddress` and other socket members that many clients use. Its goroutines belong to the
 * caller's run and end with it.
 *
 * @param conn a connection without other readers or writers
 * @param options see {@linkcode DuplexOptions}
 * @throws {PanicError} under `runSync`, where the host's event loop does not run
 * @example
 * ```ts
 * const conn = yield* dial("tcp", "127.0.0.1:8080");
 * const request = http.get("http://localhost/", { createConnection: () => toDuplex(conn) });
 * ```
 */
export function toDuplex(conn: Conn, options: DuplexOptions = {}): Duplex {
  requireLoop("toDuplex");
  needMethods("create a Duplex", "conn", "a Conn", conn, "chunks", "writev", "closeWrite");
  const pump = new ConnPump(conn);
  return addNetSocketMethods(pumpDuplex(pump, options), pump);
}
