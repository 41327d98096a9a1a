// SPDX-License-Identifier: MIT
/** A peer process that prints its address. */
import { type Child, startChild, within } from "./child.ts";

/** Starts a program on CPU `cpu`. */
export function startOn(cpu: number, command: string[], ...args: string[]): Child {
  return startChild(["taskset", "-c", String(cpu), ...command, ...args]);
}

/** Starts a program on CPU 1 that prints "listening on ADDRESS". Returns it, and its address. */
export async function startPeer(
  limitS: number,
  command: string[],
  program: string,
): Promise<[Child, string]> {
  const child = startOn(1, command, program);
  const address = new Promise<string>((resolve) =>
    child.onOutput(() => {
      const [, found] = /listening on (\S+)/.exec(child.output()) ?? [];
      if (found !== undefined) resolve(found);
    })
  );
  const found = await within(limitS, Promise.race([address, child.ended.then(() => undefined)]));
  if (found === undefined) throw new Error(`the peer does not listen: ${child.errors()}`);
  return [child, found];
}
