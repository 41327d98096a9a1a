// SPDX-License-Identifier: MIT
/** Listening. Go: net/dial.go, Listen; net/sock_posix.go, listenStream. */
import { platform } from "../../platforms/platform.ts";
import type { Endpoint, RawAddress } from "../../platforms/contract/platform.ts";
import { noteClosing, noteOpened } from "../netpoll/fd_table.ts";
import { SyscallError } from "../fd/errors.ts";
import { holdSpare } from "../fd/accept_backoff.ts";
import type { Routine } from "../sched/goroutine.ts";
import { type Addr, endpointAddr, type TCPAddr, tcpAddr } from "./addr/addr.ts";
import { addressError, asError, OpError } from "./errors.ts";
import { isUnspecified } from "./addr/ip.ts";
import { CallDeadline } from "./options/call_options.ts";
import { checkAddress, checkNetwork } from "./check_call.ts";
import type { Listener } from "./net.ts";
import { checkListenOptions } from "./options/schema.ts";
import type { ListenOptions, LookupOptions } from "./options/options.ts";
import {
  favoriteFamily,
  reached,
  resolve,
  type TCPNetwork,
  tcpNetwork,
} from "./resolve/resolve.ts";
import { type NewSocket, setTCPOptions, setter } from "./options/apply.ts";
import { headerGate } from "./proxyproto/header_gate.ts";
import { DESCRIPTOR } from "./socket/descriptor.ts";
import type { ListenFD } from "./socket/stream_listener.ts";
import { lingerOf, TCPListener } from "./tcp/tcp.ts";
import type { UnixListener } from "./unix/unix.ts";
import { listenUnix } from "./unix/unix_open.ts";
import { refuseAwait } from "../sched/misuse.ts";
import { noted } from "../sched/calls.ts";
import { TCPListenFD } from "./tcp/tcp_fd.ts";

/** Networks of stream listeners. */
export type StreamNetwork = TCPNetwork | "unix" | "unixpacket";

/** Default number of pending TCP Fast Open connections. */
const FAST_OPEN_QUEUE = 256;

/**
 * Listens for connections. Parks only to look up a name. Go: `net.Listen`.
 *
 * On "tcp", an empty host, "0.0.0.0" and "[::]" all mean every address of this machine, IPv4 and
 * IPv6; "tcp4" and "tcp6" mean one of them. Port 0 lets the system choose a port; see the
 * listener's `addr`.
 *
 * @param network "tcp", "tcp4" or "tcp6"; see the other overload for "unix" and "unixpacket"
 * @param address "host:port"
 * @param options see {@linkcode ListenOptions}
 * @returns the listener
 * @throws {OpError} if the address is invalid, in use (`code` is "EADDRINUSE", on Windows also
 * "EACCES") or not local;
 * {@linkcode TypeError} for an invalid option; `Deno.errors.NotCapable` without Deno's net
 * permission; {@linkcode PlatformError} if the platform is not supported
 * @example
 * ```ts
 * using listener = yield* listen("tcp", "127.0.0.1:0");
 * yield* serve(listener, handle);
 * ```
 */
export function listen(
  network: TCPNetwork,
  address: string,
  options?: ListenOptions,
): Routine<Listener>;
/**
 * Listens at a path, at an abstract "@name", or, if `address` is empty, at an abstract name chosen
 * by the system. Never parks. The socket file is removed when the listener is closed.
 *
 * @throws {OpError} with "EADDRINUSE" if the path exists; the message names the kind of file; with an
 * {@linkcode AddrError} if the path is too long
 */
export function listen(
  network: "unix" | "unixpacket",
  address: string,
  options?: ListenOptions,
): Routine<UnixListener>;
/** Listens on a network that is known only at run time. */
export function listen(
  network: StreamNetwork,
  address: string,
  options?: ListenOptions,
): Routine<Listener>;
export function listen(
  network: StreamNetwork,
  address: string,
  options: ListenOptions = {},
): Routine<Listener> {
  return noted("listen", listening(network, address, options));
}

function* listening(
  network: StreamNetwork,
  address: string,
  options: ListenOptions,
): Routine<Listener> {
  checkNetwork(network, "streams", "listenPacket");
  checkAddress("listen", address, options);
  const { proxyProtocol, ...checked } = checkListenOptions(options);
  // Check before the socket is opened, so that a wrong option opens none.
  const gate = proxyProtocol === undefined ? null : headerGate(network, proxyProtocol);
  const listener = network === "unix" || network === "unixpacket"
    ? listenUnix(network, address, checked)
    : listenOn(network, yield* endpointOf(network, address, checked), checked);
  const fd = listener[DESCRIPTOR] as ListenFD<Addr>;
  if (gate !== null) fd.preamble = gate(fd);
  return listener;
}

function* endpointOf(
  network: TCPNetwork,
  address: string,
  options: LookupOptions,
): Routine<Endpoint> {
  try {
    // As in Go, prefer IPv4 among several addresses of a name.
    const { lookup, resolver } = options;
    const asking = { limits: new CallDeadline(options), lookup, resolver };
    const endpoints = yield* resolve(tcpNetwork(network), address, "listen", asking);
    return endpoints.find(({ ip }) => ip.length === 4) ?? endpoints[0];
  } catch (error) {
    throw addressError("listen", network, error);
  }
}

/** A port that is reserved for other listeners of this process, by SO_REUSEPORT. */
export interface ReservedPort {
  readonly addr: TCPAddr;
  /** Releases one reference; other listeners are unaffected. */
  release(): void;
}

/**
 * Binds a socket to `address` without listening: the port stays reserved even while none of its
 * listeners is open, and receives no connections. Parks only to look up a name. Throws as `listen`.
 */
export function* reservePort(
  network: TCPNetwork,
  address: string,
  options: ListenOptions,
): Routine<ReservedPort> {
  const { sockets } = platform();
  const endpoint = yield* endpointOf(network, address, options);
  const { sysfd, check } = openBound(network, endpoint, { ...options, reusePort: true });
  const release = () => {
    noteClosing(sysfd);
    sockets.close(sysfd);
  };
  try {
    const raw = sockets.localAddress(sysfd);
    if (typeof raw === "number") check(raw, "getsockname");
    return { addr: tcpAddr(raw as RawAddress), release };
  } catch (error) {
    release();
    throw error;
  }
}

function listenOn(
  network: TCPNetwork,
  endpoint: Endpoint,
  options: ListenOptions,
): TCPListener {
  const { sockets } = platform();
  const { sysfd, check } = openBound(network, endpoint, options);
  try {
    check(sockets.listen(sysfd, options.backlog ?? sockets.maxBacklog()), "listen");
    const fd = new TCPListenFD(sysfd, network);
    const raw = sockets.localAddress(sysfd);
    if (typeof raw === "number") check(raw, "getsockname");
    fd.setAddrs(tcpAddr(raw as RawAddress), null);
    check(fd.init(), platform().registerName);
    holdSpare();
    const { linger = options.control && lingerOf(sysfd), lingerTimeout } = options;
    return new TCPListener(fd, { linger, lingerTimeout });
  } catch (error) {
    noteClosing(sysfd);
    sockets.close(sysfd);
    throw error;
  }
}

/** Opens a bound socket. A machine without IPv6 listens on all IPv4 addresses instead. */
function openBound(network: TCPNetwork, endpoint: Endpoint, options: ListenOptions): NewSocket {
  const { sockaddr, sockets, errno } = platform();
  const { family, v6only } = favoriteFamily(network, endpoint, "listen");
  const addr = endpointAddr(network, endpoint);
  const fail = (cause: Error) => new OpError("listen", network, null, addr, cause);
  const check = (result: number, call: string) => {
    if (result < 0) throw fail(new SyscallError(call, -result));
    return result;
  };
  const sysfd = sockets.streamSocket(family);
  if (sysfd === -errno.EAFNOSUPPORT && network === "tcp" && isUnspecified(endpoint.ip)) {
    return openBound("tcp4", { ...endpoint, ip: new Uint8Array(4) }, options);
  }
  check(sysfd, "socket");
  // Recorded at once: the kernel would keep queueing connections on a listener that a terminated
  // worker left behind.
  noteOpened(sysfd);
  const socket = { sysfd, family, network, address: String(addr), check };
  try {
    prepare(socket, v6only, options);
    const raw = sockaddr.encode({ ...endpoint, ip: reached(network, endpoint, "listen") });
    check(sockets.bind(sysfd, raw), "bind");
    return socket;
  } catch (error) {
    noteClosing(sysfd);
    sockets.close(sysfd);
    throw error instanceof OpError ? error : fail(asError(error));
  }
}

function prepare(socket: NewSocket, v6only: boolean, options: ListenOptions): void {
  const set = setter(socket);
  const { ipv6Only = v6only, fastOpen, deferAccept } = options;
  if (socket.family === "ip6" || options.ipv6Only) set("IPV6_V6ONLY", Number(ipv6Only));
  if (fastOpen) set("TCP_FASTOPEN", fastOpen === true ? FAST_OPEN_QUEUE : fastOpen);
  if (deferAccept !== undefined) set("TCP_DEFER_ACCEPT", Math.ceil(deferAccept / 1000));
  setTCPOptions(socket, { reuseAddr: true, ...options });
}

refuseAwait(listening.prototype, "listen");
