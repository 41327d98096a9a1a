// SPDX-License-Identifier: MIT
/** A stream connection of an event loop: its turns, from `opened` to `closed`. */
import { platform } from "../../../platforms/platform.ts";
import { POLL_READ } from "../../../platforms/contract/platform.ts";
import { type Deadline, toMonotonic } from "../../net/deadline.ts";
import { setKeepAlive } from "../../net/options/apply.ts";
import { DeadlineExceededError } from "../../context/errors.ts";
import { counters } from "../../fd/counters.ts";
import type { RunQueue } from "../../sched/run_queue.ts";
import { now } from "../../sched/clock.ts";
import {
  type Action,
  type Answer,
  checkReply,
  type ConnOptions,
  type OpenedAnswer,
} from "../api/action.ts";
import type { EventConn } from "../api/conn.ts";
import { type Clocked, IdleClock } from "./idle_clock.ts";
import type { ConnHost } from "./conn_host.ts";
import type { Linked } from "./conn_list.ts";
import { ConnReader } from "./conn_reader.ts";
import { CLOSING, DEAD, KILLED, OPEN, OPENING } from "./conn_writer.ts";
import { IdleTimeoutError } from "../api/errors.ts";
import type { Loop } from "./loop.ts";
import type { Peer } from "./peer.ts";
import type { StreamNet } from "./stream_net.ts";

/** Maximum number of reads per turn, for fairness. */
const READS = 8;

/** See the top of this file. */
export class EventStreamConn<C> extends ConnReader<C>
  implements EventConn<C>, Linked<EventStreamConn<C>>, Clocked {
  context: C = undefined as C;
  older: EventStreamConn<C> | null = null;
  newer: EventStreamConn<C> | null = null;
  readonly addrIndex: number;
  #opened = false;
  #paused = false;
  #woken = false;
  /** Whether it is to be detached. */
  #leaving = false;
  /** When it was closed, in milliseconds of `performance.now()`; 0 before. */
  #closedAt = 0;
  #clock: IdleClock | null = null;

  constructor(
    host: ConnHost<C>,
    owner: Loop,
    net: StreamNet,
    sysfd: number,
    peer: Peer,
    addrIndex: number,
  ) {
    super(host, owner, net, sysfd, peer);
    this.addrIndex = addrIndex;
  }

  /** See {@linkcode EventConn.loop}. */
  get loop(): number {
    return this.owner.index;
  }

  /** See {@linkcode EventConn.fd}. */
  get fd(): number {
    return this.state === DEAD ? -1 : this.sysfd;
  }

  /** See {@linkcode EventConn.wake}. */
  wake(): void {
    this.#woken = true;
    // A call from its own handler is handled in the next turn.
    if (this.state !== DEAD) this.owner.enqueue(this);
  }

  /** See {@linkcode EventConn.pause}. */
  pause(): void {
    this.#paused = true;
  }

  /** See {@linkcode EventConn.resume}. */
  resume(): void {
    this.#paused = false;
    this.comeBack();
  }

  /** See {@linkcode EventConn.close}. */
  close(): void {
    if (this.closing) return;
    this.state = CLOSING;
    this.#closedAt = now();
    this.comeBack();
  }

  /** See {@linkcode EventConn.detach}. */
  detach(): void {
    if (this.closing) return;
    this.#leaving = true;
    this.close();
  }

  /** See {@linkcode EventConn.setDeadline}. */
  setDeadline(at: Deadline): void {
    const monotonic = toMonotonic(at);
    if (!this.closing) this.#timed().setDeadline(monotonic);
  }

  /** See {@linkcode EventConn.setIdleTimeout}. */
  setIdleTimeout(ms: number): void {
    if (typeof ms !== "number" || !(ms >= 0)) {
      throw new RangeError(
        `Cannot set the idle timeout as ms must be 0 or more: current value is ${ms}`,
      );
    }
    if (!this.closing) this.#timed().setIdle(ms === 0 ? Infinity : ms);
  }

  pollReady(mode: number, toRun: RunQueue): void {
    if ((mode & POLL_READ) !== 0 || this.writeQueue !== null) this.owner.enqueueReady(this, toRun);
  }

  /** Destroys it at once, if there will be no further turn. */
  closeQuietly(): void {
    if (this.state === DEAD) return;
    this.reset = this.writeQueue !== null;
    this.state = KILLED;
    this.#end();
  }

  /** A timeout or the deadline has expired. */
  timedOut(idle: boolean): void {
    const error = idle ? new IdleTimeoutError() : this.opError("read", new DeadlineExceededError());
    this.kill(error, this.writeQueue !== null);
  }

  turn(): void {
    if (this.state === DEAD) return;
    try {
      if (this.state === OPENING) this.#open();
      if (this.#woken) this.#wakeUp();
      if (this.pd!.rready) this.#read();
      if (this.writeQueue !== null && this.state < KILLED) this.flush();
    } catch (error) {
      this.#threw(error);
    }
    this.#settle();
  }

  protected override deliver(input: Uint8Array): void {
    const { events } = this.host;
    if (events.data !== undefined) this.#reply(events.data(this, input));
  }

  protected override drained(): void {
    const { events } = this.host;
    if (this.state === OPEN && events.drained !== undefined) this.#reply(events.drained(this));
  }

  /** Whether it should read. */
  get #reads(): boolean {
    return this.state === OPEN && !this.#paused && !this.full;
  }

  #open(): void {
    this.state = OPEN;
    this.#opened = true;
    const { events, settings } = this.host;
    if (settings.idleTimeout > 0) this.setIdleTimeout(settings.idleTimeout);
    if (events.opened !== undefined) this.#reply(events.opened(this));
  }

  #wakeUp(): void {
    this.#woken = false;
    if (this.state === OPEN) this.lendAgain();
  }

  #read(): void {
    const { host } = this;
    for (let left = READS; left > 0 && this.#reads && this.pd!.rready; left--) {
      const n = this.receive();
      if (n > 0) continue;
      if (n === 0) this.#peerEnded();
      else if (n === host.again) this.#mustWait();
      else if (n !== host.interrupted) this.kill(this.failure("read", "read", -n), false);
    }
  }

  #mustWait(): void {
    counters.again++;
    this.pd!.rready = false;
  }

  #peerEnded(): void {
    this.pd!.rready = false;
    if (this.sawEnd) return;
    this.sawEnd = true;
    const { events } = this.host;
    if (events.ended === undefined) this.close();
    else this.#reply(events.ended(this));
  }

  #reply(answer: Answer | OpenedAnswer): void {
    if (answer === undefined) return;
    if (answer instanceof Uint8Array) return this.send(answer);
    if (typeof answer === "string") return this.#act(answer);
    const { out, action, options } = checkReply(answer);
    if (options !== undefined) this.#set(options);
    if (out !== undefined) this.send(out);
    if (action !== undefined) this.#act(action);
  }

  #act(action: Action): void {
    if (action === "close") this.close();
    else if (action === "detach") this.detach();
    else this.host.act(action);
  }

  #set({ tcpKeepAlive, idleTimeout }: ConnOptions): void {
    if (idleTimeout !== undefined) this.setIdleTimeout(idleTimeout);
    if (tcpKeepAlive === undefined) return;
    const { sockets } = this.host;
    setKeepAlive((option, value) => {
      const done = sockets.setOption(this.sysfd, option, value);
      if (done < 0) throw this.failure("set", "setsockopt", -done);
    }, tcpKeepAlive);
  }

  /** A handler threw: its earlier writes are still sent, unless sending is what throws. */
  #threw(error: unknown): void {
    this.host.report(error, this);
    const reason = error instanceof Error ? error : new Error(String(error), { cause: error });
    if (this.closing) return this.kill(reason, false);
    this.error = reason;
    this.close();
  }

  /** At the end of a turn: ends it, or schedules another turn if there is more to do. */
  #settle(): void {
    if (this.state === DEAD) return;
    const sent = this.writeQueue === null;
    if (this.state === KILLED || (this.state === CLOSING && sent)) return this.#end();
    if (this.state === CLOSING && !this.#leaving) {
      this.#timed().setClosing(this.#closedAt + this.host.settings.closeTimeout);
    }
    const pd = this.pd!;
    if ((!sent && pd.wready) || (pd.rready && this.#reads)) this.owner.enqueue(this);
  }

  #end(): void {
    const leaves = this.state === CLOSING && this.#leaving && this.error === null;
    this.state = DEAD;
    this.#clock?.stop();
    this.drop();
    this.host.left(this);
    if (leaves && this.host.events.detached !== undefined) this.#detached();
    else this.#closed();
  }

  #closed(): void {
    try {
      if (this.#opened) this.host.act(this.host.events.closed?.(this, this.error));
    } catch (error) {
      this.host.report(error, this);
    } finally {
      this.finish(this.reset, this.#closedAt || now());
    }
  }

  #detached(): void {
    const rest = this.input.slice(this.input.length - this.buffered);
    const stream = this.leave();
    const { host } = this;
    try {
      if (typeof stream !== "number") host.act(host.events.detached!(this, stream, rest));
      else {host.act(
          host.events.closed?.(this, this.failure("detach", platform().registerName, -stream)),
        );}
    } catch (error) {
      if (typeof stream !== "number") stream[Symbol.dispose]();
      host.report(error, this);
    }
  }

  #timed(): IdleClock {
    return this.#clock ??= new IdleClock(this);
  }
}
