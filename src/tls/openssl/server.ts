// SPDX-License-Identifier: MIT
/** Server side of handshakes by OpenSSL. Go: crypto/tls/handshake_server.go. */
import { ClosedError } from "../../fd/errors.ts";
import { CallDeadline } from "../../net/options/call_options.ts";
import type { Conn } from "../../net/net.ts";
import { now } from "../../sched/clock.ts";
import type { Routine } from "../../sched/goroutine.ts";
import { currentRun, spawn } from "../../sched/spawn.ts";
import { Semaphore } from "../../sync/semaphore.ts";
import { checkCertificate } from "../certificates.ts";
import type { TLSServerSide } from "../engine.ts";
import type {
  TLSCertificate,
  TLSCertificates,
  TLSServerOptions,
  TLSSettings,
} from "../tls_options.ts";
import { tracked } from "../tracked.ts";
import type { TLSConn } from "../tls.ts";
import { OpenSSLConn } from "./conn.ts";
import { Context, type ContextOptions } from "./context.ts";
import { keptContext } from "./context_cache.ts";
import { readHello, shakeHands } from "./handshake.ts";
import type { OpenSSL } from "./library.ts";
import { SSLHandle } from "./ssl_handle.ts";
import { transportOf } from "./transport_of.ts";

/** Maximum number of concurrent handshakes: each uses about 50 KiB of OpenSSL memory. */
const MOST_HANDSHAKES = 1024;

/** Contexts of a server's certificates. */
class Certificates {
  readonly #default: Context;
  readonly #byName = new Map<string, Context>();

  constructor(
    make: (own: TLSCertificate) => Context,
    { sni = {}, ...own }: TLSCertificates,
    tickets: Certificates | Uint8Array<ArrayBuffer> | null,
  ) {
    this.#default = make(own);
    try {
      for (const [name, other] of Object.entries(sni)) {
        this.#byName.set(name.toLowerCase(), make(other));
      }
    } catch (error) {
      this.release();
      throw error;
    }
    for (const context of this.#all()) {
      if (tickets instanceof Certificates) context.adoptTicketKeys(tickets.#default);
      else if (tickets !== null) context.setTicketKeys(tickets);
      else if (context !== this.#default) context.adoptTicketKeys(this.#default);
    }
  }

  /** Returns the context for a server name: its own, that of its wildcard, or the first. */
  choose(serverName: string): Context {
    if (this.#byName.size === 0) return this.#default;
    const wildcard = serverName.replace(/^[^.]*/, "*");
    return this.#byName.get(serverName) ?? this.#byName.get(wildcard) ?? this.#default;
  }

  release(): void {
    for (const context of this.#all()) context.release();
  }

  #all(): Context[] {
    return [this.#default, ...this.#byName.values()];
  }
}

/** See the top of this file. */
export class OpenSSLServer implements TLSServerSide {
  readonly #call: string;
  readonly #make: (own: TLSCertificate) => Context;
  readonly #timeout: number;
  readonly #handshakes: Semaphore;
  #certificates: Certificates;
  /** Number of references: the owner, and handshakes whose context is not chosen yet. */
  #users = 1;
  #closed = false;

  /** Throws TypeError for an invalid certificate or option. */
  constructor(
    openssl: OpenSSL,
    call: string,
    settings: TLSSettings<TLSServerOptions>,
    use: "once" | "often" = "often",
    ticketKeys: Uint8Array<ArrayBuffer> | null = null,
  ) {
    const { cert, key, passphrase, sni, ocspResponse, ...shared } = settings;
    this.#call = call;
    this.#timeout = settings.handshakeTimeout;
    this.#handshakes = new Semaphore(settings.maxHandshakes ?? MOST_HANDSHAKES);
    this.#make = (own) => {
      const options: ContextOptions = { ...shared, ...own };
      const make = () => {
        checkCertificate(call, own);
        return new Context(openssl, "server", call, options);
      };
      return use === "often" ? make() : keptContext("server", options, make);
    };
    const own = { cert, key, passphrase, sni, ocspResponse };
    this.#certificates = new Certificates(this.#make, own, ticketKeys);
  }

  begin(conn: Conn): TLSConn {
    const secure = new OpenSSLConn(transportOf(conn));
    this.#users++;
    let held = true;
    const chosen = () => {
      if (held && --this.#users === 0) this.#certificates.release();
      held = false;
    };
    const body = this.#handshake(secure, chosen);
    const over = () => {
      chosen();
      // Ended together with its run before it completed.
      if (!secure.secured) secure.refused(new ClosedError());
    };
    spawn(currentRun(), "TLS handshake", tracked(body, over));
    return secure;
  }

  setCertificates(certificates: TLSCertificates): void {
    if (this.#closed) throw new TypeError(`Cannot ${this.#call}: the listener is closed`);
    const before = this.#certificates;
    this.#certificates = new Certificates(this.#make, certificates, before);
    before.release();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (--this.#users === 0) this.#certificates.release();
  }

  /** Performs the handshake. Its errors are thrown by the connection's reads and writes. */
  *#handshake(secure: OpenSSLConn, chosen: () => void): Routine<void> {
    try {
      yield* this.#shakeHands(secure, chosen, now() + this.#timeout);
    } catch (error) {
      secure.refused(error as Error);
    }
  }

  *#shakeHands(secure: OpenSSLConn, chosen: () => void, until: number): Routine<void> {
    const hello = yield* readHello(secure, until);
    let { bytes } = hello;
    if (!this.#handshakes.tryAcquire()) {
      // Until now they may be in the shared buffer.
      bytes = bytes.slice();
      // Until its turn, no handshake notices the end of the underlying connection.
      secure.watchTransport();
      yield* this.#queue(until);
    }
    try {
      secure.serverName = hello.serverName;
      const handle = new SSLHandle(this.#certificates.choose(hello.serverName));
      chosen();
      handle.feedHello(bytes);
      yield* shakeHands(secure, handle, until);
    } finally {
      this.#handshakes.release();
    }
  }

  /** Waits for other handshakes to complete. */
  *#queue(until: number): Routine<void> {
    const limit = new CallDeadline({ timeout: until - now() });
    yield* limit.enforce(this.#handshakes.acquire(), (cause) => cause);
  }
}
