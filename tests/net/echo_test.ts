// SPDX-License-Identifier: MIT
/** A first connection, there and back. */
import assert from "node:assert/strict";
import { both, pair } from "../support/harness.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

for (const network of ["tcp4", "tcp6"] as const) {
  both(`data written at one end is read at the other, on ${network}`, function* () {
    const [a, b] = yield* pair(network);
    using _a = a, _b = b;
    const buf = new Uint8Array(64);
    assert.equal(yield* a.write(new TextEncoder().encode("ping")), 4);
    assert.equal(text(buf.subarray(0, (yield* b.read(buf))!)), "ping");
    assert.equal(yield* b.write(new TextEncoder().encode("pong!")), 5);
    assert.equal(text(buf.subarray(0, (yield* a.read(buf))!)), "pong!");
    a.closeWrite();
    assert.equal(yield* b.read(buf), null);
  });
}
