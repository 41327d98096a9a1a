// SPDX-License-Identifier: MIT
/** Accepting on the main thread: from a listener, through the limiter, to a worker. */
import { platform } from "../../platforms/platform.ts";
import type { RawAddress } from "../../platforms/contract/platform.ts";
import { type Addr, endpointOf, type TCPAddr } from "../net/addr/addr.ts";
import { ADOPTABLE, type AdoptableNetwork } from "../net/file/adopt.ts";
import type { Listener } from "../net/net.ts";
import { DESCRIPTOR } from "../net/socket/descriptor.ts";
import { hostOf } from "../net/socket/net_fd.ts";
import type { ListenFD } from "../net/socket/stream_listener.ts";
import { TCPListener } from "../net/tcp/tcp.ts";
import { UnixStreamListener } from "../net/unix/unix_listener.ts";
import { shown } from "../validate/argument.ts";
import type { Routine } from "../sched/goroutine.ts";
import { addressKey } from "../limit/address_key.ts";
import type { WorkerBalancer } from "./balance.ts";
import { LimitedAccept } from "../limit/limited_accept.ts";
import type { Limiter } from "../limit/limiter.ts";
import type { CheckedLimits } from "../limit/limit_options.ts";
import { requireTCP } from "../limit/limited_listener.ts";
import { Rejection } from "../limit/rejection.ts";
import type { Accepted } from "../worker/shared_rings.ts";
import type { WorkerSlot } from "./worker_slot.ts";
import type { Undelivered } from "../worker/worker_thread.ts";

/** A listener whose connections can be passed to workers. */
type ServedListener = TCPListener | UnixStreamListener;

/** Marks a connection that was passed to a worker. */
const HANDED = {};

/** See the top of this file. */
export class ReactorAcceptor {
  readonly #listener: Listener;
  readonly #fd: ListenFD<Addr>;
  /** Properties that all accepted connections share. */
  readonly #accepted: Omit<Accepted, "peer">;
  readonly #limiter: Limiter;
  readonly #balancer: WorkerBalancer<WorkerSlot>;
  readonly #refusal: Rejection;
  readonly #limitedAccept: LimitedAccept<typeof HANDED>;

  /** `listener` is one whose connections can be handed on: see {@linkcode servedBy}. */
  constructor(listener: ServedListener, limiter: Limiter, balancer: WorkerBalancer<WorkerSlot>) {
    this.#listener = listener;
    this.#fd = listener[DESCRIPTOR] as ListenFD<Addr>;
    this.#accepted = {
      network: ADOPTABLE.indexOf(this.#fd.net as AdoptableNetwork),
      linger: listener instanceof TCPListener ? listener.closing.linger : undefined,
      lingerTimeout: listener instanceof TCPListener ? listener.closing.lingerTimeout : undefined,
    };
    this.#limiter = limiter;
    this.#balancer = balancer;
    this.#refusal = new Rejection(limiter.limits.reply);
    this.#limitedAccept = new LimitedAccept(this.#fd, limiter, (sysfd) => this.#handOn(sysfd));
  }

  /** Accepts until the listener is closed. Parks. */
  *run(): Routine<void> {
    try {
      for (;;) yield* this.#limitedAccept.accept();
    } catch (error) {
      if (!this.#fd.closed) throw error;
    }
  }

  /** Hands on what has queued up, for the kernel resets what is in the queue of one that closes. */
  close(): void {
    if (this.#fd.closed) return;
    for (const _ of this.#limitedAccept.rest());
    this.#listener.close();
  }

  #handOn(sysfd: number): typeof HANDED | null {
    const fd = this.#fd;
    const { perAddress, onShed } = this.#limiter.limits;
    const address = perAddress === null ? "" : addressKey(fd.acceptedFrom, perAddress.ipv6Prefix);
    const forbidden = this.#limiter.enter(address);
    if (forbidden !== null) {
      const remote = fd.acceptedFrom;
      this.#refusal.refuse(sysfd, hostOf(remote), () => {});
      onShed({ limit: forbidden, action: "refused", remote, count: 1 });
      return null;
    }
    const peer = fd.preamble === null ? fd.sockets.peer() : rawTCP(fd.acceptedFrom as TCPAddr);
    // The limiter is open only while a worker is available, and only this thread changes that.
    this.#balancer.choose()!.hand(sysfd, { ...this.#accepted, peer }, address);
    return HANDED;
  }
}

/** An announced address, as the kernel would report it. */
function rawTCP(addr: TCPAddr): RawAddress {
  return platform().sockaddr.encode(endpointOf(addr));
}

/**
 * Passes on the connections that a dead worker had not taken over; closes them if no worker can
 * take them.
 */
export function handOver(
  { sysfd, accepted }: Undelivered,
  address: string,
  limiter: Limiter,
  balancer: WorkerBalancer<WorkerSlot>,
): void {
  const slot = balancer.choose();
  if (slot !== null) return slot.hand(sysfd, accepted, address);
  platform().sockets.close(sysfd);
  limiter.leave(address);
}

/**
 * `listener`, if its connections can be handed to workers that keep `limits`, and that have a table
 * of events if `events`. Throws TypeError if not.
 */
export function servedBy(
  listener: Listener,
  limits: CheckedLimits,
  events: boolean,
): ServedListener {
  if (!(listener instanceof TCPListener || listener instanceof UnixStreamListener)) {
    throw new TypeError(
      `Cannot serve as listener must be a result of listen, without limits or TLS, which are ` +
        `options of the reactor: ` +
        `current value is ${shown(listener)}`,
    );
  }
  const { net, preamble } = listener[DESCRIPTOR];
  if (preamble !== null && (events || listener instanceof UnixStreamListener)) {
    throw new TypeError(
      "Cannot serve a listener with proxyProtocol in a reactor with a table of callbacks or on a Unix " +
        "socket: use a function* and TCP, or serve from the main module",
    );
  }
  if (events && net === "unixpacket") {
    throw new TypeError(
      "Cannot serve unixpacket as a table of callbacks has no message boundaries: use a function*",
    );
  }
  if (preamble !== null && limits.firstBytes !== null) {
    throw new TypeError(
      "Cannot limit firstBytes in a reactor for a listener with proxyProtocol, as workers count the " +
        "bytes of the header: use serve from the main module",
    );
  }
  requireTCP(net, limits);
  return listener;
}
