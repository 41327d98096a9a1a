// SPDX-License-Identifier: MIT
// CPU affinity and priority of server and generator.
import { availableParallelism } from "node:os";
import type { Options } from "./options.ts";

export type Role = "server" | "load";

/** Both programs end in `exec`, so the process, and its PID, is the command's own. */
export function placed(
  role: Role,
  command: string[],
  { pin, nice }: Pick<Options, "pin" | "nice">,
): string[] {
  const pinned = availableParallelism() > 1 &&
    (pin === "split" || (pin === "load" && role === "load"));
  return [
    ...(nice === 0 ? [] : ["nice", "-n", String(nice)]),
    ...(pinned ? ["taskset", "-c", role === "server" ? "0" : "1"] : []),
    ...command,
  ];
}
