// SPDX-License-Identifier: MIT
/** Selects the ciphertext transport of a connection. */
import type { Conn } from "../../net/net.ts";
import { descriptorOf } from "../../net/socket/descriptor.ts";
import { ConnTransport } from "./conn_transport.ts";
import { FDTransport } from "./fd_transport.ts";
import type { Transport } from "./transport.ts";

/** Uses the socket directly if `conn` is over one of the library's, its methods otherwise. */
export function transportOf(conn: Conn): Transport {
  const fd = descriptorOf(conn);
  return fd === null ? new ConnTransport(conn) : new FDTransport(conn, fd);
}
