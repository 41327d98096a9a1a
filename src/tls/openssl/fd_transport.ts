// SPDX-License-Identifier: MIT
/**
 * Ciphertext transport over one of the library's sockets: uses its system calls, pollDesc and
 * short-read rule directly.
 */
import type { KernelTLSCalls } from "../../../platforms/contract/kernel_tls.ts";
import type { FD } from "../../fd/fd.ts";
import { counters } from "../../fd/counters.ts";
import { SyscallError } from "../../fd/errors.ts";
import type { Watcher } from "../../net/io/half_conn.ts";
import type { Conn } from "../../net/net.ts";
import { lingerTimeoutOf, NetFD } from "../../net/socket/net_fd.ts";
import { sleep } from "../../sched/api.ts";
import { now } from "../../sched/clock.ts";
import type { Routine } from "../../sched/goroutine.ts";
import { goBounded } from "../../sched/spawn.ts";
import { scheduler } from "../../sched/thread.ts";
import { sendRest } from "./closing.ts";
import { NOTHING_YET, type Transport, type Way } from "./transport.ts";

/** Type of a record. RFC 8446, section 5.1. */
const ALERT = 21;
const ALERT_LENGTH = 2;
/** Intervals between looks at what the peer has not acknowledged. */
const FIRST_LOOK_MS = 1;
const LONGEST_LOOK_MS = 50;
/**
 * How long nothing must have been unacknowledged: the kernel's worker that moves records to TCP's
 * queue, which an acknowledgement may have emptied, runs within this time.
 */
const SETTLED_MS = 10;

/** See the top of this file. */
export class FDTransport implements Transport {
  readonly conn: Conn;
  readonly fd: FD;
  /** The calls of a socket whose kernel encrypts what is sent; null for one that sends as it is. */
  kernel: KernelTLSCalls | null = null;

  constructor(conn: Conn, fd: FD) {
    this.conn = conn;
    this.fd = fd;
  }

  get closed(): boolean {
    return this.fd.closed;
  }

  receive(into: Uint8Array): number {
    const { fd } = this;
    const pd = fd.pd!;
    while (pd.rready) {
      const n = fd.sockets.recv(fd.sysfd, into, into.length);
      if (n > 0) {
        // See ReadOperation: the socket is drained, and a later arrival causes a new edge.
        if (n < into.length && !pd.hangup) pd.rready = false;
        counters.read += n;
        if (fd.counts !== null) fd.counts.bytesRead += n;
        return n;
      }
      if (n === 0) {
        fd.sawEnd();
        return 0;
      }
      if (n === fd.again) {
        pd.rready = false;
        counters.again++;
      } else if (n !== fd.interrupted) throw new SyscallError("read", -n);
    }
    return NOTHING_YET;
  }

  /** Where the kernel encrypts, `bytes` are alerts. */
  send(bytes: Uint8Array, length: number): number {
    return this.kernel === null ? this.sendBytes(bytes, length) : this.#sendAlerts(bytes, length);
  }

  /** As `send`: ciphertext, or plaintext where the kernel encrypts. */
  sendBytes(bytes: Uint8Array, length: number): number {
    const { fd } = this;
    const pd = fd.pd!;
    while (pd.wready) {
      const n = fd.sockets.send(fd.sysfd, bytes, length);
      if (n >= 0) {
        fd.wroteAt = scheduler.tick;
        counters.written += n;
        if (fd.counts !== null) fd.counts.bytesWritten += n;
        return n;
      }
      if (n === fd.again) {
        pd.wready = false;
        counters.again++;
      } else if (n !== fd.interrupted) throw new SyscallError("write", -n);
    }
    return 0;
  }

  /** Each alert is a record of its own. RFC 8446, section 5.1. */
  #sendAlerts(alerts: Uint8Array, length: number): number {
    const { fd } = this;
    const pd = fd.pd!;
    let sent = 0;
    while (sent < length && pd.wready) {
      const alert = alerts.subarray(sent, sent + ALERT_LENGTH);
      const n = this.kernel!.sendRecord(fd.sysfd, ALERT, alert);
      if (n >= 0) sent += ALERT_LENGTH;
      else if (n === fd.again) pd.wready = false;
      else if (n !== fd.interrupted) throw new SyscallError("write", -n);
    }
    if (sent > 0) fd.wroteAt = scheduler.tick;
    return sent;
  }

  ready(way: Way): boolean {
    return this.fd.ready(way);
  }

  watch(way: Way, watcher: Watcher): void {
    if (!this.fd.closed) this.fd.pd!.watch(way, watcher);
  }

  unwatch(way: Way, watcher: Watcher): void {
    this.fd.pd!.unwatch(way, watcher);
  }

  wake(): void {
    if (this.fd.closed) return;
    const pd = this.fd.pd!;
    const [reader, writer] = [pd.unparkReader(), pd.unparkWriter()];
    if (reader !== null) scheduler.ready(reader);
    if (writer !== null) scheduler.ready(writer);
  }

  close(rest: Uint8Array | null): void {
    if (this.fd.closed) return;
    let left = rest;
    try {
      if (left !== null) left = left.subarray(this.send(left, left.length));
    } catch {
      left = null;
    }
    if (left?.length === 0) left = null;
    if (left === null && (rest === null || this.kernel === null)) return this.fd.closeQuietly();
    const { fd } = this;
    const run = fd.pd!.owner;
    const end = now() + lingerTimeoutOf(this.conn);
    // Not closed together with its run: the run waits for it instead.
    fd.disown();
    goBounded(
      run?.over === false ? run : null,
      "TLS close",
      () => this.#finish(left, end),
      () => {
        // The bounds of a close count from its beginning.
        if (fd instanceof NetFD) fd.lingerTimeout = Math.max(0, end - now());
        fd.closeQuietly();
      },
    );
  }

  abort(): void {
    if (!this.fd.closed) this.conn.abort();
  }

  /**
   * Whether the kernel may still hold records that are not in the queue of TCP: it moves them there
   * as the peer acknowledges, and never after a shutdown.
   */
  get #holdsRecords(): boolean {
    return !this.fd.closed && this.kernel !== null &&
      this.fd.sockets.unacknowledged(this.fd.sysfd) > 0;
  }

  /** Sends `left`, and waits for the records that the kernel holds, until the time `end`. Parks. */
  *#finish(left: Uint8Array | null, end: number): Routine<void> {
    if (left !== null) yield* sendRest(this, left, end);
    if (this.kernel === null) return;
    do {
      let look = FIRST_LOOK_MS;
      while (this.#holdsRecords && now() < end) {
        yield* sleep(Math.min(look, end - now()));
        look = Math.min(2 * look, LONGEST_LOOK_MS);
      }
      if (now() < end) yield* sleep(Math.min(SETTLED_MS, end - now()));
    } while (this.#holdsRecords && now() < end);
  }
}
