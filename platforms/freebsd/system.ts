// SPDX-License-Identifier: MIT
/** FreeBSD, as data for ../bsd. */
import { sockaddrCodec } from "../bsd/structs.ts";
import type { BsdSystem } from "../bsd/system.ts";
import { CONSTANTS, FIONWRITE, OPTIONS, PACKET_OPTIONS, XUCRED_PID } from "./constants.ts";
import { ERRNO, errnoText } from "./errno.ts";
import { KEVENT, MESSAGE } from "./structs.ts";
import { LIBRARY } from "./symbols.ts";

/** FreeBSD on x86-64 and arm64. */
export const FREEBSD: BsdSystem = {
  os: "freebsd",
  library: LIBRARY,
  constants: CONSTANTS,
  sockaddr: sockaddrCodec(CONSTANTS.AF_INET6),
  options: OPTIONS,
  outstanding: { request: FIONWRITE },
  peerPid: { offset: XUCRED_PID },
  packetOptions: PACKET_OPTIONS,
  message: MESSAGE,
  kevent: KEVENT,
  errno: ERRNO,
  errnoText,
};
