#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# express 5.3.0 with compression 1.8.2, fastify 5.12.8 with @fastify/compress 9.2.0 and @fastify/static 10.1.11, hono
# 4.13.19 with compress(), etag() and serveStatic, Node 20. A client that takes gzip loads a file, loses the connection
# after 1000 bytes, and asks for the rest with `Range: bytes=1000-` and `If-Range:` the ETag that it was given. The good
# guess: the compressed file is another representation, its weak ETag does not match, and so it is sent anew (200).
# Seen: all three send 206, bytes 1000 and following of the file that is not compressed, though the client has the
# first 1000 of the one that is. express compresses that piece again by itself, under a Content-Range that counts the
# other bytes. What is joined cannot be unpacked. Without gzip the same two requests give the whole file.
#   express: gzip, then 206 gzip, joined unreadable; without gzip joined whole
#   fastify: gzip, then 206 undefined, joined unreadable; without gzip joined whole
#   hono: gzip, then 206 undefined, joined unreadable; without gzip joined whole
set -euo pipefail
script=$(realpath "$0"); folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
npm i --silent express@5.3.0 compression@1.8.2 fastify@5.12.8 @fastify/{compress@9.2.0,static@10.1.11} hono@4.13.19 @hono/node-server@2.1.9
cat >main.cjs <<'JS'
const http = require("node:http"), zlib = require("node:zlib"), { writeFileSync, mkdirSync } = require("node:fs");
const content = Array.from({ length: 20_000 }, (_, i) => i * 7919 % 10_007).join(); mkdirSync("files"), writeFileSync("files/a.txt", content);
const express = require("express"), fastify = require("fastify")(), { Hono } = require("hono");
const app = new Hono().use(require("hono/compress").compress(), require("hono/etag").etag())
  .use(require("@hono/node-server/serve-static").serveStatic({ root: "./files" }));
fastify.register(require("@fastify/compress")).register(require("@fastify/static"), { root: `${__dirname}/files` });
const servers = {
  express: () => new Promise((up) => { const s = express().use(require("compression")(), express.static("files")).listen(0, () => up(s.address().port)); }),
  fastify: () => fastify.listen({ port: 0 }).then(() => fastify.server.address().port),
  hono: () => new Promise((up) => require("@hono/node-server").serve({ fetch: app.fetch, port: 0 }, ({ port }) => up(port))),
};
const load = (port, headers) => new Promise((done) => http.get({ host: "localhost", port, path: "/a.txt", headers }, async (r) =>
  done({ status: r.statusCode, etag: r.headers.etag ?? r.headers["last-modified"], coding: r.headers["content-encoding"], body: Buffer.concat(await r.toArray()) })));
async function resume(port, accept) {
  const a = await load(port, accept), b = await load(port, { ...accept, range: "bytes=1000-", "if-range": a.etag });
  const all = Buffer.concat([a.body.subarray(0, 1000), b.body]);
  try { return [a, b, `${a.coding ? zlib.gunzipSync(all) : all}` === content ? "whole" : "other"]; } catch { return [a, b, "unreadable"]; }
}
async function show([name, start]) {
  const port = await start(), [a, b, joined] = await resume(port, { "accept-encoding": "gzip" });
  console.log(`${name}: ${a.coding}, then ${b.status} ${b.coding}, joined ${joined}; without gzip joined ${(await resume(port, {}))[2]}`);
} (async () => { for (const server of Object.entries(servers)) await show(server); process.exit(); })();
JS
node main.cjs | tee seen; diff <(sed -n 's/^#   //p' "$script") seen
