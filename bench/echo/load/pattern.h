// SPDX-License-Identifier: MIT
// A stream of bytes known by position: a byte lost, doubled or moved is a difference somewhere.
#pragma once
#include <stddef.h>
#include <stdint.h>

static inline uint64_t pattern_word(uint64_t index) {
  uint64_t z = (index + 1) * 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

/* The bytes [at, at + n) of the stream. */
static void pattern_fill(unsigned char *into, uint64_t at, size_t n) {
  for (size_t i = 0; i < n;) {
    uint64_t word = pattern_word((at + i) / 8) >> ((at + i) % 8 * 8);
    unsigned left = 8 - (at + i) % 8;
    for (; left > 0 && i < n; left--, word >>= 8) into[i++] = (unsigned char)word;
  }
}
