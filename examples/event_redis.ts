// SPDX-License-Identifier: MIT
/**
 * A store behind the Redis protocol, by callbacks: PING GET SET DEL INCR ECHO, pipelined. HOST and
 * PORT come from the environment.
 */
import process from "node:process";
import { run } from "../mod.ts";
import { serve } from "../event.ts";
import { ProtocolError, RespStore } from "./protocols/resp.ts";

const { HOST = "127.0.0.1", PORT = "6380" } = process.env;
const store = new RespStore();
const encoder = new TextEncoder();

await run(() =>
  serve({
    serving: ({ addrs }) => console.log(`listening on ${addrs[0]}`),
    data(conn, input) {
      try {
        // What is not whole yet comes again, with what comes next.
        conn.discard(store.execute(input));
        return store.replies;
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        return { out: encoder.encode(`-${error.message}\r\n`), action: "close" };
      }
    },
  }, `tcp://${HOST}:${PORT}`)
);
