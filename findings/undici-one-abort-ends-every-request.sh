#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# interceptors.deduplicate of undici 7.30.2, Node 20. Equal GETs that are made at the same time become one on the
# wire, and all callers get its reply. One of them gives up: its user went away, or its own time-out came. The
# good guess is that this ends its own request. When it is the caller whose request went first, all
# the others are rejected with its AbortError, although none of them has a signal, so one impatient user
# breaks a page for every user who requested it after him. Without the interceptor, only his fails. Seen:
#   plain: 3 requests; first AbortError, second reply, third reply
#   deduplicate: 1 requests; first AbortError, second AbortError, third AbortError
set -euo pipefail
script=$(realpath "$0")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >/dev/null
npm install --no-audit --no-fund --silent undici@7.30.2
node --version
cat >case.mjs <<'EOC'
import { createServer } from "node:http";
import { Agent, interceptors, request } from "undici";
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
async function trial(name, dispatcher) {
  let requests = 0;
  const server = createServer(async (_, response) => { requests++; await pause(500); response.end("reply"); });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const ask = (signal) => request(`http://127.0.0.1:${server.address().port}/`, { dispatcher, signal }).then(({ body }) => body.text()).catch((error) => error.name);
  const control = new AbortController(), all = [ask(control.signal), ask(), ask()];
  await pause(200);
  control.abort();
  const [first, second, third] = await Promise.all(all);
  console.log(`${name}: ${requests} requests; first ${first}, second ${second}, third ${third}`);
}
await trial("plain", new Agent());
await trial("deduplicate", new Agent().compose(interceptors.deduplicate()));
process.exit();
EOC
node case.mjs | tee seen
diff <(sed -n 's/^#   //p' "$script") seen
