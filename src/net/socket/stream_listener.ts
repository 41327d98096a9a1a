// SPDX-License-Identifier: MIT
/** Base class of TCP and Unix listeners. */
import { platform } from "../../../platforms/platform.ts";
import { SyscallError } from "../../fd/errors.ts";
import { releaseSpare } from "../../fd/accept_backoff.ts";
import { Accepting } from "../../fd/accepting.ts";
import { AcceptOperation } from "../../fd/read_write.ts";
import type { Routine } from "../../sched/goroutine.ts";
import { DISOWN } from "../../sched/ownership.ts";
import type { Cancel } from "../../context/cancellable.ts";
import type { SelectCase } from "../../chan/select_case.ts";
import type { Addr } from "../addr/addr.ts";
import { type Deadline, toMonotonic } from "../deadline.ts";
import { DESCRIPTOR } from "./descriptor.ts";
import { OpError } from "../errors.ts";
import type { Conn, Listener } from "../net.ts";
import { NetFD } from "./net_fd.ts";
import { acceptCase } from "./select_cases.ts";
import { showAs } from "../../validate/one_line.ts";
import { notesCalls } from "../../sched/noted_methods.ts";

/** Data that precedes each connection of a listener, and is read before it is accepted. */
export interface Preamble {
  /**
   * As {@linkcode ListenFD.tryAccept}, which `accept` is: returns the next connection whose preamble
   * is complete, or null if a wait for one is needed.
   */
  tryAccept(accept: () => number | null): number | null;
  /** Announced remote address of the connection that tryAccept returned last. */
  readonly remote: Addr;
  /** Sets the announced addresses of the connection that tryAccept returned last on its `fd`. */
  announce(fd: NetFD<Addr>): void;
  /** Closes the connections with incomplete preambles. */
  close(): void;
}

/** Descriptor of a listener. It holds the thread's spare descriptor while it is open. */
export abstract class ListenFD<A extends Addr> extends NetFD<A> {
  /** Null if connections have no preamble. */
  preamble: Preamble | null = null;
  readonly #accepting: Accepting = new Accepting(this);

  /** Accepts a queued connection; returns null if there is none. */
  tryAccept(): number | null {
    const { preamble } = this;
    if (preamble === null) return this.#accepting.next();
    return preamble.tryAccept(() => this.#accepting.next());
  }

  /** Has those who wait in an accept try again. */
  acceptAgain(): void {
    this.#accepting.tryAgain();
  }

  /** Remote address of the connection that `tryAccept` has just returned. */
  get acceptedFrom(): Addr {
    return this.preamble?.remote ?? this.nameOf(this.sockets.peer());
  }

  override close(): void {
    this.preamble?.close();
    this.#accepting.end();
    super.close();
  }

  override detach(): number {
    this.preamble?.close();
    return super.detach();
  }

  protected override ended(): void {
    this.#accepting.end();
    releaseSpare();
  }

  /** The port is free at once on close, as in C, although goroutines wait in `accept`. */
  protected override get closesAtOnce(): boolean {
    return true;
  }
}

/** Creates a connection for a descriptor that a listener's `tryAccept` has just returned. */
export const ADOPT: unique symbol = Symbol("netpoll.adopt");

/** A listener over a descriptor. See {@linkcode Listener}. */
export abstract class StreamListener<A extends Addr, C extends Conn> implements Listener {
  static {
    showAs(
      StreamListener.prototype,
      ({ netFD }) => `Listener(${netFD.describe()}${netFD.closed ? ", closed" : ""})`,
    );
  }

  /** @internal */
  protected readonly netFD: ListenFD<A>;
  readonly #accepting: AcceptOperation<C>;

  /** @internal */
  constructor(fd: ListenFD<A>) {
    this.netFD = fd;
    this.#accepting = this.#operation();
  }

  /**
   * Wraps the descriptor of an accepted connection; `sockets.peer()` is its remote address.
   *
   * @internal
   */
  protected abstract accepted(sysfd: number): NetFD<A>;

  /**
   * Creates the connection over `fd`.
   *
   * @internal
   */
  protected abstract connection(fd: NetFD<A>): C;

  /** See {@linkcode Listener.accept}. */
  accept(cancel?: Cancel): Routine<C> {
    const own = this.#accepting;
    const call = (own.unused ? own : this.#operation()).call();
    return this.netFD.cancellable("accept", call, cancel);
  }

  /** See {@linkcode Listener.onAccept}. */
  onAccept(): SelectCase<{ value: C; ok: true }> {
    return acceptCase(this.netFD, (sysfd) => this[ADOPT](sysfd));
  }

  /** @internal */
  [ADOPT](sysfd: number): C {
    let adopted = false;
    try {
      const fd = this.accepted(sysfd);
      const done = fd.init();
      if (done < 0) {
        const cause = new SyscallError(platform().registerName, -done);
        throw new OpError("accept", this.netFD.net, null, this.addr, cause);
      }
      this.netFD.preamble?.announce(fd as unknown as NetFD<Addr>);
      adopted = true;
      return this.connection(fd);
    } finally {
      // Nothing else refers to the descriptor.
      if (!adopted) platform().sockets.close(sysfd);
    }
  }

  /** See {@linkcode Listener.close}. */
  close(): void {
    this.netFD.close();
  }

  /** See {@linkcode Listener.detach}. */
  detach(): number {
    return this.netFD.detach();
  }

  /** See {@linkcode Listener.addr}. */
  get addr(): A {
    return this.netFD.localAddr!;
  }

  /** See {@linkcode Listener.fd}. */
  get fd(): number {
    return this.netFD.closed ? -1 : this.netFD.sysfd;
  }

  /** See {@linkcode Listener.setDeadline}. */
  setDeadline(at: Deadline): void {
    this.netFD.setReadDeadline(toMonotonic(at));
  }

  /** Closes the listener unless it is already closed. */
  [Symbol.dispose](): void {
    this.netFD.closeQuietly();
  }

  /** @internal */
  get [DESCRIPTOR](): ListenFD<A> {
    return this.netFD;
  }

  #operation(): AcceptOperation<C> {
    return new AcceptOperation(this.netFD, (sysfd) => this[ADOPT](sysfd));
  }

  /** @internal */
  [DISOWN](): void {
    this.netFD.disown();
  }
}

notesCalls(StreamListener.prototype, "listener", "accept");
