#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# hono 4.13.19 with its etag() beside its compress() and timeout(), Node 20. A middleware is used for every
# route, and one of the routes is a stream of events (streamSSE), here three, 300 ms apart. The good guess: a response
# whose body has not been written yet gets no ETag, as compress() leaves a text/event-stream alone and timeout() ends
# with the handler. Seen: etag() reads the whole body for a digest before it lets the response go. Status and headers
# come when the last event has been written, and all events come at once then; a stream that goes on for as long as
# its client listens has no first byte, and what it sends is kept in memory. streamText likewise, and a proxied answer.
# The two others let the first event through at once. So etag() belongs to the routes that have a whole body.
#   none: headers at once, first event at once
#   compress: headers at once, first event at once
#   timeout: headers at once, first event at once
#   etag: headers after the last event, first event after the last event
set -euo pipefail
script=$(realpath "$0")
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
npm install --silent --no-audit --no-fund hono@4.13.19
cat >main.mjs <<'JS'
import { setTimeout as sleep } from "node:timers/promises";
import { Hono } from "hono";
import { compress } from "hono/compress";
import { etag } from "hono/etag";
import { streamSSE } from "hono/streaming";
import { timeout } from "hono/timeout";
const middlewares = { none: (_, next) => next(), compress: compress(), timeout: timeout(200), etag: etag() };
for (const [name, middleware] of Object.entries(middlewares)) {
  let written = 0;
  const app = new Hono().use(middleware).get("/", (c) =>
    streamSSE(c, async (stream) => {
      for (; written < 3; written++, await sleep(300)) await stream.writeSSE({ data: `${written}` });
    }));
  const when = () => written < 3 ? "at once" : "after the last event";
  const { body } = await app.request("/", { headers: { "accept-encoding": "gzip" } });
  const headers = when();
  await body.getReader().read();
  console.log(`${name}: headers ${headers}, first event ${when()}`);
}
JS
node main.mjs | tee seen
diff <(sed -n 's/^#   //p' "$script") seen
