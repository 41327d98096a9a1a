// SPDX-License-Identifier: MIT
/** Numbers by which a dump tells apart what has no name. */
import { registerState } from "./thread_state.ts";

let numbers = new WeakMap<object, number>();
let last = 0;

registerState("object ids", {
  fresh: () => ({ numbers: new WeakMap<object, number>(), last: 0 }),
  save: () => ({ numbers, last }),
  restore: (state) => ({ numbers, last } = state),
});

/** The number of `thing`: given at the first question, the same from then on. */
export function objectId(thing: object): number {
  let number = numbers.get(thing);
  if (number === undefined) numbers.set(thing, number = ++last);
  return number;
}
