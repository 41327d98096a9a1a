// SPDX-License-Identifier: MIT
/** What each option is called on Windows. */
import type { IntOption } from "../types.ts";
import * as C from "./constants.ts";

/** Level and number of an option; `unit` of the library's value make one of Windows'. */
export interface OptionName {
  readonly level: number;
  readonly name: number;
  readonly unit?: number;
}

/**
 * Those that are missing here Windows does not have. SO_REUSEADDR is none: there it lets anyone take
 * a port that is in use, and what other systems mean by it is the rule. What a listener gets instead
 * is SO_EXCLUSIVEADDRUSE, so that nobody can.
 */
export const OPTIONS: Readonly<Partial<Record<IntOption, OptionName>>> = {
  SO_REUSEADDR: { level: C.SOL_SOCKET, name: ~4 }, // SO_EXCLUSIVEADDRUSE
  SO_KEEPALIVE: { level: C.SOL_SOCKET, name: 8 },
  SO_SNDBUF: { level: C.SOL_SOCKET, name: 0x1001 },
  SO_RCVBUF: { level: C.SOL_SOCKET, name: 0x1002 },
  SO_ERROR: { level: C.SOL_SOCKET, name: 0x1007 },
  SO_TYPE: { level: C.SOL_SOCKET, name: 0x1008 },
  TCP_NODELAY: { level: C.IPPROTO_TCP, name: 1 },
  TCP_KEEPIDLE: { level: C.IPPROTO_TCP, name: 3 },
  TCP_USER_TIMEOUT: { level: C.IPPROTO_TCP, name: 5, unit: 1000 }, // TCP_MAXRT, in seconds
  TCP_FASTOPEN: { level: C.IPPROTO_TCP, name: 15 },
  TCP_FASTOPEN_CONNECT: { level: C.IPPROTO_TCP, name: 15 },
  TCP_KEEPCNT: { level: C.IPPROTO_TCP, name: 16 },
  TCP_KEEPINTVL: { level: C.IPPROTO_TCP, name: 17 },
  IP_TOS: { level: C.IPPROTO_IP, name: 3 },
  IPV6_TCLASS: { level: C.IPPROTO_IPV6, name: 39 },
  IPV6_V6ONLY: { level: C.IPPROTO_IPV6, name: 27 },
};

/**
 * Options of a listener that its connections are to have. Windows says of none of them whether
 * SO_UPDATE_ACCEPT_CONTEXT hands it on, so they are set anew.
 */
export const INHERITED: ReadonlySet<IntOption> = new Set<IntOption>([
  "SO_KEEPALIVE",
  "SO_SNDBUF",
  "SO_RCVBUF",
  "TCP_NODELAY",
  "TCP_KEEPIDLE",
  "TCP_KEEPINTVL",
  "TCP_KEEPCNT",
  "TCP_USER_TIMEOUT",
  "IP_TOS",
  "IPV6_TCLASS",
]);
