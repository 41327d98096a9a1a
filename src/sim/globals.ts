// SPDX-License-Identifier: MIT
/**
 * Globals of the runtime during a simulation: clocks, timers and random numbers are virtual, and
 * calls to the outside are refused. Functions that a program has imported before, for example from
 * `node:timers` or `node:fs`, cannot be replaced.
 */
import process from "node:process";
import { CallTimer } from "../sched/timer_heap.ts";
import { scheduler } from "../sched/thread.ts";

/** Sources of the simulated globals. */
export interface SimulatedGlobals {
  /** The monotonic clock. */
  readonly now: () => number;
  /** Calendar clock of the current host. */
  readonly epoch: () => number;
  /** Returns a random integer below `n`, of the current host. */
  readonly random: (n: number) => number;
  /** Whether calls to the outside are allowed. */
  readonly outside: boolean;
}

/** Thrown when a simulated program calls a function that leads outside the simulation. */
export class OutsideError extends Error {
  /** "OutsideError". */
  override readonly name = "OutsideError";
}

/** Range of the random numbers behind `Math.random`. */
const WORD = 2 ** 32;

/** A timer of `setTimeout`, like Node's. */
class SimTimeout {
  readonly #timer: CallTimer;
  #ms: number;

  constructor(f: () => void, ms: number, again: boolean) {
    this.#ms = ms;
    this.#timer = new CallTimer(() => {
      if (again) this.refresh();
      f();
    });
    this.refresh();
  }

  refresh(): this {
    scheduler.timers.set(this.#timer, scheduler.now + this.#ms);
    return this;
  }

  close(): this {
    scheduler.timers.stop(this.#timer);
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return true;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

type TimerFunction = (f: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) => object;

function timers(now: () => number): Record<string, unknown> {
  const start = (again: boolean, least: number): TimerFunction => (f, ms = 0, ...args) => {
    scheduler.now = now();
    return new SimTimeout(() => f(...args), Math.max(least, Number(ms) || 0), again);
  };
  const stop = (timer: unknown) => {
    if (timer instanceof SimTimeout) timer.close();
  };
  const immediate = start(false, 0);
  return {
    setTimeout: start(false, 1),
    setInterval: start(true, 1),
    setImmediate: (f: () => void, ...args: unknown[]) => immediate(f, 0, ...args),
    clearTimeout: stop,
    clearInterval: stop,
    clearImmediate: stop,
  };
}

/**
 * Creates a `Date` with the simulation's current time. Its dates and real ones are instances of
 * both classes.
 */
function dateOf(epoch: () => number): DateConstructor {
  return new Proxy(Date, {
    construct: (target, args, newTarget) =>
      Reflect.construct(target, args.length === 0 ? [epoch()] : args, newTarget) as object,
    apply: (target) => new target(epoch()).toString(),
    get: (target, key) => key === "now" ? epoch : Reflect.get(target, key) as unknown,
  });
}

function chance(random: (n: number) => number): Record<string, unknown>[] {
  const fill = <T extends ArrayBufferView>(view: T): T => {
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    for (let i = 0; i < bytes.length; i++) bytes[i] = random(256);
    return view;
  };
  const uuid = () => {
    const bytes = fill(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  };
  return [{ random: () => random(WORD) / WORD }, { getRandomValues: fill, randomUUID: uuid }];
}

/** Functions that lead outside, by the object that has them. */
const OUTSIDE: Readonly<Record<string, readonly string[]>> = {
  "": ["fetch", "WebSocket", "Worker", "EventSource", "XMLHttpRequest"],
  Bun: ["connect", "listen", "serve", "udpSocket", "spawn", "spawnSync", "sleep", "sleepSync"],
  Deno: ["connect", "connectTls", "listen", "listenTls", "listenDatagram", "serve", "Command"],
};

function refusals(): [object, Record<string, unknown>][] {
  return Object.entries(OUTSIDE).flatMap(([owner, names]) => {
    const of = owner === "" ? globalThis : Reflect.get(globalThis, owner) as object | undefined;
    if (of === undefined) return [];
    const there = names.filter((name) => name in of);
    return [[
      of,
      Object.fromEntries(there.map((name) => [name, refusing(owner ? `${owner}.${name}` : name)])),
    ]];
  });
}

function refusing(name: string): () => never {
  return function () {
    throw new OutsideError(
      `Cannot use ${name} in a simulation: it leads outside, where time is real and nothing can be ` +
        'repeated. Set the option outside to "allow" to use it nevertheless',
    );
  };
}

/** Globals of a simulation, installed and removed at each of its turns. */
export class Globals {
  readonly #patches: readonly (readonly [object, Record<string, unknown>])[];
  #undo: (() => void)[] = [];

  constructor({ now, epoch, random, outside }: SimulatedGlobals) {
    const [math, crypto] = chance(random);
    const hrtime = Object.assign(
      (since: readonly [number, number] = [0, 0]) => elapsed(now(), since),
      { bigint: () => BigInt(Math.floor(now() * 1e6)) },
    );
    const timeout = (ms: number) => {
      const controller = new AbortController();
      const reason = () => new DOMException("The operation timed out.", "TimeoutError");
      new SimTimeout(() => controller.abort(reason()), (scheduler.now = now(), ms), false);
      return controller.signal;
    };
    this.#patches = [
      [globalThis, { Date: dateOf(epoch), ...timers(now) }],
      [performance, { now }],
      [process, { hrtime }],
      [Math, math],
      [globalThis.crypto, crypto],
      [AbortSignal, { timeout }],
      ...bunClock(now),
      ...outside ? [] : refusals(),
    ];
  }

  /** Installs them. */
  install(): void {
    for (const [owner, values] of this.#patches) {
      for (const [name, value] of Object.entries(values)) this.#replace(owner, name, value);
    }
  }

  /** Removes them. */
  remove(): void {
    for (const undo of this.#undo.reverse()) undo();
    this.#undo = [];
  }

  /** Replaces a global, unless the runtime does not allow it. */
  #replace(owner: object, name: string, value: unknown): void {
    const before = Object.getOwnPropertyDescriptor(owner, name);
    const done = Reflect.defineProperty(owner, name, {
      value,
      configurable: true,
      writable: true,
      enumerable: before?.enumerable ?? true,
    });
    if (!done) return;
    this.#undo.push(() => {
      if (before === undefined) Reflect.deleteProperty(owner, name);
      else Object.defineProperty(owner, name, before);
    });
  }
}

function bunClock(now: () => number): [object, Record<string, unknown>][] {
  const bun = Reflect.get(globalThis, "Bun") as object | undefined;
  return bun === undefined ? [] : [[bun, { nanoseconds: () => Math.floor(now() * 1e6) }]];
}

function elapsed(now: number, [seconds, nanoseconds]: readonly [number, number]): number[] {
  const total = Math.floor(now * 1e6) - (seconds * 1e9 + nanoseconds);
  return [Math.floor(total / 1e9), total % 1e9];
}
