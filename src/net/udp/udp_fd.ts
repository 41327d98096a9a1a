// SPDX-License-Identifier: MIT
/** Descriptors of UDP sockets. Go: net/udpsock_posix.go. */
import { platform } from "../../../platforms/platform.ts";
import type { PacketOption } from "../../../platforms/contract/packets.ts";
import type { Family } from "../../../platforms/contract/platform.ts";
import type { FdOp } from "../../fd/fd.ts";
import { SyscallError } from "../../fd/errors.ts";
import { type UDPAddr, udpAddr } from "../addr/addr.ts";
import { OpError } from "../errors.ts";
import { NetFD } from "../socket/net_fd.ts";

/** See the top of this file. */
export class UDPFD extends NetFD<UDPAddr> {
  /** The version of IP of its socket. */
  readonly family: Family;
  /** Asked of the kernel at the first need; null before. */
  #cuts: boolean | null = null;

  constructor(sysfd: number, net: string, family: Family) {
    super(sysfd, net, udpAddr);
    this.family = family;
  }

  /** An error that the network reported is of one datagram, and told by the next call. */
  override init(): number {
    const done = super.init();
    if (done >= 0) this.pd!.reportsErrors = true;
    return done;
  }

  /** As with a listener. */
  protected override get closesAtOnce(): boolean {
    return true;
  }

  /** Sets an option; a failure is an OpError of "set". */
  setPacketOption(option: PacketOption, value: number): void {
    this.configure(() => platform().packets.setOption(this.sysfd, option, value));
  }

  /** Sets an option that not every kernel has. Whether this one has. */
  trySetPacketOption(option: PacketOption, value: number): boolean {
    const set = () => platform().packets.setOption(this.sysfd, option, value) >= 0;
    return this.use("set", set, true);
  }

  /** Whether the kernel cuts what it is to send: one that cannot would send it whole. */
  get cuts(): boolean {
    return this.#cuts ??= this.trySetPacketOption("UDP_SEGMENT", 0);
  }

  /** Calls what sets an option; a failure is an OpError of "set". */
  configure(call: () => number): void {
    this.use("set", () => {
      const done = call();
      if (done < 0) throw this.fail("set", new SyscallError("setsockopt", -done), true);
    }, true);
  }

  /** As in Go, this end is the source also of what has no other end. */
  protected override fail(op: FdOp, cause: Error, ownEnd = false): OpError {
    if (ownEnd || this.remoteAddr !== null) return super.fail(op, cause, ownEnd);
    return new OpError(op, this.net, this.localAddr, null, cause);
  }
}
