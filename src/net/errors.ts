// SPDX-License-Identifier: MIT
/** The errors of network calls. Go: net/net.go. Texts are Go's. */
import { AddrError, UnknownNetworkError } from "./addr/errors.ts";
import { shown } from "../validate/argument.ts";
import { asDenoError, isInstance } from "../fd/deno_errors.ts";
import type { Addr } from "./addr/addr.ts";

/** What an error of the network tells about itself. Go: `net.Error`. */
interface Verdict {
  readonly timeout?: boolean;
  readonly temporary?: boolean;
  readonly code?: string;
}

/** What an accept may report of a connection, rather than of the listener. */
const PEER_GONE = new Set(["ECONNRESET", "ECONNABORTED"]);

/**
 * A network call failed: what was called, on which network, between whom, and why. Go: `net.OpError`.
 * Its text is Go's: "read tcp 127.0.0.1:1->127.0.0.1:2: i/o timeout".
 *
 * It is an instance of Deno's class as well that its code calls for, see {@linkcode errors}:
 * "ECONNREFUSED" of `ConnectionRefused`, a closed connection of `BadResource`, a time-out of
 * `TimedOut`, one that was cancelled of `Interrupted`.
 */
export class OpError extends Error {
  /** "OpError". */
  override readonly name = "OpError";
  /** The call: "read", "write", "accept", "dial", "listen", "close", "set". */
  readonly op: string;
  /** The network: "tcp", "tcp4". */
  readonly net: string;
  /** This end, where there is one. */
  readonly source: Addr | null;
  /** The other end, or the address that was to be dialled or listened on. */
  readonly addr: Addr | null;
  /** Why. */
  declare readonly cause: Error;
  /** How many bytes a write had put on their way; absent from other calls. */
  bytesWritten?: number;
  /** How many bytes `readFull` had read; absent from other calls. */
  bytesRead?: number;

  /** @internal */
  constructor(op: string, net: string, source: Addr | null, addr: Addr | null, cause: Error) {
    const between = source !== null && addr !== null
      ? `${source}->${addr}`
      : `${source ?? addr ?? ""}`;
    super([op, net, between].filter((word) => word !== "").join(" ") + `: ${cause.message}`, {
      cause,
    });
    this.op = op;
    this.net = net;
    this.source = source;
    this.addr = addr;
    asDenoError(this, OpError, this.code);
  }

  /** Whether `value` is an OpError, whatever class of Deno's it is of as well. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isInstance(this, value);
  }

  /** Whether a deadline passed, or the system gave up waiting. */
  get timeout(): boolean {
    return (this.cause as Verdict).timeout ?? false;
  }

  /** Whether the call may succeed when it is tried again. */
  get temporary(): boolean {
    // Of one that was accepted and is gone already, the next one knows nothing.
    if (this.op === "accept" && PEER_GONE.has(this.code)) return true;
    return (this.cause as Verdict).temporary ?? false;
  }

  /** Node's name of the cause: "ECONNREFUSED", "ETIMEDOUT"; "" if it has none. */
  get code(): string {
    return (this.cause as Verdict).code ?? "";
  }
}

/**
 * A name could not be resolved. Go: `net.DNSError`. As with {@linkcode OpError}, one that was not
 * found is an instance of Deno's `NotFound` as well, and one that took too long of `TimedOut`.
 */
export class DNSError extends Error {
  /** "DNSError". */
  override readonly name = "DNSError";
  /** What went wrong, in Go's words: "no such host". Go: `Err`. */
  readonly err: string;
  /** The name that was looked up. Go: `Name`. */
  readonly host: string;
  /** Who was asked, where that is known; else "". */
  readonly server: string;
  /** Node's name of the failure: "ENOTFOUND"; "" if it has none. */
  readonly code: string;
  /** Whether the name has no addresses. */
  readonly isNotFound: boolean;
  /** Whether nobody waited any longer for the answer. */
  readonly isTimeout: boolean;
  /** Whether the resolver says that asking again may help. */
  readonly isTemporary: boolean;

  /** @internal */
  constructor(err: string, host: string, code = "", cause?: unknown, server = "") {
    super(`lookup ${host}${server === "" ? "" : ` on ${server}`}: ${err}`, { cause });
    this.err = err;
    this.host = host;
    this.server = server;
    this.code = code;
    this.isNotFound = code === "ENOTFOUND" || code === "ENODATA";
    this.isTimeout = code === "ETIMEOUT" || code === "ETIMEDOUT";
    this.isTemporary = code === "EAI_AGAIN" || code === "ESERVFAIL";
    asDenoError(this, DNSError, code);
  }

  /** Whether `value` is a DNSError, whatever class of Deno's it is of as well. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isInstance(this, value);
  }

  /** As `isTimeout`. */
  get timeout(): boolean {
    return this.isTimeout;
  }

  /** Whether asking again may help. */
  get temporary(): boolean {
    return this.isTimeout || this.isTemporary;
  }
}

/** What was thrown as an Error, which a user's own function need not have thrown. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });
}

/**
 * An error of a name or an address as one of `op`; any other, as of a permission, stays as it is.
 */
export function addressError(op: string, network: string, error: unknown): unknown {
  const ours = [AddrError, UnknownNetworkError, DNSError].some((kind) => error instanceof kind);
  return ours ? new OpError(op, shown(network), null, null, error as Error) : error;
}
