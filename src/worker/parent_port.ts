// SPDX-License-Identifier: MIT
/** The main thread, as a worker has it. */
import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
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

  /** What it is to do: go on, drain, stop. */
  get order(): number {
    return Atomics.load(this.words, P.ORDER);
  }

  /** Says something. Throws what `postMessage` throws for what cannot be cloned. */
  post(message: P.ToMain): void {
    this.#port.postMessage(message);
    wake(this.start.main);
  }

  /** The next that it has said, or null. */
  receive(): P.ToWorker | null {
    const got = receiveMessageOnPort(this.#port) as { message: P.ToWorker } | undefined;
    return got === undefined ? null : got.message;
  }

  /** A connection was closed or taken over: the main thread may wait for that. */
  tell(): void {
    Atomics.store(this.words, P.GOROUTINES, scheduler.count);
    wake(this.start.main);
  }
}
