#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fetch of Bun 1.4.5, Deno 2.9.6, Node 20 and undici 7.30.2. The body of a POST is a ReadableStream: a file, or
# in a proxy the body of another request. The signal is aborted before the server has answered, or after it
# answered early and its reply was read. The good guess is that the source is cancelled. That is so on Bun. On
# Node and with undici fetch rejects at once, nothing more is sent, and yet the source is read to its end: a
# client who gives up an upload of 10 GB still has it read, and a source that never ends stays for ever. Deno
# cancels it before an answer; after one abort has no effect any more, and all of it is sent. Seen:
#   bun: no answer: AbortError, source cancelled, sent in part; answered: 413, source cancelled, sent in part
#   deno: no answer: AbortError, source cancelled, sent in part; answered: 413, source read to its end, sent whole
#   node: no answer: AbortError, source read to its end, sent in part; answered: 413, source read to its end, sent in part
#   undici: no answer: AbortError, source read to its end, sent in part; answered: 413, source read to its end, sent in part
set -euo pipefail
script=$(realpath "$0"); dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init --yes >/dev/null; npm install --no-audit --no-fund --silent bun@1.4.5 deno@2.9.6 undici@7.30.2
npx --no-install bun --version; npx --no-install deno --version | head -1; node --version; cat >case.mjs <<'EOF'
import { createServer } from "node:http";
const post = process.argv[2] ? (await import("undici")).fetch : fetch, pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
let bytes, parts, end; const server = createServer((request, response) => request.on("error", () => {}).on("data", (data) => {
  bytes += data.length;
  if (request.url === "/answer" && bytes > 3000 && !response.headersSent) response.writeHead(413).end("too large");
}));
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const pull = (to) => pause(20).then(() => parts++ < 150 ? to.enqueue(new Uint8Array(1000)) : (end("read to its end"), to.close()));
async function trial(url) {
  bytes = parts = 0;
  const control = new AbortController(), { signal } = control, source = new Promise((resolve) => end = resolve);
  const body = new ReadableStream({ pull, cancel: () => end("cancelled") });
  const outcome = post(url, { method: "POST", body, duplex: "half", signal })
    .then(async (response) => (await response.text(), response.status), (error) => error.name);
  while (bytes <= 3000) await pause(5);
  if (url.endsWith("/answer")) await outcome;
  control.abort();
  return `${await outcome}, source ${await source}, sent ${await pause(200).then(() => bytes) === 150_000 ? "whole" : "in part"}`;
}
const url = `http://127.0.0.1:${server.address().port}/`;
console.log(`no answer: ${await trial(url)}; answered: ${await trial(`${url}answer`)}`); process.exit();
EOF
{ echo "bun: $(npx --no-install bun case.mjs)"; echo "deno: $(npx --no-install deno run -A case.mjs)"; echo "node: $(node case.mjs)"; echo "undici: $(node case.mjs undici)"; } | tee seen
diff <(sed -n 's/^#   //p' "$script") seen
