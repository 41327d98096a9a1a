// SPDX-License-Identifier: MIT
// The largest number of connections that this machine permits, and what more would need.
import { readFileSync } from "node:fs";
import { freemem } from "node:os";
import { grouped } from "../rig/table.ts";

/** Descriptors that a process needs beside its connections. */
const OTHER_DESCRIPTORS = 900;
/** Local addresses of crowd.c. */
const SOURCES = 200;
/** Memory of a connection in bytes: the kernel's for both of its ends, the server's, the load's. */
const MEMORY = 12 * 1024;

/** What a process may have. */
export interface Limits {
  /** Maximum number of connections of a process. */
  perProcess: number;
  /** Reasons why a number of connections does not fit; empty if it fits. */
  missing(connections: number): string[];
}

/** Reads the limits. Raises none: the programs raise their own soft limit to the hard one. */
export function limitsHere(): Limits {
  const descriptors = hardLimit();
  const perProcess = descriptors - OTHER_DESCRIPTORS;
  const files = number("/proc/sys/fs/file-max");
  const [low, high] = numbers("/proc/sys/net/ipv4/ip_local_port_range");
  const ports = (high - low) * SOURCES;
  const memory = freeMemory();
  return {
    perProcess,
    missing(connections) {
      const bytes = connections * MEMORY;
      return [
        ...need(
          "descriptors of a process (ulimit -n)",
          connections + OTHER_DESCRIPTORS,
          descriptors,
        ),
        ...need("open files (fs.file-max)", 2 * connections, files),
        ...need("ports over 200 addresses (net.ipv4.ip_local_port_range)", connections, ports),
        ...need("MB of free memory", bytes / 1e6, memory / 1e6),
      ];
    },
  };
}

function need(what: string, needed: number, there: number): string[] {
  return needed <= there
    ? []
    : [`${grouped(needed)} ${what}, of which there are ${grouped(there)}`];
}

function hardLimit(): number {
  const line = readFileSync("/proc/self/limits", "utf8").match(/^Max open files\s+\S+\s+(\S+)/m);
  return line === null || line[1] === "unlimited" ? Infinity : Number(line[1]);
}

/** Memory that can be used without swapping. */
function freeMemory(): number {
  const line = readFileSync("/proc/meminfo", "utf8").match(/^MemAvailable:\s+(\d+) kB$/m);
  return line === null ? freemem() : Number(line[1]) * 1024;
}

function numbers(file: string): number[] {
  return readFileSync(file, "utf8").trim().split(/\s+/).map(Number);
}

function number(file: string): number {
  return numbers(file)[0];
}
