#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# ldapts 8.2.0, Node 20, with a server made by ldapjs 3.0.7 that shows its entries to a bound client and none to
# others, as directories do. The client binds once at its start; then its connection is lost: an idle
# time-out of the server, or a restart. The good guess is that the next search fails, or that the client binds
# again. ldapts connects again in silence, and does not bind: the search succeeds as anonymous, with no entry
# at all, and `isConnected` is true, so that a nightly synchronisation finds that every user has left. Seen:
#   before: bound as cn=reader, 3 entries
#   after: bound as nobody, 0 entries, no error, isConnected true
#   after another bind: bound as cn=reader, 3 entries
set -euo pipefail
script=$(realpath "$0")
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init --yes >/dev/null; npm install --no-audit --no-fund --silent ldapts@8.2.0 ldapjs@3.0.7
node --version
cat >case.mjs <<'EOC'
import ldapjs from "ldapjs";
import { Client } from "ldapts"; setTimeout(() => process.exit(1), 60_000);
const reader = "cn=reader", base = "o=example", sockets = [];
let who;
const server = ldapjs.createServer();
server.bind(reader, (_, response, next) => (response.end(), next()));
server.search(base, (request, response, next) => {
  const bound = request.connection.ldap.bindDN.equals(reader);
  who = bound ? reader : "nobody";
  for (const name of bound ? ["ann", "bob", "eve"] : []) response.send({ dn: `cn=${name},${base}`, attributes: { objectclass: ["person"], cn: [name] } });
  response.end(); next();
});
server.server.on("connection", (socket) => sockets.push(socket));
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const client = new Client({ url: `ldap://127.0.0.1:${server.port}` });
const search = async () => `${(await client.search(base, { scope: "sub", filter: "(objectclass=person)" })).searchEntries.length} entries`;
const report = async (name, found) => console.log(`${name}: bound as ${who}, ${found}`);
await client.bind(reader, "secret"); await report("before", await search());
sockets[0].destroy(); while (client.isConnected) await new Promise((resolve) => setTimeout(resolve, 50));
await report("after", `${await search().then((found) => `${found}, no error`)}, isConnected ${client.isConnected}`);
await client.bind(reader, "secret"); await report("after another bind", await search()); process.exit();
EOC
node --no-warnings case.mjs | tee seen
diff <(sed -n 's/^#   //p' "$script") seen
