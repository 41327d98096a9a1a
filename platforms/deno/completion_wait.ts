// SPDX-License-Identifier: MIT
/**
 * Waiting for a completion port beside Deno's event loop: one NtRemoveIoCompletionEx as a
 * non-blocking call, which Deno runs on a thread of its pool. At most one is under way.
 */
import type { CompletionBasket, HostWait } from "../contract/platform.ts";
import { pointerAt } from "./ffi.ts";
import { deno } from "./global.ts";

type Remove = (
  port: number,
  entries: unknown,
  capacity: number,
  count: unknown,
  timeout: null,
  alertable: number,
) => Promise<number>;

/** See {@linkcode HostWait}. */
export class DenoCompletionWait implements HostWait {
  armed = false;
  readonly #basket: CompletionBasket;
  readonly #remove: Remove;

  constructor(basket: CompletionBasket) {
    this.#basket = basket;
    this.#remove = deno.dlopen("ntdll.dll", {
      NtRemoveIoCompletionEx: {
        parameters: ["i32", "pointer", "u32", "pointer", "pointer", "u32"],
        result: "i32",
        nonblocking: true,
      },
    }).symbols.NtRemoveIoCompletionEx as Remove;
  }

  arm(wake: () => void): void {
    this.armed = true;
    const { port, entries, capacity, count } = this.#basket;
    this.#remove(port, pointerAt(entries), capacity, pointerAt(count), null, 0).then(() => {
      this.armed = false;
      wake();
    });
  }

  dispose(): void {}
}
