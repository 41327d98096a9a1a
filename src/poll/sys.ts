// SPDX-License-Identifier: MIT
/**
 * Non-blocking system calls for loops over the raw poller. They check their arguments and throw
 * errors.
 */
import { platform } from "../../platforms/platform.ts";
import { SOCKADDR_IN6 } from "../../platforms/shared/sockaddr.ts";
import {
  type Family,
  INT_OPTIONS,
  type IntOption,
  type RawAddress,
} from "../../platforms/contract/platform.ts";
import { type TCPAddr, tcpAddr } from "../net/addr/addr.ts";
import { AddrError } from "../net/addr/errors.ts";
import { splitHostPort } from "../net/addr/host_port.ts";
import { formatIP, parseIPZone, unmap } from "../net/addr/ip.ts";
import type { Purpose } from "../net/resolve/resolve.ts";
import { lookupPort } from "../net/resolve/service_port.ts";
import { destination } from "../net/socket/peer_cache.ts";
import { zoneScope } from "../net/addr/zone.ts";
import { wrongArgument } from "../validate/argument.ts";
import { checkBytes } from "../fd/check_bytes.ts";
import { closeFile } from "../fd/close_file.ts";
import { SyscallError } from "../fd/errors.ts";

const OPTION_NAMES = Object.keys(INT_OPTIONS);

/** Result of a call that would block: wait in the poller, then call again. */
export const AGAIN: -1 = -1;

/** Maximum number of bytes per system call. */
const MAX_TRANSFER = 1 << 30;

const FAMILIES: readonly Family[] = ["ip4", "ip6"];
const DIRECTIONS = ["read", "write"] as const;

/**
 * Non-blocking system calls. Each throws {@linkcode SyscallError} with the name of the errno in
 * `code`, and {@linkcode TypeError} for an invalid argument.
 */
export interface Sys {
  /** Creates a non-blocking, close-on-exec TCP socket; "ip4" by default. socket(2). */
  socket(family?: Family): number;
  /** Sets an integer-valued option. setsockopt(2). */
  setOption(fd: number, option: IntOption, value: number): void;
  /**
   * Returns the value of an integer-valued option; "SO_ERROR" is the result of a connect.
   * getsockopt(2).
   */
  getOption(fd: number, option: IntOption): number;
  /**
   * Binds a socket to an IP address: "127.0.0.1:80", "[::1]:0"; no host names. bind(2).
   *
   * @throws {AddrError} if `address` is not an IP address with a port; `Deno.errors.NotCapable`
   * without permission
   */
  bind(fd: number, address: string): void;
  /** Starts listening with this backlog, by default the system's maximum. listen(2). */
  listen(fd: number, backlog?: number): void;
  /** Returns the next connection, non-blocking, or {@linkcode AGAIN}. accept(2). */
  accept(fd: number): number;
  /**
   * Starts to connect. Returns false if it is in progress: it has ended once the socket is
   * writable. connect(2).
   *
   * @throws as {@linkcode Sys.bind}
   */
  connect(fd: number, address: string): boolean;
  /**
   * Reads available data. Returns the number of bytes, 0 at the end of the stream, or
   * {@linkcode AGAIN}. read(2).
   */
  read(fd: number, buffer: Uint8Array): number;
  /** Writes as much as fits. Returns the number of bytes, or {@linkcode AGAIN}. write(2). */
  write(fd: number, buffer: Uint8Array): number;
  /** Shuts down one direction of a connection. shutdown(2). */
  shutdown(fd: number, how: "read" | "write"): void;
  /** Closes a descriptor. close(2). */
  close(fd: number): void;
  /** Returns the local address of a socket, with the port that the system chose. getsockname(2). */
  localAddr(fd: number): TCPAddr;
}

/**
 * Non-blocking system calls for a custom event loop. None of them parks.
 *
 * @example
 * ```ts
 * const listener = sys.socket();
 * sys.bind(listener, "127.0.0.1:8080");
 * sys.listen(listener);
 * ```
 */
export const sys: Sys = {
  socket(family = "ip4") {
    oneOf("open a socket", "family", FAMILIES, family);
    return checked("socket", platform().rawSockets.streamSocket(family));
  },
  setOption(fd, option, value) {
    oneOf("set an option", "option", OPTION_NAMES, option);
    needInt("set an option", "value", value);
    checked("setsockopt", platform().rawSockets.setOption(whole(fd), option, value));
  },
  getOption(fd, option) {
    oneOf("get an option", "option", OPTION_NAMES, option);
    return checked("getsockopt", platform().rawSockets.getOption(whole(fd), option));
  },
  bind(fd, address) {
    checked("bind", platform().rawSockets.bind(whole(fd), encoded(address, "listen")));
  },
  listen(fd, backlog = platform().rawSockets.maxBacklog()) {
    needInt("listen", "backlog", backlog);
    requireBound(whole(fd));
    checked("listen", platform().rawSockets.listen(whole(fd), backlog));
  },
  accept(fd) {
    const { rawSockets, errno } = platform();
    for (;;) {
      const conn = rawSockets.accept(whole(fd));
      // The peer is already gone: not an error of the caller.
      if (conn === -errno.ECONNABORTED || conn === -errno.EINTR) continue;
      return transferred(rawSockets.acceptName, conn);
    }
  },
  connect(fd, address) {
    const { rawSockets, errno } = platform();
    const done = rawSockets.connect(whole(fd), encoded(address, "dial"));
    if (done === -errno.EINPROGRESS || done === -errno.EINTR) return false;
    checked("connect", done);
    return true;
  },
  read(fd, buffer) {
    const { rawSockets, errno } = platform();
    const length = lengthOf("read", buffer);
    let n: number;
    do n = rawSockets.read(whole(fd), buffer, length); while (n === -errno.EINTR);
    return transferred("read", n);
  },
  write(fd, buffer) {
    const { rawSockets, errno } = platform();
    const length = lengthOf("write", buffer);
    let n: number;
    do n = rawSockets.write(whole(fd), buffer, length); while (n === -errno.EINTR);
    return transferred("write", n);
  },
  shutdown(fd, how) {
    oneOf("shut down", "how", DIRECTIONS, how);
    checked("shutdown", platform().rawSockets.shutdown(whole(fd), how));
  },
  close(fd) {
    checked("close", closeFile(whole(fd), platform().rawSockets));
  },
  localAddr(fd) {
    const raw = platform().rawSockets.localAddress(whole(fd));
    if (typeof raw === "number") throw new SyscallError("getsockname", -raw);
    return tcpAddr(raw);
  },
};

function checked(call: string, result: number): number {
  if (result < 0) throw new SyscallError(call, -result);
  return result;
}

function transferred(call: string, result: number): number {
  return result === -platform().errno.EAGAIN ? AGAIN : checked(call, result);
}

/** Rejects descriptors of more than 32 bits, which would be truncated and name another one. */
function whole(fd: number): number {
  needInt("use a descriptor", "fd", fd);
  return fd;
}

/** Throws TypeError unless `value` is an `int` of C. */
function needInt(call: string, what: string, value: number): void {
  if (typeof value !== "number" || (value | 0) !== value) {
    throw wrongArgument(call, what, "a 32-bit integer", value);
  }
}

/** Throws TypeError unless `value` is one of `known`. */
function oneOf(call: string, what: string, known: readonly string[], value: string): void {
  if (!known.includes(value)) throw wrongArgument(call, what, `one of ${known.join(", ")}`, value);
}

/** Rejects other buffers, since the kernel would write to memory that is not theirs. */
function lengthOf(call: string, buffer: Uint8Array): number {
  return Math.min(checkBytes(call, buffer), MAX_TRANSFER);
}

/**
 * Requires the permission to bind: on listen, the kernel binds an unbound socket to all addresses.
 */
function requireBound(fd: number): void {
  const { rawSockets, sockaddr, runtime, os } = platform();
  const raw = rawSockets.localAddress(fd);
  // A system without an address for it does not let it listen either.
  if (typeof raw === "number" || os === "windows") return;
  if (!sockaddr.isInet4(raw) && raw.length !== SOCKADDR_IN6.size) return;
  const { ip, port } = sockaddr.decode(raw);
  if (port === 0) runtime.requireNet(formatIP(ip), port);
}

/** Encodes a literal address, after requiring the runtime's permission for it. */
function encoded(address: string, purpose: Purpose): RawAddress {
  const { host, port: portText } = splitHostPort(address);
  const literal = parseIPZone(host);
  if (literal === null) throw new AddrError("not an IP address", address);
  const { ip, zone } = literal;
  const port = lookupPort("tcp", portText);
  const { runtime, sockaddr } = platform();
  const reached = purpose === "dial" ? destination(unmap(ip), ip.length === 4 ? "ip4" : "ip6") : ip;
  // Use Deno's text form: an IPv4-mapped address must not bypass a denial.
  runtime.requireNet(formatIP(reached), port);
  return sockaddr.encode({ ip: reached, port, scope: zoneScope(zone, address) });
}
