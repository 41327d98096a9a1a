// SPDX-License-Identifier: MIT
/** Connections over descriptors that another thread has accepted. */
import { platform } from "../../../platforms/platform.ts";
import type { RawAddress } from "../../../platforms/contract/platform.ts";
import { SyscallError } from "../../fd/errors.ts";
import { type Addr, type TCPAddr, tcpAddr } from "../addr/addr.ts";
import { OpError } from "../errors.ts";
import type { Conn } from "../net.ts";
import type { NetFD } from "../socket/net_fd.ts";
import { type CloseOptions, tcpConnection } from "../tcp/tcp.ts";
import { isUnixNetwork, UNIX_NAMERS, type UnixAddr } from "../addr/unix_addr.ts";
import { UnixStream } from "../unix/unix_conn.ts";
import { UnixFD } from "../unix/unix_fd.ts";
import { TCPFD } from "../tcp/tcp_fd.ts";

/** Networks whose connections can be adopted; threads exchange their indexes in this list. */
export const ADOPTABLE = ["tcp", "tcp4", "tcp6", "unix", "unixpacket"] as const;

/** Element of {@linkcode ADOPTABLE}. */
export type AdoptableNetwork = typeof ADOPTABLE[number];

/** Converts the kernel address `raw` to an address of `network`. */
export function adoptedAddr(network: AdoptableNetwork, raw: RawAddress): TCPAddr | UnixAddr {
  return isUnixNetwork(network) ? UNIX_NAMERS[network](raw) : tcpAddr(raw);
}

/**
 * Creates a connection over `sysfd`, which this thread owns from now on, with the remote address
 * `remote` and the close options of its listener. Throws OpError, and closes it, if registration
 * with the poller fails.
 */
export function adopt(
  network: AdoptableNetwork,
  sysfd: number,
  remote: TCPAddr | UnixAddr,
  closing: CloseOptions,
): Conn {
  if (isUnixNetwork(network)) {
    return new UnixStream(registered(new UnixFD(sysfd, network), remote as UnixAddr));
  }
  return tcpConnection(registered(new TCPFD(sysfd, network), remote as TCPAddr), closing);
}

function registered<A extends Addr, F extends NetFD<A>>(fd: F, remote: A): F {
  fd.setAddrs(null, remote);
  const done = fd.init();
  if (done >= 0) return fd;
  platform().sockets.close(fd.sysfd);
  const cause = new SyscallError(platform().registerName, -done);
  throw new OpError("accept", fd.net, null, null, cause);
}
