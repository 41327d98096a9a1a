// SPDX-License-Identifier: MIT
/** Dialling. Go: net/dial.go, Dial; net/tcpsock_posix.go, doDialTCP. */
import { platform } from "../../platforms/runtime.ts";
import type { Endpoint, IntOption, RawAddress } from "../../platforms/types.ts";
import { ERR_DEADLINE, SyscallError } from "../poll/errors.ts";
import type { Routine } from "../sched/goroutine.ts";
import { type Addr, endpointAddr, type TCPAddr, tcpAddr } from "./addr.ts";
import { toMonotonic } from "./deadline.ts";
import { addressError, OpError } from "./errors.ts";
import { fit, isUnspecified } from "./ip.ts";
import type { Conn } from "./net.ts";
import { NetFD } from "./net_fd.ts";
import { checkDialOptions, type DialOptions } from "./options.ts";
import { favoriteFamily, resolve, type TCPNetwork, tcpNetwork, unsuitable } from "./resolve.ts";
import { setKeepAlive } from "./sockopt.ts";
import { TCPConn } from "./tcp_conn.ts";

/** How often a dial is repeated that met itself or found no free port, as Go does. */
const RETRIES = 2;

/**
 * Connects to `address`. Parks. Go: `net.Dialer.Dial`.
 *
 * Of a name that stands for several addresses each is tried in turn until one answers. An empty or
 * unspecified host is this machine.
 *
 * @param network "tcp", "tcp4" or "tcp6"
 * @param address "host:port"
 * @param options see {@linkcode DialOptions}
 * @throws {OpError} when the address is wrong, nobody answers (its `timeout` is true) or the peer
 * refuses (its `code` is "ECONNREFUSED"); {@linkcode TypeError} when an option is wrong;
 * `Deno.errors.NotCapable` without Deno's net permission
 * @example
 * ```ts
 * using conn = yield* dial("tcp", "127.0.0.1:7007", { timeout: 1000 });
 * yield* conn.write(new TextEncoder().encode("hello"));
 * ```
 */
export function* dial(
  network: TCPNetwork,
  address: string,
  options: DialOptions = {},
): Routine<Conn> {
  const checked = checkDialOptions(options);
  const until = deadlineOf(checked);
  let endpoints: Endpoint[];
  let local: Endpoint | null;
  try {
    tcpNetwork(network);
    local = yield* localEndpoint(network, checked.localAddress);
    endpoints = reachable(network, yield* resolve(network, address, "dial"), local);
  } catch (error) {
    throw addressError("dial", network, error);
  }
  let failure: unknown;
  for (const endpoint of endpoints) {
    try {
      return yield* dialRepeatedly(network, endpoint, local, until, checked);
    } catch (error) {
      // Go reports the first failure: the others are mostly echoes of it.
      failure ??= error;
    }
  }
  throw failure;
}

/** The earlier of `timeout` and `deadline`, on the scheduler's clock. */
function deadlineOf({ timeout, deadline }: DialOptions): number {
  const byTimeout = timeout === undefined ? Infinity : performance.now() + timeout;
  return Math.min(byTimeout, toMonotonic(deadline ?? null));
}

function* localEndpoint(
  network: TCPNetwork,
  address: string | undefined,
): Routine<Endpoint | null> {
  if (address === undefined) return null;
  return (yield* resolve(network, address, "listen"))[0];
}

/** Those of the same version of IP as this end, if this end is to have an address at all. */
function reachable(
  network: TCPNetwork,
  endpoints: Endpoint[],
  local: Endpoint | null,
): Endpoint[] {
  if (local === null || isUnspecified(local.ip)) return endpoints;
  const same = endpoints.filter(({ ip }) => ip.length === local.ip.length);
  if (same.length === 0) throw unsuitable(String(endpointAddr(network, local)));
  return same;
}

/**
 * A dial to a port of this machine may be given that very port for its own end, and then meets
 * itself (RFC 9293, simultaneous open); it is dialled anew, as when there was no port to be had.
 */
function* dialRepeatedly(
  network: TCPNetwork,
  endpoint: Endpoint,
  local: Endpoint | null,
  until: number,
  options: DialOptions,
): Routine<Conn> {
  for (let tries = 0;; tries++) {
    const last = tries >= RETRIES || (local !== null && local.port !== 0);
    try {
      const fd = yield* dialOnce(network, endpoint, local, until, options);
      if (last || !metItself(fd)) return new TCPConn(fd);
      fd.closeQuietly();
    } catch (error) {
      if (last || (error as OpError).code !== "EADDRNOTAVAIL") throw error;
    }
  }
}

function metItself(fd: NetFD<TCPAddr>): boolean {
  return String(fd.localAddr) === String(fd.remoteAddr);
}

function* dialOnce(
  network: TCPNetwork,
  endpoint: Endpoint,
  local: Endpoint | null,
  until: number,
  options: DialOptions,
): Routine<NetFD<TCPAddr>> {
  const { sockets } = platform();
  const remote = endpointAddr(network, endpoint);
  const fail = (cause: Error) =>
    new OpError("dial", network, source(network, local), remote, cause);
  const check = (result: number, call: string) => {
    if (result < 0) throw fail(new SyscallError(call, -result));
    return result;
  };
  if (until <= performance.now()) throw fail(ERR_DEADLINE);
  const { family } = favoriteFamily(network, endpoint.ip, "dial");
  const encode = (e: Endpoint) =>
    sockets.encodeAddress({ ...e, ip: fit(e.ip, family === "ip6" ? 16 : 4) });
  const sysfd = check(sockets.streamSocket(family), "socket");
  const fd = new NetFD(sysfd, network, tcpAddr);
  let registered = false;
  let connected = false;
  try {
    if (local !== null) check(sockets.bind(sysfd, encode(local)), "bind");
    const waits = begin(sysfd, encode(endpoint), check);
    // Registered only now: a socket that is not connecting yet would report a hang-up.
    check(fd.init(), "epoll_ctl");
    registered = true;
    if (waits) {
      fd.setWriteDeadline(until);
      yield* fd.awaitConnect();
      fd.setWriteDeadline(Infinity);
    }
    adopt(fd, options, check);
    connected = true;
    return fd;
  } catch (error) {
    throw error instanceof OpError ? error : fail(error as Error);
  } finally {
    // Also when the goroutine is ended while it waits.
    if (!connected) {
      if (registered) fd.closeQuietly();
      else sockets.close(sysfd);
    }
  }
}

type Check = (result: number, call: string) => number;

/** Starts to connect. Whether the end of it must be waited for. */
function begin(sysfd: number, address: RawAddress, check: Check): boolean {
  const { sockets, errno } = platform();
  const done = sockets.connect(sysfd, address);
  switch (-done) {
    case 0:
    case errno.EISCONN:
      return false;
    case errno.EINPROGRESS:
    case errno.EALREADY:
    // An interrupted connect goes on by itself.
    case errno.EINTR:
      return true;
  }
  check(done, "connect");
  return false;
}

/** Asks for the names of the two ends, and sets the options that Go sets. */
function adopt(fd: NetFD<TCPAddr>, options: DialOptions, check: Check): void {
  const { sockets } = platform();
  const name = (raw: RawAddress | number, call: string): TCPAddr => {
    if (typeof raw === "number") check(raw, call);
    return tcpAddr(raw as RawAddress);
  };
  const local = name(sockets.localAddress(fd.sysfd), "getsockname");
  fd.setAddrs(local, name(sockets.remoteAddress(fd.sysfd), "getpeername"));
  // As in Go: that the kernel refuses one of these is no reason to have no connection.
  const set = (option: IntOption, value: number) => void sockets.setOption(fd.sysfd, option, value);
  set("TCP_NODELAY", 1);
  setKeepAlive(set, options.keepAlive ?? true);
}

function source(network: string, local: Endpoint | null): Addr | null {
  return local === null ? null : endpointAddr(network, local);
}
