// SPDX-License-Identifier: MIT
// Client sockets from many local addresses: one address would run out of ports.
#pragma once
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SOURCES = 200 };

static void die(const char *what) {
	perror(what);
	exit(1);
}

static double now_ms(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

/* Raises this process's soft limit of descriptors to its hard limit, which it returns. */
static long raise_limit(void) {
	struct rlimit limit;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	return limit.rlim_cur > 1 << 21 ? 1 << 21 : (long)limit.rlim_cur;
}

/* Starts to connect to a port of 127.0.0.1, from the next of SOURCES addresses. With `reset`, a
 * close sends RST, so that no port stays in TIME_WAIT. */
static int start_connect(int port, long number, int reset) {
	struct sockaddr_in source = {.sin_family = AF_INET}, server = {.sin_family = AF_INET};
	struct linger linger = {.l_onoff = 1};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
	if (fd < 0) die("socket");
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (reset) setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
	source.sin_addr.s_addr = htonl(0x7f000100 + 1 + number % SOURCES);
	server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server.sin_port = htons(port);
	if (bind(fd, (struct sockaddr *)&source, sizeof source) < 0) die("bind");
	if (connect(fd, (struct sockaddr *)&server, sizeof server) < 0 && errno != EINPROGRESS) die("connect");
	return fd;
}
