// SPDX-License-Identifier: MIT
/** What carries the ciphertext over `conn`. */
import type { Conn } from "../../net/net.ts";
import { descriptorOf } from "../../net/socket/descriptor.ts";
import { ConnTransport } from "./conn_transport.ts";
import { FDTransport } from "./fd_transport.ts";
import type { Transport } from "./transport.ts";

/** Its socket itself, if it has one of the library's own; else its calls. */
export function transportOf(conn: Conn): Transport {
  const fd = descriptorOf(conn);
  return fd === null ? new ConnTransport(conn) : new FDTransport(conn, fd);
}
