// SPDX-License-Identifier: MIT
/**
 * An OpenSSL object that is freed exactly once: by its owner, or, if the owner did not, when the
 * owner is garbage-collected.
 */
import type { Pointer } from "../../../platforms/contract/ffi.ts";
import { live } from "./live.ts";

/** Frees objects whose owner was garbage-collected. */
const abandoned = new FinalizationRegistry<Owned>((owned) => owned.free());

/** See the top of this file. */
export class Owned {
  readonly pointer: Pointer;
  readonly #kind: keyof typeof live;
  readonly #free: (pointer: Pointer) => void;
  #freed = false;

  /** `free` must not refer to `owner`, which could then never be collected. */
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

  /** Whether it has been freed. */
  get freed(): boolean {
    return this.#freed;
  }

  /** Frees the object. A second call does nothing. */
  free(): void {
    if (this.#freed) return;
    this.#freed = true;
    live[this.#kind]--;
    abandoned.unregister(this);
    this.#free(this.pointer);
  }
}
