// SPDX-License-Identifier: MIT
/**
 * Windows error numbers. Winsock's are the library's errno here; Win32 and NTSTATUS errors are
 * converted to them. Names and messages are those of the other systems, so that `code` means the
 * same everywhere.
 */
import type { ErrnoNumbers, ErrnoText } from "../../contract/platform.ts";
import { type ErrnoRow, errnoTexts } from "../../shared/errno_table.ts";

/** Number, name and message. */
const TABLE: readonly ErrnoRow[] = [
  [1, "EPERM"],
  [2, "ENOENT"],
  [6, "EBADF"],
  [8, "ENOMEM"],
  [17, "EEXIST"],
  [23, "ENFILE"],
  [59, "EIO"],
  [87, "EINVAL"],
  [134, "EPROTO"],
  [258, "ETIMEDOUT"],
  [995, "ECANCELED"],
  [10004, "EINTR"],
  [10009, "EBADF"],
  [10013, "EACCES"],
  [10014, "EFAULT"],
  [10022, "EINVAL"],
  [10024, "EMFILE"],
  [10035, "EAGAIN"],
  [10036, "EINPROGRESS"],
  [10037, "EALREADY"],
  [10038, "ENOTSOCK"],
  [10039, "EDESTADDRREQ"],
  [10040, "EMSGSIZE"],
  [10041, "EPROTOTYPE"],
  [10042, "ENOPROTOOPT"],
  [10043, "EPROTONOSUPPORT"],
  [10044, "ESOCKTNOSUPPORT"],
  [10045, "EOPNOTSUPP"],
  [10046, "EPFNOSUPPORT"],
  [10047, "EAFNOSUPPORT"],
  [10048, "EADDRINUSE"],
  [10049, "EADDRNOTAVAIL"],
  [10050, "ENETDOWN"],
  [10051, "ENETUNREACH"],
  [10052, "ENETRESET"],
  [10053, "ECONNABORTED"],
  [10054, "ECONNRESET"],
  [10055, "ENOBUFS"],
  [10056, "EISCONN"],
  [10057, "ENOTCONN"],
  // A send after the local shutdown, called a broken pipe on other systems.
  [10058, "EPIPE"],
  [10060, "ETIMEDOUT"],
  [10061, "ECONNREFUSED"],
  [10062, "ELOOP"],
  [10063, "ENAMETOOLONG"],
  [10064, "EHOSTDOWN"],
  [10065, "EHOSTUNREACH"],
  [10066, "ENOTEMPTY"],
  [10068, "EUSERS"],
  [10069, "EDQUOT"],
  [10070, "ESTALE"],
  [10071, "EREMOTE"],
  [10091, "ENETDOWN"],
];

/** Returns the name and message of `errno`; an unknown number is printed as a number. */
export const errnoText: (errno: number) => ErrnoText = errnoTexts(TABLE);

/**
 * Error numbers that the library distinguishes. No Winsock call returns ENFILE or EPROTO; these
 * numbers are those of the C library.
 */
export const ERRNO: ErrnoNumbers = {
  ENOMEM: 8,
  ENFILE: 23,
  EPROTO: 134,
  EINTR: 10004,
  EINVAL: 10022,
  EMSGSIZE: 10040,
  EMFILE: 10024,
  EAGAIN: 10035,
  EINPROGRESS: 10036,
  EALREADY: 10037,
  EAFNOSUPPORT: 10047,
  EADDRNOTAVAIL: 10049,
  ECONNABORTED: 10053,
  ECONNRESET: 10054,
  ENOBUFS: 10055,
  EISCONN: 10056,
  ENOTCONN: 10057,
};

/**
 * Further numbers that the Windows platform distinguishes; no Winsock call returns the first three.
 */
export const EPERM = 1;
export const ENOENT = 2;
export const EEXIST = 17;
export const ECANCELED = 995;
export const EBADF = 10009;
export const ENOTSOCK = 10038;
export const EDESTADDRREQ = 10039;
export const EMSGSIZE = 10040;
export const ENOPROTOOPT = 10042;
export const ESOCKTNOSUPPORT = 10044;
export const EOPNOTSUPP = 10045;
export const EPIPE = 10058;

/** Win32 errors of winerror.h, and the corresponding Winsock errors. */
const WIN32 = new Map<number, number>([
  [5, 10013], // ERROR_ACCESS_DENIED
  [6, EBADF], // ERROR_INVALID_HANDLE
  [14, 8], // ERROR_OUTOFMEMORY
  [38, 10054], // ERROR_HANDLE_EOF
  [50, EOPNOTSUPP], // ERROR_NOT_SUPPORTED
  [64, 10054], // ERROR_NETNAME_DELETED
  [87, 10022], // ERROR_INVALID_PARAMETER
  [121, 10060], // ERROR_SEM_TIMEOUT
  [234, EMSGSIZE], // ERROR_MORE_DATA
  [1225, 10061], // ERROR_CONNECTION_REFUSED
  [1227, 10048], // ERROR_ADDRESS_ALREADY_ASSOCIATED
  [1229, 10054], // ERROR_CONNECTION_INVALID
  [1231, 10051], // ERROR_NETWORK_UNREACHABLE
  [1232, 10065], // ERROR_HOST_UNREACHABLE
  [1234, 10054], // ERROR_PORT_UNREACHABLE
  [1235, ECANCELED], // ERROR_REQUEST_ABORTED
  [1236, 10053], // ERROR_CONNECTION_ABORTED
  [1450, 10055], // ERROR_NO_SYSTEM_RESOURCES
]);

/** Converts a GetLastError code to an errno. */
export function win32Errno(error: number): number {
  return WIN32.get(error) ?? error;
}

/** NTSTATUS codes of ntstatus.h, and the corresponding Winsock errors. */
const NTSTATUS = new Map<number, number>([
  [0x00000102, 10060], // STATUS_TIMEOUT
  [0x80000005, EMSGSIZE], // STATUS_BUFFER_OVERFLOW
  [0x8000000a, ECANCELED], // STATUS_HANDLES_CLOSED
  [0xc0000008, EBADF], // STATUS_INVALID_HANDLE
  [0xc000000d, 10022], // STATUS_INVALID_PARAMETER
  [0xc0000017, 10055], // STATUS_NO_MEMORY
  [0xc0000022, 10013], // STATUS_ACCESS_DENIED
  [0xc0000024, 10038], // STATUS_OBJECT_TYPE_MISMATCH
  [0xc0000043, 10048], // STATUS_SHARING_VIOLATION
  [0xc0000044, 10055], // STATUS_QUOTA_EXCEEDED
  [0xc000009a, 10055], // STATUS_INSUFFICIENT_RESOURCES
  [0xc00000a1, 10055], // STATUS_WORKING_SET_QUOTA
  [0xc00000a3, 10035], // STATUS_DEVICE_NOT_READY
  [0xc00000b0, 10058], // STATUS_PIPE_DISCONNECTED
  [0xc00000b5, 10060], // STATUS_IO_TIMEOUT
  [0xc00000bb, EOPNOTSUPP], // STATUS_NOT_SUPPORTED
  [0xc00000bc, 10061], // STATUS_REMOTE_NOT_LISTENING
  [0xc00000be, 10051], // STATUS_BAD_NETWORK_PATH
  [0xc00000c9, 10054], // STATUS_NETWORK_NAME_DELETED
  [0xc0000120, ECANCELED], // STATUS_CANCELLED
  [0xc000012d, 10055], // STATUS_COMMITMENT_LIMIT
  [0xc000013b, 10053], // STATUS_LOCAL_DISCONNECT
  [0xc000013c, 10054], // STATUS_REMOTE_DISCONNECT
  [0xc000013e, 10054], // STATUS_LINK_FAILED
  [0xc000013f, 10060], // STATUS_LINK_TIMEOUT
  [0xc0000140, 10057], // STATUS_INVALID_CONNECTION
  [0xc0000141, 10049], // STATUS_INVALID_ADDRESS
  [0xc0000207, 10049], // STATUS_INVALID_ADDRESS_COMPONENT
  [0xc0000209, 10048], // STATUS_TOO_MANY_ADDRESSES
  [0xc000020a, 10048], // STATUS_ADDRESS_ALREADY_EXISTS
  [0xc000020c, 10054], // STATUS_CONNECTION_DISCONNECTED
  [0xc000020d, 10054], // STATUS_CONNECTION_RESET
  [0xc000020f, 10053], // STATUS_TRANSACTION_ABORTED
  [0xc0000236, 10061], // STATUS_CONNECTION_REFUSED
  [0xc0000237, 10054], // STATUS_GRACEFUL_DISCONNECT
  [0xc000023a, 10054], // STATUS_CONNECTION_INVALID
  [0xc000023c, 10051], // STATUS_NETWORK_UNREACHABLE
  [0xc000023d, 10065], // STATUS_HOST_UNREACHABLE
  [0xc000023e, 10051], // STATUS_PROTOCOL_UNREACHABLE
  [0xc000023f, 10054], // STATUS_PORT_UNREACHABLE
  [0xc0000240, ECANCELED], // STATUS_REQUEST_ABORTED
  [0xc0000241, 10053], // STATUS_CONNECTION_ABORTED
]);

/**
 * Converts an NTSTATUS to an errno. Success and informational codes have the top two bits clear,
 * except a timed-out wait.
 */
export function ntstatusErrno(status: number): number {
  const code = status >>> 0;
  const known = NTSTATUS.get(code);
  if (known !== undefined) return known;
  // Report an unknown failure as ERROR_UNEXP_NET_ERR, never as success.
  return code < 0x40000000 ? 0 : UNEXPECTED;
}

/** ERROR_UNEXP_NET_ERR. */
const UNEXPECTED = 59;
