#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# axios 1.21.1 and axios-retry 4.5.0 on Node 20, Bun 1.4.5 and Deno 2.9.6: a request with `timeout: 400` and two
# retries, to a server that stalls. If it stalls before its headers the error is ECONNABORTED, "timeout of 400ms
# exceeded", and `isNetworkOrIdempotentRequestError` together with a test for that code repeats the request. If it
# stalls in the midst of the body the same timeout is ERR_BAD_RESPONSE, "stream has been aborted", with a response
# of status 200: it looks like an answer, and what looks for a timeout neither recognizes nor repeats it. Seen:
#   node: before the headers ECONNABORTED after 3 attempts; in the body ERR_BAD_RESPONSE (status 200) after 1 attempt
#   bun: before the headers ECONNABORTED after 3 attempts; in the body ERR_BAD_RESPONSE (status 200) after 1 attempt
#   deno: before the headers ECONNABORTED after 3 attempts; in the body ERR_BAD_RESPONSE (status 200) after 1 attempt
set -euo pipefail
script=$(realpath "$0")
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init --yes >/dev/null; npm install --no-audit --no-fund --silent bun@1.4.5 deno@2.9.6 axios@1.21.1 axios-retry@4.5.0
cat >stalled.mjs <<'EOC'
import net from "node:net"; import { once } from "node:events"; import process from "node:process"; import axios from "axios"; import axiosRetry, { isNetworkOrIdempotentRequestError } from "axios-retry";
setTimeout(() => process.exit(1), 60_000);
/** Returns the error of a request to a server that sends `part` of an answer and no more. */
async function failure(part) {
  let attempts = 0;
  const server = net.createServer((socket) => { attempts++; socket.on("error", () => {}).on("data", () => socket.write(part)); }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = axios.create({ timeout: 400 });
  axiosRetry(client, { retries: 2, shouldResetTimeout: true, retryCondition: (error) => error.code === "ECONNABORTED" || isNetworkOrIdempotentRequestError(error) });
  const error = await client.get(`http://127.0.0.1:${server.address().port}/`).then(() => ({ code: "none" }), (error) => error);
  return `${error.code}${error.response ? ` (status ${error.response.status})` : ""} after ${attempts} attempt${attempts === 1 ? "" : "s"}`;
}
const runtime = globalThis.Deno ? "deno" : process.versions.bun ? "bun" : "node";
console.log(`${runtime}: before the headers ${await failure("")}; in the body ${await failure("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello")}`);
process.exit();
EOC
npx --no-install bun --version; npx --no-install deno --version | head -1; node --version
{ node stalled.mjs; node_modules/.bin/bun stalled.mjs; node_modules/.bin/deno run -A stalled.mjs; } | tee seen
diff <(sed -n 's/^#   //p' "$script") seen
