// SPDX-License-Identifier: MIT
/** A descriptor that knows its network and its two ends, and says so in errors. Go: net/fd_posix.go. */
import type { IntOption } from "../../platforms/types.ts";
import { FD, type FdOp } from "../poll/fd.ts";
import { SyscallError } from "../poll/errors.ts";
import { type Addr, type TCPAddr, tcpAddr } from "./addr.ts";
import { OpError } from "./errors.ts";
import { lingerClose } from "./linger.ts";

/** See the top of this file. */
export class NetFD extends FD {
  /** "tcp", "tcp4", "tcp6". */
  readonly net: string;
  #localAddr: TCPAddr | null = null;
  #remoteAddr: TCPAddr | null = null;
  /** Whether `close` leaves all to the kernel, as the user asked by SO_LINGER or by `abort`. */
  #plainClose = false;

  constructor(sysfd: number, net: string) {
    super(sysfd);
    this.net = net;
  }

  /** This end; asked of the kernel at the first need, and at the latest when it closes. */
  get localAddr(): TCPAddr | null {
    if (this.#localAddr === null && !this.closed) {
      const raw = this.sockets.localAddress(this.sysfd);
      if (typeof raw !== "number") this.#localAddr = tcpAddr(raw);
    }
    return this.#localAddr;
  }

  /** The other end; null for a listener. */
  get remoteAddr(): TCPAddr | null {
    return this.#remoteAddr;
  }

  /** Says who is at the two ends, where that is known without asking. */
  setAddrs(local: TCPAddr | null, remote: TCPAddr | null): void {
    this.#localAddr = local;
    this.#remoteAddr = remote;
  }

  /** Sets an option; a failure is an OpError of "set". */
  setOption(option: IntOption, value: number): void {
    this.use("set", () => {
      const done = this.sockets.setOption(this.sysfd, option, value);
      if (done < 0) throw this.fail("set", new SyscallError("setsockopt", -done));
    });
  }

  /** Sets or clears SO_LINGER; once it is set, `close` is the kernel's own. */
  setLinger(seconds: number | null): void {
    this.use("set", () => {
      const done = this.sockets.setLinger(this.sysfd, seconds ?? -1);
      if (done < 0) throw this.fail("set", new SyscallError("setsockopt", -done));
      this.#plainClose = seconds !== null;
    });
  }

  override close(): void {
    if (!this.closed) void this.localAddr;
    super.close();
  }

  protected override fail(op: FdOp, cause: Error): OpError {
    return new OpError(op, this.net, this.localAddr, this.remoteAddr, cause);
  }

  /** Nothing is lost by a plain close if nothing was written, or if the peer cannot send any more. */
  protected override release(): void {
    if (this.#plainClose || !this.wrote || this.sawEOF) super.release();
    else lingerClose(this.sysfd, this.run);
  }
}

/** The text of an address, or "" where there is none. */
export function addrText(addr: Addr | null): string {
  return addr === null ? "" : String(addr);
}
