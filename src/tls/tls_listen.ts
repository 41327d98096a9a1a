// SPDX-License-Identifier: MIT
/** Listening for connections under TLS. Go: crypto/tls/tls.go, Listen. */
import type { Addr } from "../net/addr/addr.ts";
import type { Deadline } from "../net/deadline.ts";
import { listen } from "../net/listen.ts";
import type { Conn, Listener } from "../net/net.ts";
import type { TCPNetwork } from "../net/resolve/resolve.ts";
import type { Routine } from "../sched/goroutine.ts";
import { DISOWN, disown } from "../sched/ownership.ts";
import type { Cancel } from "../context/cancellable.ts";
import type { OUTCOME, SelectCase, SelectWaiter } from "../chan/select_case.ts";
import { requireLoop } from "../bridge/host.ts";
import type { TLSConn } from "./tls.ts";
import { splitListenOptions, type TLSListenOptions } from "./tls_options.ts";
import { TLSServer } from "./tls_server.ts";

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
 * an unreadable certificate or a key that does not match; {@linkcode PanicError} under `runSync`,
 * where the host's event loop does not run
 * @example
 * ```ts
 * using listener = yield* tlsListen("tcp", ":443", { cert, key });
 * for (;;) go(handle, yield* listener.accept());
 * ```
 */
export function* tlsListen(
  network: TCPNetwork,
  address: string,
  options: TLSListenOptions,
): Routine<TLSListener> {
  requireLoop("tlsListen");
  const { tls, rest } = splitListenOptions(options);
  const server = new TLSServer(tls);
  return new TLSListener(yield* listen(network, address, rest), server);
}

/** Listener for TLS connections, as {@linkcode tlsListen} returns it. */
export class TLSListener implements Listener {
  readonly #listener: Listener;
  readonly #server: TLSServer;

  /** @internal */
  constructor(listener: Listener, server: TLSServer) {
    this.#listener = listener;
    this.#server = server;
  }

  /** See {@linkcode Listener.accept}. */
  *accept(cancel?: Cancel): Routine<TLSConn> {
    return this.#server.begin(yield* this.#listener.accept(cancel));
  }

  /** See {@linkcode Listener.onAccept}. */
  onAccept(): SelectCase<{ value: TLSConn; ok: true }> {
    return new TLSAcceptCase(this.#listener.onAccept(), this.#server);
  }

  /** See {@linkcode Listener.close}. */
  close(): void {
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
    return this.#listener.detach();
  }

  /** See {@linkcode Listener.setDeadline}. */
  setDeadline(at: Deadline): void {
    this.#listener.setDeadline(at);
  }

  /** Closes the listener unless it is already closed. */
  [Symbol.dispose](): void {
    this.#listener[Symbol.dispose]();
  }

  /** @internal */
  [DISOWN](): void {
    disown(this.#listener);
  }
}

/** The case of the listener below, with TLS begun on what it gives. */
class TLSAcceptCase implements SelectCase<{ value: TLSConn; ok: true }> {
  /** @internal */
  declare readonly [OUTCOME]?: { value: TLSConn; ok: true };
  readonly #below: SelectCase<{ value: Conn; ok: true }>;
  readonly #server: TLSServer;

  constructor(below: SelectCase<{ value: Conn; ok: true }>, server: TLSServer) {
    this.#below = below;
    this.#server = server;
  }

  try(waiter: SelectWaiter): boolean {
    return this.#below.try(waiter);
  }

  enqueue(waiter: SelectWaiter): void {
    this.#below.enqueue(waiter);
  }

  dequeue(waiter: SelectWaiter): void {
    this.#below.dequeue(waiter);
  }

  collect(waiter: SelectWaiter): TLSConn {
    return this.#server.begin(this.#below.collect(waiter));
  }
}
