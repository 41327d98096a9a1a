// SPDX-License-Identifier: MIT
/**
 * A main reactor and its sub-reactors: connections are accepted here, or in the workers, and served
 * by workers, each a thread with its own poller and scheduler.
 */
import type { Addr } from "../net/addr/addr.ts";
import { type HandedTLS, withCertificates } from "../tls/handed.ts";
import type { TLSCertificates } from "../tls/tls_options.ts";
import type { Listener } from "../net/net.ts";
import { checkListenOptions, checkListenPacketOptions } from "../net/options/schema.ts";
import type { ListenOptions, ListenPacketOptions } from "../net/options/options.ts";
import { isUDPNetwork, type TCPNetwork, type UDPNetwork } from "../net/resolve/resolve.ts";
import type { Chan } from "../chan/chan.ts";
import { wrongArgument } from "../validate/argument.ts";
import { MainMail, type ReactorStats } from "./main_mail.ts";
import type { PostOptions, WorkerMessage } from "./mailbox.ts";
import { isUnixNetwork } from "../net/addr/unix_addr.ts";
import { ClosedError } from "../fd/errors.ts";
import { go } from "../sched/api.ts";
import type { Routine } from "../sched/goroutine.ts";
import { handOver, ReactorAcceptor, servedBy } from "./acceptor.ts";
import { WorkerBalancer } from "./balance.ts";
import { checkShutdown, upOrEnded, WorkerGroup } from "../worker/worker_group.ts";
import { type LimitCounters, Limiter } from "../limit/limiter.ts";
import { noteShed } from "../limit/shed_counts.ts";
import { decodeAddr } from "../worker/addr_codec.ts";
import { unpack } from "../worker/error_codec.ts";
import type { ShedReport, ToMain } from "../worker/protocol.ts";
import { type CheckedReactorOptions, checkReactorOptions, type ReactorOptions } from "./options.ts";
import { moduleURL } from "../worker/worker_options.ts";
import { NoWorkersError } from "./errors.ts";
import { ReusePortListeners } from "./reuse_port.ts";
import { handedLimits, mainLimits, ownLimits } from "./limit_shares.ts";
import type { WorkerHooks } from "../worker/supervisor.ts";
import { type WorkerEnd, WorkerThread } from "../worker/worker_thread.ts";
import { type ReactorWorker, WorkerSlot } from "./worker_slot.ts";
import { now } from "../sched/clock.ts";
import { notesCalls } from "../sched/noted_methods.ts";
import { noted } from "../sched/calls.ts";

/** Grace of a worker when the reactor must end: its `finally` blocks have a second. */
const END_MS = 1500;
/** Interval at which workers report their number of goroutines, if that is limited. */
const ASK_MS = 10;

/** Result of a shutdown. */
export interface ShutdownReport {
  /** Number of connections that were still open at the deadline and were closed. */
  readonly cut: number;
}

/** Options of {@linkcode Reactor.shutdown}. */
export interface ShutdownOptions {
  /** Milliseconds until open connections are closed; 10,000 by default. May be Infinity. */
  deadline?: number;
}

/** Workers that serve connections, as {@linkcode openReactor} returns them. */
export class Reactor implements Disposable {
  readonly #options: CheckedReactorOptions;
  readonly #module: string;
  readonly #limiter: Limiter;
  readonly #slots: WorkerSlot[];
  readonly #balancer: WorkerBalancer<WorkerSlot>;
  readonly #ports: ReusePortListeners;
  readonly #mail: MainMail;
  readonly #acceptors = new Set<ReactorAcceptor>();
  readonly #group: WorkerGroup<WorkerSlot>;
  #tls: HandedTLS | null;
  #askedAt = 0;
  /** Whether the handler is a table of events. */
  #events = false;
  /** Why no worker is left to serve; null while one is. */
  #failed: NoWorkersError | null = null;

  /** @internal */
  constructor(module: string, options: CheckedReactorOptions) {
    const { workers, limits, loadBalance, tls } = options;
    this.#tls = tls;
    this.#options = options;
    this.#module = module;
    this.#limiter = new Limiter(mainLimits(limits), {
      ready: () => this.#slots.some((slot) => slot.able),
      goroutines: () => this.#fewestGoroutines(),
      lingering: () => this.#slots.reduce((sum, { lingering }) => sum + lingering, 0),
      cutLingering: (address) => this.#slots.some((slot) => slot.cutLingering(address)),
      closeOldestIdle: () => false,
    });
    this.#slots = Array.from({ length: workers }, (_, id) => this.#slot(id));
    this.#balancer = new WorkerBalancer(loadBalance, this.#slots);
    this.#mail = new MainMail(this.#slots);
    this.#ports = new ReusePortListeners(this.#slots, ownLimits(limits, workers));
    this.#group = new WorkerGroup(this.#slots, options.restart, (slot) => this.#hooks(slot));
  }

  /**
   * Waits until every worker is up. Throws the error of one that failed to start. Parks. @internal
   */
  ready(): Routine<void> {
    return this.#group.ready();
  }

  /** The workers, ordered by number. */
  get workers(): readonly ReactorWorker[] {
    return this.#slots;
  }

  /** Counters of accepted, refused and closed connections, of this thread and all workers. */
  get counters(): LimitCounters {
    const counters = structuredClone(this.#limiter.counters);
    counters.open = 0;
    for (const slot of this.#slots) {
      counters.open += slot.connections;
      counters.accepted += slot.ownAccepted;
    }
    return counters;
  }

  /**
   * Accepts connections from `listener` and hands each to a worker, until the listener is closed or
   * the reactor shuts down. Parks.
   *
   * @param listener a listener returned by `listen`; do not call its `accept` any more
   * @throws {TypeError} for another kind of listener, for a Unix socket with a limit that requires
   * TCP, and for "unixpacket" with a table of callbacks, which has no message boundaries;
   * {@linkcode OpError} if the listener fails; {@linkcode NoWorkersError} if all workers have died
   * with `restart: false`, after closing the listener
   */
  *serve(listener: Listener): Routine<void> {
    const served = servedBy(listener, this.#options.limits, this.#events);
    const acceptor = new ReactorAcceptor(served, this.#limiter, this.#balancer);
    if (this.#group.stopping.err !== null) return listener[Symbol.dispose]();
    this.#acceptors.add(acceptor);
    if (this.#failed !== null) acceptor.close();
    try {
      yield* acceptor.run();
    } finally {
      this.#acceptors.delete(acceptor);
    }
    if (this.#failed !== null) throw this.#failed;
  }

  /**
   * Makes every worker listen for itself, by SO_REUSEPORT, so that the kernel distributes
   * connections. It uses a hash of the addresses: many short connections are distributed evenly, a
   * few long ones need not be, and the connections of a busy worker wait for it. Parks. socket(7).
   *
   * @param network "tcp", "tcp4" or "tcp6"; a path cannot be shared, see {@linkcode Reactor.serve}
   * @param address "host:port"
   * @param options see {@linkcode ListenOptions}
   * @returns the address they listen on
   * @throws {TypeError} for Unix sockets; {@linkcode OpError} as `listen`;
   * {@linkcode NoWorkersError} as {@linkcode Reactor.serve}; {@linkcode ClosedError} if the reactor
   * has been shut down
   */
  *listen(network: TCPNetwork, address: string, options: ListenOptions = {}): Routine<Addr> {
    if (isUnixNetwork(network)) {
      throw new TypeError(
        `Cannot listen on ${network} in each worker as workers cannot share a path: ` +
          `call listen, and pass its listener to reactor.serve`,
      );
    }
    if (this.#failed !== null) throw this.#failed;
    if (this.#group.stopping.err !== null) throw new ClosedError();
    return yield* this.#ports.listen(network, address, checkListenOptions(options));
  }

  /**
   * Makes every worker open a UDP socket on one port, by SO_REUSEPORT, and run the `handlePackets`
   * that the module exports: see {@linkcode PacketHandler}. The kernel distributes datagrams by a
   * hash of the addresses, so those of one peer reach the same worker, as long as no worker comes
   * or goes. Parks. socket(7).
   *
   * @param network "udp", "udp4" or "udp6"
   * @param address "host:port"
   * @param options see {@linkcode ListenPacketOptions}
   * @returns the address they listen on
   * @throws {TypeError} if the module exports no `handlePackets`, or for another network;
   * {@linkcode OpError} as `listenPacket`; {@linkcode NoWorkersError} as {@linkcode Reactor.serve};
   * {@linkcode ClosedError} if the reactor has been shut down; {@linkcode PlatformError} where
   * sockets cannot share a port
   * @example
   * ```ts
   * const reactor = yield* openReactor(new URL("./dns_handler.ts", import.meta.url));
   * console.log(`listening on ${yield* reactor.listenPacket("udp", "127.0.0.1:5300")}`);
   * ```
   */
  *listenPacket(
    network: UDPNetwork,
    address: string,
    options: ListenPacketOptions = {},
  ): Routine<Addr> {
    if (!isUDPNetwork(network)) {
      throw wrongArgument("listen for packets in each worker", "network", "a UDP network", network);
    }
    if (this.#failed !== null) throw this.#failed;
    if (this.#group.stopping.err !== null) throw new ClosedError();
    return yield* this.#ports.listenPacket(network, address, checkListenPacketOptions(options));
  }

  /**
   * Messages of the workers, sent by `post` of their context. Up to 256 wait here; the senders of
   * further ones wait, too. Closed when the reactor has ended.
   */
  get messages(): Chan<WorkerMessage> {
    return this.#mail.box.messages;
  }

  /**
   * Sends a message to a worker, where `messages` of the context receives it. Parks until it is in
   * the worker's queue. Like `postMessage`, but it waits for a receiver that is behind.
   *
   * @param to number of the worker
   * @param value copied by the structured clone algorithm
   * @param options see {@linkcode PostOptions}
   * @throws {TypeError} if there is no worker of that number; {@linkcode WorkerGoneError} if it is
   * not running; what `postMessage` throws if `value` cannot be copied
   * @example
   * ```ts
   * for (const { id } of reactor.workers) yield* reactor.post(id, { reload: true });
   * ```
   */
  post(to: number, value: unknown, options: PostOptions = {}): Routine<void> {
    return this.#mail.post(to, value, options);
  }

  /**
   * Returns the counters of all workers, as they are when each is asked, and their sums. Parks
   * until every worker that is running has answered, or ended.
   *
   * @example
   * ```ts
   * const { total, workers } = yield* reactor.stats();
   * console.log(`${total.bytesRead} bytes read by ${workers.length} workers`);
   * ```
   */
  stats(): Routine<ReactorStats> {
    return this.#mail.stats();
  }

  /**
   * Has all workers show these certificates to the clients of the handshakes to come, as
   * `setCertificates` of a `TLSListener`; also workers that are restarted. Never parks.
   *
   * @throws {TypeError} when one of them is wrong, or the reactor was opened without `tls`; then
   * nothing changes
   */
  setCertificates(certificates: TLSCertificates): void {
    if (this.#tls === null) {
      throw new TypeError(
        "Cannot set certificates as the reactor was opened without the option tls",
      );
    }
    this.#tls = withCertificates("set certificates", this.#tls, certificates);
    for (const { link } of this.#slots) link?.send({ type: "certificates", certificates });
  }

  /**
   * Graceful shutdown: stops accepting, waits until the handlers have ended, which can watch
   * `draining` of their context, and ends the workers. Connections that are open at the deadline
   * are closed. Parks until nothing of the reactor is left.
   *
   * @param options see {@linkcode ShutdownOptions}
   * @throws {TypeError} if the deadline is not a number
   */
  *shutdown(options: ShutdownOptions = {}): Routine<ShutdownReport> {
    const deadline = checkShutdown("shut down", options);
    this.#group.stop();
    for (const acceptor of [...this.#acceptors]) acceptor.close();
    yield* this.#group.drain(deadline);
    const cut = this.#slots.reduce((sum, slot) => sum + slot.connections, 0);
    yield* this.#group.end(END_MS);
    // A worker that waited for its next start has not been reported as ended.
    for (const slot of this.#slots) slot.state = "ended";
    this.#ports.release(new ClosedError());
    this.#mail.box.close();
    return { cut };
  }

  /**
   * Starts to end the reactor at once; {@linkcode Reactor.wait} waits until it has ended. Never
   * parks.
   */
  close(): void {
    if (this.#group.stopping.err === null) go(() => this.shutdown({ deadline: 0 }));
  }

  /** As {@linkcode Reactor.close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Waits until nothing of the reactor is left. Parks. */
  wait(): Routine<void> {
    return this.#group.wait();
  }

  #slot(id: number): WorkerSlot {
    return new WorkerSlot(id, this.#limiter, (slot, paused) => {
      if (paused) this.#ports.pause(slot);
      else this.#ports.resume(slot);
    });
  }

  #hooks(slot: WorkerSlot): WorkerHooks {
    return {
      start: () => this.#start(slot),
      take: (message) => this.#take(slot, message),
      woken: () => {
        slot.collect();
        this.#limiter.look();
      },
      ended: (end, restartIn) => this.#over(slot, end, restartIn),
    };
  }

  #start(slot: WorkerSlot): WorkerThread {
    const { name, data, driver, spinShare, limits, workers, onPanic, idleTimeout } = this.#options;
    slot.state = "starting";
    return slot.link = new WorkerThread({
      kind: "reactor",
      module: this.#module,
      name,
      worker: slot.id,
      data,
      driver,
      spinShare,
      survives: onPanic !== undefined,
      idleTimeout,
      tls: this.#tls ?? undefined,
      limits: handedLimits(limits, workers),
      reportsLingering: mainLimits(limits).connections !== null ||
        mainLimits(limits).perAddress !== null,
    });
  }

  #take(slot: WorkerSlot, message: ToMain): void {
    switch (message.type) {
      case "up":
        this.#events = message.events;
        slot.began();
        if (!slot.paused) this.#ports.resume(slot);
        break;
      case "listening":
        // A worker that was terminated meanwhile does not listen any more.
        if (slot.link!.up) this.#ports.stateError(slot, message);
        break;
      case "panic":
        this.#options.onPanic?.(unpack(message.error), { worker: slot.id, remote: message.remote });
        break;
      case "shutdown":
        this.close();
        break;
      case "mail":
        this.#mail.pass(slot, message);
        break;
      case "reply":
        this.#mail.reply(slot, message);
        break;
      case "lingering":
        slot.lingers(message.token);
        break;
      case "shed":
        for (const report of message.reports) this.#shed(report);
    }
  }

  #shed({ limit, action, remote, count }: ShedReport): void {
    this.#limiter.counters[action][limit] += count;
    noteShed(action, limit, count);
    const from = remote === null ? null : decodeAddr(remote);
    this.#limiter.limits.onShed({ limit, action, remote: from, count });
  }

  #over(slot: WorkerSlot, end: WorkerEnd, restartIn: number | null): void {
    slot.collect();
    slot.state = restartIn === null ? "ended" : "waiting";
    this.#mail.ended(slot);
    const undelivered = end.undelivered.map((one) => ({ one, address: slot.takeBack(one.token) }));
    const connections = Math.max(slot.connections, slot.lost, end.connections);
    slot.clear();
    for (const { one, address } of undelivered) {
      handOver(one, address ?? "", this.#limiter, this.#balancer);
    }
    const { error, stuck } = end;
    const stopping = this.#group.stopping.err !== null;
    if (this.#slots.every(({ state }) => state === "ended")) this.#bereave(stopping, error);
    else if (restartIn === null) this.#ports.lost(slot);
    if (stopping) return;
    this.#options.onWorkerEnd({ worker: slot.id, error, connections, restartIn, stuck });
  }

  /** No worker will ever serve: clients are refused instead of waiting in the kernel's queue. */
  #bereave(stopping: boolean, error: unknown): void {
    if (!stopping) this.#failed = new NoWorkersError(error);
    this.#ports.release(this.#failed ?? new ClosedError());
    for (const acceptor of [...this.#acceptors]) acceptor.close();
  }

  /**
   * Returns the number of goroutines of the worker that has the fewest, as last reported, and asks
   * all workers again if those reports are old.
   */
  #fewestGoroutines(): number {
    if (now() - this.#askedAt >= ASK_MS) {
      this.#askedAt = now();
      for (const { link } of this.#slots) link?.wake();
    }
    return Math.min(...this.#slots.filter(({ able }) => able).map(({ goroutines }) => goroutines));
  }
}

/**
 * Starts workers that serve connections with the handler that `module` exports. Parks until all of
 * them are ready, or one of them has shut the reactor down. They end with the reactor, and at the
 * latest with the run that opened it.
 *
 * @param module the handler's module, as `new URL("./handler.ts", import.meta.url)`. It exports
 * `handle`: a `function*`, see {@linkcode Handler}, or a table of callbacks as for `serve` of
 * `./event`, of which each worker runs a server
 * @param options see {@linkcode ReactorOptions}
 * @throws {TypeError} for an invalid option, naming it; the error of loading the module
 * @example
 * ```ts
 * const reactor = yield* openReactor(new URL("./echo_handler.ts", import.meta.url), { workers: 4 });
 * console.log(`listening on ${yield* reactor.listen("tcp", "127.0.0.1:7007")}`);
 * yield* stopped.recv();
 * yield* reactor.shutdown({ deadline: 5_000 });
 * ```
 */
export function openReactor(module: URL | string, options: ReactorOptions = {}): Routine<Reactor> {
  return noted("openReactor", opening(module, options));
}

function* opening(module: URL | string, options: ReactorOptions): Routine<Reactor> {
  const checked = checkReactorOptions("open a reactor", options);
  return yield* upOrEnded(new Reactor(moduleURL("open a reactor", module), checked));
}

notesCalls(
  Reactor.prototype,
  "reactor",
  ...["ready", "serve", "listen", "listenPacket", "post", "stats", "shutdown", "wait"] as const,
);
