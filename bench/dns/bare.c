// SPDX-License-Identifier: MIT
/* The bare system calls of lookups, as the resolver of this library makes them to a server on another
 * machine: no name server's configuration, no random letters, no parser. The bound of what any client
 * can reach that sends each query by a call, and each lookup from a random port. Arguments: the
 * server's address, concurrency, milliseconds and a prefix of the names. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

enum { LANES = 512, HEADER = 12, MOST = 4000000, TYPE_A = 1, TYPE_AAAA = 28 };

static struct sockaddr_in server = {.sin_family = AF_INET};
static const char *prefix;
static int number, lookups, epoll, sockets[LANES], pending[LANES];
static double began[LANES], latencies[MOST];

static void need(int ok, const char *call) {
  if (ok) return;
  perror(call);
  exit(1);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static double processor(void) {
  struct rusage r;
  getrusage(RUSAGE_SELF, &r);
  return (r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1e6 + r.ru_utime.tv_usec + r.ru_stime.tv_usec;
}

/* A query for a name below bench.test; its length. */
static size_t query(unsigned char *p, int name, int type) {
  memset(p, 0, 128);
  p[0] = random();
  p[1] = random();
  p[2] = p[5] = p[11] = 1;
  int n = sprintf((char *)p + HEADER + 1, "%s%d", prefix, name);
  p[HEADER] = n;
  memcpy(p + HEADER + 1 + n, "\5bench\4test\0\0\0\0\1\0\0\51\4\320", 22);
  p[HEADER + n + 14] = type;
  return HEADER + n + 28;
}

/* Gives up the port of a lane's last lookup, takes another, and sends both queries. */
static void start(int lane) {
  static const struct sockaddr none = {.sa_family = AF_UNSPEC};
  unsigned char p[128];
  int fd = sockets[lane], name = ++number;
  need(connect(fd, &none, sizeof none) == 0, "connect");
  while (recv(fd, p, sizeof p, 0) >= 0) continue;
  need(connect(fd, (struct sockaddr *)&server, sizeof server) == 0, "connect");
  began[lane] = now();
  pending[lane] = 2;
  need(send(fd, p, query(p, name, TYPE_A), 0) > 0, "send");
  need(send(fd, p, query(p, name, TYPE_AAAA), 0) > 0, "send");
}

static void finish(int lane) {
  if (lookups < MOST) latencies[lookups++] = now() - began[lane];
}

/* Makes lookups in all lanes for a while. */
static void measure(int lanes, double microseconds) {
  double end = now() + microseconds;
  lookups = 0;
  for (int i = 0; i < lanes; i++) start(i);
  for (int running = lanes; running > 0;) {
    struct epoll_event events[LANES];
    int count = epoll_wait(epoll, events, LANES, -1);
    for (int i = 0; i < count; i++) {
      int lane = events[i].data.fd;
      unsigned char p[4096];
      while (pending[lane] > 0 && recv(sockets[lane], p, sizeof p, 0) >= 0) {
        if (--pending[lane] > 0) continue;
        finish(lane);
        if (now() < end) start(lane);
        else running--;
        break;
      }
    }
  }
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  if (argc < 5 || inet_pton(AF_INET, argv[1], &server.sin_addr) != 1) return 2;
  server.sin_port = htons(53);
  int lanes = atoi(argv[2]);
  prefix = argv[4];
  if (lanes < 1 || lanes > LANES || strlen(prefix) > 32) return 2;
  need((epoll = epoll_create1(0)) >= 0, "epoll_create1");
  for (int i = 0; i < lanes; i++) {
    need((sockets[i] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0)) >= 0, "socket");
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.fd = i};
    need(epoll_ctl(epoll, EPOLL_CTL_ADD, sockets[i], &event) == 0, "epoll_ctl");
  }
  measure(lanes, 200e3);
  double used = processor(), from = now();
  measure(lanes, atof(argv[3]) * 1e3);
  double each = (processor() - used) / lookups, seconds = (now() - from) / 1e6;
  qsort(latencies, lookups, sizeof *latencies, ascending);
  printf("%f %f %f\n", lookups / seconds, latencies[lookups / 2], each);
}
