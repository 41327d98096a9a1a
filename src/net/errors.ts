// SPDX-License-Identifier: MIT
/** Errors of network operations. Go: net/net.go, with the same messages. */
import { AddrError, UnknownNetworkError } from "./addr/errors.ts";
import { shown } from "../validate/argument.ts";
import { asDenoError, isInstance } from "../fd/deno_errors.ts";
import type { Addr } from "./addr/addr.ts";

/** Properties of network errors. Go: `net.Error`. */
interface Verdict {
  readonly timeout?: boolean;
  readonly temporary?: boolean;
  readonly code?: string;
}

/** Errors of accept(2) that concern the connection, not the listener. */
const PEER_GONE = new Set(["ECONNRESET", "ECONNABORTED"]);

/**
 * Error of a network operation: the operation, the network, the addresses and the cause. Its
 * message is Go's: "read tcp 127.0.0.1:1->127.0.0.1:2: i/o timeout". Go: `net.OpError`.
 *
 * It is also an instance of Deno's error class for its code, see {@linkcode denoErrors}:
 * `ConnectionRefused` for "ECONNREFUSED", `BadResource` for a closed connection, `TimedOut` for a
 * timeout, `Interrupted` for a cancelled call.
 */
export class OpError extends Error {
  /** "OpError". */
  override readonly name = "OpError";
  /** Operation: "read", "write", "accept", "dial", "listen", "close", "set". */
  readonly op: string;
  /** Network, such as "tcp" or "tcp4". */
  readonly net: string;
  /** Cause of the failure. */
  declare readonly cause: Error;
  /** Bytes that a write had sent; absent for other operations. */
  declare bytesWritten?: number;
  /** Datagrams that `writeBatch` had sent; absent for other operations. */
  declare messagesWritten?: number;
  /** Bytes that `readFull` had read; absent for other operations. */
  declare bytesRead?: number;
  /**
   * True if a write to a socket with {@linkcode PacketOptions.coalesce} reports the failure of an
   * earlier datagram, which went to `addr`; its own was not sent. Absent otherwise.
   */
  declare earlierDatagram?: true;
  // Private: the message has both, and Bun prints an address within an error field by field.
  readonly #source: Addr | null;
  readonly #addr: Addr | null;

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
    this.#source = source;
    this.#addr = addr;
    asDenoError(this, OpError, this.code);
  }

  /** Returns true if `value` is an OpError, also if it is an instance of a Deno class. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isInstance(this, value);
  }

  /** Local address, or null. */
  get source(): Addr | null {
    return this.#source;
  }

  /** Remote address, or the address to dial or to listen on. */
  get addr(): Addr | null {
    return this.#addr;
  }

  /** True if a deadline was exceeded, or the system reported a timeout. */
  get timeout(): boolean {
    return (this.cause as Verdict).timeout ?? false;
  }

  /** True if a retry may succeed. */
  get temporary(): boolean {
    // The next accept is independent of a connection that is already gone.
    if (this.op === "accept" && PEER_GONE.has(this.code)) return true;
    return (this.cause as Verdict).temporary ?? false;
  }

  /** Node's code of the cause, such as "ECONNREFUSED" or "ETIMEDOUT"; "" if it has none. */
  get code(): string {
    return (this.cause as Verdict).code ?? "";
  }
}

/**
 * Thrown if a name could not be resolved. Like {@linkcode OpError}, it is also an instance of
 * Deno's `NotFound` if the name does not exist, or of `TimedOut` after a timeout. Go:
 * `net.DNSError`.
 */
export class DNSError extends Error {
  /** "DNSError". */
  override readonly name = "DNSError";
  /** Description of the failure, in Go's words: "no such host". Go: `Err`. */
  readonly err: string;
  /** Name that was looked up. Go: `Name`. */
  readonly host: string;
  /** Server that was queried, or "" if unknown. */
  readonly server: string;
  /** Node's code of the failure, such as "ENOTFOUND"; "" if it has none. */
  readonly code: string;
  /** True if the name has no addresses. */
  readonly isNotFound: boolean;
  /** True if the lookup timed out. */
  readonly isTimeout: boolean;
  /** True if the resolver reports that a retry may succeed. */
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
    // As in Go, a failed query may be temporary.
    this.isTemporary = code === "EAI_AGAIN" || code === "ESERVFAIL" ||
      (cause instanceof OpError && !this.isTimeout);
    asDenoError(this, DNSError, code);
  }

  /** Returns true if `value` is a DNSError, also if it is an instance of a Deno class. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isInstance(this, value);
  }

  /** Same as `isTimeout`. */
  get timeout(): boolean {
    return this.isTimeout;
  }

  /** True if a retry may succeed. */
  get temporary(): boolean {
    return this.isTimeout || this.isTemporary;
  }
}

/** Returns a thrown value as an Error, for user functions that throw other values. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });
}

/**
 * Wraps an error of a name or an address in an OpError of `op`; returns any other, such as a
 * permission error, unchanged.
 */
export function addressError(op: string, network: string, error: unknown): unknown {
  const ours = [AddrError, UnknownNetworkError, DNSError].some((kind) => error instanceof kind);
  return ours ? new OpError(op, shown(network), null, null, error as Error) : error;
}
