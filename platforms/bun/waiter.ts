// SPDX-License-Identifier: MIT
/**
 * The helper thread of {@linkcode BunHostWait}: each time that it is asked, it blocks until the
 * descriptor is readable and says so. It takes nothing from the descriptor.
 */
import { workerData } from "node:worker_threads";
import { bunFFI } from "./ffi.ts";
import { ACK, CMD, QUIT, type WaiterData } from "./waiter_protocol.ts";

const { memory, fd, libraryPath } = workerData as WaiterData;
const words = new Int32Array(memory);
const poll = bunFFI().dlopen(libraryPath, {
  poll: { args: ["buffer", "u32", "i32"], returns: "i32" },
}).symbols.poll as (fds: Int32Array, count: number, timeout: number) => number;

/** `struct pollfd`: the descriptor, then `events` and `revents` of 16 bits each. */
const POLLIN = 1;
const pollfd = new Int32Array(new ArrayBuffer(8));

let done = 0;
for (;;) {
  while (Atomics.load(words, CMD) === done) Atomics.wait(words, CMD, done);
  if (Atomics.load(words, QUIT)) break;
  pollfd[0] = fd;
  pollfd[1] = POLLIN;
  // An interrupted poll counts as a wake-up: whoever is woken looks for himself.
  poll(pollfd, 1, -1);
  done++;
  Atomics.store(words, ACK, done);
  Atomics.notify(words, ACK);
}
