// SPDX-License-Identifier: MIT
// Load shapes: a number of connections, each with one message of a size in flight.

export interface Shape {
  /** ID for `--shapes`. */
  id: string;
  title: string;
  conns: number;
  size: number;
  /**
   * Read buffer of every server. Larger than a message, so that a message is a short read, after
   * which an edge-triggered loop need not read until EAGAIN.
   */
  buffer: number;
}

export const SHAPES: Shape[] = [
  { id: "50x64", title: "50 connections x 64 B", conns: 50, size: 64, buffer: 4096 },
  { id: "500x64", title: "500 connections x 64 B", conns: 500, size: 64, buffer: 4096 },
  { id: "50x16k", title: "50 connections x 16 KiB", conns: 50, size: 16384, buffer: 65536 },
];
