// SPDX-License-Identifier: MIT
/** What a process has open, as /proc shows it. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** What each descriptor of `pid` stands for: "socket:[17]", "anon_inode:[eventfd]", "/dev/null". */
export function descriptors(pid: number | "self"): string[] {
  return readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      return ""; // Closed since, as the descriptor of the directory itself is.
    }
  });
}

/** The sockets among them, without Unix sockets, which Deno opens at any time. */
export function internetSockets(links: string[]): string[] {
  const lines = readFileSync("/proc/net/unix", "utf8").trim().split("\n").slice(1);
  const unix = new Set(lines.map((line) => `socket:[${line.trim().split(/\s+/)[6]}]`));
  return links.filter((link) => link.startsWith("socket:") && !unix.has(link));
}
