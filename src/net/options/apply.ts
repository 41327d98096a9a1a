// SPDX-License-Identifier: MIT
/** Setting what the user asked for. Go: net/sockopt_linux.go, net/tcpsockopt_unix.go. */
import { shown, wrongArgument } from "../../validate/argument.ts";
import { platform } from "../../../platforms/platform.ts";
import type { Family, IntOption } from "../../../platforms/contract/platform.ts";
import type { KeepAlive } from "../net.ts";
import type { SocketOptions, TCPOptions } from "./options.ts";

/** Go's choice: a probe after 15 s of silence, then one every 15 s. */
const DEFAULT_KEEP_ALIVE: KeepAlive = { idle: 15_000, interval: 15_000 };

/** What the kernel can count. */
const MOST = 0x7fffffff;

/** Sets one option of a socket. */
export type SetOption = (option: IntOption, value: number) => void;

/** Switches keep-alive off or on, with these times. Throws RangeError for a time that is none. */
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

/** The kernel counts seconds: a part of one is rounded up, as Go does. */
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
  /** The network of its calls: "tcp". */
  readonly network: string;
  /** What it is to be bound to, or connected to. */
  readonly address: string;
  /** Throws the error of a call that gave a negative result. */
  readonly check: (result: number, call: string) => number;
}

/** Sets the options of any socket, and at last lets the user's `control` set its own. */
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
    // IPv4 that goes through a socket of IPv6 has this one.
    set("IP_TOS", options.trafficClass);
  }
  if (options.mark !== undefined) set("SO_MARK", options.mark | 0);
}

/** Sets the options of a TCP socket. What a listener is given, its connections inherit. */
export function setTCPOptions(socket: NewSocket, options: TCPOptions): void {
  const set = setter(socket);
  setCommonOptions(socket, options);
  // As in Go: that the kernel refuses one of these is no reason to have no connection.
  const wish: SetOption = (option, value) =>
    void platform().sockets.setOption(socket.sysfd, option, value);
  wish("TCP_NODELAY", Number(options.noDelay ?? true));
  setKeepAlive(wish, options.keepAlive ?? true);
  if (options.userTimeout !== undefined) set("TCP_USER_TIMEOUT", options.userTimeout);
  callControl(socket, options);
}

/** What sets an option that the user asked for, or throws. */
export function setter({ sysfd, check }: NewSocket): SetOption {
  return (option, value) => {
    check(platform().sockets.setOption(sysfd, option, value), "setsockopt");
  };
}

/** As in Go, `control` receives the IP version of the socket. */
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
