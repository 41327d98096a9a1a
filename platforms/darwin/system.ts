// SPDX-License-Identifier: MIT
/** macOS, as data for ../bsd. */
import { sockaddrCodec } from "../bsd/structs.ts";
import type { BsdSystem } from "../bsd/system.ts";
import { CONSTANTS, LOCAL_PEERPID, OPTIONS, PACKET_OPTIONS, SO_NWRITE } from "./constants.ts";
import { ERRNO, errnoText } from "./errno.ts";
import { KEVENT, MESSAGE } from "./structs.ts";
import { LIBRARY } from "./symbols.ts";

/** macOS on x86-64 and arm64. */
export const DARWIN: BsdSystem = {
  os: "darwin",
  library: LIBRARY,
  constants: CONSTANTS,
  sockaddr: sockaddrCodec(CONSTANTS.AF_INET6),
  options: OPTIONS,
  outstanding: { option: SO_NWRITE },
  peerPid: { option: LOCAL_PEERPID },
  packetOptions: PACKET_OPTIONS,
  message: MESSAGE,
  kevent: KEVENT,
  errno: ERRNO,
  errnoText,
};
