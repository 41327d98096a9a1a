// SPDX-License-Identifier: MIT
/** What the TCP sockets of this Linux have under way. */
import { readFileSync } from "node:fs";

/** A socket: its addresses as the kernel prints them, its state, and the bytes that are not acknowledged. */
interface Entry {
  readonly local: string;
  readonly remote: string;
  readonly state: string;
  readonly unacknowledged: number;
}

/** States in which both ends are known and nothing need be under way. */
const OPEN = ["ESTABLISHED", "FIN_WAIT2", "CLOSE_WAIT"];
const LASTING = [...OPEN, "TIME_WAIT", "LISTEN"];

/** States by their numbers in the table: proc(5), include/net/tcp_states.h. */
const STATES: Readonly<Record<string, string>> = {
  "01": "ESTABLISHED",
  "05": "FIN_WAIT2",
  "06": "TIME_WAIT",
  "08": "CLOSE_WAIT",
  "0A": "LISTEN",
};

function entries(): Entry[] {
  return ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((table) =>
    readFileSync(table, "latin1").split("\n").slice(1).filter((line) => line !== "").map((line) => {
      const [, local, remote, state, queues] = line.trim().split(/\s+/);
      const unacknowledged = parseInt(queues.split(":")[0], 16);
      return { local, remote, state: STATES[state] ?? state, unacknowledged };
    })
  );
}

/**
 * Returns whether nothing is under way between sockets of these ports: no handshake, no bytes without
 * acknowledgment, no reset, after which one end is gone and the other is not.
 */
export function quiet(ports: ReadonlySet<number>): boolean {
  const all = entries().filter(({ local, remote }) =>
    [local, remote].some((address) => ports.has(parseInt(address.split(":")[1], 16)))
  );
  const pairs = new Set(all.map(({ local, remote }) => `${local} ${remote}`));
  return all.every(({ local, remote, state, unacknowledged }) => {
    if (!LASTING.includes(state)) return false;
    return !OPEN.includes(state) || (unacknowledged === 0 && pairs.has(`${remote} ${local}`));
  });
}
