// SPDX-License-Identifier: MIT
/**
 * The class of generators, which has no name in JavaScript.
 *
 * Each closure has a prototype of its own for its generators, so that an engine finds no property
 * of theirs in its caches: on V8 the first look at `next` or `return` takes half a microsecond.
 * `instanceof` and a method that is known already need no such look.
 */

/** Any generator, as in `value instanceof AnyGenerator`. */
export function AnyGenerator(): void {}
AnyGenerator.prototype = Object.getPrototypeOf(function* () {}).prototype;

/** `next` of every generator, to be called with one as `this`. */
export const { next: generatorNext } = AnyGenerator.prototype as Iterator<never>;
