// SPDX-License-Identifier: MIT
/** Why a query came to nothing. */
import { DNSError } from "../net/errors.ts";

/**
 * What becomes a DNSError if it is all that there is to report. Mostly it is not: few names have
 * both IPv4 and IPv6 addresses, and an Error costs its stack.
 */
export class Failure {
  /** In Go's words. */
  readonly err: string;
  readonly code: string;
  /** Server that has said so; "" for none. */
  readonly server: string;
  readonly cause: unknown;

  constructor(err: string, code: string, server: string, cause?: unknown) {
    this.err = err;
    this.code = code;
    this.server = server;
    this.cause = cause;
  }

  /** Whether a server has said that there is no such name, or no record of that type. */
  get isNotFound(): boolean {
    return this.code === "ENOTFOUND" || this.code === "ENODATA";
  }

  /** The error of a lookup of `host`. */
  toError(host: string): DNSError {
    return new DNSError(this.err, host, this.code, this.cause, this.server);
  }
}
