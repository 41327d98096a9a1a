// SPDX-License-Identifier: MIT
/** TCP connections and listeners. Go: net/tcpsock.go, types TCPConn and TCPListener. */
import { platform } from "../../../platforms/platform.ts";
import { TCPAddr, tcpAddr } from "../addr/addr.ts";
import { isUnspecified, parseIP } from "../addr/ip.ts";
import type { TCPOptions } from "../options/options.ts";
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

/** How a connection is closed, where the user said so. */
export type CloseOptions = Pick<TCPOptions, "linger" | "lingerTimeout">;

/** The connection over `fd`, which does this when it is closed. */
export function tcpConnection(fd: NetFD<TCPAddr>, options: CloseOptions): TCPConn {
  const { linger, lingerTimeout } = options;
  try {
    if (linger !== undefined) fd.setLinger(linger);
    if (lingerTimeout !== undefined) fd.lingerTimeout = lingerTimeout;
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
  /** What every connection that is accepted does when it is closed. @internal */
  readonly closing: CloseOptions;

  /** @internal */
  constructor(fd: ListenFD<TCPAddr>, { linger, lingerTimeout }: CloseOptions = {}) {
    super(fd);
    this.closing = { linger, lingerTimeout };
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
    return tcpConnection(fd, this.closing);
  }
}
