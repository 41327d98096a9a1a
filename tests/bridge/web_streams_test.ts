// SPDX-License-Identifier: MIT
/** Connections as the streams of the web platform. */
import assert from "node:assert/strict";
import {
  fromWebStreams,
  go,
  type OpError,
  readAll,
  type Routine,
  sleep,
  toWebStreams,
  wait,
} from "../../mod.ts";
import { only, pair, thrown, until, wineGap } from "../support/harness.ts";
import { assertPattern, pattern } from "../support/pattern.ts";

const LARGE = 4 << 20;
const text = (s: string) => new TextEncoder().encode(s);

/** What a promise rejects with. */
function* rejection(promise: Promise<unknown>): Routine<unknown> {
  return yield* thrown(wait(promise));
}

only("run", "what is written to one comes out of the other", function* () {
  const [a, b] = yield* pair();
  const [here, there] = [toWebStreams(a), toWebStreams(b)];
  const all = new Response(there.readable).arrayBuffer();
  const writer = here.writable.getWriter();
  yield* wait(writer.write(pattern(LARGE)));
  yield* wait(writer.close());
  assertPattern(new Uint8Array(yield* wait(all)), LARGE);
  yield* wait(there.writable.close());
  assert.equal((yield* wait(here.readable.getReader().read())).done, true);
  yield* until(() => a.fd === -1 && b.fd === -1);
});

only("run", "a pipe through a transformation, and back", function* () {
  const [a, b] = yield* pair();
  const [here, there] = [toWebStreams(a), toWebStreams(b)];
  const echoed = there.readable.pipeTo(there.writable);
  const packed = new Blob([pattern(LARGE)]).stream().pipeThrough(new CompressionStream("gzip"));
  const sent = packed.pipeTo(here.writable);
  const unpacked = here.readable.pipeThrough(new DecompressionStream("gzip"));
  assertPattern(new Uint8Array(yield* wait(new Response(unpacked).arrayBuffer())), LARGE);
  yield* wait(Promise.all([echoed, sent]));
});

only("run", "a reader may bring its own memory", function* () {
  const [a, b] = yield* pair();
  const reader = toWebStreams(a).readable.getReader({ mode: "byob" });
  yield* b.write(text("hello"));
  const first = yield* wait(reader.read(new Uint8Array(3)));
  assert.equal(new TextDecoder().decode(first.value), "hel");
  // The memory goes back and forth.
  const second = yield* wait(reader.read(new Uint8Array(first.value!.buffer)));
  assert.equal(new TextDecoder().decode(second.value), "lo");
  const waiting = reader.read(new Uint8Array(100));
  yield* sleep(5);
  b.closeWrite();
  const last = yield* wait(waiting);
  assert.equal(last.done, true);
  assert.equal(last.value!.length, 0);
  a.abort();
  b.close();
});

only("run", "nothing is read that nobody asked for", function* () {
  const [a, b] = yield* pair();
  toWebStreams(a);
  const writer = go(() => thrown(b.write(new Uint8Array(64 << 20))));
  yield* until(() => writer.status === "waiting");
  a.abort();
  yield* writer.join();
  b.close();
});

only("run", "a write is over when the kernel has taken it", function* () {
  const [a, b] = yield* pair();
  const writer = toWebStreams(a).writable.getWriter();
  let done = false;
  const written = writer.write(new Uint8Array(64 << 20)).then(() => done = true, () => {});
  yield* sleep(50);
  assert.equal(done, false);
  assert.ok(writer.desiredSize! <= 0);
  const failed = rejection(writer.closed);
  b.abort();
  assert.equal(((yield* failed) as OpError).code, "ECONNRESET");
  yield* wait(written);
  a[Symbol.dispose]();
});

only("run", "cancelling the one leaves the other", function* () {
  const [a, b] = yield* pair();
  const { readable, writable } = toWebStreams(a);
  const reader = readable.getReader();
  const waiting = reader.read();
  yield* sleep(5);
  yield* wait(reader.cancel());
  assert.equal((yield* wait(waiting)).done, true);
  const writer = writable.getWriter();
  yield* wait(writer.write(text("still here")));
  assert.ok(a.fd >= 0);
  yield* wait(writer.close());
  assert.equal(new TextDecoder().decode(yield* readAll(b)), "still here");
  assert.equal(a.fd, -1);
  b.close();
});

only("run", "aborting the writable one resets the connection", function* () {
  const [a, b] = yield* pair();
  const { readable, writable } = toWebStreams(a);
  const reading = rejection(readable.getReader().read());
  const waiting = go(() => reading);
  yield* sleep(5);
  yield* wait(writable.abort(new Error("enough")));
  assert.equal(((yield* thrown(b.read(new Uint8Array(1)))) as OpError).code, "ECONNRESET");
  assert.equal(((yield* waiting.join()) as OpError).code, "ERR_SOCKET_CLOSED");
  b.close();
}, wineGap("a reset before the first receive"));

only("run", "an error of the connection is the error of the streams", function* () {
  const [a, b] = yield* pair();
  const { readable } = toWebStreams(a);
  const reading = go(() => rejection(readable.getReader().read()));
  yield* sleep(5);
  b.abort();
  assert.equal(((yield* reading.join()) as OpError).code, "ECONNRESET");
  a[Symbol.dispose]();
});

only("run", "what is no Uint8Array is refused", function* () {
  const [a, b] = yield* pair();
  const writer = toWebStreams(a).writable.getWriter();
  writer.closed.catch(() => {});
  const write = writer.write("text" as unknown as Uint8Array);
  assert.ok((yield* rejection(write)) instanceof TypeError);
  a[Symbol.dispose]();
  b.close();
});

only("run", "two streams as a connection", function* () {
  const through = new TransformStream<Uint8Array, Uint8Array>();
  const conn = fromWebStreams(through);
  const reader = go(() => readAll(conn));
  assert.equal(yield* conn.write(pattern(LARGE)), LARGE);
  conn.closeWrite();
  assertPattern(yield* reader.join(), LARGE);
  assert.equal(conn.localAddr.network, "stream");
  conn.close();
});
