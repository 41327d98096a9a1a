// SPDX-License-Identifier: MIT
// The load of bench:tls, on one thread: load PORT CONNECTIONS BYTES SECONDS MODE
// MODE echo: each connection sends BYTES and waits for as many, over and over.
// MODE full, resumed: each connection makes a handshake, one such round trip, and goes.
// MODE bulk: each connection sends BYTES and reads as many at the same time, over and over.
// MODE idle: each connection makes one round trip; prints "idle" then, and keeps all open until the
// standard input ends.
// Else prints "warm" once each connection has made a round trip and a quarter of SECONDS is over; and
// then the round trips (in MODE bulk the MiB each way) a second since, and how many there were.
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
  int sent, received, offered, idle, tried;
};

static SSL_CTX *context;
static SSL_SESSION *session;
static int port, bytes, poller, resumes, connects, bulk;
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

// Bytes that SSL_write or SSL_read moved; 0 if it must wait.
static int move(struct peer *peer, int sending) {
  int left = bytes - peer->sent;
  int n = sending ? SSL_write(peer->ssl, out, left < (int)sizeof out ? left : (int)sizeof out)
                  : SSL_read(peer->ssl, in, sizeof in);
  if (n > 0) return n;
  int error = SSL_get_error(peer->ssl, n);
  if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) fail(sending ? "write" : "read");
  return 0;
}

// 1 after a whole round trip, 0 if it must wait.
static int go_on(struct peer *peer) {
  while (peer->received < bytes) {
    int sent = peer->sent < bytes ? move(peer, 1) : 0;
    peer->sent += sent;
    if (!bulk && peer->sent < bytes) {
      if (sent) continue;
      return 0;
    }
    int received = move(peer, 0);
    peer->received += received;
    if (!sent && !received) return 0;
  }
  peer->sent = peer->received = 0;
  return 1;
}

static void stay_idle(struct peer *peers, int connections) {
  struct epoll_event event;
  for (int idle = 0, begun = 0; idle < connections;) {
    // A few at a time: the memory of many simultaneous handshakes is not that of idle connections.
    while (begun < connections && begun - idle < 10) begin(&peers[begun++]);
    if (epoll_wait(poller, &event, 1, 10000) != 1) fail("idle");
    struct peer *peer = event.data.ptr;
    if (peer->idle) continue;
    idle += peer->idle = go_on(peer);
  }
  puts("idle");
  fflush(stdout);
  while (getchar() != EOF) {
  }
}

int main(int count, char **arguments) {
  if (count != 6) return 2;
  port = atoi(arguments[1]);
  int connections = atoi(arguments[2]);
  bytes = atoi(arguments[3]);
  double seconds = atof(arguments[4]);
  const char *mode = arguments[5];
  bulk = strcmp(mode, "bulk") == 0;
  resumes = strcmp(mode, "resumed") == 0;
  connects = resumes || strcmp(mode, "full") == 0;
  context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  poller = epoll_create1(0);
  struct peer *peers = calloc(connections, sizeof *peers);
  if (strcmp(mode, "idle") == 0) {
    stay_idle(peers, connections);
    return 0;
  }
  for (int i = 0; i < connections; i++) begin(&peers[i]);
  long trips = 0;
  double start = now() + seconds / 4, over = 0;
  int untried = connections;
  struct epoll_event events[256];
  for (double time; !over || now() < over;) {
    // The handshakes of 500 connections take longer than the warm-up.
    if (!over && untried == 0 && (time = now()) >= start) {
      puts("warm");
      fflush(stdout);
      trips = 0;
      start = time;
      over = time + seconds;
    }
    int ready = epoll_wait(poller, events, 256, 100);
    for (int i = 0; i < ready; i++) {
      struct peer *peer = events[i].data.ptr;
      while (go_on(peer)) {
        trips++;
        untried -= !peer->tried;
        peer->tried = 1;
        if (!connects) continue;
        end(peer);
        begin(peer);
        break;
      }
    }
  }
  double unit = bulk ? bytes / 1048576.0 : 1;
  printf("%.0f %ld\n", trips * unit / (now() - start), trips);
  return 0;
}
