// SPDX-License-Identifier: MIT
/** What differs between the connections of TCP and of other streams. */
import type { RawAddress } from "../../platforms/types.ts";
import { type Addr, TCPAddr, tcpAddr } from "../net/addr.ts";
import type { Conn } from "../net/net.ts";
import { NetFD } from "../net/net_fd.ts";
import { tcpNetwork } from "../net/resolve.ts";
import { TCPConn } from "../net/tcp_conn.ts";

/** One for all connections of a listener. */
export interface StreamNet {
  /** "tcp4", "unix". */
  readonly name: string;
  /** What an end is that the kernel would not name. */
  readonly nowhere: Addr;
  /** Whether its ends are endpoints of the internet; and whether a close may lose what was sent. */
  readonly internet: boolean;
  /** The address that the kernel gave. */
  addr(raw: RawAddress): Addr;
  /** A goroutine's connection over `sysfd`, and its descriptor, not yet registered. */
  adopt(sysfd: number, local: Addr, remote: Addr): { fd: NetFD<Addr>; conn: Conn };
}

/** That of `network`. Throws UnknownNetworkError if there are no streams on it. */
export function streamNet(network: string): StreamNet {
  return tcpNet(tcpNetwork(network));
}

function tcpNet(name: string): StreamNet {
  return {
    name,
    nowhere: new TCPAddr("", 0),
    internet: true,
    addr: tcpAddr,
    adopt(sysfd, local, remote) {
      const fd = new NetFD<TCPAddr>(sysfd, name, tcpAddr);
      fd.setAddrs(local as TCPAddr, remote as TCPAddr);
      return { fd, conn: new TCPConn(fd) };
    },
  };
}
