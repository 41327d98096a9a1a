// SPDX-License-Identifier: MIT
/** TCP connections and listeners. Go: net/tcpsock.go, types TCPConn and TCPListener. */
import { platform } from "../../../platforms/platform.ts";
import { TCPAddr, tcpAddr } from "../addr/addr.ts";
import { isUnspecified, parseIP } from "../addr/ip.ts";
import { NetFD } from "../socket/net_fd.ts";
import { StreamConn } from "../socket/stream_conn.ts";
import { type ListenFD, StreamListener } from "../socket/stream_listener.ts";

const NOWHERE = new TCPAddr("", 0);

/** A TCP connection, as `dial` and `accept` give it. See {@linkcode Conn}. */
export class TCPConn extends StreamConn<TCPAddr> {
  /** @internal */
  protected override get nowhere(): TCPAddr {
    return NOWHERE;
  }
}

/** The `linger` of what a listener accepts where its socket has one already: connections inherit it. */
export function lingerOf(sysfd: number): number | undefined {
  const seconds = platform().sockets.linger(sysfd);
  return seconds < 0 ? undefined : seconds;
}

/** The connection over `fd`, which does this when it is closed, if the user said so. */
export function tcpConnection(fd: NetFD<TCPAddr>, linger: number | null | undefined): TCPConn {
  try {
    if (linger !== undefined) fd.setLinger(linger);
    return new TCPConn(fd);
  } catch (error) {
    fd.closeQuietly();
    throw error;
  }
}

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
