#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# node:worker_threads of Deno 2.9.6, Bun 1.4.5 and Node 20. A parent starts a worker and posts three jobs at
# once; the worker first connects to something, and then listens to its `parentPort`. The good guess is that
# messages wait for a listener, as they do on Node and Bun and in a MessagePort that was passed on. On Deno
# they are dropped without a word, and so is each message that comes while a worker which takes them one by
# one with `once` is at work on the last. With a listener from the start nothing is lost, so it shows where a
# worker got its first `await`, or a pool its first slow start. Seen:
#   bun: listens at once: a b c; after 200 ms: a b c; one by one: a b c; own port after 200 ms: a b c
#   deno: listens at once: a b c; after 200 ms: none; one by one: a; own port after 200 ms: a b c
#   node: listens at once: a b c; after 200 ms: a b c; one by one: a b c; own port after 200 ms: a b c
set -euo pipefail
script=$(realpath "$0")
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init --yes >/dev/null; npm install --no-audit --no-fund --silent bun@1.4.5 deno@2.9.6
npx --no-install bun --version; npx --no-install deno --version | head -1; node --version
cat >worker.mjs <<'EOF'
import { once } from "node:events";
import { parentPort, workerData } from "node:worker_threads";
const { how, port = parentPort } = workerData, pause = () => new Promise((resolve) => setTimeout(resolve, 200));
if (how.endsWith("200 ms")) await pause();
if (how === "one by one") while (true) port.postMessage((await once(port, "message"))[0]), await pause();
port.on("message", (job) => port.postMessage(job));
EOF
cat >case.mjs <<'EOF'
import { MessageChannel, Worker } from "node:worker_threads";
async function trial(how) {
  const { port1, port2 } = new MessageChannel(), own = how.startsWith("own"), done = [];
  const more = own ? [{ workerData: { how, port: port2 }, transferList: [port2] }] : [{ workerData: { how } }];
  const worker = new Worker(new URL("worker.mjs", import.meta.url), ...more), port = own ? port1 : worker;
  port.on("message", (job) => done.push(job));
  for (const job of ["a", "b", "c"]) port.postMessage(job);
  for (let i = 0; i < 60 && done.length < 3; i++) await new Promise((resolve) => setTimeout(resolve, 100));
  await worker.terminate(); port1.close(); return `${how}: ${done.join(" ") || "none"}`;
}
const all = ["listens at once", "after 200 ms", "one by one", "own port after 200 ms"].map(trial);
console.log((await Promise.all(all)).join("; "));
EOF
{ echo "bun: $(npx --no-install bun case.mjs)"; echo "deno: $(npx --no-install deno run -A case.mjs)"; echo "node: $(node case.mjs)"; } | tee seen
diff <(sed -n 's/^#   //p' "$script") seen
