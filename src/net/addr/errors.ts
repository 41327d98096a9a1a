// SPDX-License-Identifier: MIT
/** Address errors. Go: net/net.go, AddrError and UnknownNetworkError. */
import { shown } from "../../validate/argument.ts";

/** Thrown for an invalid address. Go: `net.AddrError`. */
export class AddrError extends Error {
  /** "AddrError". */
  override readonly name = "AddrError";
  /** What is wrong with the address. */
  readonly err: string;
  /** The invalid address. */
  readonly addr: string;
  /** Error code, as in Node. */
  readonly code = "ERR_INVALID_ADDRESS";
  /** Not a timeout. */
  readonly timeout = false;
  /** A retry cannot succeed. */
  readonly temporary = false;

  /** @internal */
  constructor(err: string, addr: string) {
    super(addr === "" ? err : `address ${addr}: ${err}`);
    this.err = err;
    this.addr = addr;
  }
}

/** Thrown for an unknown network. Go: `net.UnknownNetworkError`. */
export class UnknownNetworkError extends Error {
  /** "UnknownNetworkError". */
  override readonly name = "UnknownNetworkError";
  /** Not a timeout. */
  readonly timeout = false;
  /** A retry cannot succeed. */
  readonly temporary = false;

  /** @internal */
  constructor(network: string, cure = "") {
    super(`unknown network ${shown(network)}${cure === "" ? "" : `: ${cure}`}`);
  }
}
