// SPDX-License-Identifier: MIT
/** Open descriptors, with their addresses, bytes, age and deadlines. */
import { platform } from "../../platforms/platform.ts";
import { NetFD } from "../net/socket/net_fd.ts";
import { netpoll } from "../netpoll/netpoll.ts";
import type { PollDesc } from "../netpoll/poll_desc.ts";

/** An open descriptor, as the page shows it. Times are in milliseconds. */
export interface DebugConnection {
  /** Number of the descriptor. */
  readonly fd: number;
  /** Network, such as "tcp"; "" for a descriptor that is not a socket of this library. */
  readonly network: string;
  /** Local address. */
  readonly local: string;
  /** Remote address; "" without one. */
  readonly remote: string;
  /** Description of a descriptor without addresses. */
  readonly text: string;
  /** Bytes received, if the system counts them: for TCP on Linux. */
  readonly received: number | null;
  /** Bytes sent, as `received`. */
  readonly sent: number | null;
  /** Time since it was opened. */
  readonly age: number;
  /** Time until reads fail: 0 once it has passed, null without a deadline. */
  readonly readDeadline: number | null;
  /** Time until writes fail, as `readDeadline`. */
  readonly writeDeadline: number | null;
  /** Time that a read has waited for data; null if none waits. */
  readonly idle: number | null;
}

/** Returns the descriptors that match the search, the oldest first. */
export function connectionRows(
  at: number,
  { search, limit }: { readonly search: string; readonly limit: number },
): { total: number; rows: DebugConnection[] } {
  const wanted = search.toLowerCase();
  const matches = [...netpoll.inUse()].filter((pd) =>
    wanted === "" || pd.describe().toLowerCase().includes(wanted)
  );
  const oldest = matches.sort((a, b) => a.openedAt - b.openedAt).slice(0, limit);
  return { total: matches.length, rows: oldest.map((pd) => rowOf(pd, at)) };
}

function rowOf(pd: PollDesc, at: number): DebugConnection {
  const socket = pd.holder instanceof NetFD ? pd.holder : null;
  const [received, sent] = trafficOf(pd, socket?.net ?? "", socket?.remoteAddr != null);
  return {
    fd: pd.fd,
    network: socket?.net ?? "",
    local: String(socket?.localAddr ?? ""),
    remote: String(socket?.remoteAddr ?? ""),
    text: socket === null ? pd.describe() : "",
    received,
    sent,
    age: Math.max(0, Math.round(at - pd.openedAt)),
    readDeadline: until(pd.deadline("read"), at),
    writeDeadline: until(pd.deadline("write"), at),
    idle: pd.idleSince === null ? null : Math.max(0, Math.round(at - pd.idleSince)),
  };
}

/** Returns the numbers of bytes received and sent. */
function trafficOf(
  pd: PollDesc,
  network: string,
  connected: boolean,
): readonly [received: number | null, sent: number | null] {
  if (!connected || !network.startsWith("tcp")) return [null, null];
  return platform().sockets.traffic?.(pd.fd) ?? [null, null];
}

function until(deadline: number, at: number): number | null {
  return deadline === Infinity ? null : Math.max(0, Math.round(deadline - at));
}
