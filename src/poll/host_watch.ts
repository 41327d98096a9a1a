// SPDX-License-Identifier: MIT
/** Waits of a raw poller beside the host's loop, and its close. */
import { clearTimeout, setTimeout } from "node:timers";
import { platform } from "../../platforms/platform.ts";
import type { HostWait, RawPoller } from "../../platforms/contract/platform.ts";
import { PanicError } from "../sched/goroutine.ts";

/** Longest timeout of a host timer; a longer wait is split. */
const LONGEST_MS = 0x7fffffff;

/**
 * One per poller; it also closes the poller, because a pending watch must end before its descriptor
 * is closed.
 */
export class HostWatch {
  readonly #raw: RawPoller;
  #wait: HostWait | null = null;
  #closing = false;

  constructor(raw: RawPoller) {
    this.#raw = raw;
  }

  /** Resolves when the poller has an event, or after `ms`. */
  readable(ms: number): Promise<void> {
    const wait = this.#wait ??= platform().hostWait(this.#raw);
    if (wait.armed) throw new PanicError("concurrent waits of one poller");
    return new Promise((resolve) => {
      const timer = ms === Infinity
        ? undefined
        : setTimeout(() => this.#raw.break(), Math.min(Math.ceil(ms), LONGEST_MS));
      wait.arm(() => {
        clearTimeout(timer);
        if (this.#closing) this.#dispose();
        resolve();
      });
    });
  }

  /** Closes the poller's descriptors: at once, or as soon as they are no longer watched. */
  close(): void {
    this.#closing = true;
    if (this.#wait?.armed) this.#raw.break();
    else this.#dispose();
  }

  #dispose(): void {
    this.#wait?.dispose();
    this.#raw.dispose();
  }
}
