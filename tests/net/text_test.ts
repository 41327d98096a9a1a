// SPDX-License-Identifier: MIT
// cspell:ignore grüße
/** Text that is written to a connection: UTF-8, counted in bytes. */
import assert from "node:assert/strict";
import { type Conn, go, pipe, readAll, type Routine } from "../../mod.ts";
import { both, only, onWine, pair, wineGap } from "../support/harness.ts";
import { tlsPair } from "../support/tls_pair.ts";
import { unixPair } from "../bufio/sources.ts";

const TEXT = "grüße, €, 😀\n";

/** Writes text to `a`, and reads all of it from `b`. */
function* exchange([a, b]: [Conn, Conn]): Routine<void> {
  using _a = a;
  using _b = b;
  const reading = go(() => readAll(b));
  const encoded = new TextEncoder().encode(TEXT);
  assert.equal(yield* a.write(TEXT), encoded.length);
  assert.equal(yield* a.write(""), 0);
  assert.equal(yield* a.write("\ud800"), 3);
  for (const wrong of [3, null, undefined, {}, [1, 2], new ArrayBuffer(2)]) {
    assert.throws(() => a.write(wrong as never), /must be a Uint8Array or a string/);
  }
  a.closeWrite();
  assert.equal(new TextDecoder().decode(yield* reading.join()), `${TEXT}\ufffd`);
}

both("text is written to TCP", function* () {
  yield* exchange(yield* pair());
});

both("text is written to a Unix socket", function* () {
  yield* exchange(yield* unixPair());
}, wineGap("AF_UNIX"));

both("text is written to a pipe", function* () {
  yield* exchange(pipe());
});

only("run", "text is written under TLS", function* () {
  yield* exchange(yield* tlsPair());
}, onWine && "slow under Wine");
