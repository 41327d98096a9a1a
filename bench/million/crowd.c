// SPDX-License-Identifier: MIT
// A crowd of connections to an echo server on 127.0.0.1, one thread over edge-triggered epoll. It
// reads commands from stdin and answers each with a line of JSON; at the end of stdin it ends.
//
//   crowd PORT FIRST    FIRST: number of the first connection, which decides its address
//
//   open N              opens connections up to N, each with one message there and back
//   active K WARM MS    for WARM + MS milliseconds, K messages are under way at any time: a reply is
//                       followed by a message on a connection chosen at random from the idle ones
//
// A command that takes more than LIMIT_S seconds ends the process.
#define _GNU_SOURCE
#include "../connections/client.h"
#include "../echo/load/histogram.h"
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>

enum { SIZE = 64, BATCH = 512, AT_ONCE = 200, LIMIT_S = 100, DRAIN_MS = 5000 };

struct conn {
	int fd;
	unsigned char got, opened, busy;
	uint32_t count;
	double since;
};

static int epoll_fd, port;
static long first, capacity, total, failed, in_flight, finished;
static struct conn *conns;
static struct histogram latency;

/* The idle connections, while some are active. */
static uint32_t *idle;
static long idle_count;
static int active;
static double measure_from, measure_until;

static uint64_t state = 88172645463325252ull;

static uint64_t random_below(uint64_t n) {
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % n;
}

static void fail(struct conn *c) {
	failed++;
	if (c->busy) in_flight--;
	close(c->fd);
	c->fd = -1;
	c->busy = 0;
}

/* Each message names its connection and its number, so that a wrong reply is noticed. */
static void message_of(const struct conn *c, unsigned char *message) {
	memset(message, 'm', SIZE);
	uint64_t mark = (uint64_t)(c - conns) << 32 | c->count;
	memcpy(message, &mark, sizeof mark);
}

static void send_message(struct conn *c) {
	unsigned char message[SIZE];
	message_of(c, message);
	c->got = 0;
	if (send(c->fd, message, SIZE, MSG_NOSIGNAL) != SIZE) fail(c);
}

static void begin_message(struct conn *c) {
	c->busy = 1;
	c->since = now_ms();
	in_flight++;
	send_message(c);
}

static void start(void) {
	struct conn *c = &conns[total++];
	*c = (struct conn){.fd = start_connect(port, first + total, 1), .busy = 1};
	struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = c};
	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &event) < 0) die("epoll_ctl");
	in_flight++;
}

/* The next message goes to an idle connection, whose place the finished one takes. */
static struct conn *next_after(struct conn *c) {
	uint64_t at = random_below(idle_count + 1);
	if ((long)at == idle_count) return c;
	struct conn *next = &conns[idle[at]];
	idle[at] = c - conns;
	return next;
}

static void complete(struct conn *c) {
	double now = now_ms();
	c->count++;
	c->busy = 0;
	in_flight--;
	finished++;
	if (!active) return;
	if (now >= measure_from && now < measure_until)
		histogram_record(&latency, (uint64_t)((now - c->since) * 1e6));
	if (now < measure_until) begin_message(next_after(c));
}

static void receive(struct conn *c) {
	unsigned char reply[SIZE], message[SIZE];
	while (c->busy) {
		ssize_t n = recv(c->fd, reply, SIZE - c->got, 0);
		if (n < 0 && errno == EAGAIN) return;
		message_of(c, message);
		if (n <= 0 || memcmp(reply, message + c->got, n) != 0) return fail(c);
		if ((c->got += n) == SIZE) return complete(c);
	}
}

static void on_event(struct conn *c, unsigned events) {
	if (c->fd < 0) return;
	if (events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP)) return fail(c);
	if (!c->opened && events & EPOLLOUT) {
		c->opened = 1;
		send_message(c);
	}
	if (c->fd >= 0 && c->opened && events & EPOLLIN) receive(c);
}

static void turn(void) {
	struct epoll_event events[BATCH];
	int n = epoll_wait(epoll_fd, events, BATCH, 100);
	for (int i = 0; i < n; i++) on_event(events[i].data.ptr, events[i].events);
}

static void open_to(long wanted) {
	long before = finished;
	double began = now_ms();
	if (wanted > capacity) wanted = capacity;
	while (total < wanted || in_flight > 0) {
		while (in_flight < AT_ONCE && total < wanted) start();
		turn();
	}
	printf("{\"rate\": %.0f, \"connections\": %ld, \"failed\": %ld}\n",
	       (finished - before) * 1e3 / (now_ms() - began), total - failed, failed);
}

/* Chooses the first active ones, and leaves the others in `idle`. */
static void choose(long count) {
	idle_count = 0;
	for (long i = 0; i < total; i++)
		if (conns[i].fd >= 0) idle[idle_count++] = i;
	for (; count > 0 && idle_count > 0; count--) {
		uint64_t at = random_below(idle_count);
		uint32_t chosen = idle[at];
		idle[at] = idle[--idle_count];
		begin_message(&conns[chosen]);
	}
}

static void run_active(long count, double warm, double ms) {
	memset(&latency, 0, sizeof latency);
	active = 1;
	measure_from = now_ms() + warm;
	measure_until = measure_from + ms;
	choose(count);
	while (in_flight > 0 && now_ms() < measure_until + DRAIN_MS) turn();
	active = 0;
	failed += in_flight;
	printf("{\"rate\": %.0f, \"p50_us\": %.1f, \"p99_us\": %.1f, \"max_us\": %.1f, \"failed\": %ld}\n",
	       latency.total * 1e3 / ms, histogram_quantile(&latency, 0.5) / 1e3,
	       histogram_quantile(&latency, 0.99) / 1e3, latency.max / 1e3, failed);
}

int main(int argc, char **argv) {
	char line[128];
	long count;
	double warm, ms;
	if (argc < 3) return 2;
	port = atoi(argv[1]);
	first = atol(argv[2]);
	capacity = raise_limit() - 16;
	conns = calloc(capacity, sizeof *conns);
	idle = calloc(capacity, sizeof *idle);
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (!conns || !idle || epoll_fd < 0) die("crowd");
	state += first * 2654435761u;
	while (fgets(line, sizeof line, stdin)) {
		alarm(LIMIT_S);
		if (sscanf(line, "open %ld", &count) == 1) open_to(count);
		else if (sscanf(line, "active %ld %lf %lf", &count, &warm, &ms) == 3) run_active(count, warm, ms);
		else return 2;
		fflush(stdout);
		alarm(0);
	}
	return 0;
}
