// SPDX-License-Identifier: MIT
/** Received messages of a thread of a reactor: a bounded queue, which delays its senders. */
import type { Transferable } from "node:worker_threads";
import { chan } from "../chan/channel.ts";
import type { Chan } from "../chan/chan.ts";
import { go } from "../sched/api.ts";
import { PanicError, type Routine } from "../sched/goroutine.ts";
import type { WorkerAddress } from "../worker/protocol.ts";

/** Messages that wait for the receiver; the senders of further ones wait, too. */
const CAPACITY = 256;

/** Message between the threads of a reactor. */
export interface WorkerMessage {
  /** Number of the worker that sent it, or "main". */
  readonly from: WorkerAddress;
  /** The value, as the structured clone algorithm copied it. */
  readonly value: unknown;
}

/** Options of {@linkcode Reactor.post}. */
export interface PostOptions {
  /** Objects that are moved instead of copied, such as ArrayBuffers and MessagePorts. */
  transfer?: readonly Transferable[];
}

/** See the top of this file. */
export class Mailbox {
  readonly messages: Chan<WorkerMessage> = chan<WorkerMessage>(CAPACITY);
  #closed = false;

  /** Queues `message`, and calls `queued` once there is room for it. */
  deliver(message: WorkerMessage, queued: () => void): void {
    if (this.#closed) return;
    if (this.messages.trySend(message)) queued();
    else go(this.#deliverLater.bind(this), message, queued);
  }

  /** Ends the messages: `recv` returns undefined once the queue is empty. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.messages.close();
  }

  *#deliverLater(message: WorkerMessage, queued: () => void): Routine<void> {
    try {
      yield* this.messages.send(message);
    } catch (error) {
      // The mailbox was closed meanwhile.
      if (error instanceof PanicError) return;
      throw error;
    }
    queued();
  }
}
