// SPDX-License-Identifier: MIT
/** What FreeBSD's layouts have of their own; the rest is in ../bsd/structs.ts. <sys/event.h> */
import type { KeventLayout } from "../bsd/kevent.ts";
import type { MessageLayout } from "../bsd/structs.ts";

/**
 * 64 bytes since FreeBSD 12: four words of 64 bits, `ext`, follow `udata`. Nothing tells of urgent
 * data: filt_soread of sys/kern/uipc_socket.c does not look at its mark.
 */
export const KEVENT: KeventLayout = { words: 16, EVFILT_USER: -11, NOTE_OOB: 0 };

/**
 * CMSG_DATA and CMSG_SPACE round to 64 bits. <sys/socket.h>, <machine/_align.h>
 * IP_RECVDSTADDR and IP_SENDSRCADDR are one, with a `struct in_addr`. <netinet/in.h>
 */
export const MESSAGE: MessageLayout = { cmsgAlign: 8, destination: { type: 7, size: 4 } };
