// SPDX-License-Identifier: MIT
/**
 * Waits beside Deno's event loop: one `poll` as a non-blocking call, which Deno runs on a thread of
 * its pool. At most one is pending. It costs about 60 microseconds, so it is used only when idle.
 */
import type { HostWait } from "../contract/platform.ts";
import { deno } from "./global.ts";
import { holdCall } from "./hold_call.ts";

/** `struct pollfd`: the descriptor, then `events` and `revents` of 16 bits each. */
const POLLIN = 1;

type Poll = (fds: Int32Array, count: number, timeout: number) => Promise<number>;

/** See {@linkcode HostWait}. */
export class DenoHostWait implements HostWait {
  armed = false;
  /** A field, so that it outlives the call on the pool's thread. */
  readonly #pollfd = new Int32Array(new ArrayBuffer(8));
  readonly #fd: number;
  #call: Promise<number> | null = null;
  #held = true;
  readonly #poll: Poll;

  constructor(fd: number, libraryPath: string) {
    this.#fd = fd;
    this.#poll = deno.dlopen(libraryPath, {
      poll: { parameters: ["buffer", "u32", "i32"], result: "i32", nonblocking: true },
    }).symbols.poll as Poll;
  }

  arm(wake: () => void): void {
    this.armed = true;
    this.#pollfd[0] = this.#fd;
    this.#pollfd[1] = POLLIN;
    // errno stays on the pool's thread; an interrupted poll counts as a wake-up.
    this.#held = true;
    this.#call = this.#poll(this.#pollfd, 1, -1);
    this.#call.then(() => {
      this.armed = false;
      wake();
    });
  }

  hold(on: boolean): void {
    if (on === this.#held) return;
    this.#held = on;
    holdCall(this.#call!, on);
  }

  dispose(): void {}
}
