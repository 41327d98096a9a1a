// SPDX-License-Identifier: MIT
/** Opens UDP sockets. Go: net/udpsock_posix.go; net/sock_posix.go, listenDatagram. */
import { platform } from "../../../platforms/platform.ts";
import type { Endpoint, RawAddress } from "../../../platforms/contract/platform.ts";
import { SyscallError } from "../../fd/errors.ts";
import type { Routine } from "../../sched/goroutine.ts";
import { endpointAddr, udpAddr } from "../addr/addr.ts";
import type { Dialer } from "../tcp/happy_eyeballs.ts";
import { asError, OpError } from "../errors.ts";
import { fit, isUnspecified } from "../addr/ip.ts";
import type { DialOptions, ListenPacketOptions, PacketOptions } from "../options/options.ts";
import { favoriteFamily, type Purpose, reached, type UDPNetwork } from "../resolve/resolve.ts";
import { type NewSocket, setSocketOptions, setter } from "../options/apply.ts";
import { UDPSocket } from "./udp_conn.ts";
import { UDPFD } from "./udp_fd.ts";
import { isMulticast } from "./udp_options.ts";

/** Opens a socket at `endpoint`. */
export function listenUDP(
  network: UDPNetwork,
  endpoint: Endpoint,
  options: ListenPacketOptions,
): UDPSocket {
  const { sockaddr, sockets } = platform();
  const addr = endpointAddr(network, endpoint);
  const fail = (cause: Error) => new OpError("listen", network, null, addr, cause);
  return opened(network, endpoint, "listen", options, fail, (socket, v6only) => {
    const { family, check } = socket;
    const set = setter(socket);
    if (family === "ip6") set("IPV6_V6ONLY", Number(options.ipv6Only ?? v6only));
    // As in Go, several sockets may bind to a multicast group, each on all addresses.
    const group = isMulticast(endpoint.ip);
    setSocketOptions(socket, group ? { reuseAddr: true, ...options } : options);
    const length = family === "ip6" ? 16 : 4;
    const ip = group ? new Uint8Array(length) : reached(network, endpoint, "listen");
    check(sockets.bind(socket.sysfd, sockaddr.encode({ ...endpoint, ip })), "bind");
    return null;
  });
}

/** Opens connected sockets. */
export class UDPDialer implements Dialer<UDPSocket> {
  readonly #network: UDPNetwork;
  readonly #local: Endpoint | null;
  readonly #options: DialOptions;

  /** `local` is the local address, or null for any. */
  constructor(network: UDPNetwork, local: Endpoint | null, options: DialOptions) {
    this.#network = network;
    this.#local = local;
    this.#options = options;
  }

  /** See {@linkcode Dialer.failure}. */
  failure(endpoint: Endpoint, cause: Error): OpError {
    const source = this.#local === null ? null : endpointAddr(this.#network, this.#local);
    const remote = endpointAddr(this.#network, endpoint);
    return new OpError("dial", this.#network, source, remote, cause);
  }

  /** Connects without sending, so it never waits. */
  *dial(endpoint: Endpoint): Routine<UDPSocket> {
    const { sockaddr, sockets } = platform();
    const network = this.#network;
    const local = this.#local;
    const fail = (cause: Error) => this.failure(endpoint, cause);
    return opened(network, endpoint, "dial", this.#options, fail, (socket) => {
      const { sysfd, family, check } = socket;
      setSocketOptions(socket, this.#options);
      if (local !== null) {
        const ip = fit(local.ip, family === "ip6" ? 16 : 4);
        check(sockets.bind(sysfd, sockaddr.encode({ ...local, ip })), "bind");
      }
      const ip = reached(network, endpoint, "dial");
      const raw = sockaddr.encode({ ...endpoint, ip });
      check(sockets.connect(sysfd, raw), "connect");
      return raw;
    });
  }
}

/** Opens a socket and calls `prepare`, which returns the address that it connected to, if any. */
function opened(
  network: UDPNetwork,
  endpoint: Endpoint,
  purpose: Purpose,
  options: PacketOptions,
  fail: (cause: Error) => OpError,
  prepare: (socket: NewSocket, v6only: boolean) => RawAddress | null,
): UDPSocket {
  const { sockets, errno } = platform();
  const { family, v6only } = favoriteFamily(network, endpoint, purpose);
  const check = (result: number, call: string) => {
    if (result < 0) throw fail(new SyscallError(call, -result));
    return result;
  };
  const sysfd = platform().packets.socket(family);
  const anywhere = network === "udp" && purpose === "listen" && isUnspecified(endpoint.ip);
  if (sysfd === -errno.EAFNOSUPPORT && anywhere) {
    const any = { ...endpoint, ip: new Uint8Array(4) };
    return opened("udp4", any, purpose, options, fail, prepare);
  }
  check(sysfd, "socket");
  try {
    const address = String(endpointAddr(network, endpoint));
    platform().packets.setOption(sysfd, "SO_BROADCAST", 1);
    const remote = prepare({ sysfd, family, network, address, check }, v6only);
    const local = sockets.localAddress(sysfd);
    if (typeof local === "number") check(local, "getsockname");
    const fd = new UDPFD(sysfd, network, family);
    fd.setAddrs(udpAddr(local as RawAddress), remote === null ? null : udpAddr(remote));
    check(fd.init(), platform().registerName);
    if (options.coalesce) fd.coalesce();
    return new UDPSocket(fd);
  } catch (error) {
    sockets.close(sysfd);
    throw error instanceof OpError ? error : fail(asError(error));
  }
}
