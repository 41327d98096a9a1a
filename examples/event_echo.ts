// SPDX-License-Identifier: MIT
/**
 * An echo server of callbacks, on TCP, and on a Unix socket or by UDP as well if ADDRESSES names
 * them: "tcp://127.0.0.1:7007 udp://127.0.0.1:7007". HOST and PORT come from the environment.
 */
import process from "node:process";
import { run } from "../mod.ts";
import { serve } from "../event.ts";

const { HOST = "127.0.0.1", PORT = "7007", ADDRESSES = `tcp://${HOST}:${PORT}` } = process.env;

await run(() =>
  serve({
    serving({ addrs }) {
      for (const addr of addrs) console.log(`listening on ${addr} (${addr.network})`);
    },
    data: (_conn, input) => input,
  }, ...ADDRESSES.split(" "))
);
