// SPDX-License-Identifier: MIT
// The load generator of the UDP echo: one thread, connected sockets, one datagram of each under way.
//
//   load PORT CLIENTS BYTES SECONDS
//
// Prints the round trips a second and their number. A datagram without an answer for 0.2 s counts as
// lost and is sent again. Exit status: 0, or 1 when an answer was wrong or more than 1 % were lost.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST_CLIENTS 1024
#define LOST_NS 200000000
#define EVENTS 64

static int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int sockets[MOST_CLIENTS];
static int64_t sent_at[MOST_CLIENTS];
static int64_t lost;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static int connected(int port) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0) fail("connect");
  return fd;
}

static void post(int i, const char *bytes, int size, int64_t now) {
  if (send(sockets[i], bytes, size, 0) != size) fail("send");
  sent_at[i] = now;
}

int main(int argc, char **argv) {
  if (argc != 5) return fprintf(stderr, "usage: load PORT CLIENTS BYTES SECONDS\n"), 2;
  int port = atoi(argv[1]), clients = atoi(argv[2]), size = atoi(argv[3]);
  if (clients < 1 || clients > MOST_CLIENTS || size < 1 || size > 65000) return 2;
  int64_t length = atof(argv[4]) * 1e9;
  char *bytes = malloc(size), *answer = malloc(size + 1);
  for (int i = 0; i < size; i++) bytes[i] = i * 7;
  int poller = epoll_create1(0);
  for (int i = 0; i < clients; i++) {
    sockets[i] = connected(port);
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.u32 = i};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, sockets[i], &event) < 0) fail("epoll_ctl");
  }
  int64_t start = now_ns(), now = start, checked = start, trips = 0;
  for (int i = 0; i < clients; i++) post(i, bytes, size, start);
  while (now - start < length) {
    struct epoll_event events[EVENTS];
    int n = epoll_wait(poller, events, EVENTS, 100);
    now = now_ns();
    for (int e = 0; e < n; e++) {
      int i = events[e].data.u32;
      for (ssize_t got; (got = recv(sockets[i], answer, size + 1, 0)) >= 0;) {
        if (got != size || memcmp(answer, bytes, size)) return fprintf(stderr, "wrong\n"), 1;
        trips++;
        post(i, bytes, size, now);
      }
    }
    if (now - checked < LOST_NS) continue;
    checked = now;
    for (int i = 0; i < clients; i++) {
      if (now - sent_at[i] < LOST_NS) continue;
      lost++;
      post(i, bytes, size, now);
    }
  }
  printf("%.0f %lld\n", trips / ((now - start) / 1e9), (long long)trips);
  if (lost * 100 > trips) return fprintf(stderr, "%lld lost\n", (long long)lost), 1;
  return 0;
}
