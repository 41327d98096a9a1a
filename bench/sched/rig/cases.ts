// SPDX-License-Identifier: MIT
// Benchmark cases: the loops are in ../netpoll.ts and ../go/main.go.

export interface Case {
  /** ID for `--cases`. */
  id: string;
  title: string;
  /** Whether the goal is to be faster than Go. */
  goal: boolean;
}

function goal(id: string, title: string): Case {
  return { id, title, goal: true };
}

function beyond(id: string, title: string): Case {
  return { id, title, goal: false };
}

/** Measured in bytes; the others in nanoseconds per operation. */
export const PARKED = "parked";

export const CASES: Case[] = [
  goal("spawn", "spawn and exit"),
  goal("gosched", "gosched, among 10"),
  goal("ping-pong", "unbuffered ping-pong, there and back"),
  goal("buffered-128", "channel of 128, a value"),
  goal("select-2", "select of two, a value"),
  goal("mutex-contended", "mutex under contention of 10, lock and unlock"),
  goal("timer-one", "timer, added and stopped"),
  goal("timer-same", "1,000,000 timers added, then stopped, a timer"),
  goal(PARKED, "100,000 goroutines parked, bytes each"),
  beyond("mutex", "mutex that is free, lock and unlock"),
  beyond("timer-mixed", "the same, due in no order"),
  beyond("timer-reset", "timer, reset"),
];
