// SPDX-License-Identifier: MIT
/**
 * C functions of Windows, with their declarations.
 *
 * A SOCKET or HANDLE is declared as 32 bits: only those are significant on Windows, so that 32-bit
 * and 64-bit programs can exchange them. An invalid one reads as -1, but cannot be passed as such:
 * calls that need it, or a pseudo handle, are avoided.
 */
import type { CFunction, LibraryNames, SymbolTable } from "../../contract/platform.ts";

const system = (name: string): LibraryNames => ({
  title: name,
  names: [name],
  paths: [`C:\\Windows\\System32\\${name}`],
});

/** Winsock. */
export const WS2_32 = system("ws2_32.dll");
/** Handles, memory, completion ports. */
export const KERNEL32 = system("kernel32.dll");
/** The native API, which returns NTSTATUS. */
export const NTDLL = system("ntdll.dll");
/** Interfaces. */
export const IPHLPAPI = system("iphlpapi.dll");

/** See each function's page in the Windows Sockets reference. */
export const WS2_32_SYMBOLS = {
  // int WSAStartup(WORD version, WSADATA *data)
  WSAStartup: { params: ["u32", "buffer"], result: "i32" },
  // SOCKET WSASocketW(int family, int type, int protocol, WSAPROTOCOL_INFOW *, GROUP, DWORD flags)
  WSASocketW: { params: ["i32", "i32", "i32", "pointer", "u32", "u32"], result: "i32" },
  // int WSADuplicateSocketW(SOCKET s, DWORD process, WSAPROTOCOL_INFOW *)
  WSADuplicateSocketW: { params: ["i32", "u32", "buffer"], result: "i32" },
  // int bind(SOCKET s, const sockaddr *name, int namelen)
  bind: { params: ["i32", "buffer", "i32"], result: "i32" },
  // int listen(SOCKET s, int backlog)
  listen: { params: ["i32", "i32"], result: "i32" },
  // int recv(SOCKET s, char *buf, int len, int flags)
  recv: { params: ["i32", "buffer", "i32", "i32"], result: "i32" },
  // int send(SOCKET s, const char *buf, int len, int flags)
  send: { params: ["i32", "buffer", "i32", "i32"], result: "i32" },
  // int WSARecv(SOCKET, WSABUF *, DWORD count, DWORD *received, DWORD *flags, OVERLAPPED *,
  //             routine)
  WSARecv: {
    params: ["i32", "buffer", "u32", "pointer", "buffer", "buffer", "pointer"],
    result: "i32",
  },
  // int WSASend(SOCKET, WSABUF *, DWORD count, DWORD *sent, DWORD flags, OVERLAPPED *, routine)
  WSASend: {
    params: ["i32", "buffer", "u32", "pointer", "u32", "buffer", "pointer"],
    result: "i32",
  },
  // int WSARecvFrom(SOCKET, WSABUF *, DWORD, DWORD *received, DWORD *flags, sockaddr *, int *,
  //                 OVERLAPPED *, routine)
  WSARecvFrom: {
    params: ["i32", "buffer", "u32", "pointer", "buffer", "buffer", "buffer", "buffer", "pointer"],
    result: "i32",
  },
  // int WSASendTo(SOCKET, WSABUF *, DWORD, DWORD *sent, DWORD flags, sockaddr *, int, OVERLAPPED *,
  //               routine)
  WSASendTo: {
    params: ["i32", "buffer", "u32", "pointer", "u32", "buffer", "i32", "buffer", "pointer"],
    result: "i32",
  },
  // SOCKET accept(SOCKET s, sockaddr *addr, int *addrlen)
  accept: { params: ["i32", "pointer", "pointer"], result: "i32" },
  // int WSASendMsg(SOCKET, WSAMSG *, DWORD flags, DWORD *sent, OVERLAPPED *, routine)
  WSASendMsg: {
    params: ["i32", "buffer", "u32", "pointer", "buffer", "pointer"],
    result: "i32",
  },
  // int connect(SOCKET s, const sockaddr *name, int namelen)
  connect: { params: ["i32", "buffer", "i32"], result: "i32" },
  // int WSAIoctl(SOCKET, DWORD code, void *in, DWORD, void *out, DWORD, DWORD *bytes, OVERLAPPED *,
  //              routine)
  WSAIoctl: {
    params: ["i32", "u32", "buffer", "u32", "buffer", "u32", "buffer", "pointer", "pointer"],
    result: "i32",
  },
  // int ioctlsocket(SOCKET s, long cmd, u_long *argp)
  ioctlsocket: { params: ["i32", "u32", "buffer"], result: "i32" },
  // int shutdown(SOCKET s, int how)
  shutdown: { params: ["i32", "i32"], result: "i32" },
  // int closesocket(SOCKET s)
  closesocket: { params: ["i32"], result: "i32" },
  // int getsockopt(SOCKET s, int level, int name, char *value, int *len)
  getsockopt: { params: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  // int setsockopt(SOCKET s, int level, int name, const char *value, int len)
  setsockopt: { params: ["i32", "i32", "i32", "buffer", "i32"], result: "i32" },
  // int getsockname(SOCKET s, sockaddr *name, int *namelen)
  getsockname: { params: ["i32", "buffer", "buffer"], result: "i32" },
  // int getpeername(SOCKET s, sockaddr *name, int *namelen)
  getpeername: { params: ["i32", "buffer", "buffer"], result: "i32" },
} as const satisfies SymbolTable;

/** An extension function, obtained from the provider of a socket. */
export interface Extension {
  /** The bytes of its GUID structure, in hexadecimal. */
  readonly guid: string;
  readonly declaration: CFunction;
}

/** See mswsock.h; in memory, the first three fields of a GUID are little-endian. */
export const EXTENSIONS = {
  // BOOL AcceptEx(SOCKET, SOCKET, void *out, DWORD data, DWORD local, DWORD remote, DWORD *,
  //               OVERLAPPED *)
  AcceptEx: {
    guid: "f17d36b5accbcf1195ca00805f48a192",
    declaration: {
      params: ["i32", "i32", "buffer", "u32", "u32", "u32", "buffer", "buffer"],
      result: "i32",
    },
  },
  // void GetAcceptExSockaddrs(void *out, DWORD, DWORD, DWORD, sockaddr **, int *, sockaddr **,
  //                           int *)
  GetAcceptExSockaddrs: {
    guid: "f27d36b5accbcf1195ca00805f48a192",
    declaration: {
      params: ["buffer", "u32", "u32", "u32", "buffer", "buffer", "buffer", "buffer"],
      result: "void",
    },
  },
  // BOOL ConnectEx(SOCKET, const sockaddr *, int, void *data, DWORD, DWORD *sent, OVERLAPPED *)
  ConnectEx: {
    guid: "b907a225f3dd60468ee976e58c74063e",
    declaration: {
      params: ["i32", "buffer", "i32", "pointer", "u32", "pointer", "buffer"],
      result: "i32",
    },
  },
  // BOOL TransmitFile(SOCKET, HANDLE, DWORD bytes, DWORD bytesPerSend, OVERLAPPED *, void *buffers,
  //                   DWORD flags)
  TransmitFile: {
    guid: "f07d36b5accbcf1195ca00805f48a192",
    declaration: {
      params: ["i32", "i32", "u32", "u32", "buffer", "pointer", "u32"],
      result: "i32",
    },
  },
  // int WSARecvMsg(SOCKET, WSAMSG *, DWORD *received, OVERLAPPED *, routine)
  WSARecvMsg: {
    guid: "c8d789f61f6f6b438a53e54fe351c322",
    declaration: {
      params: ["i32", "buffer", "pointer", "buffer", "pointer"],
      result: "i32",
    },
  },
} as const satisfies Readonly<Record<string, Extension>>;

/** See each function's page in the Win32 reference. */
export const KERNEL32_SYMBOLS = {
  // HANDLE CreateIoCompletionPort(HANDLE file, HANDLE port, ULONG_PTR key, DWORD threads)
  CreateIoCompletionPort: { params: ["i32", "i32", "u32", "u32"], result: "i32" },
  // BOOL PostQueuedCompletionStatus(HANDLE port, DWORD bytes, ULONG_PTR key, OVERLAPPED *)
  PostQueuedCompletionStatus: { params: ["i32", "u32", "u32", "pointer"], result: "i32" },
  // BOOL SetFileCompletionNotificationModes(HANDLE file, UCHAR flags)
  SetFileCompletionNotificationModes: { params: ["i32", "u32"], result: "i32" },
  // BOOL CancelIoEx(HANDLE file, OVERLAPPED *)
  CancelIoEx: { params: ["i32", "buffer"], result: "i32" },
  // DWORD GetCurrentThreadId(void)
  GetCurrentThreadId: { params: [], result: "u32" },
  // HANDLE OpenThread(DWORD access, BOOL inherit, DWORD id)
  OpenThread: { params: ["u32", "i32", "u32"], result: "i32" },
  // DWORD GetProcessIdOfThread(HANDLE thread)
  GetProcessIdOfThread: { params: ["i32"], result: "u32" },
  // BOOL GetExitCodeThread(HANDLE thread, DWORD *code)
  GetExitCodeThread: { params: ["i32", "buffer"], result: "i32" },
  // DWORD GetCurrentProcessId(void)
  GetCurrentProcessId: { params: [], result: "u32" },
  // BOOL GetHandleInformation(HANDLE, DWORD *flags)
  GetHandleInformation: { params: ["i32", "buffer"], result: "i32" },
  // BOOL SetHandleInformation(HANDLE, DWORD mask, DWORD flags)
  SetHandleInformation: { params: ["i32", "u32", "u32"], result: "i32" },
  // HANDLE CreateFileW(const wchar_t *name, DWORD access, DWORD share, void *security,
  //                    DWORD disposition, DWORD flags, HANDLE template)
  CreateFileW: {
    params: ["buffer", "u32", "u32", "pointer", "u32", "u32", "i32"],
    result: "i32",
  },
  // BOOL GetFileSizeEx(HANDLE, LARGE_INTEGER *size)
  GetFileSizeEx: { params: ["i32", "buffer"], result: "i32" },
  // BOOL CloseHandle(HANDLE)
  CloseHandle: { params: ["i32"], result: "i32" },
  // void *VirtualAlloc(void *address, SIZE_T size, DWORD type, DWORD protect)
  VirtualAlloc: { params: ["pointer", "u32", "u32", "u32"], result: "pointer" },
} as const satisfies SymbolTable;

/** See winternl.h. */
export const NTDLL_SYMBOLS = {
  // const char *wine_get_version(void): where this is Wine, and not Windows
  wine_get_version: { params: [], result: "pointer", optional: true },
  // NTSTATUS NtCreateIoCompletion(HANDLE *, ACCESS_MASK, OBJECT_ATTRIBUTES *, ULONG threads)
  NtCreateIoCompletion: { params: ["buffer", "u32", "pointer", "u32"], result: "i32" },
  // NTSTATUS NtRemoveIoCompletionEx(HANDLE port, void *entries, ULONG count, ULONG *removed,
  //                                 LARGE_INTEGER *timeout, BOOLEAN alertable)
  NtRemoveIoCompletionEx: {
    params: ["i32", "buffer", "u32", "buffer", "buffer", "u32"],
    result: "i32",
  },
  // NTSTATUS NtCreateFile(HANDLE *, ACCESS_MASK, OBJECT_ATTRIBUTES *, IO_STATUS_BLOCK *,
  //                       LARGE_INTEGER *size, ULONG attributes, ULONG share, ULONG disposition,
  //                       ULONG options, void *ea, ULONG length)
  NtCreateFile: {
    params: [
      "buffer",
      "u32",
      "buffer",
      "buffer",
      "pointer",
      "u32",
      "u32",
      "u32",
      "u32",
      "pointer",
      "u32",
    ],
    result: "i32",
  },
  // NTSTATUS NtDeviceIoControlFile(HANDLE, HANDLE event, routine, void *context, IO_STATUS_BLOCK *,
  //                                ULONG code, void *in, ULONG, void *out, ULONG)
  NtDeviceIoControlFile: {
    params: [
      "i32",
      "pointer",
      "pointer",
      "buffer",
      "buffer",
      "u32",
      "buffer",
      "u32",
      "buffer",
      "u32",
    ],
    result: "i32",
  },
  // NTSTATUS NtQueryInformationThread(HANDLE, THREADINFOCLASS, void *, ULONG, ULONG *length)
  NtQueryInformationThread: { params: ["i32", "i32", "buffer", "u32", "pointer"], result: "i32" },
} as const satisfies SymbolTable;

/** See netioapi.h. */
export const IPHLPAPI_SYMBOLS = {
  // NET_IFINDEX if_nametoindex(const char *name)
  if_nametoindex: { params: ["buffer"], result: "u32" },
  // char *if_indextoname(NET_IFINDEX index, char *name)
  if_indextoname: { params: ["u32", "buffer"], result: "pointer" },
} as const satisfies SymbolTable;
