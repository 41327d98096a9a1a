// SPDX-License-Identifier: MIT
/**
 * Writes of a UDP socket that are sent together at the end of the scheduler's turn. See
 * {@linkcode PacketOptions.coalesce}.
 */
import { platform } from "../../../platforms/platform.ts";
import type { PacketCalls } from "../../../platforms/contract/packets.ts";
import type { RawAddress } from "../../../platforms/contract/platform.ts";
import { counters } from "../../fd/counters.ts";
import { SyscallError } from "../../fd/errors.ts";
import type { Watcher } from "../../netpoll/poll_extras.ts";
import { scheduler } from "../../sched/thread.ts";
import type { TurnTask } from "../../sched/turn_tasks.ts";
import { type UDPAddr, udpAddr } from "../addr/addr.ts";
import { OpError } from "../errors.ts";
import { DatagramQueue } from "../socket/datagram_queue.ts";
import type { DatagramSender } from "../socket/datagram_sender.ts";
import type { NetFD } from "../socket/net_fd.ts";

/** See the top of this file. */
export class CoalescedWrites implements DatagramSender, TurnTask, Watcher {
  readonly #fd: NetFD<UDPAddr>;
  readonly #calls: PacketCalls = platform().packets;
  readonly #again: number = -platform().errno.EAGAIN;
  readonly #queue: DatagramQueue;
  /** Error of a datagram whose write has returned; the next write throws it. */
  #deferred: OpError | null = null;
  /** Whether the end of the turn flushes it. */
  #scheduled = false;
  /** Whether it waits for the socket to be writable. */
  #waiting = false;
  readonly #failed = (errno: number, _i: number, address: RawAddress | null) => {
    this.#deferred ??= this.#failure(errno, address);
  };

  constructor(fd: NetFD<UDPAddr>) {
    this.#fd = fd;
    this.#queue = new DatagramQueue(fd.remoteAddr === null);
  }

  /** See {@linkcode DatagramSender.send}. Throws the error of an earlier datagram. */
  send(p: Uint8Array, length: number, address: RawAddress | null): number {
    if (this.#deferred !== null) throw this.#takeDeferred();
    // A write without a destination on an unconnected socket: its error is known at once.
    if (address === null && this.#fd.remoteAddr === null) return this.#single(p, length, null);
    const queue = this.#queue;
    if (queue.full && !this.#flush()) return this.#again;
    if (!queue.add(p, length, address)) return this.#single(p, length, address);
    if (queue.full) this.#flush();
    else if (!this.#scheduled) {
      this.#scheduled = true;
      scheduler.atTurnEnd(this);
    }
    return length;
  }

  /**
   * Sends what waits, for a call that sends by itself. Returns 0, or minus EAGAIN if the kernel has
   * no room. Throws the error of an earlier datagram.
   */
  before(): number {
    const done = this.#queue.empty || this.#flush();
    if (this.#deferred !== null) throw this.#takeDeferred();
    return done ? 0 : this.#again;
  }

  /** Sends what waits; what the kernel has no room for is lost, as is an error. */
  close(): void {
    this.#flush();
    this.#queue.drop();
    this.#watch(false);
    this.#deferred = null;
  }

  /** Releases the memory of what waits: the machine has crashed. */
  crashed(): void {
    this.#queue.drop();
  }

  /** See {@linkcode TurnTask}. */
  endTurn(): void {
    this.#scheduled = false;
    if (!this.#waiting) this.#flush();
  }

  /** The socket may be writable, or its deadline has passed. */
  retry(): void {
    if (this.#fd.pd!.wready) this.#flush();
  }

  /** Sends one datagram after those that wait. */
  #single(p: Uint8Array, length: number, address: RawAddress | null): number {
    const held = this.before();
    if (held < 0) return held;
    const { sysfd } = this.#fd;
    return address === null
      ? this.#calls.send(sysfd, p, length)
      : this.#calls.sendTo(sysfd, p, length, address);
  }

  /** Returns false if the kernel has no room for all that waits; the rest is then sent later. */
  #flush(): boolean {
    const fd = this.#fd;
    const pd = fd.pd!;
    // A host that crashed, in a simulation, has lost the descriptor, whose number is another's.
    if (pd.holder !== fd) this.#queue.drop();
    const done = this.#queue.flush(fd.sysfd, this.#failed);
    if (!done) {
      pd.wready = false;
      counters.again++;
    }
    if (done === this.#waiting) this.#watch(!done);
    return done;
  }

  #watch(on: boolean): void {
    if (on === this.#waiting) return;
    this.#waiting = on;
    if (on) this.#fd.pd!.watch("write", this);
    else this.#fd.pd!.unwatch("write", this);
  }

  #takeDeferred(): OpError {
    const deferred = this.#deferred!;
    this.#deferred = null;
    return deferred;
  }

  #failure(errno: number, address: RawAddress | null): OpError {
    const { net, localAddr, remoteAddr } = this.#fd;
    const to = address === null ? remoteAddr : udpAddr(address);
    const cause = new SyscallError("sendmmsg", errno, " (an earlier datagram)");
    return Object.assign(new OpError("write", net, localAddr, to, cause), {
      earlierDatagram: true as const,
    });
  }
}
