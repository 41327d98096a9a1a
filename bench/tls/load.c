// SPDX-License-Identifier: MIT
// The load of bench:tls, on one thread: load PORT CONNECTIONS BYTES SECONDS MODE
// MODE echo: each connection sends BYTES and waits for as many, over and over.
// MODE full, resumed: each connection makes a handshake, one such round trip, and goes.
// Prints the round trips a second of the time after the warm-up, and how many there were in all.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

struct peer {
  int fd;
  SSL *ssl;
  int sent, received, offered;
};

static SSL_CTX *context;
static SSL_SESSION *session;
static int port, bytes, poller, resumes, connects;
static char in[1 << 17], out[1 << 17];

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static void fail(const char *what) {
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  ERR_print_errors_fp(stderr);
  exit(1);
}

static void begin(struct peer *peer) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int one = 1;
  peer->fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(peer->fd, (void *)&address, sizeof address)) fail("connect");
  setsockopt(peer->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  fcntl(peer->fd, F_SETFL, O_NONBLOCK);
  peer->ssl = SSL_new(context);
  SSL_set_fd(peer->ssl, peer->fd);
  SSL_set_connect_state(peer->ssl);
  peer->offered = resumes && session && SSL_set_session(peer->ssl, session);
  peer->sent = peer->received = 0;
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = peer};
  epoll_ctl(poller, EPOLL_CTL_ADD, peer->fd, &event);
}

static void end(struct peer *peer) {
  if (resumes) {
    if (peer->offered && !SSL_session_reused(peer->ssl)) fail("not resumed");
    if (session) SSL_SESSION_free(session);
    session = SSL_get1_session(peer->ssl);
  }
  SSL_shutdown(peer->ssl);
  SSL_free(peer->ssl);
  close(peer->fd);
}

// 1 after a whole round trip, 0 if it must wait.
static int go_on(struct peer *peer) {
  for (;;) {
    int sending = peer->sent < bytes;
    int n = sending ? SSL_write(peer->ssl, out, bytes - peer->sent)
                    : SSL_read(peer->ssl, in, sizeof in);
    if (n <= 0) {
      int error = SSL_get_error(peer->ssl, n);
      if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return 0;
      fail(sending ? "write" : "read");
    }
    if (sending) peer->sent += n;
    else if ((peer->received += n) >= bytes) break;
  }
  peer->sent = peer->received = 0;
  return 1;
}

int main(int count, char **arguments) {
  if (count != 6) return 2;
  port = atoi(arguments[1]);
  int connections = atoi(arguments[2]);
  bytes = atoi(arguments[3]);
  double seconds = atof(arguments[4]);
  connects = strcmp(arguments[5], "echo") != 0;
  resumes = strcmp(arguments[5], "resumed") == 0;
  context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  poller = epoll_create1(0);
  struct peer *peers = calloc(connections, sizeof *peers);
  for (int i = 0; i < connections; i++) begin(&peers[i]);
  long trips = 0, before = 0;
  double start = now() + seconds / 4, over = start + seconds;
  int warm = 0;
  struct epoll_event events[256];
  for (double time; (time = now()) < over;) {
    if (!warm && time >= start) {
      warm = 1;
      before = trips;
      start = time;
    }
    int ready = epoll_wait(poller, events, 256, 100);
    for (int i = 0; i < ready; i++) {
      struct peer *peer = events[i].data.ptr;
      while (go_on(peer)) {
        trips++;
        if (!connects) continue;
        end(peer);
        begin(peer);
        break;
      }
    }
  }
  printf("%.0f %ld\n", (trips - before) / (now() - start), trips);
  return 0;
}
