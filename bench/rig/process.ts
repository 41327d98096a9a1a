// SPDX-License-Identifier: MIT
// CPU time and memory of a process, from /proc.
import { readFileSync } from "node:fs";

/** Ticks per second in /proc/PID/stat. */
const TICKS = 100;

/**
 * Returns the CPU time in seconds that all threads of a process have used: in user mode and in the
 * kernel.
 */
export function processorTime(pid: number): [user: number, system: number] {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return [Number(fields[11]) / TICKS, Number(fields[12]) / TICKS];
}

/** Memory of a process in bytes. */
export interface Memory {
  /** Private memory, without pages of files. */
  own: number;
  /** Including pages of its program file. */
  resident: number;
}

/** Returns the memory of a process. */
export function memoryOf(pid: number): Memory {
  return {
    own: fieldOf(`/proc/${pid}/status`, "RssAnon"),
    resident: fieldOf(`/proc/${pid}/status`, "VmRSS"),
  };
}

/** Returns the proportional share of a process in bytes, pages of files included. */
export function proportionalShareOf(pid: number): number {
  return fieldOf(`/proc/${pid}/smaps_rollup`, "Pss");
}

/** Returns what the kernel has allocated for its own objects, such as sockets, in bytes. */
export function kernelMemory(): number {
  return fieldOf("/proc/meminfo", "Slab");
}

/** Returns the value of a line like "RssAnon: 12 kB", in bytes. */
function fieldOf(file: string, name: string): number {
  const match = readFileSync(file, "utf8").match(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m"));
  return match === null ? NaN : Number(match[1]) * 1024;
}
