// SPDX-License-Identifier: MIT
/** Applies socket options. Go: net/sockopt_linux.go, net/tcpsockopt_unix.go. */
import { shown, wrongArgument } from "../../validate/argument.ts";
import { platform } from "../../../platforms/platform.ts";
import type { Family, IntOption } from "../../../platforms/contract/platform.ts";
import type { KeepAlive } from "../net.ts";
import type { SocketOptions, TCPOptions } from "./options.ts";

/** Go's default: a probe after 15 s of silence, then one every 15 s. */
const DEFAULT_KEEP_ALIVE: KeepAlive = { idle: 15_000, interval: 15_000 };

/** Largest value of an integer option. */
const MOST = 0x7fffffff;

/** Sets one option of a socket. */
export type SetOption = (option: IntOption, value: number) => void;

/** Turns keep-alive off or on, with these times. Throws RangeError for an invalid time. */
export function setKeepAlive(set: SetOption, on: boolean | KeepAlive): void {
  if (typeof on !== "boolean" && (typeof on !== "object" || on === null)) {
    throw wrongArgument("set keep-alive", "on", "a boolean or an object", on);
  }
  if (on === false) return set("SO_KEEPALIVE", 0);
  const { idle, interval, count } = on === true ? DEFAULT_KEEP_ALIVE : on;
  if (idle !== undefined) set("TCP_KEEPIDLE", seconds("idle", idle));
  if (interval !== undefined) set("TCP_KEEPINTVL", seconds("interval", interval));
  if (count !== undefined) set("TCP_KEEPCNT", Math.ceil(atLeastOne("count", count)));
  set("SO_KEEPALIVE", 1);
}

/** Converts to whole seconds, rounded up as in Go. */
function seconds(name: string, ms: number): number {
  return Math.ceil(atLeastOne(name, ms) / 1000);
}

function atLeastOne(name: string, value: number): number {
  if (typeof value === "number" && value >= 1 && value <= MOST) return value;
  throw new RangeError(
    `Cannot set keep-alive as ${name} must be from 1 to ${MOST}: current value is ${shown(value)}`,
  );
}

/** A socket that is not bound or connected yet. */
export interface NewSocket {
  readonly sysfd: number;
  readonly family: Family | "unix";
  /** Network for errors: "tcp". */
  readonly network: string;
  /** Address to bind or to connect to. */
  readonly address: string;
  /** Throws an error if the call returned a negative result. */
  readonly check: (result: number, call: string) => number;
}

/** Sets the options of any socket, and then calls the user's `control`. */
export function setSocketOptions(socket: NewSocket, options: SocketOptions): void {
  setCommonOptions(socket, options);
  callControl(socket, options);
}

function setCommonOptions(socket: NewSocket, options: SocketOptions): void {
  const { sysfd, family, check } = socket;
  const { sockets } = platform();
  const set = setter(socket);
  if (options.reuseAddr !== undefined) set("SO_REUSEADDR", Number(options.reuseAddr));
  if (options.reusePort !== undefined) set("SO_REUSEPORT", Number(options.reusePort));
  if (options.readBuffer !== undefined) set("SO_RCVBUF", options.readBuffer);
  if (options.writeBuffer !== undefined) set("SO_SNDBUF", options.writeBuffer);
  if (options.bindToDevice !== undefined) {
    check(sockets.bindToDevice(sysfd, options.bindToDevice), "setsockopt");
  }
  if (options.trafficClass !== undefined) {
    if (family === "ip6") set("IPV6_TCLASS", options.trafficClass);
    // Also set on an IPv6 socket, for its IPv4 traffic.
    set("IP_TOS", options.trafficClass);
  }
  if (options.mark !== undefined) set("SO_MARK", options.mark | 0);
}

/** Sets the options of a TCP socket. Accepted connections inherit those of a listener. */
export function setTCPOptions(socket: NewSocket, options: TCPOptions): void {
  const set = setter(socket);
  setCommonOptions(socket, options);
  // As in Go, ignore the kernel's refusal of these.
  const wish: SetOption = (option, value) =>
    void platform().sockets.setOption(socket.sysfd, option, value);
  wish("TCP_NODELAY", Number(options.noDelay ?? true));
  setKeepAlive(wish, options.keepAlive ?? true);
  if (options.userTimeout !== undefined) set("TCP_USER_TIMEOUT", options.userTimeout);
  callControl(socket, options);
}

/** Returns a function that sets an option, and throws if the kernel refuses it. */
export function setter({ sysfd, check }: NewSocket): SetOption {
  return (option, value) => {
    check(platform().sockets.setOption(sysfd, option, value), "setsockopt");
  };
}

/** Calls `control` with the IP version of the socket, as in Go. */
function callControl(
  { sysfd, family, network, address }: NewSocket,
  { control }: SocketOptions,
): void {
  if (control === undefined) return;
  const complete = family === "unix" || /[46]$/.test(network);
  const versioned = complete ? network : `${network}${family.slice(-1)}`;
  const result: unknown = control(sysfd, versioned, address);
  if (typeof result === "object" && result !== null && ("then" in result || "next" in result)) {
    throw new TypeError(
      "Cannot call control as it must not be async: it returned a promise or a generator",
    );
  }
}
