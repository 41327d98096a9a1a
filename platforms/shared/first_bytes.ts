// SPDX-License-Identifier: MIT
/** The bytes of a view as the language sees them, whatever its class or the view itself claims. */

const prototype = Object.getPrototypeOf(Uint8Array.prototype);

/** Returns a getter of all typed arrays, which no subclass can override. */
function intrinsic<T>(name: "buffer" | "byteOffset"): (this: Uint8Array) => T {
  return Object.getOwnPropertyDescriptor(prototype, name)!.get!;
}

const bufferOf = intrinsic<ArrayBuffer>("buffer");
const offsetOf = intrinsic<number>("byteOffset");

/** Returns a view of the first `length` bytes of `view`, which must have as many. */
export function firstBytes(view: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bufferOf.call(view), offsetOf.call(view), length);
}
