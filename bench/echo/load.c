// SPDX-License-Identifier: MIT
// The load generator: one thread, edge-triggered epoll, one line of JSON on stdout.
//
//   load --port P --conns N --size S [--warmup MS] [--time MS] [--pid SERVER]
//   load --port P --bytes N
//   load --unix PATH instead of --port P
//   load --probe
//
// --pid names the server, so that its CPU time over the measured window is told too.
// --probe tells how far apart the two CPUs are (see load/probe.h).
// Exit status: 0, or 1 when a byte was wrong or missing, or 2 for a wrong use.
#define _GNU_SOURCE
#include "load/bytes.h"
#include "load/pingpong.h"
#include "load/probe.h"
#include <getopt.h>

static struct load load = {.conns = 50, .size = 64, .warmup_ns = 300000000, .time_ns = 1000000000};
static int64_t bytes = -1;
static int probe;

static const struct option options[] = {
    {"port", 1, 0, 'p'}, {"conns", 1, 0, 'c'}, {"size", 1, 0, 's'}, {"warmup", 1, 0, 'w'},
    {"time", 1, 0, 't'}, {"bytes", 1, 0, 'b'}, {"pid", 1, 0, 'P'},  {"probe", 0, 0, 'q'},
    {"unix", 1, 0, 'u'},
    {0, 0, 0, 0},
};

/* `-1` or `x` must not become a large number. */
static int64_t number(const char *text) {
  char *end;
  long long n = strtoll(text, &end, 10);
  if (*end || end == text || n < 0) {
    fprintf(stderr, "load: not a number: %s\n", text);
    exit(2);
  }
  return n;
}

static int parse(int argc, char **argv) {
  for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
    if (o == 'p') load.port = number(optarg);
    else if (o == 'c') load.conns = number(optarg);
    else if (o == 's') load.size = number(optarg);
    else if (o == 'w') load.warmup_ns = number(optarg) * 1000000;
    else if (o == 't') load.time_ns = number(optarg) * 1000000;
    else if (o == 'b') bytes = number(optarg);
    else if (o == 'P') load.server_pid = number(optarg);
    else if (o == 'q') probe = 1;
    else if (o == 'u') unix_path = optarg;
    else return 0;
  }
  if (probe) return 1;
  return (load.port > 0 || unix_path) && load.conns > 0 && load.size > 0 && load.time_ns > 0 && optind == argc;
}

int main(int argc, char **argv) {
  if (!parse(argc, argv)) {
    fprintf(stderr, "usage: load --port P (--conns N --size S [--warmup MS] [--time MS] "
                    "[--pid SERVER] | --bytes N)\n       load --probe\n");
    return 2;
  }
  if (probe) return run_probe();
  return bytes >= 0 ? run_bytes(load.port, bytes) : run_pingpong(&load);
}
