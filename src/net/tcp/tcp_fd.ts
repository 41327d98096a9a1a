// SPDX-License-Identifier: MIT
/** Descriptors of TCP sockets. Go: net/tcpsock_posix.go. */
import type { RawAddress } from "../../../platforms/contract/platform.ts";
import { type TCPAddr, tcpAddr } from "../addr/addr.ts";
import { NetFD } from "../socket/net_fd.ts";
import { ListenFD } from "../socket/stream_listener.ts";

/** Descriptor of a TCP connection. */
export class TCPFD extends NetFD<TCPAddr> {
  override nameOf(raw: RawAddress): TCPAddr {
    return tcpAddr(raw);
  }
}

/** Descriptor of a TCP listener. */
export class TCPListenFD extends ListenFD<TCPAddr> {
  override nameOf(raw: RawAddress): TCPAddr {
    return tcpAddr(raw);
  }
}
