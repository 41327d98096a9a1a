// SPDX-License-Identifier: MIT
/**
 * Errno numbers of simulated calls: Linux's on every system, so that runs are identical everywhere.
 */
import { ERRNO } from "../linux/errno.ts";

export const { EAGAIN, EINTR, EINVAL, EMFILE, EMSGSIZE, ENOBUFS } = ERRNO;
export const { EAFNOSUPPORT, EADDRNOTAVAIL, ECONNABORTED, ECONNRESET } = ERRNO;
export const { EALREADY, EINPROGRESS, EISCONN, ENOTCONN } = ERRNO;
export const ENOENT = 2;
export const EBADF = 9;
export const ENOTSOCK = 88;
export const EPIPE = 32;
export const EEXIST = 17;
export const EOPNOTSUPP = 95;
export const EADDRINUSE = 98;
export const ENETUNREACH = 101;
export const ETIMEDOUT = 110;
export const ECONNREFUSED = 111;
export const EHOSTUNREACH = 113;
export const ENODEV = 19;
export const ENOPROTOOPT = 92;
export const EPERM = 1;
export const EACCES = 13;
export const EDESTADDRREQ = 89;
export const EPROTOTYPE = 91;
