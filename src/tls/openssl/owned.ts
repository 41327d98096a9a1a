// SPDX-License-Identifier: MIT
/**
 * An object of OpenSSL's and its end, which comes exactly once: by its owner, or, if nobody has
 * ended that one, when the owner is garbage.
 */
import type { Pointer } from "../../../platforms/contract/ffi.ts";
import { live } from "./live.ts";

/** Frees what nobody has freed, and whose owner is garbage. */
const abandoned = new FinalizationRegistry<Owned>((owned) => owned.free());

/** See the top of this file. */
export class Owned {
  readonly pointer: Pointer;
  readonly #kind: keyof typeof live;
  readonly #free: (pointer: Pointer) => void;
  #freed = false;

  /** `free` must not refer to `owner`, which would never be garbage then. */
  constructor(
    owner: object,
    kind: keyof typeof live,
    pointer: Pointer,
    free: (pointer: Pointer) => void,
  ) {
    this.pointer = pointer;
    this.#kind = kind;
    this.#free = free;
    live[kind]++;
    abandoned.register(owner, this, this);
  }

  /** Whether it is freed. */
  get freed(): boolean {
    return this.#freed;
  }

  /** Frees it. A second call does nothing. */
  free(): void {
    if (this.#freed) return;
    this.#freed = true;
    live[this.#kind]--;
    abandoned.unregister(this);
    this.#free(this.pointer);
  }
}
