#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Bun 1.4.5, Deno 2.9.6, Node 20, fflate 0.8.3 and pako 3.0.3. A gzip file may have several members, one after the
# other (RFC 1952 2.2): `cat a.gz b.gz`, a log that is appended to, bgzip. gunzip and node:zlib return all of
# it. The good guess is that everything else does, or fails. Bun.gunzipSync returns the first
# member and no error, and so does Deno's fetch for a reply with Content-Encoding: gzip, so that a log ends
# where it was first appended to; fflate cuts even that one, to the length of the last. Deno's DecompressionStream
# throws. The frames of zstd (RFC 8878 3.1) may follow each other in the same way: Deno's node:zlib drops the rest.
# Seen:
#   node: zlib both, DecompressionStream both, fetch both
#   bun: zlib both, DecompressionStream both, fetch both, Bun.gunzipSync first only, node:zlib zstd both
#   deno: zlib both, DecompressionStream TypeError, fetch first only, node:zlib zstd first only
#   packages: fflate part of the first, pako both
set -euo pipefail
script=$(realpath "$0")
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init --yes >/dev/null; npm install --no-audit --no-fund --silent bun@1.4.5 deno@2.9.6 fflate@0.8.3 pako@3.0.3
npx --no-install bun --version; npx --no-install deno --version | head -1; node --version
cat >case.mjs <<'EOC'
import { createServer } from "node:http";
import * as zlib from "node:zlib";
const pack = (compress) => Buffer.concat(["first,", "last"].map((text) => compress(Buffer.from(text)))), all = pack(zlib.gzipSync), seen = [];
async function trial(name, f) {
  const text = await (async () => new TextDecoder().decode(await f()))().catch((error) => error.name);
  seen.push(`${name} ${{ "first,last": "both", "first,": "first only", "firs": "part of the first" }[text] ?? text}`);
}
if (process.argv[2] === "packages") {
  await trial("fflate", async () => (await import("fflate")).gunzipSync(all)); await trial("pako", async () => (await import("pako")).ungzip(all));
} else {
  const server = createServer((_, reply) => reply.writeHead(200, { "content-encoding": "gzip", "content-length": all.length }).end(all));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  await trial("zlib", () => zlib.gunzipSync(all));
  await trial("DecompressionStream", () => new Response(new Blob([all]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer());
  await trial("fetch", async () => (await fetch(`http://127.0.0.1:${server.address().port}/`)).arrayBuffer());
  if (globalThis.Bun) await trial("Bun.gunzipSync", () => Bun.gunzipSync(all));
  if (process.argv[2] !== "node") await trial("node:zlib zstd", () => zlib.zstdDecompressSync(pack(zlib.zstdCompressSync)));
}
console.log(`${process.argv[2]}: ${seen.join(", ")}`); process.exit();
EOC
{ node case.mjs node; npx --no-install bun case.mjs bun; npx --no-install deno run -A case.mjs deno; node case.mjs packages; } | tee seen; diff <(sed -n 's/^#   //p' "$script") seen
