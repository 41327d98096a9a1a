// SPDX-License-Identifier: MIT
// UDP echo in C, one thread, epoll: `server PORT single` with a call for each datagram, `server PORT
// batch` with recvmmsg(2) and sendmmsg(2).
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define BATCH 64
#define LONGEST 65536

static char bytes[BATCH][LONGEST];
static struct sockaddr_in names[BATCH];
static struct iovec pieces[BATCH];
static struct mmsghdr messages[BATCH];

static void single(int fd) {
  for (;;) {
    socklen_t length = sizeof names[0];
    ssize_t n = recvfrom(fd, bytes[0], LONGEST, 0, (struct sockaddr *)names, &length);
    if (n < 0) return;
    sendto(fd, bytes[0], n, 0, (struct sockaddr *)names, length);
  }
}

static void batch(int fd) {
  for (;;) {
    for (int i = 0; i < BATCH; i++) {
      pieces[i] = (struct iovec){bytes[i], LONGEST};
      messages[i].msg_hdr = (struct msghdr){.msg_name = &names[i],
                                            .msg_namelen = sizeof names[i],
                                            .msg_iov = &pieces[i],
                                            .msg_iovlen = 1};
    }
    int n = recvmmsg(fd, messages, BATCH, 0, NULL);
    if (n <= 0) return;
    for (int i = 0; i < n; i++) pieces[i].iov_len = messages[i].msg_len;
    for (int sent = 0; sent < n;) {
      int done = sendmmsg(fd, messages + sent, n - sent, 0);
      if (done <= 0) break;
      sent += done;
    }
    if (n < BATCH) return;
  }
}

int main(int argc, char **argv) {
  if (argc != 3) return fprintf(stderr, "usage: server PORT single|batch\n"), 2;
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1]))};
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, (struct sockaddr *)&at, sizeof at) < 0) return perror("bind"), 1;
  int poller = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN | EPOLLET};
  epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
  puts("listening");
  fflush(stdout);
  for (;;) {
    struct epoll_event events[1];
    if (epoll_wait(poller, events, 1, -1) < 1) continue;
    if (strcmp(argv[2], "batch") == 0) batch(fd);
    else single(fd);
  }
}
