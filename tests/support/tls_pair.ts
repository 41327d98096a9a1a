// SPDX-License-Identifier: MIT
/** A connected pair under TLS. */
import {
  go,
  type Routine,
  type TLSConn,
  type TLSDialOptions,
  type TLSListenOptions,
} from "../../mod.ts";
import { certificate } from "../fixtures/tls/certificates.ts";
import { tlsDial, tlsListen } from "./tls_engines.ts";

/** The certificate of the server, which is its own authority. */
export const SERVER = certificate("server");

/** The dialled end and the accepted one, both secured, with the listener closed. */
export function* tlsPair(
  dialOptions: TLSDialOptions = {},
  listenOptions: Partial<TLSListenOptions> = {},
): Routine<[TLSConn, TLSConn]> {
  using listener = yield* tlsListen("tcp", "127.0.0.1:0", { ...SERVER, ...listenOptions });
  const accepting = go(() => listener.accept());
  const client = yield* tlsDial("tcp", String(listener.addr), { ca: SERVER.cert, ...dialOptions });
  const server = yield* accepting.join();
  yield* server.handshake();
  return [client, server];
}
