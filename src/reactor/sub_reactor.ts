// SPDX-License-Identifier: MIT
/** A worker that serves connections: those passed to it, and those that it accepts itself. */
import { adopt, ADOPTABLE, adoptedAddr } from "../net/file/adopt.ts";
import type { Addr } from "../net/addr/addr.ts";
import { OpError } from "../net/errors.ts";
import { ClosedError, UnexpectedEOFError } from "../fd/errors.ts";
import type { Conn } from "../net/net.ts";
import { cutLingering } from "../fd/lingering.ts";
import { wake } from "../fd/wake_words.ts";
import { Waker } from "../fd/waker.ts";
import { go, gosched } from "../sched/api.ts";
import { bodyOf } from "../sched/spawn.ts";
import type { Routine } from "../sched/goroutine.ts";
import { background } from "../context/context.ts";
import { withCancel } from "../context/with_cancel.ts";
import type { Events } from "../event/api/events.ts";
import { descriptorOf } from "../net/socket/descriptor.ts";
import { NetFD } from "../net/socket/net_fd.ts";
import { IdleTimer } from "../serve/idle_timer.ts";
import { AdmissionControl } from "../limit/admission.ts";
import { stats } from "../diag/stats.ts";
import { EventWorker } from "./event_worker.ts";
import type { Handler, HandlerContext, PacketHandler, WorkerHook } from "./handler.ts";
import { PacketWorker } from "./packet_worker.ts";
import { WorkerMail } from "./worker_mail.ts";
import { checkLimits } from "../limit/limit_options.ts";
import type { ParentPort } from "../worker/parent_port.ts";
import { WorkerListener } from "./worker_listener.ts";
import { pack } from "../worker/error_codec.ts";
import * as P from "../worker/protocol.ts";
import type { TLSServerSide } from "../tls/engine.ts";
import { handedServer } from "../tls/handed.ts";
import { DescriptorRing, TokenRing } from "../worker/shared_rings.ts";
import { ShedReports } from "../worker/shed_reports.ts";

/** The module's exports beside its handler of connections; null for those that it has not. */
export interface WorkerExports {
  readonly handlePackets: PacketHandler | null;
  readonly init: WorkerHook | null;
  readonly end: WorkerHook | null;
}

/** See the top of this file. */
export class SubReactor {
  readonly #main: ParentPort;
  /** Servers of the connections: one of the two is null. */
  readonly #handler: Handler | null;
  readonly #eventWorker: EventWorker | null;
  readonly #tls: TLSServerSide | null;
  readonly #descriptors: DescriptorRing;
  readonly #tokens: TokenRing;
  readonly #listeners = new Map<number, WorkerListener>();
  readonly #packets = new Map<number, PacketWorker>();
  readonly #mail: WorkerMail;
  readonly #exports: WorkerExports;
  /** How far the end of the worker has come. */
  #end: "no" | "begun" | "done" = "no";
  /**
   * Lingering connections from the main thread, by token, if the main thread wants to know them.
   */
  readonly #lingering = new Map<number, NetFD<Addr>>();
  readonly #shed: ShedReports;
  readonly #admission: AdmissionControl;
  readonly #context: HandlerContext;
  readonly #beginDraining: () => void;
  #open = 0;
  /** Peer of the connection whose goroutine is just ending by an error. */
  #panicking = "";
  #waker: Waker | null = null;
  /** The error that ended the server of events. */
  #failure: { readonly error: unknown } | null = null;

  constructor(main: ParentPort, handler: Handler | Events, exports: WorkerExports) {
    const { start } = main;
    this.#exports = exports;
    const mail = this.#mail = new WorkerMail(main);
    this.#main = main;
    const table = typeof handler === "function" ? null : handler;
    this.#handler = typeof handler === "function" ? handler : null;
    this.#eventWorker = table === null
      ? null
      : new EventWorker(table, (error, remote) => this.#handlerThrew(error, remote));
    if (table !== null) refuseForEvents(start.limits);
    if (table !== null && start.tls !== undefined) {
      throw new TypeError("Cannot use TLS with a table of callbacks: use a function*");
    }
    this.#tls = start.tls === undefined ? null : handedServer("serve with TLS", start.tls);
    this.#descriptors = new DescriptorRing(start.descriptors);
    this.#tokens = new TokenRing(start.tokens);
    this.#shed = new ShedReports((reports) => main.post({ type: "shed", reports }));
    this.#admission = new AdmissionControl(
      checkLimits("serve", { ...start.limits, onShed: this.#shed.add }),
    );
    const [draining, cancel] = withCancel(background());
    this.#beginDraining = cancel;
    this.#context = {
      worker: start.worker,
      data: start.data,
      draining,
      messages: mail.box.messages,
      post: (to, value, options) => mail.post(to, value, options),
    };
  }

  /** Serves until the main thread orders its end. Parks. */
  *run(): Routine<void> {
    using waker = new Waker();
    this.#waker = waker;
    const { init } = this.#exports;
    if (init !== null) yield* bodyOf("init", init, [this.#context]);
    if (this.#eventWorker !== null) {
      go(() => this.#serveEvents(this.#eventWorker!));
      yield* gosched();
      this.#checkServant();
    }
    this.#main.post({ type: "up", waker: waker.handle, events: this.#eventWorker !== null });
    for (;;) {
      this.#takeOver();
      this.#receive();
      this.#checkServant();
      const { order } = this.#main;
      if (order === P.STOP) this.#stop();
      if (order === P.STOP || order === P.DRAIN && this.#drained()) this.#beginEnd();
      if (this.#end === "done") break;
      yield* waker.wait();
    }
    this.#shed.flush();
    this.#stop();
    this.#mail.box.close();
  }

  /** Closes all connections and sockets, without waiting for anything. */
  #stop(): void {
    this.#beginDraining();
    this.#admission.closeAll();
    for (const listener of this.#listeners.values()) listener.closeAll();
    for (const packets of this.#packets.values()) packets.stop();
    this.#tls?.close();
  }

  /** Runs the module's `end` beside the loop, which goes on passing its messages. */
  #beginEnd(): void {
    if (this.#end !== "no") return;
    const { end } = this.#exports;
    this.#end = end === null ? "done" : "begun";
    if (end !== null) go(() => this.#ending(this.#runEnd(end)));
  }

  *#runEnd(end: WorkerHook): Routine<void> {
    yield* bodyOf("end", end, [this.#context]);
    this.#end = "done";
    wake(this.#waker!.handle);
  }

  /** Number of its open connections. */
  get connections(): number {
    return this.#open;
  }

  /**
   * A goroutine that a handler has started did not catch `error`. False if the worker is to end.
   */
  survives(error: unknown): boolean {
    // Goroutines of the reactor itself catch their errors: this one belongs to a connection.
    if (endsConnectionOnly(error)) return true;
    if (this.#main.start.survives) this.#panicked(error);
    return this.#main.start.survives;
  }

  #panicked(error: unknown): void {
    this.#main.post({ type: "panic", error: pack(error), remote: this.#panicking });
    this.#panicking = "";
  }

  /** Serves a connection that was accepted here. */
  serve(conn: Conn): void {
    this.#open++;
    Atomics.add(this.#main.words, P.OWN_CONNECTIONS, 1);
    Atomics.add(this.#main.words, P.OWN_ACCEPTED, 1);
    this.#begin(conn);
  }

  /** Called when a connection that was accepted here is closed. */
  closed(): void {
    Atomics.sub(this.#main.words, P.OWN_CONNECTIONS, 1);
    this.#ended();
  }

  /** Takes over connections that the main thread has accepted. */
  #takeOver(): void {
    const ring = this.#descriptors;
    for (let sysfd; (sysfd = ring.peek()) !== -1;) {
      const conn = this.#admitted(sysfd);
      if (conn !== null) this.#begin(conn);
      // Told before it is out of the ring: the main thread counts those in there as goroutines.
      this.#main.tell();
      // From here on it is in the fdTable, or closed.
      ring.shift();
    }
    this.#main.tell();
  }

  /** The connection over the descriptor that is next in the ring; null if it was turned away. */
  #admitted(sysfd: number): Conn | null {
    const { token, accepted: { network: place, peer, ...closing } } = this.#descriptors;
    const network = ADOPTABLE[place];
    const remote = adoptedAddr(network, peer);
    const freed = () => {
      this.#lingering.delete(token);
      this.#tokens.push(token);
      this.#ended();
    };
    this.#open++;
    try {
      const make = () => adopt(network, sysfd, remote, closing);
      return this.#admission.admit(sysfd, remote, make, freed, (fd) => this.#lingers(token, fd));
    } catch (error) {
      // The poller refuses it; it is closed, and no other connection is affected.
      if (error instanceof OpError) return null;
      throw error;
    }
  }

  #lingers(token: number, fd: NetFD<Addr>): void {
    if (this.#main.start.reportsLingering !== true) return;
    this.#lingering.set(token, fd);
    this.#main.post({ type: "lingering", token });
  }

  #begin(conn: Conn): void {
    if (this.#eventWorker !== null) this.#eventWorker.take(conn);
    else go(() => this.#serving(conn));
  }

  /** Waits until a handler shuts the server down: then the reactor shuts down. */
  *#serveEvents(eventWorker: EventWorker): Routine<void> {
    yield* this.#ending(eventWorker.run());
    if (this.#failure === null) this.#main.post({ type: "shutdown" });
  }

  /**
   * Runs `routine`, which belongs to the worker and not to a connection: its error ends the worker.
   */
  *#ending(routine: Routine<void>): Routine<void> {
    try {
      yield* routine;
    } catch (error) {
      this.#failure ??= { error };
      wake(this.#waker!.handle);
    }
  }

  #checkServant(): void {
    if (this.#failure !== null) throw this.#failure.error;
  }

  #handlerThrew(error: unknown, remote: string): void {
    if (!this.#main.start.survives) throw error;
    this.#main.post({ type: "panic", error: pack(error), remote });
  }

  *#serving(socket: Conn): Routine<void> {
    using conn = this.#tls === null ? socket : this.#tls.begin(socket);
    using _idle = this.#idleTimeout(socket);
    try {
      yield* bodyOf("serve", this.#handler!, [conn, this.#context]);
    } catch (error) {
      if (!endsConnectionOnly(error)) {
        this.#panicking = String(conn.remoteAddr);
        throw error;
      }
    }
  }

  #idleTimeout(conn: Conn): Disposable | null {
    const { idleTimeout = 0 } = this.#main.start;
    const fd = descriptorOf(conn);
    if (idleTimeout === 0 || !(fd instanceof NetFD)) return null;
    return new IdleTimer(fd, idleTimeout, () => fd.closeAtOnce());
  }

  #ended(): void {
    this.#open--;
    this.#main.tell();
    if (this.#main.order !== P.RUN && this.#waker !== null) wake(this.#waker.handle);
  }

  #receive(): void {
    for (let message; (message = this.#main.receive()) !== null;) {
      if (message.type === "listen") {
        const listener = new WorkerListener(this, this.#main, message, this.#shed);
        this.#listeners.set(message.listener, listener);
        go(() => this.#ending(listener.run()));
      } else if (message.type === "unlisten") {
        this.#listeners.get(message.listener)?.stop();
        this.#listeners.delete(message.listener);
        this.#packets.get(message.listener)?.stop();
      } else if (message.type === "listenPacket") {
        this.#servePackets(message);
      } else if (message.type === "mail") {
        this.#mail.deliver(message);
      } else if (message.type === "mailed") {
        this.#mail.mailed(message);
      } else if (message.type === "stats") {
        this.#main.post({ type: "reply", id: message.id, value: stats(), error: null });
      } else if (message.type === "certificates") {
        this.#tls!.setCertificates(message.certificates);
      } else if (message.type === "cut") {
        const fd = this.#lingering.get(message.token);
        cutLingering(({ holder }) => holder === fd);
      }
    }
  }

  /** Accepts nothing new; returns true once all work is done. */
  #drained(): boolean {
    this.#beginDraining();
    for (const listener of this.#listeners.values()) listener.stop();
    for (const packets of this.#packets.values()) packets.stop();
    return this.#open === 0 && this.#descriptors.length === 0 && this.#packets.size === 0;
  }

  #servePackets(wish: P.ToWorker & { type: "listenPacket" }): void {
    const { listener } = wish;
    const before = this.#packets.get(listener);
    const packets = new PacketWorker(
      this.#main,
      this.#exports.handlePackets,
      this.#context,
      wish,
    );
    before?.stop();
    this.#packets.set(listener, packets);
    go(() => this.#ending(this.#packetsOf(listener, packets)));
  }

  *#packetsOf(listener: number, packets: PacketWorker): Routine<void> {
    try {
      yield* packets.run();
    } finally {
      if (this.#packets.get(listener) === packets) this.#packets.delete(listener);
      wake(this.#waker!.handle);
    }
  }
}

/** Whether `error` is a network error, of which peers can cause any number. */
function endsConnectionOnly(error: unknown): boolean {
  return [OpError, UnexpectedEOFError, ClosedError].some((kind) => error instanceof kind);
}

/**
 * These look at goroutines that wait; a server of events has none, and an idle timeout of its own.
 */
function refuseForEvents({ firstBytes, ...others }: P.WorkerLimits): void {
  const closing = Object.entries(others).find(([, limit]) =>
    (limit as { policy?: string }).policy === "closeOldestIdle"
  );
  const name = firstBytes !== undefined ? "firstBytes" : closing?.[0];
  if (name === undefined) return;
  throw new TypeError(
    `Cannot limit a table of callbacks as ${name} requires a goroutine per connection; ` +
      `use idleTimeout: current value is ${
        JSON.stringify(name === "firstBytes" ? firstBytes : closing![1])
      }`,
  );
}
