// SPDX-License-Identifier: MIT
/** TCP listeners. Go: net/tcpsock.go, type TCPListener. */
import { platform } from "../../../platforms/platform.ts";
import { type TCPAddr, tcpAddr } from "../addr/addr.ts";
import { isUnspecified, parseIP } from "../addr/ip.ts";
import { NetFD } from "../socket/net_fd.ts";
import { type ListenFD, StreamListener } from "../socket/stream_listener.ts";
import { type TCPConn, tcpConnection } from "../tcp_conn.ts";

/** A TCP listener, as `listen` gives it. See {@linkcode Listener}. */
export class TCPListener extends StreamListener<TCPAddr, TCPConn> {
  /** The local end of every connection that is accepted, unless it differs from one to the next. */
  readonly #localAddr: TCPAddr | null;
  /** What every connection that is accepted does when it is closed, if the user said so. @internal */
  readonly linger: number | null | undefined;

  /** @internal */
  constructor(fd: ListenFD<TCPAddr>, linger?: number | null) {
    super(fd);
    this.linger = linger;
    const { localAddr } = fd;
    const ip = localAddr === null ? null : parseIP(localAddr.ip);
    this.#localAddr = ip === null || isUnspecified(ip) ? null : localAddr;
  }

  /** @internal */
  protected override accepted(sysfd: number): NetFD<TCPAddr> {
    const fd = new NetFD(sysfd, this.netFD.net, tcpAddr);
    const { sockets } = platform();
    const packed = sockets.packedPeer();
    fd.setAddrs(this.#localAddr, packed >= 0 ? packed : tcpAddr(sockets.peer()));
    return fd;
  }

  /** @internal */
  protected override connection(fd: NetFD<TCPAddr>): TCPConn {
    return tcpConnection(fd, this.linger);
  }
}
