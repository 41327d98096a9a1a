// SPDX-License-Identifier: MIT
/**
 * Sorts the servers of a service in the order to try them. RFC 2782. Go: net/dnsclient.go,
 * byPriorityWeight.
 */
import { random } from "../chan/select_random.ts";
import type { SRV } from "./records.ts";

/** Returns items in random order, the lowest `key` first. */
export function shuffledBy<T>(items: readonly T[], key: (item: T) => number): T[] {
  const shuffled = [...items];
  for (let i = shuffled.length - 1; i > 0; i--) {
    const j = random(i + 1);
    [shuffled[i], shuffled[j]] = [shuffled[j], shuffled[i]];
  }
  return shuffled.sort((a, b) => key(a) - key(b));
}

/**
 * Sorts servers by priority, and randomly by weight within a priority. A server without weight has
 * a small chance next to servers that have one.
 */
export function orderServers(servers: readonly SRV[]): SRV[] {
  const groups = new Map<number, SRV[]>();
  for (const each of shuffledBy(servers, ({ priority }) => priority)) {
    const group = groups.get(each.priority);
    if (group === undefined) groups.set(each.priority, [each]);
    else group.push(each);
  }
  return [...groups.values()].flatMap(orderGroup);
}

/**
 * Draws servers one after the other. Those without weight come first in the sum, which may be 0.
 */
function orderGroup(group: readonly SRV[]): SRV[] {
  const rest = [...group].sort((a, b) => Number(a.weight > 0) - Number(b.weight > 0));
  let total = rest.reduce((sum, { weight }) => sum + weight, 0);
  const ordered: SRV[] = [];
  while (rest.length > 0) {
    let left = random(total + 1);
    const [chosen] = rest.splice(rest.findIndex(({ weight }) => (left -= weight) <= 0), 1);
    total -= chosen.weight;
    ordered.push(chosen);
  }
  return ordered;
}
