// SPDX-License-Identifier: MIT
/** PROXY protocol header of an accepted connection. */
import type { Addr, TCPAddr } from "../addr/addr.ts";
import { descriptorOf } from "../socket/descriptor.ts";
import type { FD } from "../../fd/fd.ts";
import type { ProxyTLV } from "../options/proxy_options.ts";
import type { ParsedHeader } from "./header.ts";
import { parseSSL, type ProxySSL, textOf } from "./ssl.ts";

/**
 * Header of the PROXY protocol with which a connection began, as {@linkcode proxyInfo} returns it.
 */
export interface ProxyInfo {
  /** Version of the header. */
  readonly version: 1 | 2;
  /**
   * True if the header announces no client: the connection is the proxy's own, such as a health
   * check, or its client has no address. The header then is LOCAL (version 2) or UNKNOWN (version
   * 1).
   */
  readonly local: boolean;
  /**
   * Client's address, which is the connection's `remoteAddr`; null if none of TCP was announced.
   */
  readonly source: TCPAddr | null;
  /** Address that the client connected to, which is the connection's `localAddr`; null likewise. */
  readonly destination: TCPAddr | null;
  /** Address of the proxy: the real remote address of the connection. */
  readonly proxyAddr: Addr;
  /** Length of the header, in bytes. */
  readonly length: number;
  /** All fields of a header of version 2, in their order. */
  readonly tlvs: readonly ProxyTLV[];
  /** Protocol that the client and the proxy negotiated by ALPN; null if it was not sent. */
  readonly alpn: string | null;
  /** Host name that the client asked for, mostly by SNI; null if it was not sent. */
  readonly authority: string | null;
  /** ID that the proxy gave to the connection; null if it was not sent. */
  readonly uniqueId: Uint8Array | null;
  /** TLS between the client and the proxy; null if it was not sent, or is not valid. */
  readonly ssl: ProxySSL | null;
}

const ALPN = 0x01;
const AUTHORITY = 0x02;
const UNIQUE_ID = 0x05;
const SSL = 0x20;

/** Keyed by descriptor: most connections have no header, so they need no field for it. */
const infos = new WeakMap<FD, ProxyInfo>();

/** Creates the info of a header sent by `proxyAddr`. */
export function infoOf(header: ParsedHeader, length: number, proxyAddr: Addr): ProxyInfo {
  const { tlvs } = header;
  const value = (type: number) => tlvs.find((tlv) => tlv.type === type)?.value ?? null;
  const ssl = value(SSL);
  return {
    version: header.version,
    local: header.local,
    source: header.ends?.source ?? null,
    destination: header.ends?.destination ?? null,
    proxyAddr,
    length,
    tlvs,
    alpn: textOf(tlvs, ALPN),
    authority: textOf(tlvs, AUTHORITY),
    uniqueId: value(UNIQUE_ID),
    ssl: ssl === null ? null : parseSSL(ssl),
  };
}

/** Stores the header info of the connection of `fd`. */
export function setProxyInfo(fd: FD, info: ProxyInfo): void {
  infos.set(fd, info);
}

/** Returns the length of the header on the connection of `fd`; 0 without a header. */
export function headerBytes(fd: FD): number {
  return infos.get(fd)?.length ?? 0;
}

/**
 * Returns the header of the PROXY protocol with which `conn` began, also after its close; null if
 * it began without one: its listener has no `proxyProtocol`, or its peer is not one of `trusted`.
 * Of a TLS connection it is the header that came before the handshake. Never parks.
 *
 * Connections that a reactor's main thread accepts have the announced address in the worker, and no
 * info.
 *
 * @param conn a connection that a listener accepted
 * @example
 * ```ts
 * const info = proxyInfo(conn);
 * console.log(`${conn.remoteAddr} by ${info?.proxyAddr}, certificate of ${info?.ssl?.commonName}`);
 * ```
 */
export function proxyInfo(conn: unknown): ProxyInfo | null {
  for (let one = conn; typeof one === "object" && one !== null;) {
    const fd = descriptorOf(one);
    if (fd !== null) return infos.get(fd) ?? null;
    // A TLS connection has the underlying connection in `conn`.
    one = (one as { readonly conn?: unknown }).conn;
  }
  return null;
}
