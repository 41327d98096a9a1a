// SPDX-License-Identifier: MIT
// The upper bound for HTTP: one thread of epoll that looks for the ends of requests and sends the
// same bytes for each. It parses nothing, and closes a connection that does not take its answers.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_FD = 65536, MAX_EVENTS = 512, MOST = 64 };

static const char ANSWER[] =
    "HTTP/1.1 200 OK\r\ncontent-type: text/plain;charset=UTF-8\r\n"
    "date: Mon, 30 Nov 2026 12:00:00 GMT\r\ncontent-length: 14\r\n\r\nHello, World!\n";
enum { LENGTH = sizeof ANSWER - 1 };

static char input[65536], answers[MOST * LENGTH];
/* How much of the four bytes that end a request has come. */
static unsigned char matched[MAX_FD];

static void die(const char *what) {
  perror(what);
  exit(1);
}

static int ends(int fd, ssize_t n) {
  int count = 0;
  for (ssize_t i = 0; i < n; i++) {
    matched[fd] = input[i] == "\r\n\r\n"[matched[fd]] ? matched[fd] + 1 : input[i] == '\r';
    if (matched[fd] == 4) count++, matched[fd] = 0;
  }
  return count;
}

/* 0: the connection is over. */
static int serve(int fd) {
  ssize_t n = recv(fd, input, sizeof input, 0);
  if (n <= 0) return 0;
  for (int left = ends(fd, n), now; left > 0; left -= now) {
    now = left < MOST ? left : MOST;
    if (send(fd, answers, now * LENGTH, MSG_NOSIGNAL) != now * LENGTH) return 0;
  }
  return 1;
}

static void accept_all(int listener, int epoll) {
  int fd, on = 1;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
    struct epoll_event add = {.events = EPOLLIN | EPOLLRDHUP, .data.fd = fd};
    if (fd >= MAX_FD || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &add) < 0) die("accept");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    matched[fd] = 0;
  }
}

int main(void) {
  for (int i = 0; i < MOST; i++) memcpy(answers + i * LENGTH, ANSWER, LENGTH);
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct sockaddr_in addr = {.sin_family = AF_INET,
                             .sin_port = htons(atoi(getenv("PORT"))),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (bind(listener, (struct sockaddr *)&addr, sizeof addr) < 0) die("bind");
  if (listen(listener, 4096) < 0) die("listen");
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event events[MAX_EVENTS], add = {.events = EPOLLIN, .data.fd = listener};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &add) < 0) die("epoll_ctl");
  printf("listening on 127.0.0.1:%s (C, a constant answer)\n", getenv("PORT"));
  fflush(stdout);
  for (;;) {
    int n = epoll_wait(epoll, events, MAX_EVENTS, -1);
    for (int i = 0; i < n; i++) {
      int fd = events[i].data.fd;
      if (fd == listener) accept_all(listener, epoll);
      else if (!serve(fd)) close(fd);
    }
  }
}
