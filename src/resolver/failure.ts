// SPDX-License-Identifier: MIT
/** Failure of a query. */
import { DNSError } from "../net/errors.ts";

/**
 * Converted to a DNSError only if it is the final result. Usually it is not: few names have both
 * IPv4 and IPv6 addresses, and creating an Error captures a stack.
 */
export class Failure {
  /** Message, in Go's words. */
  readonly err: string;
  readonly code: string;
  /** Server that reported it; "" for none. */
  readonly server: string;
  readonly cause: unknown;

  constructor(err: string, code: string, server: string, cause?: unknown) {
    this.err = err;
    this.code = code;
    this.server = server;
    this.cause = cause;
  }

  /** Whether a server reported that the name, or a record of that type, does not exist. */
  get isNotFound(): boolean {
    return this.code === "ENOTFOUND" || this.code === "ENODATA";
  }

  /** Creates the error of a lookup of `host`. */
  toError(host: string): DNSError {
    return new DNSError(this.err, host, this.code, this.cause, this.server);
  }
}
