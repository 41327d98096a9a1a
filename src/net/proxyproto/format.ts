// SPDX-License-Identifier: MIT
/** Formats headers of the PROXY protocol. */
import { type Addr, InternetAddr } from "../addr/addr.ts";
import { parseIP } from "../addr/ip.ts";
import { UnixAddr } from "../addr/unix_addr.ts";
import type { ProxyHeaderOptions } from "../options/proxy_options.ts";
import { checkProxyHeader } from "../options/schema.ts";
import { shown, wrongArgument } from "../../validate/argument.ts";
import { V2_FIXED } from "./header.ts";
import { formatV1 } from "./v1.ts";
import { formatV2 } from "./v2.ts";

/** Maximum length of a version 2 header after its fixed part. */
const MOST = 0xffff;
const CALL = "format a header of the PROXY protocol";

/** Source and destination. */
interface Ends {
  readonly source: InternetAddr;
  readonly destination: InternetAddr;
}

/**
 * Formats a header of the PROXY protocol, to be written as the first bytes of a connection. `dial`
 * does both with its option `proxyProtocol`. Never parks.
 *
 * @param options see {@linkcode ProxyHeaderOptions}
 * @returns the bytes, at most 107 of version 1 and 65,551 of version 2
 * @throws {TypeError} for an invalid option, naming it
 * @example
 * ```ts
 * const { remoteAddr: source, localAddr: destination } = client;
 * yield* server.write(proxyHeader({ version: 1, source, destination }));
 * ```
 */
export function proxyHeader(options: ProxyHeaderOptions): Uint8Array {
  const { version = 2, source, destination, tlvs = [], crc32c = false } = checkProxyHeader(
    CALL,
    options,
  );
  const ends = endsOf(source, destination);
  if (version === 2) {
    const header = formatV2(ends, tlvs, crc32c);
    if (header.length <= V2_FIXED + MOST) return header;
    throw new TypeError(
      `Cannot ${CALL} as tlvs must fit in ${MOST} bytes: current value has ${header.length}`,
    );
  }
  if (tlvs.length > 0) throw new TypeError(`Cannot ${CALL} as tlvs require version 2`);
  if (crc32c) throw new TypeError(`Cannot ${CALL} as crc32c requires version 2`);
  return new TextEncoder().encode(formatV1(ends));
}

function endsOf(source: Addr | undefined, destination: Addr | undefined): Ends | null {
  if ((source === undefined) !== (destination === undefined)) {
    throw new TypeError(`Cannot ${CALL} as source and destination must be given together`);
  }
  if (source === undefined || source instanceof UnixAddr) return null;
  return { source: tcp("source", source), destination: tcp("destination", destination!) };
}

function tcp(what: string, addr: Addr): InternetAddr {
  if (addr instanceof InternetAddr && addr.network === "tcp" && parseIP(addr.ip) !== null) {
    if (Number.isInteger(addr.port) && addr.port >= 0 && addr.port <= 0xffff) return addr;
  }
  throw wrongArgument(CALL, what, "an address of TCP", `${addr.network} ${shown(String(addr))}`);
}
