#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# hono 4.13.19 on Bun 1.4.5, Deno 2.9.6 and Node 20 (@hono/node-server 2.1.9). A route writes a download with
# `stream(c, callback)`, and the callback throws in the midst: the database is gone. The good guess: the client sees
# that the body broke off, as it does on each of them when the handler returns a ReadableStream that fails. Seen: the
# response ends in order. The error is printed on the server's console, the last chunk is sent, and a client that reads
# to the end has half of the file and no error; a cache between the two may keep it. So a callback has to catch its
# errors and abort by itself, and a client needs a length or a sum.
#   Node: hono's stream ends with "half", a failing ReadableStream breaks off
#   Deno: hono's stream ends with "half", a failing ReadableStream breaks off
#   Bun: hono's stream ends with "half", a failing ReadableStream breaks off
set -euo pipefail
script=$(realpath "$0")
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
echo '{"type":"module"}' >package.json
npm install --silent --no-audit --no-fund hono@4.13.19 @hono/node-server@2.1.9 bun@1.4.5 deno@2.9.6
cat >main.js <<'JS'
import { Hono } from "hono";
import { stream } from "hono/streaming";
const sleep = () => new Promise((done) => setTimeout(done, 100));
const fail = () => { throw new Error("the database is gone"); };
const app = new Hono();
app.get("/hono", (c) => stream(c, async (to) => { await to.write("half"); await sleep(); fail(); }));
app.get("/plain", () => new Response(new ReadableStream({
  async start(to) { to.enqueue(new TextEncoder().encode("half")); await sleep(); to.error(new Error("the database is gone")); },
})));
async function listen() {
  if (globalThis.Bun) return Bun.serve({ port: 0, fetch: app.fetch }).port;
  if (globalThis.Deno) return Deno.serve({ port: 0, onListen() {} }, app.fetch).addr.port;
  const { serve } = await import("@hono/node-server");
  return new Promise((done) => serve({ fetch: app.fetch, port: 0 }, ({ port }) => done(port)));
}
const url = `http://127.0.0.1:${await listen()}`, name = globalThis.Bun ? "Bun" : globalThis.Deno ? "Deno" : "Node";
const end = (path) => fetch(url + path).then((answer) => answer.text()).then((text) => `ends with "${text}"`, () => "breaks off");
console.log(`${name}: hono's stream ${await end("/hono")}, a failing ReadableStream ${await end("/plain")}`);
process.exit();
JS
{ node main.js; npx --no-install deno run -A --quiet main.js; npx --no-install bun main.js; } 2>log | tee seen
diff <(sed -n 's/^#   //p' "$script") seen
