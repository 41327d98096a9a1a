// SPDX-License-Identifier: MIT
/** Options that are more than one number. Go: net/tcpsockopt_unix.go. */
import type { IntOption } from "../../platforms/types.ts";
import type { KeepAlive } from "./net.ts";

/** Go's choice: a probe after 15 s of silence, then one every 15 s. */
export const DEFAULT_KEEP_ALIVE: KeepAlive = { idle: 15_000, interval: 15_000 };

/** Sets one option of a socket. */
export type SetOption = (option: IntOption, value: number) => void;

/** Switches keep-alive off or on, with these times. Throws RangeError for a time that is none. */
export function setKeepAlive(set: SetOption, on: boolean | KeepAlive): void {
  if (on === false) return set("SO_KEEPALIVE", 0);
  const { idle, interval, count } = on === true ? DEFAULT_KEEP_ALIVE : on;
  if (idle !== undefined) set("TCP_KEEPIDLE", seconds("idle", idle));
  if (interval !== undefined) set("TCP_KEEPINTVL", seconds("interval", interval));
  if (count !== undefined) set("TCP_KEEPCNT", atLeastOne("count", count));
  set("SO_KEEPALIVE", 1);
}

/** The kernel counts seconds: a part of one is rounded up, as Go does. */
function seconds(name: string, ms: number): number {
  return Math.ceil(atLeastOne(name, ms) / 1000);
}

function atLeastOne(name: string, value: number): number {
  if (Number.isFinite(value) && value >= 1) return value;
  throw new RangeError(
    `Cannot set keep-alive as ${name} must be at least 1: current value is ${value}`,
  );
}
