// SPDX-License-Identifier: MIT
/** A listening socket of an event server. */
import type { Addr } from "../../net/addr/addr.ts";

/** One address of a server. */
export interface Listening {
  readonly addr: Addr;
  pause(): void;
  resume(): void;
  close(): void;
}
