// SPDX-License-Identifier: MIT
// Counts the memory of OpenSSL by its own hooks. Built by tls_deaths_main.ts.
#include <stdatomic.h>
#include <stdlib.h>

int CRYPTO_set_mem_functions(void *(*)(size_t, const char *, int),
                             void *(*)(void *, size_t, const char *, int),
                             void (*)(void *, const char *, int));

static atomic_int blocks;

static void *allocate(size_t size, const char *file, int line) {
  (void)file, (void)line;
  if (size == 0) return NULL;
  void *block = malloc(size);
  if (block) blocks++;
  return block;
}

static void release(void *block, const char *file, int line) {
  (void)file, (void)line;
  if (block) blocks--;
  free(block);
}

static void *resize(void *block, size_t size, const char *file, int line) {
  if (!block) return allocate(size, file, line);
  if (size == 0) return release(block, file, line), NULL;
  return realloc(block, size);
}

// 1, or 0 if OpenSSL has allocated memory before.
int count_memory(void) { return CRYPTO_set_mem_functions(allocate, resize, release); }

// Number of blocks that are allocated.
int memory_blocks(void) { return blocks; }
