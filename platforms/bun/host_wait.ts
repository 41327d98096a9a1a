// SPDX-License-Identifier: MIT
/**
 * Waiting beside Bun's event loop. `bun:ffi` has no asynchronous calls, so a helper thread waits
 * for the descriptor and wakes this thread through `Atomics.waitAsync`. The helper is started by the
 * first wait, and is parked in `Atomics.wait`, in no system call of ours, whenever it is not armed.
 */
import { Worker } from "node:worker_threads";
import type { HostWait } from "../contract/platform.ts";
import { ACK, CMD, QUIT, type WaiterData, type Watched, WORDS } from "./waiter_protocol.ts";

/** The newer half of Atomics, which the library's TypeScript target does not promise. */
type WaitAsync = (
  words: Int32Array,
  index: number,
  value: number,
) => { async: false; value: string } | { async: true; value: Promise<string> };

const waitAsync = (Atomics as unknown as { waitAsync: WaitAsync }).waitAsync;

/** See {@linkcode HostWait}. */
export class BunHostWait implements HostWait {
  armed = false;
  readonly #data: WaiterData;
  readonly #words: Int32Array;
  #helper: Worker | null = null;

  constructor(watched: Watched) {
    this.#data = { memory: new SharedArrayBuffer(WORDS * 4), watched };
    this.#words = new Int32Array(this.#data.memory);
  }

  arm(wake: () => void): void {
    this.armed = true;
    const turn = Atomics.add(this.#words, CMD, 1) + 1;
    Atomics.notify(this.#words, CMD);
    this.#startHelper();
    this.#whenDone(turn, wake);
  }

  dispose(): void {
    Atomics.store(this.#words, QUIT, 1);
    Atomics.add(this.#words, CMD, 1);
    Atomics.notify(this.#words, CMD);
    this.#helper = null;
  }

  /** The helper is what holds the process while armed: a pending waitAsync does not (bun#34911). */
  #startHelper(): void {
    if (this.#helper) {
      this.#helper.ref();
      return;
    }
    // Published packages hold JavaScript, and nothing rewrites a URL.
    const file = import.meta.url.endsWith(".ts") ? "./waiter.ts" : "./waiter.js";
    this.#helper = new Worker(new URL(file, import.meta.url), { workerData: this.#data });
    this.#helper.on("error", (error: unknown) => {
      throw error;
    });
  }

  /** A notify can come late from an earlier turn, so the word is looked at again after each. */
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
