// SPDX-License-Identifier: MIT
// Latencies in nanoseconds, counted in buckets of a logarithmic scale: 64 to each power of two, so
// a quantile is off by 1.6 % at most and a record is one increment, without allocation.
#pragma once
#include <stdint.h>

enum { SUB_BITS = 6, SUBS = 1 << SUB_BITS, BUCKETS = (64 - SUB_BITS + 1) * SUBS };

struct histogram {
  uint64_t total, max, count[BUCKETS];
};

static inline void histogram_record(struct histogram *h, uint64_t ns) {
  unsigned shift = ns < SUBS ? 0 : 63 - __builtin_clzll(ns) - SUB_BITS;
  h->count[shift * SUBS + (ns >> shift)]++;
  h->total++;
  if (ns > h->max) h->max = ns;
}

/* The middle of the bucket in which the quantile lies. */
static double histogram_quantile(const struct histogram *h, double q) {
  uint64_t rank = (uint64_t)(q * h->total), seen = 0;
  for (unsigned i = 0; i < BUCKETS; i++) {
    if ((seen += h->count[i]) <= rank) continue;
    if (i < 2 * SUBS) return i;
    unsigned shift = i / SUBS - 1;
    return (double)((uint64_t)(i - shift * SUBS) << shift) + (1ull << shift) / 2.0;
  }
  return 0;
}
