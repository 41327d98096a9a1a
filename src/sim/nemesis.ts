// SPDX-License-Identifier: MIT
/**
 * Shapes of partitions, by the names that Jepsen gives them. Each is a list of directions to cut.
 */

/** A direction between two hosts. */
export type Direction<H> = readonly [from: H, to: H];

/** The hosts in an order that `choose` decides; 0 leaves it as it is. */
export function shuffled<H>(hosts: readonly H[], choose: (n: number) => number): H[] {
  const order = [...hosts];
  for (let i = 0; i < order.length - 1; i++) {
    const j = i + choose(order.length - i);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/** Both directions between two groups. */
export function between<H>(a: readonly H[], b: readonly H[]): Direction<H>[] {
  return a.flatMap((x) => b.flatMap((y): Direction<H>[] => x === y ? [] : [[x, y], [y, x]]));
}

/** Two halves that do not hear each other; the first is the smaller one. */
export function halves<H>(order: readonly H[]): Direction<H>[] {
  const middle = Math.floor(order.length / 2);
  return between(order.slice(0, middle), order.slice(middle));
}

/** Two halves, and one host in the middle that hears both. */
export function bridge<H>(order: readonly H[]): Direction<H>[] {
  const [, ...others] = order;
  return halves(others);
}

/** Each host hears a majority, and no two hear the same one. */
export function majoritiesRing<H>(order: readonly H[]): Direction<H>[] {
  const count = order.length;
  const majority = Math.floor(count / 2) + 1;
  return order.flatMap((to, i) =>
    Array.from({ length: count - majority }, (_, k): Direction<H> => [
      order[(i + majority + k) % count],
      to,
    ])
  );
}
