// SPDX-License-Identifier: MIT
/** C functions of Linux, with their declarations. */
import type { LibraryNames, SymbolTable } from "../contract/platform.ts";

/** File names of the C library: by glibc's and musl's names, then by the paths of distributions. */
export const LIBC: LibraryNames = {
  title: "the C library",
  names: [
    "libc.so.6",
    "libc.musl-x86_64.so.1",
    "libc.musl-aarch64.so.1",
  ],
  paths: [
    "/lib/x86_64-linux-gnu/libc.so.6",
    "/usr/lib/x86_64-linux-gnu/libc.so.6",
    "/lib64/libc.so.6",
    "/usr/lib64/libc.so.6",
    "/lib/aarch64-linux-gnu/libc.so.6",
    "/usr/lib/aarch64-linux-gnu/libc.so.6",
    "/lib/libc.so.6",
    "/usr/lib/libc.so.6",
    "/lib/libc.musl-x86_64.so.1",
    "/lib/libc.musl-aarch64.so.1",
    "/lib/ld-musl-x86_64.so.1",
    "/lib/ld-musl-aarch64.so.1",
  ],
};

/** See each function's page in section 2 of the manual. */
export const SYMBOLS = {
  // int *__errno_location(void)
  __errno_location: { params: [], result: "pointer" },
  // int socket(int domain, int type, int protocol)
  socket: { params: ["i32", "i32", "i32"], result: "i32" },
  // int bind(int fd, const struct sockaddr *addr, socklen_t len)
  bind: { params: ["i32", "buffer", "u32"], result: "i32" },
  // int listen(int fd, int backlog)
  listen: { params: ["i32", "i32"], result: "i32" },
  // int accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags)
  accept4: { params: ["i32", "buffer", "buffer", "i32"], result: "i32" },
  // int connect(int fd, const struct sockaddr *addr, socklen_t len)
  connect: { params: ["i32", "buffer", "u32"], result: "i32" },
  // long syscall(long number, ...), called as recvfrom(2) and sendto(2) without the last argument,
  // the address length, because there is no address
  syscall: { params: ["i32", "i32", "buffer", "u32", "i32", "u32"], result: "i32" },
  // ssize_t recv(int fd, void *buf, size_t len, int flags)
  recv: { params: ["i32", "buffer", "u32", "i32"], result: "i32" },
  // ssize_t send(int fd, const void *buf, size_t len, int flags)
  send: { params: ["i32", "buffer", "u32", "i32"], result: "i32" },
  // ssize_t recvfrom(int fd, void *buf, size_t len, int flags, struct sockaddr *addr,
  //                  socklen_t *len)
  recvfrom: { params: ["i32", "buffer", "u32", "i32", "buffer", "buffer"], result: "i32" },
  // ssize_t sendto(int fd, const void *buf, size_t len, int flags, const struct sockaddr *addr,
  //                socklen_t len)
  sendto: { params: ["i32", "buffer", "u32", "i32", "buffer", "u32"], result: "i32" },
  // int recvmmsg(int fd, struct mmsghdr *messages, unsigned int count, int flags,
  //              struct timespec *timeout)
  recvmmsg: { params: ["i32", "buffer", "u32", "i32", "pointer"], result: "i32" },
  // int sendmmsg(int fd, struct mmsghdr *messages, unsigned int count, int flags)
  sendmmsg: { params: ["i32", "buffer", "u32", "i32"], result: "i32" },
  // ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
  sendmsg: { params: ["i32", "buffer", "i32"], result: "i32" },
  // ssize_t sendfile(int out_fd, int in_fd, off_t *offset, size_t count)
  sendfile: { params: ["i32", "i32", "buffer", "u32"], result: "i32" },
  // ssize_t splice(int in, off_t *in_offset, int out, off_t *out_offset, size_t len,
  //                unsigned int flags)
  splice: { params: ["i32", "pointer", "i32", "pointer", "u32", "u32"], result: "i32" },
  // int pipe2(int fds[2], int flags)
  pipe2: { params: ["buffer", "i32"], result: "i32" },
  // int fcntl(int fd, int op, int arg): on Linux, variadic arguments are passed like any other
  fcntl: { params: ["i32", "i32", "i32"], result: "i32" },
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
  // int ioctl(int fd, unsigned long request, int *value)
  ioctl: { params: ["i32", "u32", "buffer"], result: "i32" },
  // int open(const char *path, int flags)
  open: { params: ["buffer", "i32"], result: "i32" },
  // ssize_t read(int fd, void *buf, size_t len)
  read: { params: ["i32", "buffer", "u32"], result: "i32" },
  // ssize_t write(int fd, const void *buf, size_t len)
  write: { params: ["i32", "buffer", "u32"], result: "i32" },
  // int poll(struct pollfd *fds, nfds_t count, int timeout_ms)
  poll: { params: ["buffer", "u32", "i32"], result: "i32" },
  // int epoll_create1(int flags)
  epoll_create1: { params: ["i32"], result: "i32" },
  // int epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
  epoll_ctl: { params: ["i32", "i32", "i32", "buffer"], result: "i32" },
  // int epoll_wait(int epfd, struct epoll_event *events, int max, int timeout_ms)
  epoll_wait: { params: ["i32", "buffer", "i32", "i32"], result: "i32" },
  // int epoll_pwait2(int epfd, struct epoll_event *events, int max, const struct timespec *timeout,
  //                  const sigset_t *mask): glibc 2.35, Linux 5.11
  epoll_pwait2: {
    params: ["i32", "buffer", "i32", "buffer", "pointer"],
    result: "i32",
    optional: true,
  },
  // int eventfd(unsigned int initval, int flags)
  eventfd: { params: ["u32", "i32"], result: "i32" },
  // pid_t gettid(void): glibc 2.30
  gettid: { params: [], result: "i32", optional: true },
  // int tgkill(pid_t process, pid_t thread, int signal): glibc 2.30
  tgkill: { params: ["i32", "i32", "i32"], result: "i32", optional: true },
  // unsigned int if_nametoindex(const char *name)
  if_nametoindex: { params: ["buffer"], result: "u32" },
  // char *if_indextoname(unsigned int index, char *name)
  if_indextoname: { params: ["u32", "buffer"], result: "pointer" },
} as const satisfies SymbolTable;
