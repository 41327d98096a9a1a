#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# RetryAgent of undici 7.30.2, Node 20; 8.13.1 does the same. A download breaks off in the middle, and between that
# and the next try the file is replaced. RetryAgent resumes by itself, with a Range for the rest. The good
# guess is that it asks for the rest of the same version (If-Range, RFC 9110 13.1.5) or starts again. It
# compares strong ETags alone: with a weak one, as nginx has for what it compresses, with Last-Modified,
# which changed, or with neither, the two halves are joined, status 200, and the caller does not learn of it. Seen:
#   strong ETag: If-Range none, body ETag mismatch
#   weak ETag: If-Range none, body 4 of the old, 6 of the new
#   Last-Modified: If-Range none, body 4 of the old, 6 of the new
#   no validator: If-Range none, body 4 of the old, 6 of the new
set -euo pipefail
script=$(realpath "$0")
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init --yes >/dev/null; npm install --no-audit --no-fund --silent undici@7.30.2
node --version
cat >case.mjs <<'EOC'
import { createServer } from "node:http";
import { Agent, request, RetryAgent } from "undici";
async function trial(name, validator) {
  let version = 0, ifRange;
  const server = createServer(({ headers }, response) => {
    const file = ["old", "new"][version++].at(0).repeat(10), fields = { "accept-ranges": "bytes", ...validator(version) };
    const from = Number(/bytes=(\d+)/.exec(headers.range)?.[1] ?? 0), rest = file.slice(from);
    ifRange = headers["if-range"] ?? "none";
    if (from > 0) Object.assign(fields, { "content-range": `bytes ${from}-9/10` });
    response.writeHead(from > 0 ? 206 : 200, { ...fields, "content-length": rest.length });
    if (version > 1) return response.end(rest);
    response.write(rest.slice(0, 4)); setTimeout(() => response.destroy(), 100);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const dispatcher = new RetryAgent(new Agent(), { minTimeout: 10 });
  const body = await request(`http://127.0.0.1:${server.address().port}/`, { dispatcher }).then(({ body }) => body.text()).catch((error) => error.message);
  console.log(`${name}: If-Range ${ifRange}, body ${body.replace(/^(o+)(n+)$/, (_, o, n) => `${o.length} of the old, ${n.length} of the new`)}`);
}
await trial("strong ETag", (version) => ({ etag: `"${version}"` })); await trial("weak ETag", (version) => ({ etag: `W/"${version}"` }));
await trial("Last-Modified", (version) => ({ "last-modified": new Date(version * 1e12).toUTCString() })); await trial("no validator", () => ({})); process.exit();
EOC
node case.mjs | tee seen; diff <(sed -n 's/^#   //p' "$script") seen
