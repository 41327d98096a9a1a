// SPDX-License-Identifier: MIT
/** What an event server listens with. */
import type { Addr } from "../../net/addr/addr.ts";

/** One address of a server. */
export interface Listening {
  readonly addr: Addr;
  pause(): void;
  resume(): void;
  close(): void;
}
