// SPDX-License-Identifier: MIT
/** `chunks()` used by two goroutines at once. */
import assert from "node:assert/strict";
import { background, chan, go, PanicError, withCancel } from "../../mod.ts";
import { giveBack, lend } from "../../src/fd/buffer_pool.ts";
import { ReaderChunks } from "../../src/fd/chunks.ts";
import { waysToConnect } from "../support/connected.ts";
import { both, parked } from "../support/harness.ts";
import { tlsTest } from "../support/tls_engines.ts";

for (const [over, test, connect] of waysToConnect(tlsTest)) {
  test(`next() in a second goroutine is an error, over ${over}`, function* () {
    const [a, b] = yield* connect();
    using _ = a, __ = b;
    const [ctx, cancel] = withCancel(background());
    for (const first of [undefined, ctx]) {
      for (const second of [undefined, ctx]) {
        using chunks = a.chunks();
        const one = go(function* () {
          return (yield* chunks.next(first))!.slice();
        });
        yield* parked(one);
        assert.throws(
          () => chunks.next(second),
          (error: Error) => error instanceof PanicError && /two goroutines/.test(error.message),
        );
        yield* b.write("bytes");
        assert.deepEqual(yield* one.join(), new TextEncoder().encode("bytes"));
      }
    }
    cancel();
  });
}

both("disposal in a second goroutine leaves a read its buffer", function* () {
  const more = chan<void>();
  let target: Uint8Array | null = null;
  const chunks = new ReaderChunks({
    *readable() {},
    *read(p) {
      target = p;
      yield* more.recv();
      return 1;
    },
  });
  const one = go(() => chunks.next());
  yield* parked(one);
  chunks[Symbol.dispose]();
  const other = lend();
  assert.notEqual(other.bytes, target);
  giveBack(other);
  yield* more.send();
  yield* one.join();
  chunks[Symbol.dispose]();
});
