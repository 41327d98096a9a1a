// SPDX-License-Identifier: MIT
/**
 * Waits beside Deno's event loop: one `poll` as a non-blocking call, which Deno runs on a thread of
 * its pool. At most one is pending. It costs about 60 microseconds, so it is used only when idle.
 */
import type { HostWait, Pointer } from "../contract/platform.ts";
import { deno } from "./global.ts";
import { holdCall } from "./hold_call.ts";

const POLLIN = 1;
/** Length of `struct pollfd`: the descriptor, then `events` and `revents` of 16 bits each. */
const POLLFD = 8;

/** C functions of the wait. */
interface Calls {
  poll(fds: Pointer, count: number, timeout: number): Promise<number>;
  malloc(length: number): Pointer;
  memcpy(to: Pointer, from: Int32Array, length: number): void;
  free(memory: Pointer): void;
}

/** See {@linkcode HostWait}. */
export class DenoHostWait implements HostWait {
  armed = false;
  /**
   * Memory of C, since the call may return, and write to it, when the program is gone: Deno restarts a
   * program without regard to its calls on the pool's threads.
   */
  readonly #pollfd: Pointer;
  #call: Promise<number> | null = null;
  #held = true;
  readonly #calls: Calls;

  constructor(fd: number, libraryPath: string) {
    this.#calls = deno.dlopen(libraryPath, {
      poll: { parameters: ["pointer", "u32", "i32"], result: "i32", nonblocking: true },
      malloc: { parameters: ["usize"], result: "pointer" },
      memcpy: { parameters: ["pointer", "buffer", "usize"], result: "void" },
      free: { parameters: ["pointer"], result: "void" },
    }).symbols as unknown as Calls;
    this.#pollfd = this.#calls.malloc(POLLFD);
    this.#calls.memcpy(this.#pollfd, new Int32Array([fd, POLLIN]), POLLFD);
  }

  arm(wake: () => void): void {
    this.armed = true;
    // errno stays on the pool's thread; an interrupted poll counts as a wake-up.
    this.#held = true;
    this.#call = this.#calls.poll(this.#pollfd, 1, -1);
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

  dispose(): void {
    this.#calls.free(this.#pollfd);
  }
}
