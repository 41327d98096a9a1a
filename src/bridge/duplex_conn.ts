// SPDX-License-Identifier: MIT
/** Converts a `Duplex` of `node:stream` to a connection: the reverse of duplex.ts. */
import * as z from "../validate/schema.ts";
import { needMethods } from "../validate/argument.ts";
import { checkOptions } from "../validate/options.ts";
import type { Duplex } from "node:stream";
import { platform } from "../../platforms/platform.ts";
import type { Addr } from "../net/addr/addr.ts";
import { TCPAddr } from "../net/addr/addr.ts";
import { HalfConn } from "../net/io/half_conn.ts";
import { OpError } from "../net/errors.ts";
import type { Conn, KeepAlive } from "../net/net.ts";
import { ACKNOWLEDGED_MS, DEFAULT_LINGER_MS, SILENCE_MS } from "../net/socket/lossless_close.ts";
import { type Progress, VirtualConn, type VirtualOp } from "../net/io/virtual_conn.ts";
import { ClosedError, UnexpectedEOFError } from "../fd/errors.ts";
import type { Routine, RunOwner } from "../sched/goroutine.ts";
import { goBounded } from "../sched/spawn.ts";
import { scheduler } from "../sched/thread.ts";
import { requireLoop } from "./host.ts";
import { now } from "../sched/clock.ts";

/** Maximum number of unsent bytes in the stream, like a socket's send buffer. */
const ROOM = 64 * 1024;
/** Maximum number of unread bytes, like a socket's receive buffer. */
const MOST_READY = 64 * 1024;
/**
 * The same for a TLS socket of Deno, which loses the end of the stream if it arrives while paused.
 */
const MOST_READY_UNPAUSED = 16 << 20;

const NO_BYTES = new Uint8Array(0);

/** Members of a socket that some streams have. */
interface SocketLike extends Duplex {
  readonly encrypted?: boolean;
  readonly localAddress?: string;
  readonly localPort?: number;
  readonly remoteAddress?: string;
  readonly remotePort?: number;
  setNoDelay?(on: boolean): unknown;
  setKeepAlive?(on: boolean, idle: number): unknown;
}

/** See the top of this file. */
export class DuplexConn extends VirtualConn {
  readonly localAddr: Addr;
  readonly remoteAddr: Addr;
  /** Null until `attach`. */
  protected stream: Duplex | null = null;
  /** The error of a failed stream; null otherwise. */
  protected failure: Error | null = null;
  /** Whether the peer has ended its side. */
  protected ended = false;
  /** Maximum duration of a close, in milliseconds. */
  protected readonly lingerTimeout: number;
  /** Wait queue of the goroutine that closes the connection. */
  protected readonly closing: HalfConn = new HalfConn("closing");
  readonly #run: RunOwner | null = scheduler.current?.run ?? null;
  #readEnded = false;
  /** Unread data: the rest of the current chunk, and the chunks after it. */
  #chunk: Uint8Array = NO_BYTES;
  #chunks: Uint8Array[] = [];
  #ready = 0;
  #paused = false;
  /** Time at which discarded data last arrived. */
  #discardedAt = 0;

  constructor(localAddr: Addr, remoteAddr: Addr, lingerTimeout: number = DEFAULT_LINGER_MS) {
    super();
    this.lingerTimeout = lingerTimeout;
    this.localAddr = localAddr;
    this.remoteAddr = remoteAddr;
    for (const direction of [this.reading, this.writing, this.closing]) {
      // Waiting requires the host's event loop.
      direction.onWatch = () => {
        scheduler.promises++;
        scheduler.handOver();
      };
      direction.onUnwatch = () => scheduler.promises--;
    }
  }

  /** Takes over `stream`. */
  attach(stream: Duplex): this {
    this.stream = stream;
    // Not "readable" and read(): in paused mode, Deno's TLS sockets lose the end of the stream.
    stream.on("data", (chunk: Uint8Array) => this.#came(chunk));
    stream.on("end", () => {
      // Bun also ends a stream when it has failed.
      this.ended = this.failure === null;
      this.changed();
    });
    stream.on("drain", () => this.changed());
    stream.on("finish", () => this.changed());
    stream.on("error", (error: Error) => this.broken(error));
    stream.on("close", () => {
      if (this.ended && stream.writableFinished) this.changed();
      else this.broken(new UnexpectedEOFError(0));
    });
    return this;
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.#discard();
    this.changed();
    const since = now();
    goBounded(
      this.#run?.ending === false ? this.#run : null,
      "closing a stream",
      () => this.finish(since),
      () => this.release(),
    );
  }

  closeRead(): void {
    if (this.closed) return;
    this.#readEnded = true;
    this.#discard();
    this.stream?.resume();
    this.changed();
  }

  closeWrite(): void {
    if (this.closed) return;
    this.stream?.end();
    scheduler.handOver();
  }

  abort(): void {
    if (this.closed) return;
    this.closed = true;
    this.stream?.destroy();
    this.changed();
  }

  setNoDelay(on: boolean): void {
    (this.stream as SocketLike | null)?.setNoDelay?.(on);
  }

  setKeepAlive(on: boolean | KeepAlive): void {
    const idle = typeof on === "object" ? on.idle ?? 0 : 0;
    (this.stream as SocketLike | null)?.setKeepAlive?.(on !== false, idle);
  }

  /** A stream has no such setting. */
  setLinger(_seconds: number | null): void {}
  setReadBuffer(_bytes: number): void {}
  setWriteBuffer(_bytes: number): void {}

  /** Wakes all waiters to retry. */
  protected changed(): void {
    this.reading.changed();
    this.writing.changed();
    this.closing.changed();
  }

  /** Records the failure: readers receive the error after the remaining data. */
  protected broken(error: Error): void {
    this.failure ??= error;
    this.changed();
  }

  /** Number of bytes written but not sent. */
  protected get unwritten(): number {
    return this.stream?.writableLength ?? 0;
  }

  /** Whether the stream still accepts writes. */
  protected get writable(): boolean {
    return this.stream?.writable ?? true;
  }

  /** Number of bytes that may be written now. */
  protected get room(): number {
    return ROOM - this.unwritten;
  }

  /** Result of a read without data: null at the end of the stream, undefined to wait. */
  protected atEnd(): null | undefined {
    if (this.ended) return null;
    if (this.failure !== null) throw this.failed("read");
    return undefined;
  }

  /**
   * Completes a close that began at `since`: flushes written data and discards input, until the
   * peer has ended its side too or is silent. The bounds are those of net/socket/lossless_close.ts.
   */
  protected *finish(since: number): Routine<void> {
    const { stream } = this;
    if (stream === null) return;
    const until = since + this.lingerTimeout;
    stream.end();
    stream.resume();
    yield* this.outlast(() => stream.writableFinished || stream.destroyed, until);
    const out = now();
    const end = Math.min(until, Math.max(since + ACKNOWLEDGED_MS, out + SILENCE_MS));
    const over = () => stream.destroyed;
    for (;;) {
      const due = Math.min(end, Math.max(out, this.#discardedAt) + SILENCE_MS);
      if (over() || now() >= due) return;
      yield* this.outlast(over, due);
    }
  }

  /** Finishes a close, however it ended. */
  protected release(): void {
    this.stream?.destroy();
    scheduler.handOver();
  }

  /** Waits until `over` returns true, or until the time `until`. */
  protected *outlast(over: () => boolean, until: number): Routine<void> {
    this.closing.setDeadline(until);
    while (!over() && !this.closing.expired) yield* this.closing.wait();
  }

  protected override check(op: "read" | "write"): void {
    requireLoop("a stream of the host");
    super.check(op);
  }

  protected get mayRead(): boolean {
    return this.#readEnded || this.#fill() || this.ended || this.failure !== null;
  }

  protected get mayWrite(): boolean {
    return this.room > 0 || this.failure !== null || !this.writable;
  }

  protected take(p: Uint8Array): number | null | undefined {
    if (this.#readEnded) return null;
    if (!this.#fill()) return this.atEnd();
    const part = this.#chunk.subarray(0, p.length);
    p.set(part);
    this.#ready -= part.length;
    this.#chunk = this.#chunk.subarray(part.length);
    return part.length;
  }

  protected *put(p: Uint8Array, progress: Progress): Routine<void> {
    for (let rest = p; rest.length > 0;) {
      this.check("write");
      if (this.failure !== null) throw this.failed("write");
      if (!this.writable) throw this.fail("write", new BrokenPipe());
      const { room } = this;
      if (room <= 0) {
        yield* this.writing.wait();
        continue;
      }
      // Copy, because the caller may reuse its memory before the stream has sent it.
      const part = rest.slice(0, room);
      this.stream!.write(part, () => this.changed());
      scheduler.handOver();
      progress.written += part.length;
      rest = rest.subarray(part.length);
    }
  }

  protected fail(op: VirtualOp | "handshake", cause: Error): Error {
    return new OpError(op, this.localAddr.network, this.localAddr, this.remoteAddr, cause);
  }

  protected failClosed(op: VirtualOp): Error {
    return this.fail(op, new ClosedError());
  }

  /** Creates the error of a call after the stream has failed. */
  protected failed(op: "read" | "write"): Error {
    const failure = this.failure!;
    if (!(failure instanceof UnexpectedEOFError)) return this.fail(op, failure);
    return op === "read" ? new UnexpectedEOFError(0) : this.fail(op, new BrokenPipe());
  }

  /** Number of unread bytes. */
  protected get ready(): number {
    return this.#ready;
  }

  get #mostReady(): number {
    const { encrypted } = this.stream as SocketLike;
    return encrypted && platform().runtime.tlsDropsUnread ? MOST_READY_UNPAUSED : MOST_READY;
  }

  /** Whether bytes are available. The stream resumes when all of them are read. */
  #fill(): boolean {
    while (this.#chunk.length === 0 && this.#chunks.length > 0) this.#chunk = this.#chunks.shift()!;
    if (this.#chunk.length > 0) return true;
    if (this.#paused) this.#flow();
    return false;
  }

  #came(chunk: Uint8Array): void {
    if (this.closed || this.#readEnded) {
      this.#discardedAt = now();
      return;
    }
    this.#chunks.push(chunk);
    this.#ready += chunk.length;
    if (!this.#paused && this.#ready >= this.#mostReady) {
      this.#paused = true;
      this.stream!.pause();
    }
    this.reading.changed();
  }

  /** Resumes the stream; its data arrives in a turn of the host's loop. */
  #flow(): void {
    this.#paused = false;
    this.stream?.resume();
    scheduler.handOver();
  }

  #discard(): void {
    this.#chunk = NO_BYTES;
    this.#chunks = [];
    this.#ready = 0;
  }
}

/** The stream's writing side has ended. */
class BrokenPipe extends Error {
  readonly code = "EPIPE";
  constructor() {
    super("broken pipe");
  }
}

/** Converts an address of `node:net`; without an IP it has no name. */
function addrOf(ip: string | undefined, port: number | undefined): Addr {
  if (ip === undefined || port === undefined) {
    return {
      network: "duplex",
      toString: () => "duplex",
    };
  }
  return new TCPAddr(ip, port);
}

/** Options of {@linkcode fromDuplex}. */
export interface DuplexConnOptions {
  /** Milliseconds, counted from `close`, that the stream may take to flush; 30,000 by default. */
  lingerTimeout?: number;
}

const OPTIONS: z.Schema<DuplexConnOptions> = z.options(() => ({
  lingerTimeout: z.number().nonnegative().optional(),
}));

/**
 * Returns a connection over a `Duplex` of `node:stream`, such as a socket of `node:net` or
 * `node:tls`. The connection takes over the stream. Never parks.
 *
 * A write returns when the stream has accepted the bytes, as with a socket's send buffer; `close`
 * flushes them before it destroys the stream, within the bounds of {@linkcode Conn.close}. Settings
 * that a stream does not have (linger, buffer sizes) are ignored.
 *
 * @param stream a stream of bytes: not in object mode, and without an encoding
 * @param options see {@linkcode DuplexConnOptions}
 * @throws {TypeError} if it is not a stream of bytes, or an option is invalid;
 * {@linkcode PanicError} under `runSync`
 * @example
 * ```ts
 * using conn = fromDuplex(net.connect(8080, "127.0.0.1"));
 * yield* conn.write(hello);
 * ```
 */
export function fromDuplex(stream: Duplex, options: DuplexConnOptions = {}): Conn {
  requireLoop("fromDuplex");
  const { lingerTimeout } = checkOptions("create a connection", OPTIONS, options);
  needMethods("create a connection", "stream", "a Duplex", stream, "read", "write", "on");
  if (stream.readableObjectMode || stream.writableObjectMode || stream.readableEncoding !== null) {
    throw new TypeError(
      "Cannot create a connection as stream must carry bytes: it is in object mode or has an encoding",
    );
  }
  const { localAddress, localPort, remoteAddress, remotePort } = stream as SocketLike;
  const [local, remote] = [addrOf(localAddress, localPort), addrOf(remoteAddress, remotePort)];
  return new DuplexConn(local, remote, lingerTimeout).attach(stream);
}
