// SPDX-License-Identifier: MIT
// What is asked of the servers: so many connections, each with one message of so many bytes.

export interface Shape {
  /** As in `--shapes`. */
  id: string;
  title: string;
  conns: number;
  size: number;
  /**
   * The read buffer of every server. More than a message, so that a message is a short read, after
   * which an edge-triggered loop need not be told EAGAIN.
   */
  buffer: number;
}

export const SHAPES: Shape[] = [
  { id: "50x64", title: "50 connections x 64 B", conns: 50, size: 64, buffer: 4096 },
  { id: "500x64", title: "500 connections x 64 B", conns: 500, size: 64, buffer: 4096 },
  { id: "50x16k", title: "50 connections x 16 KiB", conns: 50, size: 16384, buffer: 65536 },
];
