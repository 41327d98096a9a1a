// SPDX-License-Identifier: MIT
/**
 * The library's state in this thread, which can be exchanged as a whole.
 *
 * A module that keeps state of its own (the scheduler, the poller, a free list, a counter)
 * registers it here. A simulation then runs on state of its own inside a real run, and what it
 * leaves behind is thrown away with that state, whatever ended it. State that is not registered
 * would leak from one simulation into the next: tests/sched/thread_state_test.ts finds it.
 */

/** State of one module. */
export interface StatePart<S> {
  /** Returns the state that a new thread begins with. */
  fresh(): S;
  /** Returns the present state. */
  save(): S;
  /** Replaces the present state. */
  restore(state: S): void;
}

/** The saved state of every module that registered, by name. */
export type ThreadState = ReadonlyMap<string, unknown>;

const parts = new Map<string, StatePart<unknown>>();

/**
 * Registers a module's state. The order of registration is that of restoring, so a module may rely
 * on the state of what it imports.
 *
 * @param name the module's subject, unique
 */
export function registerState<S>(name: string, part: StatePart<S>): void {
  if (parts.has(name)) throw new Error(`netpoll: thread state: ${name} is registered twice`);
  parts.set(name, part as StatePart<unknown>);
}

/**
 * Puts `next` in the place of the present state, and returns the present one. Without `next` the
 * thread begins anew.
 *
 * @internal exported for tests
 */
export function exchangeState(next?: ThreadState): ThreadState {
  const before = new Map<string, unknown>();
  for (const [name, part] of parts) before.set(name, part.save());
  for (const [name, part] of parts) {
    // A module that was loaded after `next` was saved has nothing in it.
    part.restore(next?.has(name) ? next.get(name) : part.fresh());
  }
  return before;
}

/**
 * Returns the names of all registered state.
 *
 * @internal exported for tests
 */
export function registeredState(): string[] {
  return [...parts.keys()];
}
