// SPDX-License-Identifier: MIT
/** TCP connections and listeners. Go: net/tcpsock.go, types TCPConn and TCPListener. */
import { platform } from "../../../platforms/platform.ts";
import { TCPAddr, tcpAddr } from "../addr/addr.ts";
import { isUnspecified, parseIP } from "../addr/ip.ts";
import type { TCPOptions } from "../options/options.ts";
import type { NetFD } from "../socket/net_fd.ts";
import { StreamConn } from "../socket/stream_conn.ts";
import { type ListenFD, StreamListener } from "../socket/stream_listener.ts";
import { TCPFD } from "./tcp_fd.ts";

const NOWHERE = new TCPAddr("", 0);

/** TCP connection, as `dial` and `accept` return it. See {@linkcode Conn}. */
export class TCPConn extends StreamConn<TCPAddr> {
  /** @internal */
  protected override get nowhere(): TCPAddr {
    return NOWHERE;
  }
}

/**
 * Returns the `linger` option of accepted connections if the listening socket has SO_LINGER set,
 * which they inherit.
 */
export function lingerOf(sysfd: number): number | undefined {
  const seconds = platform().sockets.linger(sysfd);
  return seconds < 0 ? undefined : seconds;
}

/** Options of a connection's close. */
export type CloseOptions = Pick<TCPOptions, "linger" | "lingerTimeout">;

/** Creates the connection over `fd` with these close options. */
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

/** TCP listener, as `listen` returns it. See {@linkcode Listener}. */
export class TCPListener extends StreamListener<TCPAddr, TCPConn> {
  /** Local address of accepted connections; null if it can differ between them. */
  readonly #localAddr: TCPAddr | null;
  /** Close options of accepted connections. @internal */
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
    const fd = new TCPFD(sysfd, this.netFD.net);
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
