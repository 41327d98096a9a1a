// SPDX-License-Identifier: MIT
/** Descriptors opened elsewhere: inherited, or passed by another process. Go: net/file.go. */
import { type Addr, type TCPAddr, tcpAddr, udpAddr } from "../addr/addr.ts";
import {
  adopted,
  type FileListenerOptions,
  type FileOptions,
  held,
  withRemote,
} from "./file_adopt.ts";
import { FileConn, FileFD } from "./file_conn.ts";
import type { Conn, Listener } from "../net.ts";
import { setTCPOptions } from "../options/apply.ts";
import type { ProxyProtocolOptions } from "../options/proxy_options.ts";
import { checkListenOptions } from "../options/schema.ts";
import { headerGate } from "../proxyproto/header_gate.ts";
import type { ListenFD } from "../socket/stream_listener.ts";
import { lingerOf, TCPConn, TCPListener } from "../tcp/tcp.ts";
import type { UDPConn } from "../udp/udp.ts";
import { UDPSocket } from "../udp/udp_conn.ts";
import { UDPFD } from "../udp/udp_fd.ts";
import type { UnixConn, UnixgramConn, UnixListener } from "../unix/unix.ts";
import { UNIX_NAMERS, type UnixNetwork } from "../addr/unix_addr.ts";
import { UnixStream } from "../unix/unix_conn.ts";
import { UnixFD, UnixListenFD } from "../unix/unix_fd.ts";
import { UnixStreamListener } from "../unix/unix_listener.ts";
import { UnixgramSocket } from "../unix/unixgram_conn.ts";
import { TCPFD, TCPListenFD } from "../tcp/tcp_fd.ts";

type AnyListenFD = ListenFD<TCPAddr> | UnixListenFD;

/**
 * Returns a stream over an existing descriptor: a connected TCP or Unix socket ("unix",
 * "unixpacket"), or anything else the poller supports, such as a pipe, a terminal or an eventfd.
 * Never parks. Go: `net.FileConn`, `os.NewFile`.
 *
 * The descriptor becomes non-blocking, for every process that shares it. If it is not a socket and
 * was blocking, it becomes blocking again on close, or when the last connection of this thread that
 * shares it is closed. Socket-only methods, such as `setNoDelay`, fail on other descriptors.
 *
 * @param fd the descriptor
 * @param options see {@linkcode FileOptions}
 * @throws {OpError} with {@linkcode NotPollableError} if the poller does not support the
 * descriptor, such as a regular file; with "EBADF" if it is not open; with "EINVAL" on Windows for
 * a socket that has belonged to another completion port; {@linkcode TypeError} for another kind of
 * socket
 * @example
 * ```ts
 * using stdin = fileConn(0);
 * const n = yield* stdin.read(buf);
 * ```
 */
export function fileConn(fd: number, options: FileOptions = {}): Conn {
  return adopted<Conn>(
    fd,
    options,
    "a connection",
    (sysfd, { domain, type, listening }, changed) => {
      if (listening) return null;
      if (domain === "file") {
        const file = new FileFD(sysfd, changed);
        return { fd: file, make: () => new FileConn(file) };
      }
      if (domain === "unix" && type !== "dgram") {
        const unix = new UnixFD(sysfd, type === "stream" ? "unix" : "unixpacket");
        return {
          fd: withRemote(unix, UNIX_NAMERS[unix.net as UnixNetwork]),
          make: (): UnixConn => new UnixStream(unix),
        };
      }
      if ((domain !== "ip4" && domain !== "ip6") || type !== "stream") return null;
      const tcp = new TCPFD(sysfd, "tcp");
      tcp.takeLinger();
      return { fd: withRemote(tcp, tcpAddr), make: () => new TCPConn(tcp) };
    },
  );
}

/**
 * Returns a listener over an existing listening socket, such as one passed by systemd. Never parks.
 * The descriptor becomes non-blocking, for every process that shares it. The file of a Unix socket
 * is not removed on close. Go: `net.FileListener`.
 *
 * @param fd the descriptor
 * @param options see {@linkcode FileListenerOptions}
 * @throws {OpError} with "EBADF" if it is not open; {@linkcode TypeError} if it is not a listening
 * socket
 * @example
 * ```ts
 * for (const { fd } of listenFds()) go(acceptLoop, fileListener(fd, { own: true }));
 * ```
 */
export function fileListener(fd: number, options: FileListenerOptions = {}): Listener {
  const { proxyProtocol, ...rest } = options;
  const gated = gateOf(proxyProtocol);
  return adopted<Listener>(fd, rest, "a listener", (sysfd, { domain, type, listening }) => {
    if (!listening) return null;
    if (domain === "unix") {
      const unix = gated(new UnixListenFD(sysfd, type === "stream" ? "unix" : "unixpacket"));
      return { fd: unix, make: (): UnixListener => held(new UnixStreamListener(unix)) };
    }
    if (domain !== "ip4" && domain !== "ip6") return null;
    const check = (result: number) => result;
    // Accepted connections inherit these. As in Go, a refusal by the kernel is ignored.
    setTCPOptions({ sysfd, family: domain, network: "tcp", address: "", check }, {});
    const tcp = gated(new TCPListenFD(sysfd, "tcp"));
    return { fd: tcp, make: () => held(new TCPListener(tcp, { linger: lingerOf(sysfd) })) };
  });
}

/**
 * Returns a function that installs the header gate of `options`, if any, on a listener's
 * descriptor.
 */
function gateOf(options: ProxyProtocolOptions | undefined): <F extends AnyListenFD>(fd: F) => F {
  if (options === undefined) return (fd) => fd;
  checkListenOptions({ proxyProtocol: options });
  return (fd) => {
    const plain = fd as unknown as ListenFD<Addr>;
    plain.preamble = headerGate(fd.net, options)(plain);
    return fd;
  };
}

/**
 * Returns a datagram socket over an existing descriptor: UDP or Unix ("unixgram"). Never parks. The
 * descriptor becomes non-blocking, for every process that shares it. Go: `net.FilePacketConn`.
 *
 * @param fd the descriptor
 * @param options see {@linkcode FileOptions}
 * @throws {OpError} with "EBADF" if it is not open; {@linkcode TypeError} if it is not a datagram
 * socket
 * @example
 * ```ts
 * using conn = filePacketConn(fd, { own: true });
 * const { n, addr } = yield* conn.readFrom(buf);
 * ```
 */
export function filePacketConn(fd: number, options: FileOptions = {}): UDPConn | UnixgramConn {
  return adopted<UDPConn | UnixgramConn>(
    fd,
    options,
    "a socket of datagrams",
    (sysfd, { domain, type }) => {
      if (type !== "dgram") return null;
      if (domain === "unix") {
        const unix = new UnixFD(sysfd, "unixgram");
        return {
          fd: withRemote(unix, UNIX_NAMERS[unix.net as UnixNetwork]),
          make: () => new UnixgramSocket(unix),
        };
      }
      if (domain !== "ip4" && domain !== "ip6") return null;
      const udp = new UDPFD(sysfd, "udp", domain);
      return { fd: withRemote(udp, udpAddr), make: () => new UDPSocket(udp) };
    },
  );
}
