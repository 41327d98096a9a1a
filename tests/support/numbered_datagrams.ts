// SPDX-License-Identifier: MIT
/** Datagrams that begin with their number. */
import type { Routine, UDPConn } from "../../mod.ts";

/** Reads `count` datagrams. Returns their first bytes. */
export function* numbers(conn: UDPConn, count: number): Routine<number[]> {
  const buf = new Uint8Array(4096);
  const all: number[] = [];
  for (let i = 0; i < count; i++) {
    yield* conn.readFrom(buf);
    all.push(buf[0]);
  }
  return all;
}

/** Returns the numbers from `from` up to, but not including, `to`. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}
