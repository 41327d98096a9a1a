// SPDX-License-Identifier: MIT
/** Messages and requests of the main thread to the workers, and between workers, by way of it. */
import type { Transferable } from "node:worker_threads";
import { type Stats, stats } from "../diag/stats.ts";
import type { Routine } from "../sched/goroutine.ts";
import { wrongArgument } from "../validate/argument.ts";
import { type EncodedError, pack } from "../worker/error_codec.ts";
import type * as P from "../worker/protocol.ts";
import { WorkerGoneError } from "./errors.ts";
import { Mailbox, type PostOptions } from "./mailbox.ts";
import { Requests } from "./requests.ts";
import type { WorkerSlot } from "./worker_slot.ts";

/** Counters of a reactor's workers, as {@linkcode Reactor.stats} returns them. */
export interface ReactorStats {
  /** Counters of each worker, by its number; null for one that is not running. */
  readonly workers: readonly (Stats | null)[];
  /** Their sums. The main thread, see `stats` of the main module, is not included. */
  readonly total: Stats;
}

/** See the top of this file. */
export class MainMail {
  readonly box: Mailbox = new Mailbox();
  readonly #slots: readonly WorkerSlot[];
  readonly #requests: ReadonlyMap<WorkerSlot, Requests>;

  constructor(slots: readonly WorkerSlot[]) {
    this.#slots = slots;
    this.#requests = new Map(slots.map((slot) => [slot, new Requests()]));
  }

  /** See {@linkcode Reactor.post}. */
  *post(to: number, value: unknown, { transfer = [] }: PostOptions): Routine<void> {
    const slot = Number.isInteger(to) ? this.#slots[to] : undefined;
    if (slot === undefined) {
      const kind = `the number of a worker, below ${this.#slots.length}`;
      throw wrongArgument("post a message", "to", kind, to);
    }
    requireRunning(slot);
    const send = (id: number) => mail(slot, id, "main", value, transfer);
    yield* this.#requests.get(slot)!.ask(send);
  }

  /** See {@linkcode Reactor.stats}. */
  *stats(): Routine<ReactorStats> {
    const workers: (Stats | null)[] = [];
    for (const slot of this.#slots) workers.push(yield* this.#statsOf(slot));
    return { workers, total: sum(workers.filter((one) => one !== null)) };
  }

  /** A worker sends a message to the main thread, or to another worker. */
  pass(from: WorkerSlot, { id, to, value }: P.ToMain & { type: "mail" }): void {
    const mailed = (error: EncodedError | null) => from.link?.send({ type: "mailed", id, error });
    if (to === "main") {
      return this.box.deliver({ from: from.id, value }, () => mailed(null));
    }
    const slot = this.#slots[to];
    if (slot === undefined || !running(slot)) return mailed(pack(new WorkerGoneError(to)));
    const send = (number: number) => mail(slot, number, from.id, value, []);
    this.#requests.get(slot)!.begin(send, (_, error) => mailed(error));
  }

  /** A worker answers a request. */
  reply(slot: WorkerSlot, { id, value, error }: P.ToMain & { type: "reply" }): void {
    this.#requests.get(slot)!.answer(id, value, error);
  }

  /** A worker has ended. */
  ended(slot: WorkerSlot): void {
    this.#requests.get(slot)!.fail(pack(new WorkerGoneError(slot.id)));
  }

  *#statsOf(slot: WorkerSlot): Routine<Stats | null> {
    if (!running(slot)) return null;
    try {
      const send = (id: number) => slot.link!.send({ type: "stats", id });
      return (yield* this.#requests.get(slot)!.ask(send)) as Stats;
    } catch (error) {
      if ((error as Partial<WorkerGoneError>).code === "ERR_WORKER_ENDED") return null;
      throw error;
    }
  }
}

function mail(
  { link }: WorkerSlot,
  id: number,
  from: P.WorkerAddress,
  value: unknown,
  transfer: readonly Transferable[],
): void {
  link!.send({ type: "mail", id, from, value }, [...transfer]);
}

function running({ link, state }: WorkerSlot): boolean {
  return link !== null && link.up && (state === "serving" || state === "paused");
}

function requireRunning(slot: WorkerSlot): void {
  if (!running(slot)) throw new WorkerGoneError(slot.id);
}

function sum(all: readonly Stats[]): Stats {
  const names = Object.keys(stats()) as (keyof Stats)[];
  const total = (name: keyof Stats) => all.reduce((sum, one) => sum + one[name], 0);
  return Object.fromEntries(names.map((name) => [name, total(name)])) as unknown as Stats;
}
