// SPDX-License-Identifier: MIT
/** A listener with limits. Go: golang.org/x/net/netutil, LimitListener. */
import type { Addr } from "../net/addr/addr.ts";
import type { Deadline } from "../net/deadline.ts";
import type { Conn, Listener } from "../net/net.ts";
import { DESCRIPTOR } from "../net/socket/descriptor.ts";
import { ADOPT, type ListenFD, StreamListener } from "../net/socket/stream_listener.ts";
import { shown } from "../validate/argument.ts";
import type { Routine } from "../sched/goroutine.ts";
import { DISOWN } from "../sched/ownership.ts";
import type { Cancel } from "../context/cancellable.ts";
import type { SelectCase } from "../chan/select_case.ts";
import { AdmissionControl } from "./admission.ts";
import { NOTHING } from "../chan/outcome.ts";
import { RetryCase } from "../chan/retry_case.ts";
import { LimitedAccept } from "./limited_accept.ts";
import type { LimitCounters } from "./limiter.ts";
import { type CheckedLimits, checkLimits, type Limits } from "./limit_options.ts";
import { showAs } from "../validate/one_line.ts";
import { notesCalls } from "../sched/noted_methods.ts";

/** Listener with limits, as {@linkcode limit} returns it. */
export class LimitedListener implements Listener {
  static {
    showAs(LimitedListener.prototype, (it) => `${it.#listener} with limits`);
  }

  readonly #listener: StreamListener<Addr, Conn>;
  readonly #fd: ListenFD<Addr>;
  readonly #admission: AdmissionControl;
  readonly #limitedAccept: LimitedAccept<Conn>;
  readonly #freed: () => void;

  /** `freed` is called for each admitted connection when it is closed. @internal */
  constructor(
    listener: StreamListener<Addr, Conn>,
    limits: CheckedLimits,
    freed: () => void = () => {},
  ) {
    this.#listener = listener;
    this.#freed = freed;
    this.#fd = listener[DESCRIPTOR];
    requireTCP(this.#fd.net, limits);
    this.#admission = new AdmissionControl(limits);
    this.#limitedAccept = new LimitedAccept(
      this.#fd,
      this.#admission.limiter,
      (sysfd) => this.#letIn(sysfd),
    );
  }

  /** Counters of accepted, refused and closed connections. */
  get counters(): LimitCounters {
    return structuredClone(this.#admission.limiter.counters);
  }

  /** See {@linkcode Listener.accept}; also waits for room at a limit with the policy "wait". */
  accept(cancel?: Cancel): Routine<Conn> {
    return this.#fd.cancellable("accept", this.#limitedAccept.accept(), cancel);
  }

  /** See {@linkcode Listener.onAccept}. */
  onAccept(): SelectCase<{ value: Conn; ok: true }> {
    return new RetryCase<Conn>({
      attempt: () => this.#limitedAccept.attempt() ?? NOTHING,
      watch: (waiter) => this.#limitedAccept.watch(waiter),
      unwatch: (waiter) => this.#limitedAccept.unwatch(waiter),
      describe: () => `accept of ${this.#fd.describe()}`,
    });
  }

  /** See {@linkcode Listener.close}. Its connections stay open and still count. */
  close(): void {
    this.#listener.close();
  }

  /** See {@linkcode Listener.detach}. */
  detach(): number {
    return this.#listener.detach();
  }

  /** See {@linkcode Listener.addr}. */
  get addr(): Addr {
    return this.#listener.addr;
  }

  /** See {@linkcode Listener.fd}. */
  get fd(): number {
    return this.#listener.fd;
  }

  /** See {@linkcode Listener.setDeadline}. */
  setDeadline(at: Deadline): void {
    this.#listener.setDeadline(at);
  }

  /** Closes the listener unless it is already closed. */
  [Symbol.dispose](): void {
    this.#listener[Symbol.dispose]();
  }

  /** Accepts all queued connections before a close. @internal */
  rest(): Iterable<Conn> {
    return this.#limitedAccept.rest();
  }

  /** Closes all connections without waiting. @internal */
  closeAll(): void {
    this.#admission.closeAll();
  }

  /** @internal */
  [DISOWN](): void {
    this.#listener[DISOWN]();
  }

  #letIn(sysfd: number): Conn | null {
    const remote = this.#fd.acceptedFrom;
    let entered = false;
    const freed = () => {
      if (entered) this.#freed();
    };
    const conn = this.#admission.admit(
      sysfd,
      remote,
      () => this.#listener[ADOPT](sysfd),
      freed,
    );
    entered = conn !== null;
    return conn;
  }
}

/** Unix sockets have neither addresses nor byte counts. */
export function requireTCP(network: string, limits: CheckedLimits): void {
  if (network.startsWith("tcp")) return;
  for (const name of ["perAddress", "firstBytes"] as const) {
    if (limits[name] === null) continue;
    throw new TypeError(
      `Cannot limit ${network} as ${name} requires TCP: current value is ${
        JSON.stringify(limits[name])
      }`,
    );
  }
}

/**
 * Returns a listener that limits the number of connections, in total and per address, of
 * goroutines, of connections per second, and the time for the first bytes. Each limit has a policy.
 * Never parks. Go: `netutil.LimitListener`.
 *
 * @param listener a listener returned by `listen`; afterwards call `accept` only on the result
 * @param limits see {@linkcode Limits}
 * @throws {TypeError} for an invalid limit, naming it; {@linkcode PlatformError} if the system does
 * not count received bytes
 * @example
 * ```ts
 * using listener = limit(yield* listen("tcp", ":8080"), {
 *   connections: { most: 10_000, policy: "closeOldestIdle" },
 *   perAddress: 100,
 *   firstBytes: { within: 5_000 },
 *   reply: "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
 * });
 * yield* serve(listener, handle);
 * ```
 */
export function limit(listener: Listener, limits: Limits): LimitedListener {
  if (!(listener instanceof StreamListener)) {
    throw new TypeError(
      `Cannot limit a listener as listener must be a result of listen (with TLS: ` +
        `tlsListener(limit(listener, limits), options)): current value is ${shown(listener)}`,
    );
  }
  return new LimitedListener(listener, checkLimits("limit", limits));
}

notesCalls(LimitedListener.prototype, "listener", "accept");
