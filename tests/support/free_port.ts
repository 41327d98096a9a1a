// SPDX-License-Identifier: MIT
/** Ports for programs that cannot listen on port 0, or cannot say which port they got. */
import { createServer } from "node:net";

/**
 * The range that ports are chosen from. It lies below every system's ephemeral ports: a port that
 * the system itself chose may belong to an outgoing connection before the program binds it.
 */
const FIRST = 12_000;
const LAST = 31_999;

/** Ports that this process has chosen; none is chosen twice. */
const chosen = new Set<number>();

/** Whether `port` can be listened on now. */
function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

/** Returns a port of 127.0.0.1 that is free, and that the system assigns to no other socket. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST + 1));
    if (chosen.has(port)) continue;
    chosen.add(port);
    if (await isFree(port)) return port;
  }
}
