// SPDX-License-Identifier: MIT
/** Server side of the handshakes of one listener. Go: crypto/tls/handshake_server.go. */
import type { Server, TLSSocket } from "node:tls";
import type { Conn } from "../net/net.ts";
import { go } from "../sched/api.ts";
import type { Routine } from "../sched/goroutine.ts";
import { CallDeadline } from "../net/options/call_options.ts";
import { Semaphore } from "../sync/semaphore.ts";
import { checkCertificate } from "./certificates.ts";
import { readClientHello } from "./client_hello.ts";
import { hostError, nodeTLS } from "../bridge/host.ts";
import { CiphertextStream } from "./ciphertext_stream.ts";
import type { TLSConn } from "./tls.ts";
import { TLSConnImpl } from "./tls_conn.ts";
import type { TLSServerSide } from "./engine.ts";
import { TLSUnsupportedError } from "./tls_error.ts";
import type {
  TLSCertificate,
  TLSCertificates,
  TLSServerOptions,
  TLSSettings,
} from "./tls_options.ts";

/** Maximum number of engines kept for later handshakes. */
const MOST_KEPT = 64;
/** Maximum number of concurrent handshakes. */
const MOST_HANDSHAKES = 1024;

/**
 * Engines of one certificate. `node:tls` accepts a stream only as a connection of a server, and
 * does not report which stream a finished handshake was for. So a server handles one handshake at a
 * time, and is reused after a success: creating one costs as much as the handshake.
 */
class Engines {
  readonly #settings: object;
  readonly #idle: Server[] = [];

  /** Throws the error of `node:tls` if it cannot read the certificate or the key. */
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

/** Engines of a server's certificates. */
class ServerEngines {
  readonly #default: Engines;
  readonly #byName: ReadonlyMap<string, Engines>;

  constructor(make: (own: TLSCertificate) => Engines, { sni = {}, ...own }: TLSCertificates) {
    this.#default = make(own);
    this.#byName = new Map(
      Object.entries(sni).map(([name, other]) => [name.toLowerCase(), make(other)]),
    );
  }

  /** Returns the engines for a server name: its own, those of its wildcard, or the first. */
  choose(serverName: string): Engines {
    const wildcard = serverName.replace(/^[^.]*/, "*");
    return this.#byName.get(serverName) ?? this.#byName.get(wildcard) ?? this.#default;
  }
}

/** See the top of this file. */
export class TLSServer implements TLSServerSide {
  readonly #timeout: number;
  readonly #handshakes: Semaphore;
  readonly #make: (own: TLSCertificate) => Engines;
  #engines: ServerEngines;

  /** `call` is the caller's operation, for messages. Throws TypeError for an invalid option. */
  constructor(call: string, settings: TLSSettings<TLSServerOptions>) {
    const { handshakeTimeout, maxHandshakes, rejectUnauthorized = true, ...rest } = settings;
    const { engine: _, libssl: __, kTLS: ___, cert, key, passphrase, sni, ...shared } = rest;
    this.#make = ({ cert, key, passphrase }) => {
      checkCertificate(call, { cert, key, passphrase });
      const minVersion = shared.minVersion ?? "TLSv1.2";
      return new Engines({ ...shared, minVersion, rejectUnauthorized, cert, key, passphrase });
    };
    this.#timeout = handshakeTimeout;
    this.#handshakes = new Semaphore(maxHandshakes ?? MOST_HANDSHAKES);
    this.#engines = new ServerEngines(this.#make, { cert, key, passphrase, sni });
  }

  begin(conn: Conn): TLSConn {
    const ciphertext = new CiphertextStream(conn);
    const secure = new TLSConnImpl(conn, ciphertext);
    go((server: TLSServer) => server.#handshake(secure, ciphertext), this);
    return secure;
  }

  setCertificates(certificates: TLSCertificates): void {
    if (certificates.ocspResponse) throw new TLSUnsupportedError("ocspResponse", "host");
    this.#engines = new ServerEngines(this.#make, certificates);
  }

  /** Its engines are garbage-collected. */
  close(): void {}

  /** Performs the handshake. Its errors are thrown by the connection's reads and writes. */
  *#handshake(secure: TLSConnImpl, ciphertext: CiphertextStream): Routine<void> {
    const limit = new CallDeadline({ timeout: this.#timeout });
    try {
      yield* limit.enforce(this.#shakeHands(secure, ciphertext), (cause) => cause);
    } catch (error) {
      secure.refused(hostError(error));
    } finally {
      // Also if the goroutine is ended while it waits.
      if (secure.protocol === "") secure.fall();
    }
  }

  *#shakeHands(secure: TLSConnImpl, ciphertext: CiphertextStream): Routine<void> {
    const { bytes, serverName } = yield* readClientHello(ciphertext.conn);
    yield* this.#handshakes.acquire();
    try {
      ciphertext.open();
      ciphertext.inject(bytes);
      engage(this.#engines.choose(serverName), secure, ciphertext);
      yield* secure.handshake();
    } finally {
      this.#handshakes.release();
    }
  }
}

/** Passes the connection to an engine. */
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
