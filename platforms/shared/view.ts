// SPDX-License-Identifier: MIT
/**
 * The bytes of a view as the language sees them. An object can claim any `length`, by a subclass or
 * a property of its own; these ask the view and not the object.
 */

type Getter<T> = (this: Uint8Array) => T;

/** Returns a getter of all typed arrays, which no subclass and no property can replace. */
function intrinsic<T>(name: "buffer" | "byteLength" | "byteOffset"): Getter<T> {
  const typedArray: object = Object.getPrototypeOf(Uint8Array.prototype);
  return Object.getOwnPropertyDescriptor(typedArray, name)!.get as Getter<T>;
}

const byteLength = intrinsic<number>("byteLength");
const byteOffset = intrinsic<number>("byteOffset");
const memory = intrinsic<ArrayBuffer>("buffer");

/** Returns the length of a view, whatever the object says. Throws TypeError for what is no view. */
export function lengthOf(p: Uint8Array): number {
  return byteLength.call(p);
}

/** Returns the memory of a view, whatever the object says. */
export function memoryOf(p: Uint8Array): ArrayBuffer {
  return memory.call(p);
}

/** Returns the bytes of `p` from `from` up to `to`, as a view of the language's own class. */
export function viewOf(p: Uint8Array, from = 0, to: number = lengthOf(p)): Uint8Array {
  return new Uint8Array(memory.call(p), byteOffset.call(p) + from, to - from);
}
