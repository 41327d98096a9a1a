// SPDX-License-Identifier: MIT
/** The error of a proxy that does not connect. */

/**
 * Thrown, as the `cause` of an {@linkcode OpError} of "dial", when a proxy was reached and did not
 * connect to the address: it refused, wants a password, or does not speak the protocol.
 *
 * `code` is "ERR_PROXY_PROTOCOL" for a reply that is not of the protocol or longer than allowed,
 * "ERR_PROXY_AUTHENTICATION" when the user and password are missing or wrong, and otherwise what the
 * proxy reports: "ECONNREFUSED", "EHOSTUNREACH" or "ENETUNREACH" from SOCKS5, else
 * "ERR_PROXY_REFUSED".
 */
export class ProxyConnectError extends Error {
  /** "ProxyConnectError". */
  override readonly name = "ProxyConnectError";
  /** "socks5" or "http". */
  readonly protocol: "socks5" | "http";
  /** See {@linkcode ProxyConnectError}. */
  readonly code: string;
  /** Status of HTTP, such as 403, or reply code of SOCKS5, 1 to 255; 0 without one. */
  readonly status: number;

  /** @internal */
  constructor(protocol: "socks5" | "http", code: string, detail: string, status = 0) {
    super(`${protocol === "http" ? "HTTP" : "SOCKS5"} proxy: ${detail}`);
    this.protocol = protocol;
    this.code = code;
    this.status = status;
  }
}

/** Code of a reply that is not of the protocol. */
export const PROTOCOL = "ERR_PROXY_PROTOCOL";
/** Code of a user and a password that are missing or wrong. */
export const AUTHENTICATION = "ERR_PROXY_AUTHENTICATION";
/** Code of any other refusal. */
export const REFUSED = "ERR_PROXY_REFUSED";
