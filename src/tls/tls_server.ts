// SPDX-License-Identifier: MIT
/** The server's side of the handshakes of one listener. Go: crypto/tls/handshake_server.go. */
import type { Server, TLSSocket } from "node:tls";
import type { Conn } from "../net/net.ts";
import { go } from "../sched/api.ts";
import type { Routine } from "../sched/goroutine.ts";
import { checkCertificate } from "./certificates.ts";
import { readClientHello } from "./client_hello.ts";
import { pumpDuplex } from "../bridge/duplex.ts";
import { hostError, nodeTLS } from "../bridge/host.ts";
import { CiphertextStream } from "./ciphertext_stream.ts";
import type { TLSConn } from "./tls.ts";
import { TLSConnImpl } from "./tls_conn.ts";
import type { TLSCertificate, TLSListenOptions, TLSSettings } from "./tls_options.ts";
import { epoch, now } from "../sched/clock.ts";

/** Engines kept for the next handshakes; more than that were at it at once only in a rush. */
const MOST_KEPT = 64;

/**
 * The engines of one certificate. `node:tls` has no other way to be given a stream than as a
 * connection of a server, and does not say which stream a handshake was of when it tells of its end. So a
 * server serves one at a time, and is used again when that was good: making it costs as much as the
 * handshake.
 */
class Engines {
  readonly #settings: object;
  readonly #idle: Server[] = [];

  /** Throws what `node:tls` does when it cannot read the certificate or the key. */
  constructor(settings: object) {
    this.#settings = settings;
    this.#idle.push(this.#make());
  }

  take(): Server {
    return this.#idle.pop() ?? this.#make();
  }

  giveBack(server: Server): void {
    server.removeAllListeners("secureConnection");
    server.removeAllListeners("tlsClientError");
    if (this.#idle.length < MOST_KEPT) this.#idle.push(server);
  }

  #make(): Server {
    return nodeTLS().createServer(this.#settings).on("error", () => {});
  }
}

/** See the top of this file. */
export class TLSServer {
  readonly #timeout: number;
  readonly #engines: Engines;
  /** By name; null if the client's name makes no difference. */
  readonly #byName: ReadonlyMap<string, Engines> | null;

  constructor(settings: TLSSettings<TLSListenOptions>) {
    const { handshakeTimeout, sni, rejectUnauthorized = true, ...rest } = settings;
    const shared = { ...rest, rejectUnauthorized };
    const engines = ({ cert, key, passphrase }: TLSCertificate) => {
      checkCertificate("listen with TLS", { cert, key, passphrase });
      return new Engines({ ...shared, cert, key, passphrase });
    };
    this.#timeout = handshakeTimeout;
    this.#engines = engines(settings);
    this.#byName = sni === undefined ? null : new Map(
      Object.entries(sni).map(([name, own]) => [name.toLowerCase(), engines(own)]),
    );
  }

  /** Begins the handshake with the client at the other end of `conn`. It goes on by itself. */
  begin(conn: Conn): TLSConn {
    const ciphertext = new CiphertextStream(conn);
    const secure = new TLSConnImpl(conn, ciphertext);
    pumpDuplex(ciphertext);
    go((server: TLSServer) => server.#handshake(secure, ciphertext), this);
    return secure;
  }

  /** Whoever reads or writes the connection is told of what fails here. */
  *#handshake(secure: TLSConnImpl, ciphertext: CiphertextStream): Routine<void> {
    const until = now() + this.#timeout;
    try {
      const engines = yield* this.#choose(ciphertext);
      engage(engines, secure, ciphertext);
      yield* secure.secureBy(until);
    } catch (error) {
      secure.refused(hostError(error));
    } finally {
      // Also when the goroutine is ended while it waits.
      if (secure.protocol === "") ciphertext.conn[Symbol.dispose]();
    }
  }

  /** The engines for the name that the client asks for, if that makes a difference. */
  *#choose(ciphertext: CiphertextStream): Routine<Engines> {
    if (this.#byName === null) return this.#engines;
    const { conn } = ciphertext;
    conn.setReadDeadline(epoch() + this.#timeout);
    const { bytes, serverName } = yield* readClientHello(conn);
    conn.setReadDeadline(null);
    ciphertext.inject(bytes);
    const wildcard = serverName.replace(/^[^.]*/, "*");
    return this.#byName.get(serverName) ?? this.#byName.get(wildcard) ?? this.#engines;
  }
}

/** Lets an engine have the connection. */
function engage(engines: Engines, secure: TLSConnImpl, ciphertext: CiphertextStream): void {
  const server = engines.take();
  server.once("secureConnection", (socket: TLSSocket) => {
    engines.giveBack(server);
    secure.engage(socket);
    secure.secured();
  });
  server.once("tlsClientError", (error) => secure.refused(hostError(error)));
  server.emit("connection", ciphertext.stream);
}
