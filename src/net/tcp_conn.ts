// SPDX-License-Identifier: MIT
/** TCP connections. Go: net/tcpsock.go, type TCPConn. */
import { TCPAddr } from "./addr/addr.ts";
import type { NetFD } from "./socket/net_fd.ts";
import { StreamConn } from "./socket/stream_conn.ts";

const NOWHERE = new TCPAddr("", 0);

/** A TCP connection, as `dial` and `accept` give it. See {@linkcode Conn}. */
export class TCPConn extends StreamConn<TCPAddr> {
  /** @internal */
  protected override get nowhere(): TCPAddr {
    return NOWHERE;
  }
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
