// SPDX-License-Identifier: MIT
/**
 * An echo server over all cores: `serve` in the place of a loop around `accept`. HOST, PORT and
 * WORKERS come from the environment. SIGINT or SIGTERM ends it in order.
 */
import process from "node:process";
import { go, joinHostPort, listen, run, wait } from "../mod.ts";
import { serve } from "../reactor.ts";

const { HOST = "127.0.0.1", PORT = "7007", WORKERS } = process.env;

await run(function* () {
  using listener = yield* listen("tcp", joinHostPort(HOST, PORT));
  console.log(`listening on ${listener.addr}`);
  go(function* () {
    yield* wait(
      new Promise((resolve) => ["SIGINT", "SIGTERM"].map((s) => process.once(s, resolve))),
    );
    listener.close();
  });
  yield* serve(listener, new URL("./echo_handler.ts", import.meta.url), {
    workers: WORKERS === undefined ? undefined : Number(WORKERS),
    limits: { connections: 10_000, perAddress: 1000 },
    onWorkerEnd: ({ worker, error }) => console.error(`worker ${worker} ended: ${error}`),
  });
});
process.exit();
