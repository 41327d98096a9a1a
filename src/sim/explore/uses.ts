// SPDX-License-Identifier: MIT
/**
 * The uses of shared state that an exploration with reduction observes. Methods are wrapped while a run
 * takes place; otherwise a method is what its class has.
 *
 *   object   the turn depends on the other users of that object
 *   world    it depends on its time
 *   unseen   the state may also be used in ways that are not observed: the rest of the run is not reduced
 */
import { exchangePlatform } from "../../../platforms/platform.ts";
import { BufferedWriter } from "../../bufio/buffered_writer.ts";
import { ChanCore } from "../../chan/core.ts";
import { selectState } from "../../chan/select_random.ts";
import { Canceller } from "../../context/canceller.ts";
import { HalfConn } from "../../net/io/half_conn.ts";
import { G } from "../../sched/goroutine.ts";
import { TimerHeap } from "../../sched/timer_heap.ts";
import { ErrGroup } from "../../sync/err_group.ts";
import { Lock } from "../../sync/mutex.ts";
import { ObjectPool } from "../../sync/object_pool.ts";
import { RWMutex } from "../../sync/rw_mutex.ts";
import { Scope } from "../../sync/scope.ts";
import { WaitGroup } from "../../sync/wait_group.ts";
import { WaitList } from "../../sync/wait_list.ts";
import { SimClock } from "../calendar.ts";
import { History } from "../check/history.ts";
import { SimHost } from "../host.ts";
import { Simulation } from "../simulation.ts";
import type { TurnSource } from "../turns.ts";

/** Receives uses. */
export interface Uses {
  object(object: object): void;
  world(): void;
  unseen(): void;
}

/** A kind of use. */
export interface ObservedUse {
  readonly name: string;
  /** Reports such uses until the function that it returns is called. */
  observe(uses: Uses, source: TurnSource): () => void;
}

/** State of the world that is compared before and after each turn. */
export interface ObservedCount {
  readonly name: string;
  of(source: TurnSource): number;
}

type Kind = keyof Uses;

/** All uses that are observed when they take place. */
export const USES: readonly ObservedUse[] = [
  methods("channel", "object", ChanCore.prototype),
  methods("goroutine", "object", G.prototype),
  methods("mutex", "object", Lock.prototype),
  methods("read-write mutex", "object", RWMutex.prototype),
  methods("wait group", "object", WaitGroup.prototype),
  methods("wait list", "object", WaitList.prototype),
  methods("context", "object", Canceller.prototype),
  { name: "abort signal", observe: observeAbortSignals },
  methods("timer", "world", TimerHeap.prototype),
  methods("history", "world", History.prototype),
  methods("simulation", "world", Simulation.prototype),
  methods("clock of a host", "world", SimClock.prototype),
  methods("host", "unseen", SimHost.prototype, ["crash", "restart", "pause", "resume"]),
  methods("scope", "unseen", Scope.prototype),
  methods("error group", "unseen", ErrGroup.prototype),
  methods("object pool", "unseen", ObjectPool.prototype),
  methods("pipe", "unseen", HalfConn.prototype),
  methods("buffered writer", "unseen", BufferedWriter.prototype),
  { name: "wake-up", observe: observeWakeUps },
  { name: "system call", observe: observeSystem },
];

/** All that is observed by comparison. */
export const COUNTS: readonly ObservedCount[] = [
  { name: "log", of: ({ world }) => world.log.count },
  { name: "clock", of: ({ world }) => world.looks },
  { name: "random draw", of: ({ choices }) => choices.draws },
  { name: "choice of select", of: selectState },
  { name: "new goroutine", of: ({ scheduler }) => scheduler.spawned },
];

/** A wake-up is a use of the goroutine: of two that could cause it, only the first does. */
function observeWakeUps(uses: Uses, { scheduler }: TurnSource): () => void {
  const ready = scheduler.ready.bind(scheduler);
  scheduler.ready = (g) => {
    uses.object(g);
    ready(g);
  };
  return () => void delete (scheduler as Partial<typeof scheduler>).ready;
}

/** All signals count as one object: one that `AbortSignal.any` has made changes with others. */
function observeAbortSignals(uses: Uses): () => void {
  const used = (object: object) => {
    if (object instanceof AbortSignal || object instanceof AbortController) {
      uses.object(AbortSignal);
    }
  };
  const ends = [AbortController, AbortSignal, EventTarget].map(({ prototype }) =>
    observeMethods(prototype, used)
  );
  return () => {
    for (const end of ends) end();
  };
}

/** Sockets and their buffers are shared in more ways than are observed here. */
function observeSystem(uses: Uses): () => void {
  const before = exchangePlatform(() => {
    uses.unseen();
    return before();
  });
  return () => void exchangePlatform(before);
}

/** Observes the methods and accessors of a class, or those of these `names`. */
function methods(name: string, kind: Kind, prototype: object, names?: string[]): ObservedUse {
  return {
    name,
    observe: (uses) => observeMethods(prototype, (object) => uses[kind](object), names),
  };
}

/** Calls `used` at each use of the methods and accessors, until the returned function is called. */
function observeMethods(
  prototype: object,
  used: (object: object) => void,
  names?: string[],
): () => void {
  const before = Object.entries(Object.getOwnPropertyDescriptors(prototype)).filter(([key]) =>
    names === undefined || names.includes(key)
  );
  for (const [key, one] of before) {
    Object.defineProperty(prototype, key, wrapped(key, one, used));
  }
  return () => {
    for (const [key, one] of before) Object.defineProperty(prototype, key, one);
  };
}

type Method = (this: object, ...args: unknown[]) => unknown;

function wrapped(
  key: string,
  before: PropertyDescriptor,
  used: (object: object) => void,
): PropertyDescriptor {
  const { get, set, value } = before;
  if (get !== undefined) {
    const read = function (this: object): unknown {
      used(this);
      return get.call(this);
    };
    const write = function (this: object, to: unknown): void {
      used(this);
      set!.call(this, to);
    };
    return { ...before, get: read, set: set && write };
  }
  if (typeof value !== "function" || key === "constructor") return before;
  const call = function (this: object, ...args: unknown[]): unknown {
    used(this);
    return (value as Method).apply(this, args);
  };
  return { ...before, value: call };
}
