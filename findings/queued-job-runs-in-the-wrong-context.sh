#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Four queues of npm that do one job at a time: p-queue 9.3.5, bottleneck 2.19.5, p-limit 7.3.3, async-mutex
# 0.5.0; the same on Node 20, Bun 1.4.5 and Deno 2.9.6. Each request has its own AsyncLocalStorage value, for
# its log lines, its trace or its transaction, and queues a job. The good guess is that a job has the value of
# the request that queued it. In p-queue and bottleneck it has that of the job before it: every job that
# is queued while the queue is busy runs as the request that found it idle, so two requests are mixed up just
# under load, and the awaiting caller sees nothing of it. p-limit, of the same author as p-queue, and
# async-mutex keep them apart. Seen:
#   async-mutex: job of a in a, of b in b, of c in c; queue idle: of d in d
#   bottleneck: job of a in a, of b in a, of c in a; queue idle: of d in d
#   p-limit: job of a in a, of b in b, of c in c; queue idle: of d in d
#   p-queue: job of a in a, of b in a, of c in a; queue idle: of d in d
set -euo pipefail
script=$(realpath "$0")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init --yes >/dev/null
npm install --no-audit --no-fund --silent p-queue@9.3.5 bottleneck@2.19.5 p-limit@7.3.3 async-mutex@0.5.0 bun@1.4.5 deno@2.9.6
npx --no-install bun --version; npx --no-install deno --version | head -1; node --version
cat >case.mjs <<'EOF'
import { AsyncLocalStorage } from "node:async_hooks";
import process from "node:process";
import { Mutex } from "async-mutex";
import Bottleneck from "bottleneck";
import pLimit from "p-limit";
import PQueue from "p-queue";
const request = new AsyncLocalStorage(), pause = () => new Promise((resolve) => setTimeout(resolve, 20));
const mutex = new Mutex(), bottleneck = new Bottleneck({ maxConcurrent: 1 }), queue = new PQueue({ concurrency: 1 });
async function trial(name, enqueue) {
  const job = (id) => async () => (await pause(), `of ${id} in ${request.getStore()}`);
  const run = (id) => request.run(id, () => enqueue(job(id)));
  console.log(`${name}: job ${(await Promise.all(["a", "b", "c"].map(run))).join(", ")}; queue idle: ${await pause().then(() => run("d"))}`);
}
await trial("async-mutex", (job) => mutex.runExclusive(job)); await trial("bottleneck", (job) => bottleneck.schedule(job));
await trial("p-limit", pLimit(1)); await trial("p-queue", (job) => queue.add(job));
process.exit();
EOF
node case.mjs | tee seen; diff seen <(npx --no-install bun case.mjs); diff seen <(npx --no-install deno run -A case.mjs)
diff <(sed -n 's/^#   //p' "$script") seen
