// SPDX-License-Identifier: MIT
/**
 * The methods that may park, which are wrapped while a run is in debug, so that undriven.ts learns
 * of every call and its line. Without such a run a method is what its class has.
 */
import { CALL } from "./call_name.ts";
import type { Routine } from "./goroutine.ts";
import { refuseAwait } from "./misuse.ts";

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** Returns `routine`, a call of `name` on `object`, wrapped if the goroutine's run is in debug. */
type Note = (name: string, routine: Routine<unknown>, object: unknown) => Routine<unknown>;

/** A method that is wrapped while a run is in debug. */
interface NotedMethod {
  readonly prototype: object;
  readonly method: string;
  readonly name: string;
}

/** Methods that classes have declared. */
const declared: NotedMethod[] = [];

/** The wrapping of this thread: of all its schedulers, for they have the same classes. */
const wrapping: { note: Note | null; restore: (() => void) | null } = { note: null, restore: null };

/** Declares the methods of a class that may park: `of` is its instance in reports, "conn". */
export function notesCalls(prototype: object, of: string, ...methods: string[]): void {
  for (const method of methods) {
    const name = `${of}.${method}`;
    declared.push({ prototype, method, name });
    // Only a generator's method has a prototype, that of its calls.
    const calls = (prototype as Record<string, Partial<{ prototype: object }>>)[method].prototype;
    if (calls !== undefined && !Object.hasOwn(calls, CALL)) refuseAwait(calls, name);
  }
}

/** Sets how a call is wrapped. */
export function setNote(note: Note): void {
  wrapping.note = note;
}

/** A run in debug begins: wraps the methods for the first. */
export function debugBegan(scheduler: { debugRuns: number }): void {
  scheduler.debugRuns++;
  wrapping.restore ??= wrapMethods();
}

/** A run in debug is over: unwraps the methods after the last. */
export function debugEnded(scheduler: { debugRuns: number }): void {
  if (--scheduler.debugRuns > 0) return;
  wrapping.restore?.();
  wrapping.restore = null;
}

function wrapMethods(): () => void {
  const before = declared.map(({ prototype, method, name }) => {
    const original = Object.getOwnPropertyDescriptor(prototype, method)!;
    const call = original.value as Method;
    function wrapped(this: unknown, ...args: unknown[]): unknown {
      const routine = call.apply(this, args) as Routine<unknown>;
      return wrapping.note === null ? routine : wrapping.note(name, routine, this);
    }
    Object.defineProperty(prototype, method, { ...original, value: wrapped });
    return () => Object.defineProperty(prototype, method, original);
  });
  return () => {
    for (const restore of before) restore();
  };
}
