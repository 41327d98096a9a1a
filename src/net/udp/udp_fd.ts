// SPDX-License-Identifier: MIT
/** Descriptors of UDP sockets. Go: net/udpsock_posix.go. */
import { platform } from "../../../platforms/platform.ts";
import type { PacketOption } from "../../../platforms/contract/packets.ts";
import type { Family, RawAddress } from "../../../platforms/contract/platform.ts";
import type { FdOp } from "../../fd/fd.ts";
import { SyscallError } from "../../fd/errors.ts";
import { type UDPAddr, udpAddr } from "../addr/addr.ts";
import { OpError } from "../errors.ts";
import { NetFD } from "../socket/net_fd.ts";
import { ReadAhead } from "../socket/read_ahead.ts";
import { CoalescedWrites } from "./coalesced_writes.ts";

/** See the top of this file. */
export class UDPFD extends NetFD<UDPAddr> {
  /** IP version of the socket. */
  readonly family: Family;
  /** What its reads have taken from the kernel before it was asked for. */
  readonly ahead: ReadAhead = new ReadAhead(this);
  /** What its writes have left for the end of the turn; null if each is sent at once. */
  coalesced: CoalescedWrites | null = null;
  /** Whether the kernel segments; null until first queried. */
  #cuts: boolean | null = null;

  constructor(sysfd: number, net: string, family: Family) {
    super(sysfd, net);
    this.family = family;
  }

  override nameOf(raw: RawAddress): UDPAddr {
    return udpAddr(raw);
  }

  /** Errors of the network concern one datagram; the next call reports them. */
  override init(): number {
    const done = super.init();
    if (done >= 0) this.pd!.reportsErrors = true;
    return done;
  }

  override get buffered(): boolean {
    return this.ahead.holds;
  }

  /** Has its writes wait for the end of the turn, where the system sends several by one call. */
  coalesce(): void {
    if (platform().packets.sendsMany === true) this.coalesced = new CoalescedWrites(this);
  }

  /**
   * Sends what waits for the end of the turn, for a call that sends by itself. Returns 0, or minus
   * EAGAIN.
   */
  sendHeld(): number {
    return this.coalesced === null ? 0 : this.coalesced.before();
  }

  override close(): void {
    if (!this.closed) this.coalesced?.close();
    super.close();
    this.ahead.drop();
  }

  crashed(): void {
    this.ahead.drop();
    this.coalesced?.crashed();
  }

  override detach(): number {
    if (!this.closed) this.coalesced?.close();
    const sysfd = super.detach();
    this.ahead.keep();
    return sysfd;
  }

  /** As for a listener. */
  protected override get closesAtOnce(): boolean {
    return true;
  }

  /** Sets an option; a failure is an OpError of "set". */
  setPacketOption(option: PacketOption, value: number): void {
    this.configure(() => platform().packets.setOption(this.sysfd, option, value));
  }

  /** Sends datagrams of this turn before an option changes, which is for later ones. */
  private sendWritten(): void {
    this.coalesced?.endTurn();
  }

  /** Sets an option that some kernels lack. Returns whether it is set. */
  trySetPacketOption(option: PacketOption, value: number): boolean {
    this.sendWritten();
    const set = () => platform().packets.setOption(this.sysfd, option, value) >= 0;
    return this.use("set", set, true);
  }

  /** Whether the kernel supports segmentation: one that does not would send the data whole. */
  get cuts(): boolean {
    return this.#cuts ??= this.trySetPacketOption("UDP_SEGMENT", 0);
  }

  /** Calls a function that sets an option; a failure is an OpError of "set". */
  configure(call: () => number): void {
    this.sendWritten();
    this.use("set", () => {
      const done = call();
      if (done < 0) throw this.fail("set", new SyscallError("setsockopt", -done), true);
    }, true);
  }

  /** As in Go, the error's source is the local address even without a remote one. */
  protected override fail(op: FdOp, cause: Error, ownEnd = false): OpError {
    if (ownEnd || this.remoteAddr !== null) return super.fail(op, cause, ownEnd);
    return new OpError(op, this.net, this.localAddr, null, cause);
  }
}
