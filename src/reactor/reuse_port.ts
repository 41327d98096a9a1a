// SPDX-License-Identifier: MIT
/**
 * Ports on which every worker listens by itself. This thread keeps each port bound, so that it
 * stays ours while workers come and go; the kernel shares the connections out among those who
 * listen.
 */
import type { Addr } from "../net/addr/addr.ts";
import { type ReservedPort, reservePort } from "../net/listen.ts";
import { listenPacket } from "../net/listen_packet.ts";
import type { ListenOptions, ListenPacketOptions, LookupOptions } from "../net/options/options.ts";
import type { TCPNetwork, UDPNetwork } from "../net/resolve/resolve.ts";
import { go } from "../sched/api.ts";
import type { Routine } from "../sched/goroutine.ts";
import { chan } from "../chan/channel.ts";
import type { Chan } from "../chan/chan.ts";
import { unpack } from "../worker/error_codec.ts";
import type { ToMain, ToWorker, WorkerLimits } from "../worker/protocol.ts";
import type { WorkerSlot } from "./worker_slot.ts";

type Wish = ToWorker & { type: "listen" | "listenPacket" };
type Answer = ToMain & { type: "listening" };

/** One port, and its workers' reports. */
class SharedPort {
  readonly wish: Wish;
  /** Closed when the port is released. */
  readonly released: Chan<never> = chan();
  /** Workers that have not reported yet that they listen. */
  readonly #asked: Set<WorkerSlot>;
  /** Closed once all listen, or one cannot. */
  readonly #settled: Chan<never> = chan();
  #failure: { readonly error: unknown } | null = null;

  /** Asks all of `slots` to listen. */
  constructor(wish: Wish, slots: readonly WorkerSlot[]) {
    this.wish = wish;
    this.#asked = new Set(slots);
    for (const { link } of slots) link!.send(wish);
    if (slots.length === 0) this.#settled.close();
  }

  /** Waits until all listen. Throws the error of the first worker that cannot. Parks. */
  *listened(): Routine<void> {
    yield* this.#settled.recv();
    if (this.#failure !== null) throw this.#failure.error;
  }

  /** Records that `slot` listens, or never will. */
  has(slot: WorkerSlot): void {
    if (this.#asked.delete(slot) && this.#asked.size === 0) this.#settled.close();
  }

  /** No worker listens, or will. */
  fail(error: unknown): void {
    if (this.#asked.size === 0) return;
    this.#asked.clear();
    this.#failure = { error };
    this.#settled.close();
  }
}

/** Holds `port` until it is asked to release it, or its run ends. */
function* keep(port: ReservedPort, released: Chan<never>): Routine<void> {
  try {
    yield* released.recv();
  } finally {
    port.release();
  }
}

/** The name is looked up here; workers receive the address. */
const LOOKED_UP: LookupOptions = {
  lookup: undefined,
  resolver: undefined,
  timeout: undefined,
  deadline: undefined,
  signal: undefined,
  context: undefined,
};

/** See the top of this file. */
export class ReusePortListeners {
  readonly #slots: readonly WorkerSlot[];
  readonly #limits: WorkerLimits;
  readonly #ports = new Map<number, SharedPort>();
  #last = 0;

  constructor(slots: readonly WorkerSlot[], limits: WorkerLimits) {
    this.#slots = slots;
    this.#limits = limits;
  }

  /**
   * Makes all workers listen and returns the address. Waits for a worker that dies meanwhile if it
   * is started again. Throws the error of the first worker that cannot listen. Parks.
   */
  *listen(network: TCPNetwork, address: string, options: ListenOptions): Routine<Addr> {
    if (options.control !== undefined) {
      throw new TypeError(
        "Cannot listen in each worker as control is a function, which cannot be copied to workers: " +
          "call listen, and pass its listener to reactor.serve",
      );
    }
    if (options.proxyProtocol?.onRefused !== undefined) {
      throw new TypeError(
        "Cannot listen in each worker as proxyProtocol.onRefused is a function, which cannot be " +
          "copied to workers: call listen, and pass its listener to reactor.serve",
      );
    }
    const port = yield* reservePort(network, address, options);
    const listener = ++this.#last;
    const wish: Wish = {
      type: "listen",
      listener,
      network,
      address: String(port.addr),
      options: { ...options, ...LOOKED_UP },
      limits: this.#limits,
    };
    const shared = this.#share(wish);
    go(keep, port, shared.released);
    yield* this.#listened(shared);
    return port.addr;
  }

  /**
   * Has all workers open a UDP socket, and returns the address. A socket of this thread, which
   * would receive its share of datagrams, finds the port and is closed once the workers have
   * theirs. Parks. Throws the error of the first worker that cannot.
   */
  *listenPacket(network: UDPNetwork, address: string, options: ListenPacketOptions): Routine<Addr> {
    if (options.control !== undefined) {
      throw new TypeError(
        "Cannot listen in each worker as control is a function, which cannot be copied to workers",
      );
    }
    using probe = yield* listenPacket(network, address, { ...options, reusePort: true });
    const addr = probe.localAddr;
    yield* this.#listened(this.#share({
      type: "listenPacket",
      listener: ++this.#last,
      network,
      address: String(addr),
      options: { ...options, ...LOOKED_UP },
    }));
    return addr;
  }

  #share(wish: Wish): SharedPort {
    const shared = new SharedPort(wish, this.#slots.filter(({ state }) => state === "serving"));
    this.#ports.set(wish.listener, shared);
    return shared;
  }

  *#listened(shared: SharedPort): Routine<void> {
    let done = false;
    try {
      yield* shared.listened();
      done = true;
    } finally {
      if (!done) this.#drop(shared);
    }
  }

  /** Called when a worker listens, or cannot. */
  stateError(slot: WorkerSlot, { listener, error }: Answer): void {
    const port = this.#ports.get(listener);
    if (error === null) port?.has(slot);
    else port?.fail(unpack(error));
  }

  /** Makes a worker listen that was restarted, or resumes after a pause. */
  resume({ link }: WorkerSlot): void {
    for (const { wish } of this.#ports.values()) link?.send(wish);
  }

  /** Makes a worker stop listening. */
  pause({ link }: WorkerSlot): void {
    for (const listener of this.#ports.keys()) link?.send({ type: "unlisten", listener });
  }

  /** Called when a worker has died and is not restarted. */
  lost(slot: WorkerSlot): void {
    for (const port of this.#ports.values()) port.has(slot);
  }

  /** Releases the ports; waiters for a listening worker get `error`. */
  release(error: unknown): void {
    for (const port of this.#ports.values()) {
      port.fail(error);
      port.released.close();
    }
    this.#ports.clear();
  }

  #drop(shared: SharedPort): void {
    const { listener } = shared.wish;
    if (!this.#ports.delete(listener)) return;
    for (const { link } of this.#slots) link?.send({ type: "unlisten", listener });
    shared.released.close();
  }
}
