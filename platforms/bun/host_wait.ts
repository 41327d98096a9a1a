// SPDX-License-Identifier: MIT
/**
 * Waits beside Bun's event loop. `bun:ffi` has no asynchronous calls, so a helper thread waits for
 * the descriptor and wakes this thread through `Atomics.waitAsync`. The first wait starts the
 * helper; while not armed it is parked in `Atomics.wait`.
 */
import type { Worker } from "node:worker_threads";
import { nodeModule } from "../contract/host.ts";
import type { HostWait, WatchedDescriptor } from "../contract/platform.ts";
import { ACK, CMD, QUIT, type WaiterData, type Watched, WORDS } from "./waiter_protocol.ts";
import { WAITER_SOURCE } from "./waiter_source.ts";

/** `Atomics.waitAsync`, which the library's TypeScript target does not declare. */
type WaitAsync = (
  words: Int32Array,
  index: number,
  value: number,
) => { async: false; value: string } | { async: true; value: Promise<string> };

const waitAsync = (Atomics as unknown as { waitAsync: WaitAsync }).waitAsync;

/**
 * Descriptors that Bun 1.4 opens for a worker, with a margin: if fewer are left, the process dies.
 */
const DESCRIPTORS_OF_A_WORKER = 16;
/** Milliseconds between checks of a descriptor without a helper: 1, doubled up to 16. */
const FIRST_LOOK_MS = 1;
const LONGEST_LOOK_MS = 16;

/** See {@linkcode HostWait}. */
export class BunHostWait implements HostWait {
  armed = false;
  readonly #data: WaiterData;
  readonly #words: Int32Array;
  readonly #descriptor: WatchedDescriptor | null;
  #helper: Worker | null = null;

  /** Without `descriptor`, the helper is started even if few descriptors are left. */
  constructor(watched: Watched, descriptor: WatchedDescriptor | null = null) {
    this.#data = { memory: new SharedArrayBuffer(WORDS * 4), watched };
    this.#words = new Int32Array(this.#data.memory);
    this.#descriptor = descriptor;
  }

  arm(wake: () => void): void {
    this.armed = true;
    const descriptor = this.#descriptor;
    if (this.#helper === null && descriptor !== null && !canStartHelper(descriptor)) {
      this.#look(descriptor, FIRST_LOOK_MS, wake);
    } else {
      this.#watch(wake);
    }
  }

  /** Polls at intervals, until the descriptor is readable or the helper can be started. */
  #look(descriptor: WatchedDescriptor, ms: number, wake: () => void): void {
    setTimeout(() => {
      if (descriptor.isReadable()) {
        this.armed = false;
        wake();
      } else if (canStartHelper(descriptor)) {
        this.#watch(wake);
      } else {
        this.#look(descriptor, Math.min(ms * 2, LONGEST_LOOK_MS), wake);
      }
    }, ms);
  }

  #watch(wake: () => void): void {
    const turn = Atomics.add(this.#words, CMD, 1) + 1;
    Atomics.notify(this.#words, CMD);
    this.#startHelper();
    this.#whenDone(turn, wake);
  }

  hold(on: boolean): void {
    if (on) this.#helper?.ref();
    else this.#helper?.unref();
  }

  dispose(): void {
    Atomics.store(this.#words, QUIT, 1);
    Atomics.add(this.#words, CMD, 1);
    Atomics.notify(this.#words, CMD);
    this.#helper = null;
  }

  /**
   * Keeps the process alive by the helper while armed: a pending waitAsync does not (bun#34911).
   */
  #startHelper(): void {
    if (this.#helper) {
      this.#helper.ref();
      return;
    }
    this.#helper = new (nodeModule("node:worker_threads").Worker)(WAITER_SOURCE, {
      eval: true,
      workerData: this.#data,
    });
    this.#helper.on("error", (error: unknown) => {
      throw error;
    });
  }

  /** A notify may arrive late from an earlier turn, so check the word after each. */
  #whenDone(turn: number, wake: () => void): void {
    const seen = Atomics.load(this.#words, ACK);
    if (seen === turn) {
      this.armed = false;
      this.#helper?.unref();
      wake();
      return;
    }
    const wait = waitAsync(this.#words, ACK, seen);
    const again = () => this.#whenDone(turn, wake);
    if (wait.async) wait.value.then(again);
    else queueMicrotask(again);
  }
}

function canStartHelper(descriptor: WatchedDescriptor): boolean {
  return descriptor.canOpen(DESCRIPTORS_OF_A_WORKER);
}
