// SPDX-License-Identifier: MIT
/**
 * Program of BunHostWait's helper thread: on each request it blocks until its descriptor is
 * readable, or a completion has arrived, and notifies the thread.
 *
 * It is text, and imports only Bun's built-in modules, so that bundles and compiled programs
 * include it: they would lack a separate file.
 */
import { ACK, CMD, QUIT } from "./waiter_protocol.ts";

/**
 * On Windows, terminating a thread does not interrupt its system call, and the terminating thread
 * would wait for it: so a wait for completions returns once a second.
 */
export const WAITER_SOURCE: string = `
const { workerData } = require("node:worker_threads");
const { dlopen, toArrayBuffer } = require("bun:ffi");
const { memory, watched } = workerData;
const words = new Int32Array(memory);
const wait = watched.kind === "readable"
  ? untilReadable(watched.fd, watched.libraryPath)
  : untilCompletion(watched.completions);

let done = 0;
for (;;) {
  while (Atomics.load(words, ${CMD}) === done) Atomics.wait(words, ${CMD}, done);
  if (Atomics.load(words, ${QUIT})) break;
  // A wait that ends for nothing counts as a wake-up: the thread that is woken looks for itself.
  wait();
  done++;
  Atomics.store(words, ${ACK}, done);
  Atomics.notify(words, ${ACK});
}

// Takes nothing from the descriptor.
function untilReadable(fd, libraryPath) {
  const { poll } = dlopen(libraryPath, {
    poll: { args: ["buffer", "u32", "i32"], returns: "i32" },
  }).symbols;
  // struct pollfd: the descriptor, then events and revents of 16 bits each.
  const POLLIN = 1;
  const pollfd = new Int32Array(new ArrayBuffer(8));
  return () => {
    pollfd[0] = fd;
    pollfd[1] = POLLIN;
    poll(pollfd, 1, -1);
  };
}

// Puts the completions that it takes where the thread will find them.
function untilCompletion({ port, entries, capacity, count }) {
  const { NtRemoveIoCompletionEx: remove } = dlopen("ntdll.dll", {
    NtRemoveIoCompletionEx: {
      args: ["i32", "ptr", "u32", "buffer", "buffer", "u32"],
      returns: "i32",
    },
  }).symbols;
  const SUCCESS = 0, TIMEOUT = 0x102;
  // In units of 100 ns, of 64 bits, negative for a time from now.
  const second = new Int32Array(new ArrayBuffer(8));
  second.set([-1e7, -1]);
  const removed = new Int32Array(new ArrayBuffer(4));
  const completions = new Int32Array(toArrayBuffer(count, 0, 4));
  return () => {
    let status;
    do status = remove(port, entries, capacity, removed, second, 0); while (status === TIMEOUT);
    // Only then the count can be trusted.
    if (status === SUCCESS) Atomics.store(completions, 0, removed[0]);
  };
}
`;
