// SPDX-License-Identifier: MIT
// `--bytes N`: N bytes each way over one connection, compared byte by byte. Sending goes before
// reading, so the server is kept in backpressure, and the FIN is sent right behind the last byte,
// so it must answer a half-closed peer to the end.
#pragma once
#include "common.h"
#include "pattern.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum { CHUNK = 65536 };

struct stream {
  int fd;
  uint64_t total, sent, received;
  const char *failure;
};

static void push(struct stream *s) {
  unsigned char chunk[CHUNK];
  while (s->sent < s->total) {
    uint64_t left = s->total - s->sent;
    size_t n = left < CHUNK ? left : CHUNK;
    pattern_fill(chunk, s->sent, n);
    ssize_t done = send(s->fd, chunk, n, MSG_NOSIGNAL);
    if (done < 0 && errno == EAGAIN) return;
    if (done < 0) {
      s->failure = strerror(errno);
      return;
    }
    s->sent += done;
  }
  shutdown(s->fd, SHUT_WR);
}

/* Reads one chunk; 0 at the end of the stream or after a failure. */
static int pull(struct stream *s) {
  unsigned char chunk[CHUNK], expected[CHUNK];
  ssize_t n = recv(s->fd, chunk, CHUNK, 0);
  if (n < 0 && errno == EAGAIN) return 1;
  if (n < 0) s->failure = strerror(errno);
  if (n <= 0) return 0;
  pattern_fill(expected, s->received, n);
  if (s->received + n > s->total) s->failure = "more bytes came back than were sent";
  else if (memcmp(chunk, expected, n)) s->failure = "a byte that came back differs";
  s->received += n;
  return !s->failure;
}

static int run_bytes(int port, uint64_t total) {
  struct stream s = {.fd = connect_to(port), .total = total};
  uint64_t start = clock_ns(CLOCK_MONOTONIC);
  if (total == 0) shutdown(s.fd, SHUT_WR);
  for (int open = 1; open && !s.failure;) {
    struct pollfd p = {.fd = s.fd, .events = s.sent < total ? POLLIN | POLLOUT : POLLIN};
    int ready = poll(&p, 1, SILENCE_MS);
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) s.failure = "the server fell silent";
    else if (p.revents & POLLOUT) push(&s);
    else open = pull(&s);
  }
  if (!s.failure && s.received < total) s.failure = "the stream ended early";
  printf("{\"bytes\": %llu, \"sent\": %llu, \"received\": %llu, \"seconds\": %.3f, "
         "\"identical\": %s, \"failure\": \"%s\"}\n",
         (unsigned long long)total, (unsigned long long)s.sent, (unsigned long long)s.received,
         (clock_ns(CLOCK_MONOTONIC) - start) / 1e9, s.failure ? "false" : "true",
         s.failure ? s.failure : "");
  close(s.fd);
  return s.failure ? 1 : 0;
}
