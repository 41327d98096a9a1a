// SPDX-License-Identifier: MIT
/* A name server for the benchmark: every name is 192.0.2.1 and has no IPv6 address. Its argument is
 * the address to listen on, port 53. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { BATCH = 64, ROOM = 600, HEADER = 12 };

static unsigned char packets[BATCH][ROOM];

/* The answer in the place of the query; its length, or 0 for what is no query. */
static size_t answer(unsigned char *p, size_t n) {
  size_t end = HEADER;
  while (end < n && p[end] != 0) end += p[end] + 1;
  end += 5;
  if (n < HEADER + 5 || end > n || end + 64 > ROOM) return 0;
  int is_a = p[end - 4] == 0 && p[end - 3] == 1;
  p[2] = 0x81;
  p[3] = 0x80;
  memset(p + 6, 0, 6);
  static const unsigned char a[] = {0xc0, HEADER, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1};
  static const unsigned char soa[] = {0xc0, HEADER, 0, 6, 0, 1, 0, 0, 0, 60, 0, 22, 0, 0,
                                      0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1};
  p[is_a ? 7 : 9] = 1;
  memcpy(p + end, is_a ? a : soa, is_a ? sizeof a : sizeof soa);
  return end + (is_a ? sizeof a : sizeof soa);
}

int main(int argc, char **argv) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(53)};
  if (argc != 2 || inet_pton(AF_INET, argv[1], &at.sin_addr) != 1) return 2;
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) < 0) {
    perror("bind");
    return 1;
  }
  static struct mmsghdr messages[BATCH];
  static struct iovec parts[BATCH];
  static struct sockaddr_in peers[BATCH];
  puts("ready");
  fflush(stdout);
  for (;;) {
    for (int i = 0; i < BATCH; i++) {
      parts[i] = (struct iovec){packets[i], ROOM};
      messages[i].msg_hdr = (struct msghdr){
          .msg_name = &peers[i], .msg_namelen = sizeof peers[i], .msg_iov = &parts[i], .msg_iovlen = 1};
    }
    int n = recvmmsg(fd, messages, BATCH, MSG_WAITFORONE, NULL);
    for (int i = 0; i < n; i++) parts[i].iov_len = answer(packets[i], messages[i].msg_len);
    for (int i = 0, sent; i < n; i += sent)
      if ((sent = sendmmsg(fd, messages + i, n - i, 0)) <= 0) break;
  }
}
