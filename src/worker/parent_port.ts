// SPDX-License-Identifier: MIT
/** A worker's connection to the main thread. */
import { type MessagePort, receiveMessageOnPort, type Transferable } from "node:worker_threads";
import { wake } from "../fd/wake_words.ts";
import { scheduler } from "../sched/thread.ts";
import * as P from "./protocol.ts";

/** See src/worker/protocol.ts. */
export class ParentPort {
  readonly start: P.WorkerStart;
  readonly words: Int32Array;
  readonly #port: MessagePort;

  constructor(start: P.WorkerStart) {
    this.start = start;
    this.words = new Int32Array(start.words);
    this.#port = start.port;
  }

  /** Current order: run, drain or stop. */
  get order(): number {
    return Atomics.load(this.words, P.ORDER);
  }

  /** Sends a message. Throws what `postMessage` throws if it cannot be cloned. */
  post(message: P.ToMain, transfer: Transferable[] = []): void {
    this.#port.postMessage(message, transfer);
    wake(this.start.main);
  }

  /** Returns the next message of the main thread, or null. */
  receive(): P.ToWorker | null {
    const got = receiveMessageOnPort(this.#port) as { message: P.ToWorker } | undefined;
    return got === undefined ? null : got.message;
  }

  /**
   * Called when a connection was closed or taken over, for which the main thread may be waiting.
   */
  tell(): void {
    Atomics.store(this.words, P.GOROUTINES, scheduler.count);
    wake(this.start.main);
  }
}
