// SPDX-License-Identifier: MIT
// The CPU time spent on the first two CPUs by whomever, the hypervisor's theft included. Less what
// the server and the generator used, it is what somebody else took during the measurement.
#pragma once
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Nanoseconds since boot; 0 when it cannot be told. */
static uint64_t busy_cpu_ns(void) {
  FILE *file = fopen("/proc/stat", "r");
  uint64_t ticks = 0;
  char line[512];
  while (file && fgets(line, sizeof line, file)) {
    unsigned long long user, nice, system, idle, iowait, irq, softirq, steal;
    if (strncmp(line, "cpu0 ", 5) && strncmp(line, "cpu1 ", 5)) continue;
    if (sscanf(line + 5, "%llu %llu %llu %llu %llu %llu %llu %llu", &user, &nice, &system, &idle,
               &iowait, &irq, &softirq, &steal) == 8)
      ticks += user + nice + system + irq + softirq + steal;
  }
  if (file) fclose(file);
  return ticks * (1000000000u / sysconf(_SC_CLK_TCK));
}
