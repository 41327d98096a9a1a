#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# p-retry 9.0.0 around fetch, on Bun 1.4.5, Deno 2.9.6 and Node 20. Each of four failures is gone at the second
# try. p-retry holds a TypeError to be a mistake in the program and ends with it, unless its message is one of
# those that some fetch is known to use for the network (is-network-error 1.3.2). The good guess is that a
# library made for this knows them. Bun has its own words, in a TypeError: there p-retry repeats no
# failed fetch at all, and `retries: 3` has no effect. Deno has two sets of words, and those of a reply that ends
# too early are not known, so a refused connection is tried again and a broken download is not. Seen:
#   bun: refused 1 tries, closed without a reply 1 tries, body cut 1 tries, reset in the body 1 tries
#   deno: refused 2 tries, closed without a reply 2 tries, body cut 1 tries, reset in the body 1 tries
#   node: refused 2 tries, closed without a reply 2 tries, body cut 2 tries, reset in the body 2 tries
set -euo pipefail
script=$(realpath "$0")
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init --yes >/dev/null; npm install --no-audit --no-fund --silent bun@1.4.5 deno@2.9.6 p-retry@9.0.0 is-network-error@1.3.2
npx --no-install bun --version; npx --no-install deno --version | head -1; node --version
cat >case.mjs <<'EOC'
import { createServer } from "node:net";
import pRetry from "p-retry";
const reply = (text) => `HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 10\r\n\r\n${text}`;
const fail = {
  "closed without a reply": (socket) => socket.end(),
  "body cut": (socket) => socket.end(reply("half")),
  "reset in the body": (socket) => { socket.write(reply("half")); setTimeout(() => socket.resetAndDestroy(), 50); },
};
const listen = (server, port = 0) => new Promise((resolve) => server.listen(port, "127.0.0.1", () => resolve(server.address().port)));
async function trial(name) {
  let asked = 0, tries = 0;
  const server = createServer((socket) => socket.on("error", () => {}).once("data", () => asked++ || !fail[name] ? socket.end(reply("0123456789")) : fail[name](socket)));
  const port = await listen(server);
  if (name === "refused") await new Promise((resolve) => server.close(resolve));
  const download = async () => { tries++; return await (await fetch(`http://127.0.0.1:${port}/`)).text(); };
  await pRetry(download, { retries: 3, minTimeout: 50, onFailedAttempt: () => name === "refused" && tries === 1 ? listen(server, port) : undefined }).catch(() => {});
  return `${name} ${tries} tries`;
}
const all = []; for (const name of ["refused", ...Object.keys(fail)]) all.push(await trial(name));
console.log(`${process.argv[2]}: ${all.join(", ")}`); process.exit();
EOC
{ npx --no-install bun case.mjs bun; npx --no-install deno run -A case.mjs deno; node case.mjs node; } | tee seen; diff <(sed -n 's/^#   //p' "$script") seen
