// SPDX-License-Identifier: MIT
/** A direction of a TLS connection, whose waiters also wait for the underlying connection. */
import { HalfConn, type Watcher } from "../../net/io/half_conn.ts";
import type { Transport, Way } from "./transport.ts";

/** See the top of this file. */
export class TransportHalf extends HalfConn implements Watcher {
  readonly transport: Transport;
  readonly way: Way;
  /** Number of waiters. */
  waiting = 0;
  /** Whether the waiters wait for the underlying connection too. */
  watches: boolean;

  /** @param watches false if they wait for the handshake alone, until `start` */
  constructor(transport: Transport, way: Way, watches = true) {
    super("IO wait");
    this.transport = transport;
    this.way = way;
    this.watches = watches;
    this.onWatch = begin;
    this.onUnwatch = end;
  }

  /** After the handshake nearly all waits are the socket's: an idle connection keeps nothing. */
  protected override get reuses(): boolean {
    return false;
  }

  /** Retries when the underlying connection may be ready. */
  retry(): void {
    this.changed();
  }

  /** Has the waiters wait for the underlying connection from now on. A second call does nothing. */
  start(): void {
    if (this.watches) return;
    this.watches = true;
    if (this.waiting > 0) this.transport.watch(this.way, this);
  }
}

function begin(this: TransportHalf): void {
  if (this.waiting++ === 0 && this.watches) this.transport.watch(this.way, this);
}

function end(this: TransportHalf): void {
  if (--this.waiting === 0 && this.watches) this.transport.unwatch(this.way, this);
}
