// SPDX-License-Identifier: MIT
/** Layouts that are specific to FreeBSD; the others are in ../bsd/structs.ts. <sys/event.h> */
import type { KeventLayout } from "../bsd/kevent.ts";
import type { MessageLayout } from "../bsd/structs.ts";

/**
 * 64 bytes since FreeBSD 12: four 64-bit words, `ext`, follow `udata`. No event reports urgent
 * data: filt_soread of sys/kern/uipc_socket.c ignores its mark.
 */
export const KEVENT: KeventLayout = { words: 16, EVFILT_USER: -11, NOTE_OOB: 0 };

/**
 * CMSG_DATA and CMSG_SPACE round to 64 bits. <sys/socket.h>, <machine/_align.h> IP_RECVDSTADDR and
 * IP_SENDSRCADDR are the same number, with a `struct in_addr`. <netinet/in.h>
 */
export const MESSAGE: MessageLayout = { cmsgAlign: 8, destination: { type: 7, size: 4 } };
