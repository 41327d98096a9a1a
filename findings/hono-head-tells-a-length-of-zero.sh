#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# hono 4.13.19 on Bun 1.4.5, Deno 2.9.6 and Node 20 (@hono/node-server 2.1.9). A client that wants to know how large a
# download is asks by HEAD. The good guess: the answer has the Content-Length of the GET or none, as HTTP wants it, for
# hono answers HEAD by the route of GET. Seen: on Bun and Deno it says 0 for a text, JSON or a file. hono throws away
# the body and keeps the headers; both servers take the body that is gone for the length and write that. Node leaves
# the header out; a length that the response states itself is kept by all. A tool that compares the length with a file
# that it has, or that allots room before it loads, so takes every file for empty. Handlers of Bun.serve and
# Deno.serve without hono that answer a HEAD with the same text tell 4 on both.
#   Node: GET 4 4, HEAD of a text undefined, stated 4
#   Deno: GET 4 4, HEAD of a text 0, stated 4, without hono 4
#   Bun: GET 4 4, HEAD of a text 0, stated 4, without hono 4
set -euo pipefail
script=$(realpath "$0")
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
echo '{"type":"module"}' >package.json
npm install --silent --no-audit --no-fund hono@4.13.19 @hono/node-server@2.1.9 bun@1.4.5 deno@2.9.6
cat >main.js <<'JS'
import http from "node:http";
import { Hono } from "hono";
const stated = () => new Response("text", { headers: { "content-length": "4" } });
const app = new Hono().get("/text", (c) => c.text("text")).get("/stated", stated);
async function listen(fetch) {
  if (globalThis.Bun) return Bun.serve({ port: 0, fetch }).port;
  if (globalThis.Deno) return Deno.serve({ port: 0, onListen() {} }, fetch).addr.port;
  const { serve } = await import("@hono/node-server");
  return new Promise((done) => serve({ fetch, port: 0 }, ({ port }) => done(port)));
}
const port = await listen(app.fetch), bare = await listen(() => new Response("text"));
const length = (method, path, at = port) => new Promise((done) =>
  http.request({ port: at, path, method }, (answer) => done(answer.headers["content-length"])).end());
const name = globalThis.Bun ? "Bun" : globalThis.Deno ? "Deno" : "Node";
console.log(`${name}: GET ${await length("GET", "/text")} ${await length("GET", "/stated")}, ` +
  `HEAD of a text ${await length("HEAD", "/text")}, stated ${await length("HEAD", "/stated")}` +
  (name === "Node" ? "" : `, without hono ${await length("HEAD", "/", bare)}`));
process.exit();
JS
{ node main.js; npx --no-install deno run -A --quiet main.js; npx --no-install bun main.js; } | tee seen
diff <(sed -n 's/^#   //p' "$script") seen
