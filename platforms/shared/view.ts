// SPDX-License-Identifier: MIT
/**
 * Memory of a view, by the language's intrinsics. An object can claim any `length`, by a subclass
 * or an own property; these functions ask the view itself.
 */

type Getter<T> = (this: Uint8Array) => T;

/** Returns a getter of all typed arrays, which no subclass or property can override. */
function intrinsic<T>(name: "buffer" | "byteLength" | "byteOffset"): Getter<T> {
  const typedArray: object = Object.getPrototypeOf(Uint8Array.prototype);
  return Object.getOwnPropertyDescriptor(typedArray, name)!.get as Getter<T>;
}

const byteLength = intrinsic<number>("byteLength");
const byteOffset = intrinsic<number>("byteOffset");
const memory = intrinsic<ArrayBuffer>("buffer");

/** Returns the true length of a view. Throws TypeError for any other value. */
export function lengthOf(p: Uint8Array): number {
  return byteLength.call(p);
}

/** Returns the true memory of a view. */
export function memoryOf(p: Uint8Array): ArrayBuffer {
  return memory.call(p);
}

/** Returns the bytes of `p` from `from` up to `to`, as a plain Uint8Array. */
export function viewOf(p: Uint8Array, from = 0, to: number = lengthOf(p)): Uint8Array {
  return new Uint8Array(memory.call(p), byteOffset.call(p) + from, to - from);
}
