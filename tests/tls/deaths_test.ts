// SPDX-License-Identifier: MIT
/** Each object of OpenSSL is freed once, whatever ends the connection. */
import "../support/poller.ts";
import assert from "node:assert/strict";
import { test } from "node:test";
import { live } from "../../src/tls/openssl/live.ts";
import { Random } from "../fuzz/random.ts";
import { tlsDeaths } from "../fuzz/tls_deaths.ts";
import { noOpenSSL } from "../support/tls_engines.ts";

/** Contexts that are kept for later calls. */
const KEPT_CONTEXTS = 16;
const CONNECTIONS = 500;

test("connections over pipes that end at random points leave no OpenSSL object", {
  skip: noOpenSSL,
  timeout: 120_000,
}, async () => {
  const before = live.connections;
  const { connections, contexts } = await tlsDeaths(CONNECTIONS, new Random(11));
  assert.equal(connections, before, "SSL objects");
  assert.ok(contexts <= KEPT_CONTEXTS, `${contexts} contexts`);
});
