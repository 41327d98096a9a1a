// SPDX-License-Identifier: MIT
/** The descriptor of an event loop's connection: its addresses, its registration, its close. */
import { scheduler } from "../../sched/thread.ts";
import type { Addr } from "../../net/addr/addr.ts";
import { OpError } from "../../net/errors.ts";
import { discardUnread, lingerClose } from "../../net/socket/lossless_close.ts";
import { hostOf, type NetFD } from "../../net/socket/net_fd.ts";
import type { Conn } from "../../net/net.ts";
import { netpoll } from "../../netpoll/netpoll.ts";
import type { Closer, PollDesc, PollHandler } from "../../netpoll/poll_desc.ts";
import { SyscallError } from "../../fd/errors.ts";
import type { RunQueue } from "../../sched/run_queue.ts";
import type { ConnHost } from "./conn_host.ts";
import { type Peer, peerAddr } from "./peer.ts";
import type { RunOwner } from "../../sched/goroutine.ts";
import type { StreamNet } from "./stream_net.ts";

/** See the top of this file. */
export abstract class ConnSocket<C> implements PollHandler, Closer {
  protected readonly host: ConnHost<C>;
  protected readonly sysfd: number;
  /** Its registration; null before and after. */
  protected pd: PollDesc | null = null;
  /** Whether bytes were ever sent. */
  protected wrote = false;
  /** Whether the peer has sent its last byte. */
  protected sawEnd = false;
  /** Whether the descriptor is shared with other owners. */
  protected shared = false;
  /** Its slot under a limit, released when it is closed; null without a limit. */
  tracked: NetFD<Addr> | null = null;
  readonly #net: StreamNet;
  readonly #peer: Peer;
  #local: Addr | null = null;
  #remote: Addr | null = null;

  constructor(host: ConnHost<C>, net: StreamNet, sysfd: number, peer: Peer) {
    this.host = host;
    this.#net = net;
    this.sysfd = sysfd;
    this.#peer = peer;
  }

  /** See {@linkcode EventConn.localAddr}. */
  get localAddr(): Addr {
    if (this.#local === null && this.pd !== null) {
      const raw = this.host.sockets.localAddress(this.sysfd);
      if (typeof raw !== "number") this.#local = this.#net.addr(raw);
    }
    return this.#local ?? this.#net.nowhere;
  }

  /** See {@linkcode EventConn.remoteAddr}. */
  get remoteAddr(): Addr {
    return this.#remote ??= this.#peer === null ? this.#askRemote() : peerAddr(this.#peer);
  }

  /** Registers it with the poller. 0 or minus an errno. */
  register(): number {
    const pd = netpoll.open(this.sysfd);
    if (typeof pd === "number") return pd;
    // A client usually sends first: the first turn reads, before the poller reports.
    this.takeOver(pd);
    return 0;
  }

  /** Takes over a registration from its former owner. */
  takeOver(pd: PollDesc): void {
    if (!this.#net.internet) pd.hangup = true;
    pd.holder = this;
    pd.handler = this;
    this.pd = pd;
  }

  /** See {@linkcode Closer}. */
  share(): void {
    this.shared = true;
  }

  abstract pollReady(mode: number, toRun: RunQueue): void;
  abstract closeQuietly(): void;

  /** Returns the error of a system call. */
  protected failure(op: string, call: string, errno: number): OpError {
    return this.opError(op, new SyscallError(call, errno));
  }

  /** Returns an error of this connection. */
  protected opError(op: string, cause: Error): OpError {
    return new OpError(op, this.#net.name, this.localAddr, this.remoteAddr, cause);
  }

  /**
   * Closes the descriptor, counting its bounds from `since`. Unless it is reset, nothing that the
   * kernel has accepted is lost. A shared descriptor is closed here and otherwise left alone.
   */
  protected finish(reset: boolean, since: number): void {
    const { sysfd, tracked } = this;
    const { sockets, settings } = this.host;
    const { internet } = this.#net;
    const run = this.#unregister();
    const plain = reset || this.shared || !this.wrote || this.sawEnd;
    if (!plain && internet) {
      const lingers = lingerClose(sysfd, run, {
        since,
        timeout: settings.closeTimeout,
        address: () => hostOf(this.remoteAddr),
        holder: tracked,
        freed: () => tracked?.onFreed?.(),
      });
      if (lingers) tracked?.onLingering?.();
      return;
    }
    if (reset && !this.shared) sockets.setLinger(sysfd, 0);
    if (!plain) discardUnread(sysfd);
    sockets.close(sysfd);
    tracked?.onFreed?.();
  }

  /** Makes it a goroutine's connection. Returns minus an errno if the poller refuses it. */
  protected leave(): Conn | number {
    const { fd, conn } = this.#net.adopt(this.sysfd, this.localAddr, this.remoteAddr);
    this.#unregister();
    if (this.wrote) fd.wroteAt = scheduler.tick;
    if (this.shared) fd.share();
    if (this.tracked !== null) fd.onFreed = this.tracked.onFreed;
    const done = fd.init();
    if (done >= 0) return conn;
    this.host.sockets.close(this.sysfd);
    this.tracked?.onFreed?.();
    return done;
  }

  /** Peers of Unix sockets rarely have a name, which is not worth the memory of storing it. */
  #askRemote(): Addr {
    const raw = this.pd === null ? 0 : this.host.sockets.remoteAddress(this.sysfd);
    return typeof raw === "number" ? this.#net.nowhere : this.#net.addr(raw);
  }

  #unregister(): RunOwner | null {
    const pd = this.pd!;
    const run = pd.owner;
    this.pd = null;
    netpoll.close(pd);
    return run;
  }
}
