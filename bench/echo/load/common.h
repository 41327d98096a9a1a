// SPDX-License-Identifier: MIT
// What both modes of the generator share: the clock, a connection, the end of the program.
#pragma once
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

/* How long a server may say nothing. */
enum { SILENCE_MS = 5000 };

static void die(const char *what) {
  perror(what);
  exit(1);
}

static inline uint64_t clock_ns(clockid_t clock) {
  struct timespec t;
  if (clock_gettime(clock, &t) < 0) return 0;
  return (uint64_t)t.tv_sec * 1000000000u + t.tv_nsec;
}

/* The path of a Unix socket to connect to, instead of a port. */
static const char *unix_path;

static int connect_to_path(void) {
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_un addr = {.sun_family = AF_UNIX};
  if (fd < 0) die("socket");
  strncpy(addr.sun_path, unix_path, sizeof addr.sun_path - 1);
  if (connect(fd, (struct sockaddr *)&addr, sizeof addr) < 0) die("connect");
  if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0) die("fcntl");
  return fd;
}

/* Connects blocking, as a full backlog is only a matter of waiting, then turns non-blocking. */
static int connect_to(int port) {
  if (unix_path) return connect_to_path();
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
  struct timeval limit = {.tv_sec = 5};
  struct sockaddr_in addr = {
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (fd < 0) die("socket");
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (connect(fd, (struct sockaddr *)&addr, sizeof addr) < 0) die("connect");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0) die("fcntl");
  return fd;
}
