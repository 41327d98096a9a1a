// SPDX-License-Identifier: MIT
/** Numbers that distinguish unnamed objects in a dump. */
import { registerState } from "./thread_state.ts";

let numbers = new WeakMap<object, number>();
let last = 0;

registerState("object ids", {
  fresh: () => ({ numbers: new WeakMap<object, number>(), last: 0 }),
  save: () => ({ numbers, last }),
  restore: (state) => ({ numbers, last } = state),
});

/** Returns the number of `thing`, assigned on first use. */
export function objectId(thing: object): number {
  let number = numbers.get(thing);
  if (number === undefined) numbers.set(thing, number = ++last);
  return number;
}
