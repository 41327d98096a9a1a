// SPDX-License-Identifier: MIT
/** Access to the descriptor of a connection, for direct use. */
import type { Cancel } from "../../context/cancellable.ts";
import type { FD } from "../../fd/fd.ts";
import type { TransferProgress } from "../../fd/transfer_progress.ts";
import type { Routine } from "../../sched/goroutine.ts";

/** Property by which a connection exposes its descriptor inside the library. */
export const DESCRIPTOR: unique symbol = Symbol("netpoll.descriptor");

/** Returns the descriptor of `end`, or null if it has none of its own, such as TLS and `pipe()`. */
export function descriptorOf(end: unknown): FD | null {
  return (end as { readonly [DESCRIPTOR]?: FD } | null)?.[DESCRIPTOR] ?? null;
}

/** A call that writes to a descriptor. Null, with nothing done, if the system cannot do it. */
export type Transfer = (fd: FD) => Routine<number | null>;

/**
 * Runs a transfer to a connection whose descriptor is lent for it alone. Null, with nothing done,
 * if the connection has to encrypt the bytes itself after all; `progress` is that of the transfer.
 * Parks.
 */
export type Outlet = (
  transfer: Transfer,
  progress: TransferProgress,
  cancel?: Cancel,
) => Routine<number | null>;

/** Property by which a connection whose kernel may encrypt offers its {@linkcode Outlet}. */
export const OUTLET: unique symbol = Symbol("netpoll.outlet");

/** Returns how transfers can write to `end`, past its `write`; null if they cannot. */
export function outletOf(end: unknown): Outlet | null {
  const fd = descriptorOf(end);
  if (fd !== null) return (transfer) => transfer(fd);
  return (end as { readonly [OUTLET]?: Outlet | null } | null)?.[OUTLET] ?? null;
}
