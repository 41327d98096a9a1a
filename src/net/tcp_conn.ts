// SPDX-License-Identifier: MIT
/** TCP connections. Go: net/tcpsock.go, type TCPConn. */
import { TCPAddr } from "./addr.ts";
import { StreamConn } from "./stream_conn.ts";

const NOWHERE = new TCPAddr("", 0);

/** A TCP connection, as `dial` and `accept` give it. See {@linkcode Conn}. */
export class TCPConn extends StreamConn<TCPAddr> {
  /** @internal */
  protected override get nowhere(): TCPAddr {
    return NOWHERE;
  }
}
