// SPDX-License-Identifier: MIT
/** Streams of the library for clients from npm. */
import type { Duplex } from "node:stream";
import { dial, run, tlsDial, toDuplex } from "../../mod.ts";
import { certificate } from "../fixtures/tls/certificates.ts";

/** The certificate of the servers, which is its own authority. */
export const { cert: CA } = certificate("server");

/** A stream to `port`, which outlives the run that dialled it. */
export async function dialStream(port: number): Promise<Duplex> {
  return toDuplex(await run(() => dial("tcp", `127.0.0.1:${port}`)));
}

/** The same under TLS. */
async function tlsStream(port: number): Promise<Duplex> {
  return toDuplex(await run(() => tlsDial("tcp", `127.0.0.1:${port}`, { ca: CA })));
}

/** How a client reaches its server, and whether by the port for TLS. */
type Kind = [name: string, secure: boolean, dial: (port: number) => Promise<Duplex>];

/** The two ways. */
export const KINDS: Kind[] = [
  ["plain", false, dialStream],
  ["tlsDial", true, tlsStream],
];

/** Timeout of a test: the runtimes have a default of their own. */
export const TIMEOUT_MS = 120_000;

/** Length of a large message, in bytes. */
export const BIG = 20_000_000;

/** The same, for HTTP/2. */
export async function h2Stream(port: number): Promise<Duplex> {
  const options = { ca: CA, ALPNProtocols: ["h2"] };
  return toDuplex(await run(() => tlsDial("tcp", `127.0.0.1:${port}`, options)));
}
