// SPDX-License-Identifier: MIT
/**
 * The helper thread of {@linkcode BunHostWait}: each time that it is asked, it blocks until there is
 * something, and says so.
 */
import { workerData } from "node:worker_threads";
import type { CompletionBuffer } from "../contract/platform.ts";
import { bunFFI, memoryAt, pointerAt } from "./ffi.ts";
import { ACK, CMD, QUIT, type WaiterData } from "./waiter_protocol.ts";

const { memory, watched } = workerData as WaiterData;
const words = new Int32Array(memory);
const wait = watched.kind === "readable"
  ? untilReadable(watched.fd, watched.libraryPath)
  : untilCompletion(watched.completions);

let done = 0;
for (;;) {
  while (Atomics.load(words, CMD) === done) Atomics.wait(words, CMD, done);
  if (Atomics.load(words, QUIT)) break;
  // A wait that ends for nothing counts as a wake-up: whoever is woken looks for himself.
  wait();
  done++;
  Atomics.store(words, ACK, done);
  Atomics.notify(words, ACK);
}

/** Takes nothing from the descriptor. */
function untilReadable(fd: number, libraryPath: string): () => void {
  const poll = bunFFI().dlopen(libraryPath, {
    poll: { args: ["buffer", "u32", "i32"], returns: "i32" },
  }).symbols.poll as (fds: Int32Array, count: number, timeout: number) => number;
  // `struct pollfd`: the descriptor, then `events` and `revents` of 16 bits each.
  const POLLIN = 1;
  const pollfd = new Int32Array(new ArrayBuffer(8));
  return () => {
    pollfd[0] = fd;
    pollfd[1] = POLLIN;
    poll(pollfd, 1, -1);
  };
}

type Remove = (
  port: number,
  entries: number,
  capacity: number,
  removed: Int32Array,
  timeout: Int32Array,
  alertable: number,
) => number;

/**
 * Puts the packets that it takes where the thread will find them. On Windows nothing interrupts a
 * system call of a thread that is terminated, and who terminates it would wait for that: so it comes
 * back from the call once a second.
 */
function untilCompletion({ port, entries, capacity, count }: CompletionBuffer): () => void {
  const remove = bunFFI().dlopen("ntdll.dll", {
    NtRemoveIoCompletionEx: {
      args: ["i32", "ptr", "u32", "buffer", "buffer", "u32"],
      returns: "i32",
    },
  }).symbols.NtRemoveIoCompletionEx as Remove;
  const [SUCCESS, TIMEOUT] = [0, 0x102];
  // In units of 100 ns, of 64 bits, negative for a time from now.
  const second = new Int32Array(new ArrayBuffer(8));
  second.set([-1e7, -1]);
  const removed = new Int32Array(new ArrayBuffer(4));
  const completions = new Int32Array(memoryAt(pointerAt(count), 4));
  return () => {
    let status: number;
    do status = remove(port, entries, capacity, removed, second, 0); while (status === TIMEOUT);
    // Only then the count is to be trusted.
    if (status === SUCCESS) Atomics.store(completions, 0, removed[0]);
  };
}
