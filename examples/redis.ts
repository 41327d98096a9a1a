// SPDX-License-Identifier: MIT
/**
 * A store behind the Redis protocol, a goroutine a connection: strings, lists, expiry, publishing,
 * pipelined. HOST and PORT come from the environment; SIGINT or SIGTERM ends it in order.
 *
 *   redis-cli -p 6380
 */
import { type Routine, sleep } from "../mod.ts";
import { serveRedis } from "./redis/serve.ts";
import { Store, SWEEP_MS } from "./redis/store.ts";
import { serveUntilStopped } from "./serving.ts";

const store = new Store();

function* sweep(): Routine<void> {
  for (;;) {
    yield* sleep(SWEEP_MS);
    store.sweep();
  }
}

await serveUntilStopped({
  name: "redis",
  port: 6380,
  serve: (conn) => serveRedis(conn, store),
  beside: sweep,
});
