// SPDX-License-Identifier: MIT
/** Network interfaces by name and by index. See if_nametoindex(3). */
import type { Pointer } from "../contract/ffi.ts";
import type { InterfaceTable } from "../contract/platform.ts";

/** The two calls, which all systems share. */
export interface InterfaceCalls {
  if_nametoindex(name: ArrayBufferView): number;
  if_indextoname(index: number, name: ArrayBufferView): Pointer;
}

/** See the top of this file. */
export class Interfaces implements InterfaceTable {
  readonly #calls: InterfaceCalls;
  /** Scratch memory for a name, with a zero after it whatever the system writes. */
  readonly #name: Uint8Array;

  /** `nameSize`: maximum size of a name in bytes, including its final zero; IF_NAMESIZE. */
  constructor(calls: InterfaceCalls, nameSize: number) {
    this.#calls = calls;
    this.#name = new Uint8Array(new ArrayBuffer(nameSize + 1));
  }

  /** Returns the index of an interface, or 0 if there is none of that name. */
  indexOf(name: string): number {
    return this.#calls.if_nametoindex(new TextEncoder().encode(`${name}\0`));
  }

  /** Returns the name of an interface, or null if there is none of that index. */
  nameOf(index: number): string | null {
    this.#name.fill(0);
    // A null pointer is null on Deno and 0 or null on Bun.
    if (!this.#calls.if_indextoname(index, this.#name)) return null;
    return new TextDecoder().decode(this.#name.subarray(0, this.#name.indexOf(0)));
  }
}
