// SPDX-License-Identifier: MIT
/**
 * The runtime's `node:tls` as TLS engine, where OpenSSL is not available. It needs the host's event
 * loop.
 */
import { now } from "../sched/clock.ts";
import type { PeerCertificate } from "node:tls";
import { hostError, nodeTLS, requireLoop } from "../bridge/host.ts";
import { parseIP } from "../net/addr/ip.ts";
import type { Conn } from "../net/net.ts";
import type { Routine } from "../sched/goroutine.ts";
import { CiphertextStream } from "./ciphertext_stream.ts";
import type { TLSClientSide, TLSEngine } from "./engine.ts";
import { sentName } from "./server_name.ts";
import { systemRoots } from "./system_roots.ts";
import { TLSConnImpl } from "./tls_conn.ts";
import { TLSUnsupportedError } from "./tls_error.ts";
import type { TLSClientOptions, TLSOptions, TLSSettings } from "./tls_options.ts";
import { TLSServer } from "./tls_server.ts";

/** Options that this engine does not support. */
const LACKING = ["keyLog", "resume", "requestOCSP", "ocspResponse"] as const;

const HOST: TLSEngine = {
  server(call, settings) {
    check(call, settings);
    return new TLSServer(call, { ...settings, ca: authorities(settings) });
  },
  client(call, conn, host, settings) {
    check(call, settings);
    return new HostClient(conn, host, { ...settings, ca: authorities(settings) });
  },
};

/** Returns the engine; the same one each time. */
export function hostEngine(): TLSEngine {
  return HOST;
}

/** Throws if an unsupported option is used. */
function check(call: string, settings: TLSOptions): void {
  requireLoop(`${call} by the engine "host"`);
  for (const name of LACKING) {
    const given = (settings as Partial<Record<string, unknown>>)[name];
    if (given !== undefined && given !== false) throw new TLSUnsupportedError(name, "host");
  }
}

function authorities({ ca }: TLSOptions): TLSOptions["ca"] {
  return ca === "system" ? systemRoots() : ca;
}

/** Verifies the host name like `node:tls`, but ignores common names: RFC 9525, section 2. */
function verifyHost(host: string, certificate: PeerCertificate): Error | undefined {
  const { subjectaltname } = certificate;
  const { CN: _, ...subject } = certificate.subject ?? {};
  return nodeTLS().checkServerIdentity(host, {
    ...certificate,
    subjectaltname: subjectaltname ?? "",
    subject: subject as PeerCertificate["subject"],
  });
}

/** Client side of a handshake. */
class HostClient implements TLSClientSide {
  readonly conn: TLSConnImpl;
  readonly #timeout: number;
  #secured = false;

  constructor(conn: Conn, host: string, settings: TLSSettings<TLSClientOptions>) {
    const { handshakeTimeout, servername, engine: _, libssl: __, kTLS: ___, ...rest } = settings;
    this.#timeout = handshakeTimeout;
    const ciphertext = new CiphertextStream(conn);
    const secure = this.conn = new TLSConnImpl(conn, ciphertext);
    const name = servername ?? (host === "" ? "localhost" : host);
    const socket = nodeTLS().connect({
      ...rest as object,
      // Set explicitly, because an environment variable could change the default.
      rejectUnauthorized: settings.rejectUnauthorized ?? true,
      minVersion: settings.minVersion ?? "TLSv1.2",
      checkServerIdentity: verifyHost,
      // An IP address is verified, but never sent as a server name (RFC 6066).
      ...(parseIP(name) === null ? { servername: sentName(name) } : { host: name }),
      socket: ciphertext.open(),
    });
    socket.once("secureConnect", () => secure.secured());
    socket.on("error", (error) => secure.refused(hostError(error)));
    secure.engage(socket);
  }

  *shakeHands(): Routine<void> {
    try {
      yield* this.conn.secureBy(now() + this.#timeout);
      this.#secured = true;
    } finally {
      // Also if the goroutine is ended while it waits.
      this.end();
    }
  }

  end(): void {
    if (!this.#secured) this.conn.conn[Symbol.dispose]();
  }

  unsecured(cause: Error): Error {
    return this.conn.unsecured(cause);
  }
}
