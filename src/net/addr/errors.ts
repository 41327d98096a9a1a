// SPDX-License-Identifier: MIT
/** Errors of addresses and of networks by name. Go: net/net.go, AddrError and UnknownNetworkError. */
import { shown } from "../../validate/argument.ts";

/** An address cannot be read. Go: `net.AddrError`. */
export class AddrError extends Error {
  /** "AddrError". */
  override readonly name = "AddrError";
  /** What is wrong with it. */
  readonly err: string;
  /** The address. */
  readonly addr: string;
  /** As Node names it. */
  readonly code = "ERR_INVALID_ADDRESS";
  /** Not a time-out. */
  readonly timeout = false;
  /** Trying again does not help. */
  readonly temporary = false;

  /** @internal */
  constructor(err: string, addr: string) {
    super(addr === "" ? err : `address ${addr}: ${err}`);
    this.err = err;
    this.addr = addr;
  }
}

/** A network that is not known here. Go: `net.UnknownNetworkError`. */
export class UnknownNetworkError extends Error {
  /** "UnknownNetworkError". */
  override readonly name = "UnknownNetworkError";
  /** Not a time-out. */
  readonly timeout = false;
  /** Trying again does not help. */
  readonly temporary = false;

  /** @internal */
  constructor(network: string) {
    super(`unknown network ${shown(network)}`);
  }
}
