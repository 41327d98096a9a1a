// SPDX-License-Identifier: MIT
/** Layouts that are specific to macOS; the others are in ../bsd/structs.ts. <sys/event.h> */
import type { KeventLayout } from "../bsd/kevent.ts";
import type { MessageLayout } from "../bsd/structs.ts";

/**
 * 32 bytes on x86-64 and arm64. NOTE_OOB exists since macOS 10.12; its manual lists it under
 * EVFILT_EXCEPT, which shares a filter with EVFILT_READ. XNU: soexcept_filtops, filt_soread_common
 */
export const KEVENT: KeventLayout = { words: 8, EVFILT_USER: -10, NOTE_OOB: 0x2 };

/**
 * CMSG_DATA and CMSG_SPACE round to 32 bits, on 64-bit systems too. <sys/socket.h> IP_PKTINFO
 * carries a `struct in_pktinfo`. <netinet/in.h>
 */
export const MESSAGE: MessageLayout = { cmsgAlign: 4, destination: { type: 26, size: 12 } };
