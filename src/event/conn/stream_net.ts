// SPDX-License-Identifier: MIT
/** Differences between TCP and Unix connections. */
import { platform } from "../../../platforms/platform.ts";
import type { RawAddress } from "../../../platforms/contract/platform.ts";
import { type Addr, TCPAddr, tcpAddr } from "../../net/addr/addr.ts";
import type { Conn } from "../../net/net.ts";
import type { NetFD } from "../../net/socket/net_fd.ts";
import { tcpNetwork } from "../../net/resolve/resolve.ts";
import { TCPConn } from "../../net/tcp/tcp.ts";
import { UNIX_NAMERS, UnixAddr } from "../../net/addr/unix_addr.ts";
import { UnixStream } from "../../net/unix/unix_conn.ts";
import { UnixFD } from "../../net/unix/unix_fd.ts";
import { SyscallError } from "../../fd/errors.ts";
import { TCPFD } from "../../net/tcp/tcp_fd.ts";

/** One per listener. */
export interface StreamNet {
  /** "tcp4", "unix". */
  readonly name: string;
  /** Address of an end that the kernel does not name. */
  readonly nowhere: Addr;
  /**
   * Whether it is an internet network: its ends are endpoints, a short read means that the socket
   * is drained, and a close may lose sent data.
   */
  readonly internet: boolean;
  /** Decodes an address of the kernel. */
  addr(raw: RawAddress): Addr;
  /** Returns a goroutine's connection over `sysfd`, and its descriptor, not yet registered. */
  adopt(sysfd: number, local: Addr, remote: Addr): { fd: NetFD<Addr>; conn: Conn };
}

/** Returns the one for `network`. Throws UnknownNetworkError if it has no streams. */
export function streamNet(network: string): StreamNet {
  return network === "unix" ? UNIX : tcpNet(tcpNetwork(network));
}

/**
 * Makes the connection `fd` non-blocking, since a blocking one would stop the loop. Throws
 * SyscallError if it is not a descriptor, and TypeError if it is not a connection of `net`.
 */
export function readyToAdopt(fd: number, net: StreamNet): void {
  const calls = platform().descriptors;
  const kind = calls.kind(fd);
  if (typeof kind === "number") throw new SyscallError("getsockopt", -kind);
  const { domain, type, listening } = kind;
  const fits = net.internet ? domain === "ip4" || domain === "ip6" : domain === "unix";
  if (!fits || type !== "stream" || listening) {
    throw new TypeError(`Cannot adopt descriptor ${fd} as it is not a ${net.name} connection`);
  }
  const done = calls.setNonBlocking(fd, true);
  if (done < 0) throw new SyscallError("fcntl", -done);
}

function tcpNet(name: string): StreamNet {
  return {
    name,
    nowhere: new TCPAddr("", 0),
    internet: true,
    addr: tcpAddr,
    adopt(sysfd, local, remote) {
      const fd = new TCPFD(sysfd, name);
      fd.setAddrs(local as TCPAddr, remote as TCPAddr);
      return { fd, conn: new TCPConn(fd) };
    },
  };
}

const UNIX: StreamNet = {
  name: "unix",
  nowhere: new UnixAddr("@"),
  internet: false,
  addr: UNIX_NAMERS.unix,
  adopt(sysfd, local, remote) {
    const fd = new UnixFD(sysfd, "unix");
    fd.setAddrs(local as UnixAddr, remote as UnixAddr);
    return { fd, conn: new UnixStream(fd) };
  },
};
