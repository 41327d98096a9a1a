// SPDX-License-Identifier: MIT
/**
 * The store of redis.ts by callbacks. HOST and PORT come from the environment.
 */
import process from "node:process";
import { run } from "../mod.ts";
import { serve } from "../event.ts";
import { LONGEST_COMMAND, Replies } from "./redis/protocol.ts";
import { Session } from "./redis/session.ts";
import { Store, SWEEP_MS } from "./redis/store.ts";

const { HOST = "127.0.0.1", PORT = "6380" } = process.env;
const store = new Store();
const replies = new Replies();

await run(() =>
  serve<Session>({
    maxUnread: LONGEST_COMMAND,
    serving: ({ addrs }) => console.log(`listening on ${addrs[0]}`),
    opened(conn) {
      conn.context = new Session(store, (message) => conn.write(message));
    },
    data(conn, input) {
      replies.clear();
      // What is not whole yet comes again, with what comes next.
      conn.discard(conn.context.execute(input, replies));
      const { quit, full, ended } = conn.context;
      if (quit || (ended && !full)) return { out: replies.bytes, action: "close" };
      if (!full) return replies.bytes;
      // Those are much: the rest is done when they are sent.
      if (conn.write(replies.bytes)) conn.wake();
      return undefined;
    },
    drained: (conn) => conn.wake(),
    ended(conn) {
      conn.context.ended = true;
      // Otherwise commands are left, which are executed first.
      return conn.context.full ? undefined : "close";
    },
    closed: (conn) => conn.context.close(),
    tick() {
      store.sweep();
      return SWEEP_MS;
    },
  }, `tcp://${HOST}:${PORT}`)
);
