// SPDX-License-Identifier: MIT
/** TCP listeners. Go: net/tcpsock.go, type TCPListener. */
import { platform } from "../../platforms/runtime.ts";
import { SyscallError } from "../poll/errors.ts";
import { releaseSpare } from "../poll/exhaustion.ts";
import type { Routine } from "../sched/goroutine.ts";
import { DISOWN } from "../sched/ownership.ts";
import type { Cancel } from "../sync/cancel.ts";
import type { SelectCase } from "../sync/select_case.ts";
import { type TCPAddr, tcpAddr } from "./addr.ts";
import { type Deadline, toMonotonic } from "./deadline.ts";
import { OpError } from "./errors.ts";
import { isUnspecified, parseIP } from "./ip.ts";
import type { Listener } from "./net.ts";
import { NetFD } from "./net_fd.ts";
import { AcceptCase } from "./socket_cases.ts";
import { TCPConn } from "./tcp_conn.ts";

/** The descriptor of a listener. It holds the thread's spare descriptor while it is open. */
export class ListenFD extends NetFD<TCPAddr> {
  protected override release(): void {
    super.release();
    releaseSpare();
  }
}

/** A TCP listener, as `listen` gives it. See {@linkcode Listener}. */
export class TCPListener implements Listener {
  readonly #fd: ListenFD;
  /** The local end of every connection that is accepted, unless it differs from one to the next. */
  readonly #localAddr: TCPAddr | null;

  /** @internal */
  constructor(fd: ListenFD) {
    this.#fd = fd;
    const { localAddr } = fd;
    const ip = localAddr === null ? null : parseIP(localAddr.ip);
    this.#localAddr = ip === null || isUnspecified(ip) ? null : localAddr;
  }

  /** See {@linkcode Listener.accept}. */
  *accept(cancel?: Cancel): Routine<TCPConn> {
    return this.#adopt(yield* this.#fd.cancellable("accept", this.#fd.accept(), cancel));
  }

  /** See {@linkcode Listener.onAccept}. */
  onAccept(): SelectCase<{ value: TCPConn; ok: true }> {
    return new AcceptCase<TCPConn>(this.#fd, () => {
      try {
        const sysfd = this.#fd.tryAccept();
        return sysfd === null ? null : { conn: this.#adopt(sysfd) };
      } catch (error) {
        return { error };
      }
    });
  }

  #adopt(sysfd: number): TCPConn {
    const { sockets } = platform();
    const fd = new NetFD(sysfd, this.#fd.net, tcpAddr);
    fd.setAddrs(this.#localAddr, tcpAddr(sockets.peer()));
    const done = fd.init();
    if (done < 0) {
      sockets.close(sysfd);
      const cause = new SyscallError("epoll_ctl", -done);
      throw new OpError("accept", this.#fd.net, null, this.addr, cause);
    }
    return new TCPConn(fd);
  }

  /** See {@linkcode Listener.close}. */
  close(): void {
    this.#fd.close();
  }

  /** See {@linkcode Listener.addr}. */
  get addr(): TCPAddr {
    return this.#fd.localAddr!;
  }

  /** See {@linkcode Listener.fd}. */
  get fd(): number {
    return this.#fd.closed ? -1 : this.#fd.sysfd;
  }

  /** See {@linkcode Listener.setDeadline}. */
  setDeadline(at: Deadline): void {
    this.#fd.setReadDeadline(toMonotonic(at));
  }

  /** Closes it unless it is closed. */
  [Symbol.dispose](): void {
    this.#fd.closeQuietly();
  }

  /** @internal */
  [DISOWN](): void {
    this.#fd.disown();
  }
}
