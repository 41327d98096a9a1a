// SPDX-License-Identifier: MIT
// N connections, each with one message under way: a reply that is complete is answered by the next
// message at once. Per round trip: one send, one recv, one reading of the clock, one increment.
#pragma once
#include "common.h"
#include "histogram.h"
#include "others.h"
#include "pattern.h"
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { MAX_EVENTS = 512, VERIFY_EVERY = 64, STAMP = 8 };

struct conn {
  int fd;
  uint32_t id, sent, got;
  uint64_t count, since;
};

struct load {
  /* What was asked for. */
  int port, conns, server_pid;
  uint32_t size;
  uint64_t warmup_ns, time_ns;
  /* Where it is. */
  int epoll, live;
  uint64_t from, until;
  int measuring, over;
  clockid_t server_clock;
  uint64_t own_cpu, server_cpu, all_cpu, closed_at;
  /* What came out. */
  uint64_t bytes_sent, bytes_received, errors;
  const char *failure;
  unsigned char *message, *reply;
  struct histogram latency;
};

static void fail(struct load *l, struct conn *c, const char *why) {
  l->errors++;
  l->failure = why;
  l->live--;
  close(c->fd);
  c->fd = -1;
}

/* The head of each message names its connection and number: a reply to another's is noticed. */
static void stamp(struct load *l, const struct conn *c) {
  uint64_t mark = (uint64_t)c->id << 40 | c->count;
  memcpy(l->message, &mark, l->size < STAMP ? l->size : STAMP);
}

static void send_message(struct load *l, struct conn *c) {
  stamp(l, c);
  while (c->sent < l->size) {
    ssize_t n = send(c->fd, l->message + c->sent, l->size - c->sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EAGAIN) return;
    if (n < 0) return fail(l, c, strerror(errno));
    c->sent += n;
    l->bytes_sent += n;
  }
}

/* Every reply of the warm-up is compared whole, and one of VERIFY_EVERY later on. */
static int is_compared(const struct load *l, const struct conn *c) {
  return !l->measuring || c->count % VERIFY_EVERY == 0;
}

static int differs(struct load *l, const struct conn *c, size_t n) {
  stamp(l, c);
  return memcmp(l->reply, l->message + c->got, n) != 0;
}

static void start_measuring(struct load *l, uint64_t now) {
  l->measuring = 1;
  l->from = now;
  l->until = now + l->time_ns;
  l->all_cpu = busy_cpu_ns();
  l->own_cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
  if (l->server_pid) l->server_cpu = clock_ns(l->server_clock);
}

static void stop_measuring(struct load *l, uint64_t now) {
  l->over = 1;
  l->closed_at = now;
  l->own_cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - l->own_cpu;
  if (l->server_pid) l->server_cpu = clock_ns(l->server_clock) - l->server_cpu;
  l->all_cpu = busy_cpu_ns() - l->all_cpu;
}

static void finish(struct load *l, struct conn *c) {
  l->live--;
  close(c->fd);
  c->fd = -1;
}

/* A round trip is complete: count it, then start the next, or end with nothing left under way. */
static void complete(struct load *l, struct conn *c) {
  uint64_t now = clock_ns(CLOCK_MONOTONIC);
  if (l->measuring && !l->over) {
    if (now < l->until) histogram_record(&l->latency, now - c->since);
    else stop_measuring(l, now);
  } else if (!l->measuring && now >= l->from) {
    start_measuring(l, now);
  }
  if (l->over) return finish(l, c);
  c->count++;
  c->since = now;
  c->sent = c->got = 0;
  send_message(l, c);
}

/* Never asks for more than the reply has left, so a complete reply needs no second recv: nothing
 * can be behind it. A short one has emptied the socket, and its rest comes as a new edge. What is
 * not compared is not copied either (MSG_TRUNC drops it, counted, in the kernel), which keeps the
 * generator cheaper than the servers it measures. */
static void receive(struct load *l, struct conn *c) {
  int compared = is_compared(l, c);
  ssize_t n = recv(c->fd, l->reply, l->size - c->got, compared ? 0 : MSG_TRUNC);
  if (n < 0 && errno == EAGAIN) return;
  if (n < 0) return fail(l, c, strerror(errno));
  if (n == 0) return fail(l, c, "the server closed a connection");
  if (compared && differs(l, c, n)) return fail(l, c, "a reply differs from its message");
  l->bytes_received += n;
  if ((c->got += n) == l->size) complete(l, c);
}

static void on_event(struct load *l, const struct epoll_event *event) {
  struct conn *c = event->data.ptr;
  if (c->fd >= 0 && c->sent < l->size && event->events & EPOLLOUT) send_message(l, c);
  if (c->fd >= 0 && event->events & ~EPOLLOUT) receive(l, c);
}

/* 0 if the server has said nothing for so long that it is given up. */
static int wait_events(struct load *l, struct epoll_event *events) {
  for (;;) {
    int n = epoll_wait(l->epoll, events, MAX_EVENTS, SILENCE_MS);
    if (n >= 0) return n;
    if (errno != EINTR) die("epoll_wait");
  }
}

static struct conn *connect_all(struct load *l) {
  struct conn *conns = calloc(l->conns, sizeof *conns);
  if (!conns || (l->epoll = epoll_create1(EPOLL_CLOEXEC)) < 0) die("epoll_create1");
  for (int i = 0; i < l->conns; i++) {
    struct conn *c = &conns[i];
    c->id = i;
    c->fd = connect_to(l->port);
    /* TCP tells EPOLLOUT again only after a send was refused: asking for it always is free. */
    struct epoll_event add = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = c};
    if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->fd, &add) < 0) die("epoll_ctl");
  }
  return conns;
}

static void print_cpu(const struct load *l) {
  double own = 0, server = 0, others = 0, seconds = (l->closed_at - l->from) / 1e9;
  if (l->over && l->server_pid) {
    own = l->own_cpu / 1e9 / seconds;
    server = l->server_cpu / 1e9 / seconds;
    others = l->all_cpu / 1e9 / seconds - own - server;
  }
  printf("\"load_cpu\": %.3f, \"server_cpu\": %.3f, \"others_cpu\": %.3f, ", own, server,
         others > 0 ? others : 0);
}

static void print_result(const struct load *l) {
  double rate = l->over ? l->latency.total / (l->time_ns / 1e9) : 0;
  printf("{\"conns\": %d, \"size\": %u, \"round_trips\": %llu, \"rate\": %.0f, ", l->conns, l->size,
         (unsigned long long)l->latency.total, rate);
  printf("\"p50_us\": %.1f, \"p99_us\": %.1f, \"max_us\": %.1f, ",
         histogram_quantile(&l->latency, 0.5) / 1e3, histogram_quantile(&l->latency, 0.99) / 1e3,
         l->latency.max / 1e3);
  print_cpu(l);
  printf("\"bytes_sent\": %llu, \"bytes_received\": %llu, \"errors\": %llu, \"failure\": \"%s\"}\n",
         (unsigned long long)l->bytes_sent, (unsigned long long)l->bytes_received,
         (unsigned long long)l->errors, l->failure ? l->failure : "");
}

/* Sends the first message on each connection. */
static struct conn *start(struct load *l) {
  l->message = malloc(l->size);
  l->reply = malloc(l->size);
  if (!l->message || !l->reply) die("malloc");
  if (l->server_pid && clock_getcpuclockid(l->server_pid, &l->server_clock)) l->server_pid = 0;
  pattern_fill(l->message, 0, l->size);
  struct conn *conns = connect_all(l);
  l->live = l->conns;
  l->from = clock_ns(CLOCK_MONOTONIC) + l->warmup_ns;
  for (int i = 0; i < l->conns; i++) {
    conns[i].since = clock_ns(CLOCK_MONOTONIC);
    send_message(l, &conns[i]);
  }
  return conns;
}

static int run_pingpong(struct load *l) {
  struct epoll_event events[MAX_EVENTS];
  struct conn *conns = start(l);
  while (l->live > 0) {
    int n = wait_events(l, events);
    if (n == 0) break;
    for (int i = 0; i < n; i++) on_event(l, &events[i]);
  }
  if (l->live > 0) {
    l->errors += l->live;
    l->failure = "replies did not come";
  }
  if (!l->over && !l->failure) l->failure = "ended before the time was up";
  print_result(l);
  free(conns);
  return l->failure ? 1 : 0;
}
