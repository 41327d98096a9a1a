// SPDX-License-Identifier: MIT
/** Listening for connections under TLS. Go: crypto/tls/tls.go, Listen. */
import type { FD } from "../fd/fd.ts";
import type { Addr } from "../net/addr/addr.ts";
import type { Deadline } from "../net/deadline.ts";
import { listen } from "../net/listen.ts";
import { checkListenOptions } from "../net/options/schema.ts";
import type { Listener } from "../net/net.ts";
import { descriptorOf } from "../net/socket/descriptor.ts";
import type { TCPNetwork } from "../net/resolve/resolve.ts";
import type { Routine } from "../sched/goroutine.ts";
import { DISOWN, disown } from "../sched/ownership.ts";
import type { Cancel } from "../context/cancellable.ts";
import type { SelectCase } from "../chan/select_case.ts";
import { engineOf } from "./choose_engine.ts";
import type { TLSServerSide } from "./engine.ts";
import { needMethods } from "../validate/argument.ts";
import type { TLSConn } from "./tls.ts";
import {
  checkCertificates,
  checkServerOptions,
  serverNames,
  splitListenOptions,
  type TLSCertificates,
  type TLSListenOptions,
  type TLSServerOptions,
} from "./tls_options.ts";
import { refuseAwait } from "../sched/misuse.ts";
import { showAs } from "../validate/one_line.ts";
import { notesCalls } from "../sched/noted_methods.ts";
import { noted } from "../sched/calls.ts";

/**
 * Listens for TLS connections. Parks only to look up a name. Go: `tls.Listen`.
 *
 * `accept` returns a connection as soon as it is established, and its handshake runs in the
 * background: a client that sends nothing does not block others, and is closed after
 * `handshakeTimeout`. A handshake error is thrown by the first read or write, or by `handshake`.
 *
 * @param network "tcp", "tcp4" or "tcp6"
 * @param address "host:port"
 * @param options those of {@linkcode listen} and those of TLS; `cert` and `key` are required
 * @throws {OpError} as {@linkcode listen}; {@linkcode TypeError} for an invalid option, including
 * an unreadable certificate or a key that does not match; {@linkcode PanicError} under `runSync`
 * with the engine "host", which needs the host's event loop
 * @example
 * ```ts
 * using listener = yield* tlsListen("tcp", ":443", { cert, key });
 * yield* serve(listener, handle);
 * ```
 */
export function tlsListen(
  network: TCPNetwork,
  address: string,
  options: TLSListenOptions,
): Routine<TLSListener> {
  return noted("tlsListen", listening(network, address, options));
}

function* listening(
  network: TCPNetwork,
  address: string,
  options: TLSListenOptions,
): Routine<TLSListener> {
  const { tls, rest } = splitListenOptions(options);
  checkListenOptions(rest, serverNames());
  const server = engineOf(tls).server("listen with TLS", tls);
  let listener: Listener | null = null;
  try {
    listener = yield* listen(network, address, rest);
    return new TLSListener(listener, server);
  } finally {
    if (listener === null) server.close();
  }
}

/**
 * Returns a listener for TLS over the connections of `listener`, which it takes over. Never parks.
 * Go: `tls.NewListener`.
 *
 * @param listener for example one with limits: `limit(yield* listen("tcp", ":443"), { connections:
 * 10_000 })`
 * @param options as those of {@linkcode tlsListen}, without those of `listen`
 * @throws {TypeError} for an invalid option; {@linkcode PlatformError} if the engine is not
 * available
 */
export function tlsListener(listener: Listener, options: TLSServerOptions): TLSListener {
  needMethods("listen with TLS", "it", "a Listener", listener, "accept", "onAccept", "close");
  const tls = checkServerOptions("listen with TLS", options);
  return new TLSListener(listener, engineOf(tls).server("listen with TLS", tls));
}

/** Listener for TLS connections, as {@linkcode tlsListen} returns it. */
export class TLSListener implements Listener {
  static {
    showAs(TLSListener.prototype, (it) => `TLS${it.#listener}`);
  }

  readonly #listener: Listener;
  readonly #server: TLSServerSide;

  /** @internal */
  constructor(listener: Listener, server: TLSServerSide) {
    this.#listener = listener;
    this.#server = server;
    const fd = descriptorOf(listener);
    if (fd?.pd) fd.pd.holder = new Holder(fd, server);
  }

  /** See {@linkcode Listener.accept}. */
  *accept(cancel?: Cancel): Routine<TLSConn> {
    return this.#server.begin(yield* this.#listener.accept(cancel));
  }

  /** See {@linkcode Listener.onAccept}. */
  onAccept(): SelectCase<{ value: TLSConn; ok: true }> {
    const below = this.#listener.onAccept();
    return {
      try: (waiter) => below.try(waiter),
      enqueue: (waiter) => below.enqueue(waiter),
      dequeue: (waiter) => below.dequeue(waiter),
      describe: () => below.describe!(),
      collect: (waiter) => this.#server.begin(below.collect(waiter)),
    };
  }

  /**
   * Replaces the certificates for future handshakes. Connections and sessions are unaffected. Never
   * parks. Go: `tls.Config.GetCertificate`.
   *
   * @throws {TypeError} for an invalid certificate; then the previous ones stay
   */
  setCertificates(certificates: TLSCertificates): void {
    this.#server.setCertificates(checkCertificates("set certificates", certificates));
  }

  /** See {@linkcode Listener.close}. */
  close(): void {
    this.#server.close();
    this.#listener.close();
  }

  /** See {@linkcode Listener.addr}. */
  get addr(): Addr {
    return this.#listener.addr;
  }

  /** See {@linkcode Listener.fd}. */
  get fd(): number {
    return this.#listener.fd;
  }

  /** See {@linkcode Listener.detach}: detaches the underlying listener. */
  detach(): number {
    const fd = this.#listener.detach();
    this.#server.close();
    return fd;
  }

  /** See {@linkcode Listener.setDeadline}. */
  setDeadline(at: Deadline): void {
    this.#listener.setDeadline(at);
  }

  /** Closes the listener unless it is already closed. */
  [Symbol.dispose](): void {
    this.#server.close();
    this.#listener[Symbol.dispose]();
  }

  /** @internal */
  [DISOWN](): void {
    disown(this.#listener);
  }
}

/** Also closes the server side when a run closes what it has left open. */
class Holder {
  readonly #fd: FD;
  readonly #server: TLSServerSide;

  constructor(fd: FD, server: TLSServerSide) {
    this.#fd = fd;
    this.#server = server;
  }

  closeQuietly(): void {
    this.#server.close();
    this.#fd.closeQuietly();
  }

  describe(): string {
    return this.#fd.describe();
  }
}

refuseAwait(listening.prototype, "tlsListen");

notesCalls(TLSListener.prototype, "listener", "accept");
