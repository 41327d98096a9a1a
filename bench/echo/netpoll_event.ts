// SPDX-License-Identifier: MIT
// The library: an event server, whose callbacks serve all connections.
import process from "node:process";
import { run } from "../../mod.ts";
import { serve } from "../../event.ts";

await run(() =>
  serve({
    serving({ addrs }) {
      console.log(`listening on ${addrs[0]} (netpoll, events)`);
    },
    data: (_conn, input) => input,
  }, `tcp://127.0.0.1:${process.env.PORT ?? 0}`)
);
