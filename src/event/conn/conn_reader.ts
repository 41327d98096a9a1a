// SPDX-License-Identifier: MIT
/**
 * The reading half of a connection: through the loop's shared buffer, after what was left unread.
 */
import { counters } from "../../fd/counters.ts";
import { scheduler } from "../../sched/thread.ts";
import { ConnWriter } from "./conn_writer.ts";
import { UnreadLimitError } from "../api/errors.ts";
import { UnreadBuffer } from "./unread_buffer.ts";

/** Placeholder for no unread input. */
const NOTHING = new Uint8Array(0);

/** See the top of this file. */
export abstract class ConnReader<C> extends ConnWriter<C> {
  /** Unread input: borrowed while a handler is called with it, otherwise a copy. */
  protected input: Uint8Array = NOTHING;
  /** Number of its first bytes that were consumed. */
  #taken = 0;
  /** Whether the handler has consumed input explicitly. */
  #partial = false;
  /** Copy of the unread input; null if there is none. */
  #unread: UnreadBuffer | null = null;

  /** See {@linkcode EventConn.buffered}. */
  get buffered(): number {
    return this.input.length - this.#taken;
  }

  /** See {@linkcode EventConn.peek}. */
  peek(n: number = this.buffered): Uint8Array | null {
    this.#partial = true;
    if (checkCount("peek", n) > this.buffered) return null;
    return this.input.subarray(this.#taken, this.#taken + n);
  }

  /** See {@linkcode EventConn.next}. */
  next(n: number = this.buffered): Uint8Array | null {
    const bytes = this.peek(n);
    if (bytes !== null) this.#taken += n;
    return bytes;
  }

  /** See {@linkcode EventConn.discard}. */
  discard(n: number = this.buffered): number {
    this.#partial = true;
    const discarded = Math.min(checkCount("discard", n), this.buffered);
    this.#taken += discarded;
    return discarded;
  }

  /**
   * Reads once and passes all unread input to `deliver`. Returns the result of the read: the number
   * of bytes read, 0 at the end of the stream, or minus an errno.
   */
  protected receive(): number {
    const { host, owner, sysfd } = this;
    const shared = owner.input;
    if (this.input.length > 0) return this.#receiveMore(shared.bytes);
    const { length } = shared.bytes;
    const n = host.sockets.recv(sysfd, shared.bytes, length);
    if (n <= 0) return n;
    this.#came(n, length);
    this.lend(shared.first(n));
    return n;
  }

  /** Calls `data` with all unread input, and keeps what it leaves. */
  protected lend(input: Uint8Array): void {
    this.input = input;
    this.#taken = 0;
    this.#partial = false;
    try {
      this.deliver(input);
    } finally {
      const left = this.#partial ? this.input.length - this.#taken : 0;
      if (left === 0) this.#forget();
      else this.#keep(left);
    }
  }

  /** Passes the unread input again, or nothing. */
  protected lendAgain(): void {
    this.#unread?.discard(this.#taken);
    this.lend(this.#unread?.view() ?? NOTHING);
  }

  /** Calls `data`. */
  protected abstract deliver(input: Uint8Array): void;

  /** Reads behind the unread input. */
  #receiveMore(shared: Uint8Array): number {
    const left = this.buffered;
    const unread = this.#unread!;
    unread.discard(this.#taken);
    this.input = unread.view();
    this.#taken = 0;
    const room = unread.many ? unread.room() : shared.subarray(left);
    const n = this.host.sockets.recv(this.sysfd, room, room.length);
    if (n <= 0) return n;
    this.#came(n, room.length);
    if (unread.many) {
      unread.came(n);
      this.lend(unread.view());
    } else {
      shared.set(unread.view());
      this.#unread = null;
      this.lend(shared.subarray(0, left + n));
    }
    return n;
  }

  /** After a short read nothing more is available, until the peer has hung up. */
  #came(n: number, length: number): void {
    counters.read += n;
    this.lastActive = scheduler.now;
    if (n < length && !this.pd!.hangup) this.pd!.rready = false;
  }

  #forget(): void {
    this.input = NOTHING;
    this.#unread = null;
    this.#taken = 0;
  }

  #keep(left: number): void {
    const { maxUnread } = this.host.settings;
    if (left > maxUnread) this.kill(new UnreadLimitError(left), true);
    if (this.#unread === null) this.#unread = new UnreadBuffer(this.input.subarray(this.#taken));
    else this.#unread.discard(this.#taken);
    this.input = this.#unread.view();
    this.#taken = 0;
  }
}

/** Checks a number of bytes. Throws RangeError if it is invalid. */
export function checkCount(call: string, n: number): number {
  if (Number.isInteger(n) && n >= 0) return n;
  throw new RangeError(
    `Cannot ${call} as n must be a non-negative integer: current value is ${n}`,
  );
}
