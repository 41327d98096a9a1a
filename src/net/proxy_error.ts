// SPDX-License-Identifier: MIT
/** Error of a connection that was refused because of its PROXY protocol header. */

/**
 * Reason for a refusal. "untrusted": the peer is not one of `trusted`. "invalid": its first bytes
 * are not a valid header. "tooLong": the header is longer than `maxBytes`, or a line of version 1
 * than 107 bytes. "timeout": it was not complete within `timeout`. "ended": the connection ended or
 * failed within it.
 */
export type ProxyProtocolReason = "untrusted" | "invalid" | "tooLong" | "timeout" | "ended";

/**
 * Passed to `onRefused` of {@linkcode ProxyProtocolOptions} for a connection that was closed before
 * it was accepted.
 */
export class ProxyProtocolError extends Error {
  /** "ProxyProtocolError". */
  override readonly name = "ProxyProtocolError";
  /** "ERR_PROXY_PROTOCOL". */
  readonly code = "ERR_PROXY_PROTOCOL";
  /** See {@linkcode ProxyProtocolReason}. */
  readonly reason: ProxyProtocolReason;

  /** @internal */
  constructor(reason: ProxyProtocolReason, detail: string, cause?: unknown) {
    super(`PROXY protocol: ${detail}`, cause === undefined ? undefined : { cause });
    this.reason = reason;
  }
}
