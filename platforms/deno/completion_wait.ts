// SPDX-License-Identifier: MIT
/**
 * Waits for a completion port beside Deno's event loop: one NtRemoveIoCompletionEx as a
 * non-blocking call, which Deno runs on a thread of its pool. At most one is pending.
 */
import type { CompletionBuffer, HostWait } from "../contract/platform.ts";
import { pointerAt } from "./ffi.ts";
import { deno } from "./global.ts";
import { holdCall } from "./hold_call.ts";

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
  readonly #buffer: CompletionBuffer;
  readonly #remove: Remove;
  #call: Promise<number> | null = null;
  #held = true;

  constructor(completions: CompletionBuffer) {
    this.#buffer = completions;
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
    const { port, entries, capacity, count } = this.#buffer;
    this.#held = true;
    this.#call = this.#remove(port, pointerAt(entries), capacity, pointerAt(count), null, 0);
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
