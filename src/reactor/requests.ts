// SPDX-License-Identifier: MIT
/** Requests to another thread that are not answered yet. */
import { chan } from "../chan/channel.ts";
import type { Chan } from "../chan/chan.ts";
import type { Routine } from "../sched/goroutine.ts";
import { type EncodedError, unpack } from "../worker/error_codec.ts";

/** An answer. */
type Answer = { readonly value: unknown } | { readonly error: unknown };

/** Called with the answer. */
export type Answered = (value: unknown, error: EncodedError | null) => void;

/** See the top of this file. */
export class Requests {
  readonly #open = new Map<number, Answered>();
  #last = 0;

  /** Sends a request by `send`, which gets its number. `answered` is called once. */
  begin(send: (id: number) => void, answered: Answered): void {
    const id = ++this.#last;
    this.#open.set(id, answered);
    try {
      send(id);
    } catch (error) {
      this.#open.delete(id);
      throw error;
    }
  }

  /** As {@linkcode begin}, and waits for the answer. Parks. Throws the error of the answer. */
  *ask(send: (id: number) => void): Routine<unknown> {
    const answer: Chan<Answer> = chan<Answer>(1);
    this.begin(send, (value, error) => {
      answer.trySend(error === null ? { value } : { error: unpack(error) });
    });
    const got = (yield* answer.recv())!;
    if ("error" in got) throw got.error;
    return got.value;
  }

  /** The answer to request `id` has come. */
  answer(id: number, value: unknown, error: EncodedError | null): void {
    const answered = this.#open.get(id);
    this.#open.delete(id);
    answered?.(value, error);
  }

  /** Fails all that are open: the other thread has ended. */
  fail(error: EncodedError): void {
    const open = [...this.#open.values()];
    this.#open.clear();
    for (const answered of open) answered(null, error);
  }
}
