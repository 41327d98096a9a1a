// SPDX-License-Identifier: MIT
// A TLS echo in C, on one thread over epoll: server PORT CERT KEY MODE
// MODE fd: OpenSSL on the descriptor, with read-ahead. MODE memory: memory BIOs, one buffer for all.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct peer {
  int fd;
  SSL *ssl;
  BIO *in, *out;
  // What is to be written, when a write had to wait.
  char *rest;
  int length;
};

static char ciphertext[1 << 17], plaintext[1 << 16];
static int memory;

static void done(struct peer *peer) {
  // Its close_notify, as every one of the servers sends it.
  if (SSL_shutdown(peer->ssl) >= 0 && memory) {
    int length = BIO_read(peer->out, ciphertext, sizeof ciphertext);
    if (length > 0) send(peer->fd, ciphertext, length, 0);
  }
  SSL_free(peer->ssl);
  close(peer->fd);
  free(peer->rest);
  free(peer);
}

static int must_wait(struct peer *peer, int n) {
  int error = SSL_get_error(peer->ssl, n);
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

static void keep(struct peer *peer, const char *from, int length) {
  char *rest = malloc(length);
  memcpy(rest, from, length);
  free(peer->rest);
  peer->rest = rest;
  peer->length = length;
}

// 0 when it must wait, -1 at the end.
static int serve_descriptor(struct peer *peer) {
  for (;;) {
    while (peer->length > 0) {
      int n = SSL_write(peer->ssl, peer->rest, peer->length);
      if (n <= 0) return must_wait(peer, n) ? 0 : -1;
      memmove(peer->rest, peer->rest + n, peer->length -= n);
    }
    int n = SSL_read(peer->ssl, plaintext, sizeof plaintext);
    if (n <= 0) return must_wait(peer, n) ? 0 : -1;
    int k = SSL_write(peer->ssl, plaintext, n);
    if (k <= 0 && !must_wait(peer, k)) return -1;
    if (k < n) keep(peer, plaintext + (k > 0 ? k : 0), n - (k > 0 ? k : 0));
  }
}

static int flush(struct peer *peer) {
  while (peer->length > 0) {
    int n = send(peer->fd, peer->rest, peer->length, 0);
    if (n < 0) return errno == EAGAIN ? 0 : -1;
    memmove(peer->rest, peer->rest + n, peer->length -= n);
  }
  for (;;) {
    int length = BIO_read(peer->out, ciphertext, sizeof ciphertext);
    if (length <= 0) return 1;
    int n = send(peer->fd, ciphertext, length, 0);
    if (n < 0 && errno != EAGAIN) return -1;
    if (n < length) return keep(peer, ciphertext + (n > 0 ? n : 0), length - (n > 0 ? n : 0)), 0;
  }
}

static int serve_memory(struct peer *peer) {
  int clear = flush(peer);
  if (clear <= 0) return clear;
  for (;;) {
    int length = recv(peer->fd, ciphertext, sizeof ciphertext, 0);
    if (length <= 0) return length < 0 && errno == EAGAIN ? 0 : -1;
    BIO_write(peer->in, ciphertext, length);
    int n;
    while ((n = SSL_read(peer->ssl, plaintext, sizeof plaintext)) > 0) {
      SSL_write(peer->ssl, plaintext, n);
      if ((clear = flush(peer)) <= 0) return clear;
    }
    if (!must_wait(peer, n)) return -1;
    if ((clear = flush(peer)) <= 0) return clear;
    if (length < (int)sizeof ciphertext) return 0;
  }
}

static void admit(int listener, int poller, SSL_CTX *context) {
  int fd, one = 1;
  while ((fd = accept4(listener, 0, 0, SOCK_NONBLOCK)) >= 0) {
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct peer *peer = calloc(1, sizeof *peer);
    peer->fd = fd;
    peer->ssl = SSL_new(context);
    if (memory) {
      peer->in = BIO_new(BIO_s_mem());
      peer->out = BIO_new(BIO_s_mem());
      SSL_set_bio(peer->ssl, peer->in, peer->out);
    } else {
      SSL_set_fd(peer->ssl, fd);
    }
    SSL_set_accept_state(peer->ssl);
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET};
    event.data.ptr = peer;
    epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
  }
}

int main(int count, char **arguments) {
  if (count != 5) return 2;
  signal(SIGPIPE, SIG_IGN);
  memory = strcmp(arguments[4], "memory") == 0;
  SSL_CTX *context = SSL_CTX_new(TLS_server_method());
  if (SSL_CTX_use_certificate_chain_file(context, arguments[2]) != 1) return 1;
  if (SSL_CTX_use_PrivateKey_file(context, arguments[3], SSL_FILETYPE_PEM) != 1) return 1;
  SSL_CTX_set_num_tickets(context, 1);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  long mode = SSL_MODE_RELEASE_BUFFERS;
  if (!memory) mode |= SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER;
  SSL_CTX_set_mode(context, mode);
  if (!memory) SSL_CTX_set_read_ahead(context, 1);
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(arguments[1]))};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, (void *)&address, sizeof address) || listen(listener, 511)) return 1;
  int poller = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN}, events[256];
  epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
  for (;;) {
    int ready = epoll_wait(poller, events, 256, -1);
    for (int i = 0; i < ready; i++) {
      struct peer *peer = events[i].data.ptr;
      if (!peer) admit(listener, poller, context);
      else if ((memory ? serve_memory(peer) : serve_descriptor(peer)) < 0) done(peer);
    }
  }
}
