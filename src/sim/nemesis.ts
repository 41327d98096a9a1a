// SPDX-License-Identifier: MIT
/** Partition topologies, by Jepsen's names. Each is a list of directions to cut. */

/** A direction between two hosts. */
export type Direction<H> = readonly [from: H, to: H];

/** Shuffles the hosts by `choose`; 0 leaves their order unchanged. */
export function shuffled<H>(hosts: readonly H[], choose: (n: number) => number): H[] {
  const order = [...hosts];
  for (let i = 0; i < order.length - 1; i++) {
    const j = i + choose(order.length - i);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/** Returns both directions between two groups. */
export function between<H>(a: readonly H[], b: readonly H[]): Direction<H>[] {
  return a.flatMap((x) => b.flatMap((y): Direction<H>[] => x === y ? [] : [[x, y], [y, x]]));
}

/** Returns a cut into two halves; the first is the smaller one. */
export function halves<H>(order: readonly H[]): Direction<H>[] {
  const middle = Math.floor(order.length / 2);
  return between(order.slice(0, middle), order.slice(middle));
}

/** Returns a cut into two halves, with one host in between that is connected to both. */
export function bridge<H>(order: readonly H[]): Direction<H>[] {
  const [, ...others] = order;
  return halves(others);
}

/** Returns a cut in which each host sees a majority, and no two see the same one. */
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
