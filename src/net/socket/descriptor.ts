// SPDX-License-Identifier: MIT
/** What a connection is made of, for those who can do more with a descriptor than with a stream. */
import type { FD } from "../../fd/fd.ts";

/** The property by which a connection over a descriptor shows it to the rest of this folder. */
export const DESCRIPTOR: unique symbol = Symbol("netpoll.descriptor");

/** The descriptor of `end`, or null if it has none of its own, as TLS and `pipe()` have not. */
export function descriptorOf(end: unknown): FD | null {
  return (end as { readonly [DESCRIPTOR]?: FD } | null)?.[DESCRIPTOR] ?? null;
}
