// SPDX-License-Identifier: MIT
/**
 * Ports on which every worker listens by itself. This thread keeps each port bound, so that it stays
 * ours while workers come and go; the kernel shares the connections out among those who listen.
 */
import type { Addr } from "../net/addr.ts";
import { type ReservedPort, reservePort } from "../net/listen.ts";
import type { ListenOptions } from "../net/options.ts";
import type { TCPNetwork } from "../net/resolve.ts";
import { go } from "../sched/api.ts";
import type { Routine } from "../sched/goroutine.ts";
import { type Chan, chan } from "../sync/chan.ts";
import { unpack } from "./portable_error.ts";
import type { ToMain, ToWorker, WorkerLimits } from "./protocol.ts";
import type { WorkerSlot } from "./worker_slot.ts";

type Wish = ToWorker & { type: "listen" };
type Answer = ToMain & { type: "listening" };

interface SharedPort {
  readonly wish: Wish;
  readonly answers: Chan<Answer>;
  /** Closed when the port is given back. */
  readonly released: Chan<never>;
}

/** Keeps `port` until it is told to let go, or its run ends. */
function* keep(port: ReservedPort, released: Chan<never>): Routine<void> {
  try {
    yield* released.recv();
  } finally {
    port.release();
  }
}

/** See the top of this file. */
export class SharedPorts {
  readonly #slots: readonly WorkerSlot[];
  readonly #limits: WorkerLimits;
  readonly #ports = new Map<number, SharedPort>();
  #last = 0;

  constructor(slots: readonly WorkerSlot[], limits: WorkerLimits) {
    this.#slots = slots;
    this.#limits = limits;
  }

  /** Has all workers listen, and gives where. Throws what the first says that cannot. Parks. */
  *listen(network: TCPNetwork, address: string, options: ListenOptions): Routine<Addr> {
    const port = yield* reservePort(network, address, options);
    const listener = ++this.#last;
    const wish: Wish = {
      type: "listen",
      listener,
      network,
      address: String(port.addr),
      options,
      limits: this.#limits,
    };
    const shared = { wish, answers: chan<Answer>(this.#slots.length), released: chan<never>() };
    go(keep, port, shared.released);
    this.#ports.set(listener, shared);
    let done = false;
    try {
      const asked = this.#slots.filter(({ state }) => state === "serving");
      for (const { link } of asked) link!.send(wish);
      for (const _ of asked) {
        const { error } = (yield* shared.answers.recv())!;
        if (error !== null) throw unpack(error);
      }
      done = true;
    } finally {
      if (!done) this.#drop(shared);
    }
    return port.addr;
  }

  /** A worker listens, or cannot. */
  answered(answer: Answer): void {
    this.#ports.get(answer.listener)?.answers.trySend(answer);
  }

  /** Has a worker listen that was started again, or goes on after a pause. */
  resume({ link }: WorkerSlot): void {
    for (const { wish } of this.#ports.values()) link?.send(wish);
  }

  /** Has a worker listen no more. */
  pause({ link }: WorkerSlot): void {
    for (const listener of this.#ports.keys()) link?.send({ type: "unlisten", listener });
  }

  /** Gives the ports back. */
  release(): void {
    for (const { released } of this.#ports.values()) released.close();
    this.#ports.clear();
  }

  #drop(shared: SharedPort): void {
    const { listener } = shared.wish;
    this.#ports.delete(listener);
    for (const { link } of this.#slots) link?.send({ type: "unlisten", listener });
    shared.released.close();
  }
}
