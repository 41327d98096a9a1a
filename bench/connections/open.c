// SPDX-License-Identifier: MIT
// Opens connections to an echo server on 127.0.0.1, one thread over edge-triggered epoll.
//
//   open churn PORT COUNT IN_FLIGHT   one message each, there and back, then closed: how many a
//                                     second, as a line of JSON
//   open hold PORT COUNT              one message each, then all stay open until it is killed;
//                                     prints "held" when they do
#define _GNU_SOURCE
#include "client.h"
#include <string.h>
#include <sys/epoll.h>

enum { SIZE = 64, BATCH = 512, AT_ONCE = 200 };

static int epoll_fd;
static int port;
static int hold;
static long started, finished, failed, wanted, in_flight;
static char message[SIZE];
static int *received;

static void begin(void) {
	int fd = start_connect(port, started, hold);
	struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.fd = fd};
	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) die("epoll_ctl");
	received[fd] = -1;
	started++;
	in_flight++;
}

static void end(int fd, int ok) {
	if (ok) finished++;
	else failed++;
	in_flight--;
	if (!hold || !ok) close(fd);
}

static void go_on(int fd, unsigned events) {
	if (events & (EPOLLERR | EPOLLHUP)) {
		if (received[fd] < SIZE) end(fd, 0);
		return;
	}
	if (received[fd] < 0 && (events & EPOLLOUT)) {
		if (send(fd, message, SIZE, MSG_NOSIGNAL) != SIZE) return end(fd, 0);
		received[fd] = 0;
	}
	while (received[fd] >= 0 && received[fd] < SIZE) {
		char buffer[SIZE];
		ssize_t n = recv(fd, buffer, SIZE - received[fd], 0);
		if (n < 0 && errno == EAGAIN) return;
		if (n <= 0 || memcmp(buffer, message + received[fd], n) != 0) return end(fd, 0);
		received[fd] += n;
		if (received[fd] == SIZE) return end(fd, 1);
	}
}

static void turn(long target) {
	struct epoll_event events[BATCH];
	while (in_flight < target && started < wanted) begin();
	int n = epoll_wait(epoll_fd, events, BATCH, 100);
	for (int i = 0; i < n; i++) go_on(events[i].data.fd, events[i].events);
}

int main(int argc, char **argv) {
	if (argc < 4) return 2;
	received = calloc(raise_limit(), sizeof *received);
	memset(message, 'm', SIZE);
	hold = strcmp(argv[1], "hold") == 0;
	port = atoi(argv[2]);
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	wanted = atol(argv[3]);
	long target = hold ? AT_ONCE : argc > 4 ? atol(argv[4]) : 1;
	double start = now_ms();
	while (finished + failed < wanted) turn(target);
	if (hold) {
		printf("held %ld, failed %ld\n", finished, failed);
		fflush(stdout);
		for (;;) pause();
	}
	printf("{\"rate\": %.0f, \"failed\": %ld}\n", finished * 1e3 / (now_ms() - start), failed);
	return 0;
}
