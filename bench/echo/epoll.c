// SPDX-License-Identifier: MIT
// The yardstick: an echo server as a good C program would write it. One thread, one
// edge-triggered epoll set, one shared buffer, recv then send. A connection costs no memory of
// its own until a send comes up short; only then is the unsent remainder kept for it.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_FD = 1 << 21, MAX_EVENTS = 512 };

struct remainder {
  size_t at, end;
  char bytes[];
};

static struct remainder *unsent[MAX_FD];
static char *buffer;
static size_t buffer_size = 4096;

static void die(const char *what) {
  perror(what);
  exit(1);
}

static void drop(int fd) {
  free(unsent[fd]);
  unsent[fd] = NULL;
  close(fd);
}

/* 1: all is sent. 0: the socket is full and the rest is kept. -1: the peer is gone. */
static int send_or_keep(int fd, size_t n) {
  ssize_t sent = send(fd, buffer, n, MSG_NOSIGNAL);
  if (sent == (ssize_t)n) return 1;
  if (sent < 0 && errno != EAGAIN) return -1;
  if (sent < 0) sent = 0;
  struct remainder *rest = malloc(sizeof *rest + n - sent);
  if (!rest) return -1;
  rest->at = 0;
  rest->end = n - sent;
  memcpy(rest->bytes, buffer + sent, rest->end);
  unsent[fd] = rest;
  return 0;
}

/* Same answers as send_or_keep(). */
static int send_kept(int fd) {
  struct remainder *rest = unsent[fd];
  while (rest->at < rest->end) {
    ssize_t sent = send(fd, rest->bytes + rest->at, rest->end - rest->at, MSG_NOSIGNAL);
    if (sent < 0) return errno == EAGAIN ? 0 : -1;
    rest->at += sent;
  }
  free(rest);
  unsent[fd] = NULL;
  return 1;
}

/* Whoever reads less than was asked for has emptied the socket: the next byte is a new edge, and
 * no recv has to be spent on being told EAGAIN. Two cases must go on until recv says so itself: a
 * FIN that came with this very edge (EPOLLRDHUP), as it will not be told again, and a socket that
 * was left unread for a while because its remainder was stuck. */
static void serve(int fd, unsigned events) {
  int to_the_end = (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
  if (unsent[fd]) {
    int sent = send_kept(fd);
    if (sent < 0) drop(fd);
    if (sent <= 0) return;
    to_the_end = 1;
  } else if (!to_the_end && !(events & EPOLLIN)) {
    return;
  }
  for (;;) {
    ssize_t n = recv(fd, buffer, buffer_size, 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) return drop(fd);
    int sent = send_or_keep(fd, n);
    if (sent < 0) return drop(fd);
    if (sent == 0) return;
    if ((size_t)n < buffer_size && !to_the_end) return;
  }
}

static void accept_all(int listener, int epoll) {
  int fd, on = 1;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
    if (fd >= MAX_FD) {
      close(fd);
      continue;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct epoll_event add = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.fd = fd};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &add) < 0) die("epoll_ctl");
  }
}

static int open_listener(int port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
  if (fd < 0) die("socket");
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct sockaddr_in addr = {
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof addr;
  if (bind(fd, (struct sockaddr *)&addr, size) < 0) die("bind");
  if (listen(fd, 4096) < 0) die("listen");
  if (getsockname(fd, (struct sockaddr *)&addr, &size) < 0) die("getsockname");
  printf("listening on 127.0.0.1:%d (C, edge-triggered epoll)\n", ntohs(addr.sin_port));
  fflush(stdout);
  return fd;
}

static void *sleep_for_ever(void *unused) {
  for (;;) pause();
  return unused;
}

/* In a process that has threads the kernel counts who uses a descriptor. As many as a runtime has
 * of its own tell what that costs. */
static void start_sleepers(int count) {
  pthread_t thread;
  for (int i = 0; i < count; i++)
    if (pthread_create(&thread, NULL, sleep_for_ever, NULL) != 0) die("pthread_create");
}

int main(int count, char **arguments) {
  const char *port = getenv("PORT"), *size = getenv("BUFFER");
  if (size && atol(size) > 0) buffer_size = atol(size);
  if (!(buffer = malloc(buffer_size))) die("malloc");
  if (count > 1) start_sleepers(atoi(arguments[1]));
  int listener = open_listener(port ? atoi(port) : 0), epoll = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event events[MAX_EVENTS], add = {.events = EPOLLIN, .data.fd = listener};
  if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &add) < 0) die("epoll");
  for (;;) {
    int n = epoll_wait(epoll, events, MAX_EVENTS, -1);
    if (n < 0 && errno != EINTR) die("epoll_wait");
    for (int i = 0; i < n; i++) {
      if (events[i].data.fd == listener) accept_all(listener, epoll);
      else serve(events[i].data.fd, events[i].events);
    }
  }
}
