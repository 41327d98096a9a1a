// SPDX-License-Identifier: MIT
/** What differs between the connections of TCP and of Unix sockets. */
import { platform } from "../../../platforms/platform.ts";
import type { RawAddress } from "../../../platforms/contract/platform.ts";
import { type Addr, TCPAddr, tcpAddr } from "../../net/addr/addr.ts";
import type { Conn } from "../../net/net.ts";
import { NetFD } from "../../net/socket/net_fd.ts";
import { tcpNetwork } from "../../net/resolve/resolve.ts";
import { TCPConn } from "../../net/tcp/tcp.ts";
import { UNIX_NAMERS, UnixAddr } from "../../net/addr/unix_addr.ts";
import { UnixStream } from "../../net/unix/unix_conn.ts";
import { UnixFD } from "../../net/unix/unix_fd.ts";
import { SyscallError } from "../../fd/errors.ts";

/** One for all connections of a listener. */
export interface StreamNet {
  /** "tcp4", "unix". */
  readonly name: string;
  /** What an end is that the kernel would not name. */
  readonly nowhere: Addr;
  /**
   * Whether it is of the internet: its ends are endpoints, a short read means that all was read, and
   * a close may lose what was sent.
   */
  readonly internet: boolean;
  /** The address that the kernel gave. */
  addr(raw: RawAddress): Addr;
  /** A goroutine's connection over `sysfd`, and its descriptor, not yet registered. */
  adopt(sysfd: number, local: Addr, remote: Addr): { fd: NetFD<Addr>; conn: Conn };
}

/** That of `network`. Throws UnknownNetworkError if there are no streams on it. */
export function streamNet(network: string): StreamNet {
  return network === "unix" ? UNIX : tcpNet(tcpNetwork(network));
}

/**
 * Has the connection `fd` never wait, for then the whole loop would. Throws SyscallError if it is no
 * descriptor, and TypeError if it is no connection of `net`.
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
      const fd = new NetFD<TCPAddr>(sysfd, name, tcpAddr);
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
