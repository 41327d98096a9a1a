#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# hono 4.13.19 with its compress(), on Bun 1.4.5, Deno 2.9.6 and Node 20 (@hono/node-server 2.1.9). One app, 3000 bytes
# of text, a client that takes gzip. The good guess: `c.text(text)` is compressed on each of them, or on none. Seen: on
# Bun it goes out as it is, without `Vary` too, though `c.text(text, 200)` is compressed, and so is any text beside
# which one other header is set. compress() looks at the response's type, and `c.text` without a header or a status is
# a plain `new Response(text)`: by the standard that has the type text/plain, and on Bun it has none until it is sent,
# when the client does see text/plain. Whatever decides by the type of a response passes over it likewise. So a route
# that nobody touched stops being compressed as a middleware that set a header is taken out, and on Bun alone.
#   Node: type text/plain; plain gzip, with a status gzip, with a header gzip
#   Deno: type text/plain; plain gzip, with a status gzip, with a header gzip
#   Bun: type undefined; plain undefined, with a status gzip, with a header gzip
set -euo pipefail
script=$(realpath "$0")
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
echo '{"type":"module"}' >package.json
npm install --silent --no-audit --no-fund hono@4.13.19 @hono/node-server@2.1.9 bun@1.4.5 deno@2.9.6
cat >main.js <<'JS'
import http from "node:http";
import { Hono } from "hono";
import { compress } from "hono/compress";
const text = "hello ".repeat(500);
const app = new Hono().use(compress()).get("/plain", (c) => c.text(text)).get("/status", (c) => c.text(text, 200))
  .get("/header", (c) => c.text(text, { headers: { "x-a": "1" } }));
async function listen() {
  if (globalThis.Bun) return Bun.serve({ port: 0, fetch: app.fetch }).port;
  if (globalThis.Deno) return Deno.serve({ port: 0, onListen() {} }, app.fetch).addr.port;
  const { serve } = await import("@hono/node-server");
  return new Promise((done) => serve({ fetch: app.fetch, port: 0 }, ({ port }) => done(port)));
}
const port = await listen(), headers = { "accept-encoding": "gzip" };
const encoding = (path) => new Promise((done) => http.get({ port, path, headers }, (answer) => done(answer.headers["content-encoding"])));
const name = globalThis.Bun ? "Bun" : globalThis.Deno ? "Deno" : "Node";
console.log(`${name}: type ${new Response(text).headers.get("content-type")?.split(";")[0]}; plain ${await encoding("/plain")}, ` +
  `with a status ${await encoding("/status")}, with a header ${await encoding("/header")}`);
process.exit();
JS
{ node main.js; npx --no-install deno run -A --quiet main.js; npx --no-install bun main.js; } | tee seen
diff <(sed -n 's/^#   //p' "$script") seen
