// SPDX-License-Identifier: MIT
/** The sender of a datagram, as a connection that exists while the handler runs. */
import type { Addr, UDPAddr } from "../../net/addr/addr.ts";
import { checkBytes } from "../../fd/check_bytes.ts";
import { ClosedError } from "../../fd/errors.ts";
import { needFunction } from "../../validate/argument.ts";
import type { EventConn, Written } from "../api/conn.ts";
import { checkCount } from "../conn/conn_reader.ts";
const NOTHING = new Uint8Array(0);

/** Socket of such a connection. */
export interface Sending {
  readonly addr: Addr;
  readonly loop: number;
  readonly addrIndex: number;
  readonly fd: number;
  readonly closing: boolean;
  /**
   * Sends one datagram, now or at the end of the turn, and calls `written`. Returns false if there
   * was no room, and it was dropped. Throws OpError.
   */
  sendTo(bytes: Uint8Array, to: UDPAddr, written: Written | undefined): boolean;
}

/** One per socket; it is lent to the handler for each datagram. */
export class EventDatagramConn<C> implements EventConn<C> {
  context: C = undefined as C;
  lastActive = 0;
  readonly #socket: Sending;
  #input: Uint8Array = NOTHING;
  #taken = 0;
  #sender: UDPAddr | null = null;
  #lent = false;

  constructor(socket: Sending) {
    this.#socket = socket;
  }

  /** Makes it represent the sender of `input`, until {@linkcode giveBack}. */
  lend(input: Uint8Array, sender: UDPAddr, now: number): void {
    this.#lent = true;
    this.#input = input;
    this.#taken = 0;
    this.#sender = sender;
    this.lastActive = now;
  }

  /**
   * Invalidates it after the handler: a stale reference must not write to the sender of another
   * datagram.
   */
  giveBack(): void {
    this.#lent = false;
    this.#input = NOTHING;
    this.#taken = 0;
  }

  get addrIndex(): number {
    return this.#socket.addrIndex;
  }

  get loop(): number {
    return this.#socket.loop;
  }

  get fd(): number {
    return this.#socket.fd;
  }

  get closing(): boolean {
    return !this.#lent || this.#socket.closing;
  }

  get localAddr(): Addr {
    return this.#socket.addr;
  }

  get remoteAddr(): Addr {
    return this.#sender!;
  }

  get buffered(): number {
    return this.#input.length - this.#taken;
  }

  get pending(): number {
    return 0;
  }

  peek(n: number = this.buffered): Uint8Array | null {
    if (checkCount("peek", n) > this.buffered) return null;
    return this.#input.subarray(this.#taken, this.#taken + n);
  }

  next(n: number = this.buffered): Uint8Array | null {
    const bytes = this.peek(n);
    if (bytes !== null) this.#taken += n;
    return bytes;
  }

  discard(n: number = this.buffered): number {
    const discarded = Math.min(checkCount("discard", n), this.buffered);
    this.#taken += discarded;
    return discarded;
  }

  write(bytes: Uint8Array, written?: Written): boolean {
    checkBytes("write", bytes);
    if (written !== undefined) needFunction("write", "written", written);
    if (this.closing) {
      written?.(new ClosedError());
      return false;
    }
    return this.#socket.sendTo(bytes, this.#sender!, written);
  }

  /** Not supported: a datagram ends with its handler, so it cannot be woken, paused or closed. */
  wake(): void {}
  resume(): void {}
  pause(): void {}
  close(): void {}
  abort(): void {}
  detach(): void {}
  setDeadline(): void {}
  setIdleTimeout(): void {}
}
