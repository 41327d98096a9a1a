// SPDX-License-Identifier: MIT
/** Access to the descriptor of a connection, for direct use. */
import type { FD } from "../../fd/fd.ts";

/** Property by which a connection exposes its descriptor inside the library. */
export const DESCRIPTOR: unique symbol = Symbol("netpoll.descriptor");

/** Returns the descriptor of `end`, or null if it has none of its own, such as TLS and `pipe()`. */
export function descriptorOf(end: unknown): FD | null {
  return (end as { readonly [DESCRIPTOR]?: FD } | null)?.[DESCRIPTOR] ?? null;
}
