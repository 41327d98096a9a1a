// SPDX-License-Identifier: MIT
/** Listening. Go: net/dial.go, Listen; net/sock_posix.go, listenStream. */
import { platform } from "../../platforms/runtime.ts";
import type { Endpoint, IntOption } from "../../platforms/types.ts";
import { SyscallError } from "../poll/errors.ts";
import { holdSpare } from "../poll/exhaustion.ts";
import type { Routine } from "../sched/goroutine.ts";
import { endpointAddr, tcpAddr } from "./addr.ts";
import { addressError, OpError } from "./errors.ts";
import { fit } from "./ip.ts";
import type { Listener } from "./net.ts";
import { checkListenOptions, type ListenOptions } from "./options.ts";
import { favoriteFamily, resolve, type TCPNetwork, tcpNetwork } from "./resolve.ts";
import { setKeepAlive } from "./sockopt.ts";
import { ListenFD } from "./stream_listener.ts";
import { TCPListener } from "./tcp_listener.ts";

/**
 * Listens for connections. Parks only to look up a name. Go: `net.Listen`.
 *
 * On "tcp" an empty host, "0.0.0.0" and "[::]" all mean every address of this machine, of both
 * versions of IP; "tcp4" and "tcp6" mean one. Port 0 lets the system choose; `addr` tells.
 *
 * @param network "tcp", "tcp4" or "tcp6"
 * @param address "host:port"
 * @param options see {@linkcode ListenOptions}
 * @throws {OpError} when the address is wrong, taken or not ours; {@linkcode TypeError} when an
 * option is wrong; `Deno.errors.NotCapable` without Deno's net permission;
 * {@linkcode PlatformError} where the library cannot run
 * @example
 * ```ts
 * using listener = yield* listen("tcp", "127.0.0.1:0");
 * for (;;) go(serve, yield* listener.accept());
 * ```
 */
export function* listen(
  network: TCPNetwork,
  address: string,
  options: ListenOptions = {},
): Routine<Listener> {
  const checked = checkListenOptions(options);
  let endpoint: Endpoint;
  try {
    // Of a name that stands for several, IPv4 comes first, as in Go.
    const endpoints = yield* resolve(tcpNetwork(network), address, "listen");
    endpoint = endpoints.find(({ ip }) => ip.length === 4) ?? endpoints[0];
  } catch (error) {
    throw addressError("listen", network, error);
  }
  return listenOn(network, endpoint, checked);
}

function listenOn(network: TCPNetwork, endpoint: Endpoint, options: ListenOptions): Listener {
  const { sockets } = platform();
  const sysfd = openBound(network, endpoint, options);
  try {
    check(
      sockets.listen(sysfd, options.backlog ?? sockets.maxBacklog()),
      "listen",
      network,
      endpoint,
    );
    const fd = new ListenFD(sysfd, network, tcpAddr);
    const raw = sockets.localAddress(sysfd);
    if (typeof raw === "number") throw failure("getsockname", -raw, network, endpoint);
    fd.setAddrs(tcpAddr(raw), null);
    check(fd.init(), "epoll_ctl", network, endpoint);
    holdSpare();
    return new TCPListener(fd);
  } catch (error) {
    sockets.close(sysfd);
    throw error;
  }
}

/** A bound socket. A machine without IPv6 listens on all addresses of IPv4 instead. */
function openBound(network: TCPNetwork, endpoint: Endpoint, options: ListenOptions): number {
  const { sockets, errno } = platform();
  const { family, v6only } = favoriteFamily(network, endpoint.ip, "listen");
  const sysfd = sockets.streamSocket(family);
  const fallBack = network === "tcp" && family === "ip6" && !endpoint.ip.some((byte) => byte !== 0);
  if (sysfd === -errno.EAFNOSUPPORT && fallBack) {
    return openBound("tcp4", { ...endpoint, ip: new Uint8Array(4) }, options);
  }
  check(sysfd, "socket", network, endpoint);
  try {
    const set = (option: IntOption, value: number) =>
      check(sockets.setOption(sysfd, option, value), "setsockopt", network, endpoint);
    if (family === "ip6") set("IPV6_V6ONLY", v6only ? 1 : 0);
    set("SO_REUSEADDR", 1);
    if (options.reusePort) set("SO_REUSEPORT", 1);
    // Accepted connections inherit these, which spares each of them as many calls. As in Go, that
    // the kernel refuses one is no error.
    const wish = (option: IntOption, value: number) => void sockets.setOption(sysfd, option, value);
    wish("TCP_NODELAY", 1);
    setKeepAlive(wish, options.keepAlive ?? true);
    const ip = fit(endpoint.ip, family === "ip6" ? 16 : 4);
    const raw = sockets.encodeAddress({ ...endpoint, ip });
    check(sockets.bind(sysfd, raw), "bind", network, endpoint);
    return sysfd;
  } catch (error) {
    sockets.close(sysfd);
    throw error;
  }
}

function check(result: number, call: string, network: string, endpoint: Endpoint): void {
  if (result < 0) throw failure(call, -result, network, endpoint);
}

function failure(call: string, errno: number, network: string, endpoint: Endpoint): OpError {
  const cause = new SyscallError(call, errno);
  return new OpError("listen", network, null, endpointAddr(network, endpoint), cause);
}
