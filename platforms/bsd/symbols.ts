// SPDX-License-Identifier: MIT
/** C functions of macOS and FreeBSD, with their declarations. */
import type { SymbolTable } from "../contract/platform.ts";

/** See each function's page in section 2 of the manual. */
export const SYMBOLS = {
  // int *__error(void)
  __error: { params: [], result: "pointer" },
  // int socket(int domain, int type, int protocol)
  socket: { params: ["i32", "i32", "i32"], result: "i32" },
  // int bind(int fd, const struct sockaddr *addr, socklen_t len)
  bind: { params: ["i32", "buffer", "u32"], result: "i32" },
  // int listen(int fd, int backlog)
  listen: { params: ["i32", "i32"], result: "i32" },
  // int accept(int fd, struct sockaddr *addr, socklen_t *len)
  accept: { params: ["i32", "buffer", "buffer"], result: "i32" },
  // int accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags): FreeBSD alone
  accept4: { params: ["i32", "buffer", "buffer", "i32"], result: "i32", optional: true },
  // int connect(int fd, const struct sockaddr *addr, socklen_t len)
  connect: { params: ["i32", "buffer", "u32"], result: "i32" },
  // ssize_t recv(int fd, void *buf, size_t len, int flags)
  recv: { params: ["i32", "buffer", "u32", "i32"], result: "i32" },
  // ssize_t send(int fd, const void *buf, size_t len, int flags)
  send: { params: ["i32", "buffer", "u32", "i32"], result: "i32" },
  // ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
  recvmsg: { params: ["i32", "buffer", "i32"], result: "i32" },
  // ssize_t sendto(int fd, const void *buf, size_t len, int flags, const struct sockaddr *addr,
  //                socklen_t addrlen)
  sendto: { params: ["i32", "buffer", "u32", "i32", "buffer", "u32"], result: "i32" },
  // int dup(int fd)
  dup: { params: ["i32"], result: "i32" },
  // ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
  sendmsg: { params: ["i32", "buffer", "i32"], result: "i32" },
  // ssize_t read(int fd, void *buf, size_t len)
  read: { params: ["i32", "buffer", "u32"], result: "i32" },
  // ssize_t write(int fd, const void *buf, size_t len)
  write: { params: ["i32", "buffer", "u32"], result: "i32" },
  // int shutdown(int fd, int how)
  shutdown: { params: ["i32", "i32"], result: "i32" },
  // int close(int fd)
  close: { params: ["i32"], result: "i32" },
  // int getsockopt(int fd, int level, int name, void *value, socklen_t *len)
  getsockopt: { params: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  // int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
  setsockopt: { params: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  // int getsockname(int fd, struct sockaddr *addr, socklen_t *len)
  getsockname: { params: ["i32", "buffer", "buffer"], result: "i32" },
  // int getpeername(int fd, struct sockaddr *addr, socklen_t *len)
  getpeername: { params: ["i32", "buffer", "buffer"], result: "i32" },
  // int open(const char *path, int flags, ...): called without a third argument
  open: { params: ["buffer", "i32"], result: "i32" },
  // int fcntl(int fd, int command, ...): called without a third argument
  fcntl: { params: ["i32", "i32"], result: "i32" },
  // int poll(struct pollfd *fds, nfds_t count, int timeout_ms)
  poll: { params: ["buffer", "u32", "i32"], result: "i32" },
  // int kqueue(void)
  kqueue: { params: [], result: "i32" },
  // int kevent(int kq, const struct kevent *changes, int nchanges, struct kevent *events,
  //            int nevents, const struct timespec *timeout)
  kevent: { params: ["i32", "buffer", "i32", "buffer", "i32", "buffer"], result: "i32" },
  // unsigned int if_nametoindex(const char *name)
  if_nametoindex: { params: ["buffer"], result: "u32" },
  // char *if_indextoname(unsigned int index, char *name)
  if_indextoname: { params: ["u32", "buffer"], result: "pointer" },
} as const satisfies SymbolTable;

/**
 * sendfile(2) of macOS: `sent` is the length before the call, and the number of bytes sent after
 * it.
 */
export const SENDFILE_DARWIN = {
  // int sendfile(int file, int socket, off_t offset, off_t *sent, struct sf_hdtr *hdtr, int flags)
  sendfile: { params: ["i32", "i32", "i64", "buffer", "pointer", "i32"], result: "i32" },
} as const satisfies SymbolTable;

/** sendfile(2) of FreeBSD. */
export const SENDFILE_FREEBSD = {
  // int sendfile(int file, int socket, off_t offset, size_t length, struct sf_hdtr *hdtr,
  //              off_t *sent, int flags)
  sendfile: { params: ["i32", "i32", "i64", "u32", "pointer", "buffer", "i32"], result: "i32" },
} as const satisfies SymbolTable;

/** ioctl(2) where a variadic argument is passed like any other: everywhere but Apple's arm64. */
export const IOCTL = {
  // int ioctl(int fd, unsigned long request, ...)
  ioctl: { params: ["i32", "u32", "buffer"], result: "i32" },
} as const satisfies SymbolTable;

/**
 * ioctl(2) where a variadic argument is passed on the stack. Six unused arguments fill the
 * registers x2 to x7, so that the ninth is the first on the stack; it is a pointer, eight bytes
 * wide, which both runtimes place where the callee reads it.
 */
export const IOCTL_ON_STACK = {
  ioctl: {
    params: ["i32", "u32", "u32", "u32", "u32", "u32", "u32", "u32", "buffer"],
    result: "i32",
  },
} as const satisfies SymbolTable;
