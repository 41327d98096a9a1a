// SPDX-License-Identifier: MIT
/** Numbers by which a dump tells apart what has no name. */

const numbers = new WeakMap<object, number>();
let last = 0;

/** The number of `thing`: given at the first question, the same from then on. */
export function objectId(thing: object): number {
  let number = numbers.get(thing);
  if (number === undefined) numbers.set(thing, number = ++last);
  return number;
}
