// SPDX-License-Identifier: MIT
/**
 * Tables of error numbers. Messages that several systems share are here once; they are the ones
 * that Go prints on Linux. A system's table overrides a message where Go prints another.
 */
import type { ErrnoText } from "../contract/platform.ts";

/** Number, name and, unless it is the shared one, message. */
export type ErrnoRow = readonly [number: number, name: string, words?: string];

const WORDS: Readonly<Record<string, string>> = {
  EPERM: "operation not permitted",
  ENOENT: "no such file or directory",
  ESRCH: "no such process",
  EINTR: "interrupted system call",
  EIO: "input/output error",
  ENXIO: "no such device or address",
  E2BIG: "argument list too long",
  ENOEXEC: "exec format error",
  EBADF: "bad file descriptor",
  ECHILD: "no child processes",
  EAGAIN: "resource temporarily unavailable",
  ENOMEM: "cannot allocate memory",
  EACCES: "permission denied",
  EFAULT: "bad address",
  ENOTBLK: "block device required",
  EBUSY: "device or resource busy",
  EEXIST: "file exists",
  EXDEV: "invalid cross-device link",
  ENODEV: "no such device",
  ENOTDIR: "not a directory",
  EISDIR: "is a directory",
  EINVAL: "invalid argument",
  ENFILE: "too many open files in system",
  EMFILE: "too many open files",
  ENOTTY: "inappropriate ioctl for device",
  ETXTBSY: "text file busy",
  EFBIG: "file too large",
  ENOSPC: "no space left on device",
  ESPIPE: "illegal seek",
  EROFS: "read-only file system",
  EMLINK: "too many links",
  EPIPE: "broken pipe",
  EDOM: "numerical argument out of domain",
  ERANGE: "numerical result out of range",
  EDEADLK: "resource deadlock avoided",
  ENAMETOOLONG: "file name too long",
  ENOLCK: "no locks available",
  ENOSYS: "function not implemented",
  ENOTEMPTY: "directory not empty",
  ELOOP: "too many levels of symbolic links",
  ENOMSG: "no message of desired type",
  EIDRM: "identifier removed",
  ENOSTR: "device not a stream",
  ENODATA: "no data available",
  ETIME: "timer expired",
  ENOSR: "out of streams resources",
  EREMOTE: "object is remote",
  ENOLINK: "link has been severed",
  EPROTO: "protocol error",
  EMULTIHOP: "multihop attempted",
  EBADMSG: "bad message",
  EOVERFLOW: "value too large for defined data type",
  EILSEQ: "invalid or incomplete multibyte or wide character",
  EUSERS: "too many users",
  ENOTSOCK: "socket operation on non-socket",
  EDESTADDRREQ: "destination address required",
  EMSGSIZE: "message too long",
  EPROTOTYPE: "protocol wrong type for socket",
  ENOPROTOOPT: "protocol not available",
  EPROTONOSUPPORT: "protocol not supported",
  ESOCKTNOSUPPORT: "socket type not supported",
  EOPNOTSUPP: "operation not supported",
  EPFNOSUPPORT: "protocol family not supported",
  EAFNOSUPPORT: "address family not supported by protocol",
  EADDRINUSE: "address already in use",
  EADDRNOTAVAIL: "cannot assign requested address",
  ENETDOWN: "network is down",
  ENETUNREACH: "network is unreachable",
  ENETRESET: "network dropped connection on reset",
  ECONNABORTED: "software caused connection abort",
  ECONNRESET: "connection reset by peer",
  ENOBUFS: "no buffer space available",
  EISCONN: "transport endpoint is already connected",
  ENOTCONN: "transport endpoint is not connected",
  ESHUTDOWN: "cannot send after transport endpoint shutdown",
  ETOOMANYREFS: "too many references: cannot splice",
  ETIMEDOUT: "connection timed out",
  ECONNREFUSED: "connection refused",
  EHOSTDOWN: "host is down",
  EHOSTUNREACH: "no route to host",
  EALREADY: "operation already in progress",
  EINPROGRESS: "operation now in progress",
  ESTALE: "stale file handle",
  EDQUOT: "disk quota exceeded",
  ECANCELED: "operation canceled",
  EOWNERDEAD: "owner died",
  ENOTRECOVERABLE: "state not recoverable",
  EPROCLIM: "too many processes",
  EBADRPC: "RPC struct is bad",
  ERPCMISMATCH: "RPC version wrong",
  EPROGUNAVAIL: "RPC prog. not avail",
  EPROGMISMATCH: "program version wrong",
  EPROCUNAVAIL: "bad procedure for program",
  EFTYPE: "inappropriate file type or format",
  EAUTH: "authentication error",
  ENEEDAUTH: "need authenticator",
  ENOATTR: "attribute not found",
};

/**
 * Returns a function that finds the name and message of an error number; the first row of a number
 * wins. The map is made at the first error: only the table of one system is ever needed.
 */
export function errnoTexts(table: readonly ErrnoRow[]): (errno: number) => ErrnoText {
  let byNumber: Map<number, ErrnoText> | undefined;
  return (errno) =>
    (byNumber ??= mapOf(table)).get(errno) ?? { name: `E${errno}`, text: `errno ${errno}` };
}

function mapOf(table: readonly ErrnoRow[]): Map<number, ErrnoText> {
  const byNumber = new Map<number, ErrnoText>();
  for (const [number, name, words] of table) {
    if (!byNumber.has(number)) byNumber.set(number, { name, text: words ?? WORDS[name] });
  }
  return byNumber;
}
