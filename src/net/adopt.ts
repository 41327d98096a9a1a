// SPDX-License-Identifier: MIT
/** Connections out of descriptors that another thread has accepted. */
import { platform } from "../../platforms/runtime.ts";
import { SyscallError } from "../poll/errors.ts";
import { type TCPAddr, tcpAddr } from "./addr.ts";
import { OpError } from "./errors.ts";
import type { Conn } from "./net.ts";
import { NetFD } from "./net_fd.ts";
import { tcpConnection } from "./tcp_conn.ts";

/** The networks whose connections can be adopted; their places are what threads tell each other. */
export const ADOPTABLE = ["tcp", "tcp4", "tcp6"] as const;

/**
 * The connection over `sysfd`, which is this thread's from now on, with the other end `remote`, and
 * `linger` as its listener has it.
 * Throws OpError, and closes it, when the poller will not have it.
 */
export function adopt(
  network: string,
  sysfd: number,
  remote: TCPAddr,
  linger: number | null | undefined,
): Conn {
  const fd = new NetFD(sysfd, network, tcpAddr);
  fd.setAddrs(null, remote);
  const done = fd.init();
  if (done >= 0) return tcpConnection(fd, linger);
  platform().sockets.close(sysfd);
  throw new OpError(
    "accept",
    network,
    null,
    null,
    new SyscallError(platform().registerName, -done),
  );
}
