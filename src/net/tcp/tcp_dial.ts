// SPDX-License-Identifier: MIT
/**
 * Connects a TCP socket to one address. Go: net/tcpsock_posix.go, doDialTCP; net/fd_unix.go,
 * connect.
 */
import { platform } from "../../../platforms/platform.ts";
import type { Endpoint, RawAddress } from "../../../platforms/contract/platform.ts";
import { SyscallError } from "../../fd/errors.ts";
import type { Routine } from "../../sched/goroutine.ts";
import { endpointAddr, type TCPAddr, tcpAddr } from "../addr/addr.ts";
import type { Dialer } from "./happy_eyeballs.ts";
import { asError, OpError } from "../errors.ts";
import { fit } from "../addr/ip.ts";
import type { CallDeadline } from "../options/call_options.ts";
import type { NetFD } from "../socket/net_fd.ts";
import type { DialOptions } from "../options/options.ts";
import { favoriteFamily, reached, type TCPNetwork } from "../resolve/resolve.ts";
import { type NewSocket, setTCPOptions, setter } from "../options/apply.ts";
import { TCPConn } from "./tcp.ts";
import { TCPFD } from "./tcp_fd.ts";
/** Number of retries after a self-connect or without a free port, as in Go. */
const RETRIES = 2;

/** See the top of this file. */
export class TCPDialer implements Dialer<TCPConn> {
  readonly #network: TCPNetwork;
  readonly #local: Endpoint | null;
  readonly #limits: CallDeadline;
  readonly #options: DialOptions;

  /** `local` is the local address, or null for any. */
  constructor(
    network: TCPNetwork,
    local: Endpoint | null,
    limits: CallDeadline,
    options: DialOptions,
  ) {
    this.#network = network;
    this.#local = local;
    this.#limits = limits;
    this.#options = options;
  }

  /** See {@linkcode Dialer.failure}. */
  failure(endpoint: Endpoint, cause: Error): OpError {
    const source = this.#local === null ? null : endpointAddr(this.#network, this.#local);
    const remote = endpointAddr(this.#network, endpoint);
    return new OpError("dial", this.#network, source, remote, cause);
  }

  /**
   * Connects, and retries a self-connect: a dial to a local port may be assigned that port as its
   * own and connect to itself (RFC 9293, simultaneous open). Also retries if no port was free.
   */
  *dial(endpoint: Endpoint, until: number): Routine<TCPConn> {
    const fail = (cause: Error) => this.failure(endpoint, cause);
    for (let tries = 0;; tries++) {
      const last = tries >= RETRIES || (this.#local !== null && this.#local.port !== 0);
      try {
        const fd = yield* this.#limits.heed(this.#dialOnce(endpoint, until), fail);
        if (last || !metItself(fd)) return new TCPConn(fd);
        fd.closeQuietly();
      } catch (error) {
        if (last || (error as OpError).code !== "EADDRNOTAVAIL") throw error;
      }
    }
  }

  *#dialOnce(endpoint: Endpoint, until: number): Routine<NetFD<TCPAddr>> {
    const { sockets } = platform();
    const socket = this.#open(endpoint);
    const { sysfd, check } = socket;
    const fd = new TCPFD(sysfd, this.#network);
    let registered = false;
    let connected = false;
    let peer: RawAddress | null = null;
    try {
      this.#bind(socket);
      const raw = encode(endpoint, reached(this.#network, endpoint, "dial"));
      const waits = begin(sysfd, raw, check);
      // Register only now: a socket that is not connecting yet would report a hang-up.
      check(fd.init(), platform().registerName);
      registered = true;
      if (waits) {
        fd.setWriteDeadline(until);
        peer = yield* fd.awaitConnect();
        fd.setWriteDeadline(Infinity);
      }
      nameEnds(fd, raw, peer, check);
      const { linger, lingerTimeout } = this.#options;
      if (linger !== undefined) fd.setLinger(linger);
      else if (this.#options.control !== undefined) fd.takeLinger();
      if (lingerTimeout !== undefined) fd.lingerTimeout = lingerTimeout;
      connected = true;
      return fd;
    } catch (error) {
      throw error instanceof OpError ? error : this.failure(endpoint, asError(error));
    } finally {
      // Also if the goroutine is ended while it waits.
      if (!connected) {
        if (registered) fd.closeQuietly();
        else sockets.close(sysfd);
      }
    }
  }

  #open(endpoint: Endpoint): NewSocket {
    const { family } = favoriteFamily(this.#network, endpoint, "dial");
    const check = (result: number, call: string) => {
      if (result < 0) throw this.failure(endpoint, new SyscallError(call, -result));
      return result;
    };
    const sysfd = check(platform().sockets.streamSocket(family), "socket");
    const address = String(endpointAddr(this.#network, endpoint));
    return { sysfd, family, network: this.#network, address, check };
  }

  /** Sets the options, and binds to the local address, if any. */
  #bind(socket: NewSocket): void {
    const { sysfd, family, check } = socket;
    if (this.#options.fastOpen) setter(socket)("TCP_FASTOPEN_CONNECT", 1);
    setTCPOptions(socket, this.#options);
    if (this.#local === null) return;
    const ip = fit(this.#local.ip, family === "ip6" ? 16 : 4);
    check(platform().sockets.bind(sysfd, encode(this.#local, ip)), "bind");
  }
}

function encode(endpoint: Endpoint, ip: Uint8Array): RawAddress {
  return platform().sockaddr.encode({ ...endpoint, ip });
}

function metItself({ localAddr, remoteAddr }: NetFD<TCPAddr>): boolean {
  return localAddr?.port === remoteAddr?.port && String(localAddr) === String(remoteAddr);
}

/** Starts to connect. Returns whether completion must be awaited. */
function begin(sysfd: number, address: RawAddress, check: NewSocket["check"]): boolean {
  const { sockets, errno } = platform();
  let done = sockets.connect(sysfd, address);
  // No answer of TCP's on Linux: on Deno, errno may be that of a call which the runtime made in
  // between (docs/traps.md). A second connect reports how far the first one is.
  if (done === -errno.EAGAIN) done = sockets.connect(sysfd, address);
  switch (-done) {
    case 0:
    case errno.EISCONN:
      return false;
    case errno.EINPROGRESS:
    case errno.EALREADY:
    // An interrupted connect continues in the background.
    case errno.EINTR:
      return true;
  }
  check(done, "connect");
  return false;
}

/**
 * Reads both addresses; that of the peer unless it is known as `peer`. With TCP Fast Open, there is
 * no peer before the first write.
 */
function nameEnds(
  fd: NetFD<TCPAddr>,
  dialled: RawAddress,
  peer: RawAddress | null,
  check: NewSocket["check"],
): void {
  const { sockets, errno } = platform();
  const local = sockets.localAddress(fd.sysfd);
  if (typeof local === "number") check(local, "getsockname");
  const remote = peer ?? sockets.remoteAddress(fd.sysfd);
  const unsent = remote === -errno.ENOTCONN;
  if (typeof remote === "number" && !unsent) check(remote, "getpeername");
  fd.setAddrs(tcpAddr(local as RawAddress), tcpAddr(unsent ? dialled : remote as RawAddress));
}
