// SPDX-License-Identifier: MIT
/** The writing half of a connection: at once where possible, otherwise through an output buffer. */
import { ClosedError } from "../../fd/errors.ts";
import { checkBytes, lengthOf, viewOf } from "../../fd/check_bytes.ts";
import { counters } from "../../fd/counters.ts";
import { needFunction } from "../../validate/argument.ts";
import { scheduler } from "../../sched/thread.ts";
import type { ConnHost } from "./conn_host.ts";
import { ConnSocket } from "./conn_socket.ts";
import { SlowConsumerError } from "../api/errors.ts";
import type { Loop, Turn } from "./loop.ts";
import type { Written } from "../api/conn.ts";
import { WriteQueue } from "./write_queue.ts";
import type { Peer } from "./peer.ts";
import type { StreamNet } from "./stream_net.ts";

/** A write of this many bytes is sent at once, instead of being copied to be sent with others. */
const DIRECT = 16 * 1024;
/** Maximum number of bytes per system call. */
const MAX_TRANSFER = 1 << 30;
/** Maximum number of sends per turn, for fairness: a callback may write more. */
const SENDS = 8;

/** State: accepted, and `opened` has not been called. */
export const OPENING = 0;
/** State: reads and writes. */
export const OPEN = 1;
/** State: reads no more, and ends once everything is sent. */
export const CLOSING = 2;
/** State: ends in its next turn, whatever is still unsent. */
export const KILLED = 3;
/** State: has ended. */
export const DEAD = 4;

/** See the top of this file. */
export abstract class ConnWriter<C> extends ConnSocket<C> implements Turn {
  nextTurn: Turn | null = null;
  queued = false;
  lastActive: number = scheduler.now;
  /** Its loop. */
  protected readonly owner: Loop;
  /** One of the five states above; it only grows. */
  protected state = OPENING;
  /** Why it ends; null for an orderly end. */
  protected error: Error | null = null;
  /** Whether it ends by a reset. */
  protected reset = false;
  /** The output buffer; null if it is empty. */
  protected writeQueue: WriteQueue | null = null;
  /**
   * Whether the output exceeded the high-water mark and has not shrunk to the low-water mark since.
   */
  protected full = false;

  constructor(host: ConnHost<C>, owner: Loop, net: StreamNet, sysfd: number, peer: Peer) {
    super(host, net, sysfd, peer);
    this.owner = owner;
  }

  abstract turn(): void;

  /** See {@linkcode EventConn.pending}. */
  get pending(): number {
    return this.writeQueue === null ? 0 : this.writeQueue.length;
  }

  /** See {@linkcode EventConn.closing}. */
  get closing(): boolean {
    return this.state >= CLOSING;
  }

  /** See {@linkcode EventConn.write}. */
  write(bytes: Uint8Array, written?: Written): boolean {
    const length = checkBytes("write", bytes);
    if (written !== undefined) needFunction("write", "written", written);
    if (this.closing) {
      written?.(new ClosedError());
      return false;
    }
    if (length >= DIRECT && this.state === OPEN) this.send(bytes);
    else this.queue(bytes);
    if (written !== undefined) (this.writeQueue ??= WriteQueue.take()).tell(written);
    this.comeBack();
    return !this.full && !this.closing;
  }

  /** See {@linkcode EventConn.abort}. */
  abort(): void {
    this.kill(null, true);
  }

  /** Whether no more than the low-water mark is left. */
  protected abstract drained(): void;

  /** Schedules its turn, unless this is it. */
  protected comeBack(): void {
    if (this.owner.current !== this && this.state !== DEAD) this.owner.enqueue(this);
  }

  /** Ends it in its next turn, because of `error`. */
  protected kill(error: Error | null, reset: boolean): void {
    if (this.state >= KILLED) return;
    this.state = KILLED;
    this.error ??= error;
    this.reset = reset;
    this.comeBack();
  }

  /** Sends `bytes`, and buffers a copy of what does not fit. */
  protected send(bytes: Uint8Array): void {
    const length = lengthOf(bytes);
    if (this.closing || length === 0) return;
    const { host } = this;
    const pd = this.pd!;
    if (this.writeQueue !== null || !pd.wready) return this.queue(bytes);
    if (host.events.preWrite !== undefined) host.events.preWrite();
    const most = length < MAX_TRANSFER ? length : MAX_TRANSFER;
    const n = host.sockets.send(this.sysfd, bytes, most);
    if (n > 0) {
      this.#went(n);
      if (n < length) this.queue(viewOf(bytes, n, length));
    } else if (n === host.again || n === host.interrupted) {
      if (n === host.again) this.#mustWait();
      this.queue(bytes);
    } else {
      this.kill(this.failure("write", "send", -n), false);
    }
  }

  /** Buffers a copy of `bytes`. */
  protected queue(bytes: Uint8Array): void {
    const length = lengthOf(bytes);
    if (length === 0) return;
    const { maxPending, highWaterMark } = this.host.settings;
    const pending = this.pending + length;
    if (pending > maxPending) return this.kill(new SlowConsumerError(pending), true);
    this.writeQueue ??= WriteQueue.take();
    this.writeQueue.append(bytes);
    if (pending > highWaterMark) this.full = true;
  }

  /** Sends the output buffer, as far as there is room. */
  protected flush(): void {
    const { host } = this;
    const pd = this.pd!;
    if (pd.wready && this.pending > 0) host.events.preWrite?.();
    for (let left = SENDS; left > 0 && pd.wready && this.writeQueue !== null; left--) {
      const { length } = this.writeQueue;
      const n = length === 0 ? 0 : host.sockets.send(this.sysfd, this.writeQueue.head(), length);
      if (n >= 0) this.#sent(n);
      else if (n === host.again) this.#mustWait();
      else if (n !== host.interrupted) return this.kill(this.failure("write", "send", -n), false);
    }
    if (this.writeQueue !== null) this.writeQueue = this.writeQueue.settle();
    if (this.full && this.pending <= host.settings.lowWaterMark) {
      this.full = false;
      this.drained();
    }
  }

  /** Discards what is pending. */
  protected drop(): void {
    const callbacks = this.writeQueue?.release() ?? null;
    this.writeQueue = null;
    this.#tell(callbacks, this.error ?? new ClosedError());
  }

  #went(n: number): void {
    counters.written += n;
    this.wrote = true;
    this.lastActive = scheduler.now;
  }

  #mustWait(): void {
    counters.again++;
    this.pd!.wready = false;
  }

  #sent(n: number): void {
    const writeQueue = this.writeQueue!;
    if (n > 0) this.#went(n);
    this.#tell(writeQueue.sent(n), null);
    if (writeQueue.length > 0) return;
    // A callback may have written more.
    this.writeQueue = null;
    writeQueue.release();
  }

  #tell(callbacks: Written[] | null, error: Error | null): void {
    if (callbacks === null) return;
    for (const written of callbacks) {
      try {
        written(error);
      } catch (thrown) {
        this.host.report(thrown, null);
      }
    }
  }
}
