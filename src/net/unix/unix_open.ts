// SPDX-License-Identifier: MIT
/** Opens Unix sockets. Go: net/unixsock_posix.go, unixSocket. */
import type { UnixType } from "../../../platforms/contract/packets.ts";
import { platform } from "../../../platforms/platform.ts";
import type { RawAddress } from "../../../platforms/contract/platform.ts";
import { SyscallError } from "../../fd/errors.ts";
import { DeadlineExceededError } from "../../context/errors.ts";
import { holdSpare } from "../../fd/accept_backoff.ts";
import { sleep } from "../../sched/api.ts";
import type { Routine } from "../../sched/goroutine.ts";
import type { FD } from "../../fd/fd.ts";
import { AddrError } from "../addr/errors.ts";
import { addressError, asError, OpError } from "../errors.ts";
import type { CallDeadline } from "../options/call_options.ts";
import type { DialOptions, ListenOptions, SocketOptions } from "../options/options.ts";
import { setSocketOptions } from "../options/apply.ts";
import {
  UNIX_NAMERS,
  UnixAddr,
  type UnixName,
  unixName,
  type UnixNetwork,
} from "../addr/unix_addr.ts";
import { UnixStream } from "./unix_conn.ts";
import { UnixFD, UnixListenFD } from "./unix_fd.ts";
import { bindUnix, type SocketFile } from "./unix_file.ts";
import { UnixStreamListener } from "./unix_listener.ts";
import { UnixgramSocket } from "./unixgram_conn.ts";
import { now } from "../../sched/clock.ts";

const TYPES: Readonly<Record<UnixNetwork, UnixType>> = {
  unix: "stream",
  unixgram: "dgram",
  unixpacket: "seqpacket",
};

/** Initial interval, in milliseconds, between connects to a listener with a full queue. */
const FIRST_WAIT_MS = 1;
const LONGEST_WAIT_MS = 50;

/** The operation, for errors. */
interface Call {
  readonly op: "listen" | "dial";
  readonly network: UnixNetwork;
  readonly source: UnixAddr | null;
  readonly addr: UnixAddr;
}

function failure({ op, network, source, addr }: Call, error: unknown): OpError {
  return error instanceof OpError ? error : new OpError(op, network, source, addr, asError(error));
}

/** Parses an address; an invalid one is an OpError. */
function nameOf(call: Call, address: string): UnixName {
  try {
    return unixName(address);
  } catch (error) {
    throw addressError(call.op, call.network, error);
  }
}

/** Opens a socket with these options. Throws SyscallError. */
function open(network: UnixNetwork, address: string, options: SocketOptions): number {
  const { sockets } = platform();
  const check = (result: number, syscall: string) => {
    if (result < 0) throw new SyscallError(syscall, -result);
    return result;
  };
  const sysfd = check(platform().unix.socket(TYPES[network]), "socket");
  try {
    setSocketOptions({ sysfd, family: "unix", network, address, check }, options);
    return sysfd;
  } catch (error) {
    sockets.close(sysfd);
    throw error;
  }
}

/** Binds and registers a socket: common to listeners and datagram sockets. */
function bound<F extends FD & { file: SocketFile | null }>(
  call: Call,
  options: SocketOptions,
  make: (sysfd: number) => F,
  ready: (sysfd: number) => number,
): F {
  const { sockets } = platform();
  const address = call.addr.name;
  const name = nameOf(call, address);
  let sysfd = -1;
  let file: SocketFile | null = null;
  try {
    sysfd = open(call.network, address, options);
    file = bindUnix(sysfd, name);
    const listening = ready(sysfd);
    if (listening < 0) throw new SyscallError("listen", -listening);
    const fd = make(sysfd);
    fd.file = file;
    const done = fd.init();
    if (done < 0) throw new SyscallError(platform().registerName, -done);
    return fd;
  } catch (error) {
    file?.remove();
    if (sysfd >= 0) sockets.close(sysfd);
    throw failure(call, error);
  }
}

/** Listens. */
export function listenUnix(
  network: "unix" | "unixpacket",
  address: string,
  options: ListenOptions,
): UnixStreamListener {
  const { sockets } = platform();
  const call: Call = { op: "listen", network, source: null, addr: new UnixAddr(address, network) };
  const { backlog = sockets.maxBacklog(), ...rest } = options;
  const make = (sysfd: number) => new UnixListenFD(sysfd, network);
  const fd = bound(call, rest, make, (sysfd) => sockets.listen(sysfd, backlog));
  holdSpare();
  return new UnixStreamListener(fd);
}

/** Opens a datagram socket. */
export function listenUnixgram(address: string, options: SocketOptions): UnixgramSocket {
  const addr = new UnixAddr(address, "unixgram");
  const call: Call = { op: "listen", network: "unixgram", source: null, addr };
  const make = (sysfd: number) => new UnixFD(sysfd, "unixgram");
  return new UnixgramSocket(bound(call, options, make, () => 0));
}

/** Connects. Parks while the listener's queue is full. */
export function* dialUnix(
  network: UnixNetwork,
  address: string,
  options: DialOptions,
  limits: CallDeadline,
): Routine<UnixStream | UnixgramSocket> {
  const { localAddress } = options;
  const source = localAddress === undefined ? null : new UnixAddr(localAddress, network);
  const call: Call = { op: "dial", network, source, addr: new UnixAddr(address, network) };
  if (address === "") throw addressError("dial", network, new AddrError("missing address", ""));
  const remote = nameOf(call, address);
  const local = localAddress === undefined ? null : nameOf(call, localAddress);
  const fd = yield* limits.heed(
    connected(call, remote, local, options, limits),
    (error) => failure(call, error),
  );
  return network === "unixgram" ? new UnixgramSocket(fd) : new UnixStream(fd);
}

function* connected(
  call: Call,
  remote: UnixName,
  local: UnixName | null,
  options: DialOptions,
  limits: CallDeadline,
): Routine<UnixFD> {
  const { sockets } = platform();
  const { network } = call;
  let sysfd = -1;
  let file: SocketFile | null = null;
  let done = false;
  try {
    sysfd = open(network, call.addr.name, options);
    if (local !== null) file = bindUnix(sysfd, local);
    yield* connect(sysfd, remote.raw, limits);
    const fd = new UnixFD(sysfd, network);
    fd.setAddrs(null, UNIX_NAMERS[network](remote.raw));
    fd.file = file;
    const registered = fd.init();
    if (registered < 0) throw new SyscallError(platform().registerName, -registered);
    done = true;
    return fd;
  } catch (error) {
    throw failure(call, error);
  } finally {
    // Also if the goroutine is ended while it waits.
    if (!done) {
      file?.remove();
      if (sysfd >= 0) sockets.close(sysfd);
    }
  }
}

/**
 * A full queue is reported by EAGAIN; when it has room again is not reported at all, so this polls.
 */
function* connect(sysfd: number, address: RawAddress, limits: CallDeadline): Routine<void> {
  const { sockets, errno } = platform();
  for (let wait = FIRST_WAIT_MS;; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    const done = sockets.connect(sysfd, address);
    if (done >= 0 || done === -errno.EISCONN) return;
    if (done === -errno.EINTR) continue;
    if (done !== -errno.EAGAIN) throw new SyscallError("connect", -done);
    const left = limits.until - now();
    if (left <= 0) throw new DeadlineExceededError();
    yield* sleep(Math.min(wait, left));
  }
}
