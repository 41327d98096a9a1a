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
  type WebStreams,
} from "../../mod.ts";
import { only, pair, thrown, until, wineGap } from "../support/harness.ts";
import { assertPattern, pattern } from "../support/pattern.ts";

const LARGE = 4 << 20;
const text = (s: string) => new TextEncoder().encode(s);

/** What a promise rejects with. */
function* rejection(promise: Promise<unknown>): Routine<unknown> {
  return yield* thrown(wait(promise));
}

only("run", "data written to one stream is read from the other", function* () {
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

only("run", "data is piped through a transformation and back", function* () {
  const [a, b] = yield* pair();
  const [here, there] = [toWebStreams(a), toWebStreams(b)];
  const echoed = there.readable.pipeTo(there.writable);
  const packed = new Blob([pattern(LARGE)]).stream().pipeThrough(new CompressionStream("gzip"));
  const sent = packed.pipeTo(here.writable);
  const unpacked = here.readable.pipeThrough(new DecompressionStream("gzip"));
  assertPattern(new Uint8Array(yield* wait(new Response(unpacked).arrayBuffer())), LARGE);
  yield* wait(Promise.all([echoed, sent]));
});

only("run", "a reader may use its own buffer (BYOB)", function* () {
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

only("run", "no data is read before it is requested", function* () {
  const [a, b] = yield* pair();
  toWebStreams(a);
  const writer = go(() => thrown(b.write(new Uint8Array(64 << 20))));
  yield* until(() => writer.status === "waiting");
  a.abort();
  yield* writer.join();
  b.close();
});

only("run", "a write completes once the kernel has accepted it", function* () {
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

only("run", "cancelling one stream leaves the other open", function* () {
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

only("run", "aborting the writable stream resets the connection", function* () {
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

only("run", "a connection error is an error of the streams", function* () {
  const [a, b] = yield* pair();
  const { readable } = toWebStreams(a);
  const reading = go(() => rejection(readable.getReader().read()));
  yield* sleep(5);
  b.abort();
  assert.equal(((yield* reading.join()) as OpError).code, "ECONNRESET");
  a[Symbol.dispose]();
});

only("run", "a chunk that is not a Uint8Array is rejected", function* () {
  const [a, b] = yield* pair();
  const writer = toWebStreams(a).writable.getWriter();
  writer.closed.catch(() => {});
  const write = writer.write("text" as unknown as Uint8Array);
  assert.ok((yield* rejection(write)) instanceof TypeError);
  a[Symbol.dispose]();
  b.close();
});

only("run", "two streams work as a connection", function* () {
  const through = new TransformStream<Uint8Array, Uint8Array>();
  const conn = fromWebStreams(through);
  const reader = go(() => readAll(conn));
  assert.equal(yield* conn.write(pattern(LARGE)), LARGE);
  conn.closeWrite();
  assertPattern(yield* reader.join(), LARGE);
  assert.equal(conn.localAddr.network, "stream");
  conn.close();
});

/** Ways to end a stream whose peer has stopped reading. */
const ENDS: Record<
  string,
  (writable: WritableStream<Uint8Array>, controller: AbortController) => Promise<unknown>
> = {
  "writer.abort()": async (writable) => {
    const writer = writable.getWriter();
    const writing = writer.write(new Uint8Array(1 << 24)).catch((error: unknown) => error);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await writer.abort(new Error("enough"));
    return await writing;
  },
  "a pipe with a signal that is the streams', too": async (writable, controller) => {
    const source = new ReadableStream<Uint8Array>({
      pull: (to) => to.enqueue(new Uint8Array(1 << 20)),
    });
    const piping = source.pipeTo(writable, { signal: controller.signal });
    setTimeout(() => controller.abort(new Error("enough")), 20);
    return await piping.catch((error: unknown) => error);
  },
};

/** A source that is never at its end. */
function endless(): ReadableStream<Uint8Array> {
  return new ReadableStream({ pull: (to) => to.enqueue(new Uint8Array(1 << 20)) });
}

/** Pipes with a signal of their own. */
const PIPES: Record<
  string,
  (streams: WebStreams, signal: AbortSignal) => Promise<unknown>
> = {
  pipeTo: ({ writable }, signal) => endless().pipeTo(writable, { signal }),
  "pipeTo, not canceling its source": ({ writable }, signal) =>
    endless().pipeTo(writable, { signal, preventCancel: true }),
  pipeThrough: (streams, signal) =>
    new Response(endless().pipeThrough(streams, { signal })).arrayBuffer(),
};

for (const [name, pipe] of Object.entries(PIPES)) {
  only(
    "run",
    `${name} with a signal ends at once if its peer has stopped reading`,
    function* () {
      const [a, b] = yield* pair();
      const controller = new AbortController();
      const piping = go(() => rejection(pipe(toWebStreams(a), controller.signal)));
      yield* sleep(20);
      assert.equal(piping.status, "waiting");
      const reason = new Error("enough");
      controller.abort(reason);
      const error = yield* piping.join();
      if (name !== "pipeThrough") assert.equal(error, reason);
      assert.equal(a.fd, -1);
      assert.equal(((yield* thrown(readAll(b))) as OpError).code, "ECONNRESET");
      b.close();
    },
    wineGap("a reset before the first receive"),
  );
}

only(
  "run",
  "a signal does not affect a connection whose pipe has ended or has preventAbort",
  function* () {
    const [a, b] = yield* pair();
    const controller = new AbortController();
    const { signal } = controller;
    const { readable, writable } = toWebStreams(a);
    yield* wait(new Blob(["one "]).stream().pipeTo(writable, { signal, preventClose: true }));
    controller.abort();
    const late = new Blob(["two"]).stream().pipeTo(writable, { signal, preventAbort: true });
    assert.equal(((yield* rejection(late)) as Error).name, "AbortError");
    assert.notEqual(a.fd, -1);
    yield* wait(writable.close());
    assert.equal(new TextDecoder().decode(yield* readAll(b)), "one ");
    b.close();
    yield* wait(readable.cancel());
  },
);

only("run", "pipes between other streams are unaffected", function* () {
  const [a, b] = yield* pair();
  toWebStreams(a);
  const { pipeTo, pipeThrough } = ReadableStream.prototype;
  assert.deepEqual([pipeTo.name, pipeThrough.name], ["pipeTo", "pipeThrough"]);
  const piped = new Blob(["text"]).stream().pipeThrough(new TextDecoderStream());
  assert.equal(
    yield* wait(new Response(piped.pipeThrough(new TextEncoderStream())).text()),
    "text",
  );
  const refused = new Blob(["x"]).stream().pipeTo(5 as unknown as WritableStream);
  assert.ok((yield* rejection(refused)) instanceof TypeError);
  a.abort();
  b.close();
});

for (const [name, end] of Object.entries(ENDS)) {
  only("run", `${name} ends at once if its peer has stopped reading`, function* () {
    const [a, b] = yield* pair();
    const controller = new AbortController();
    const { writable } = toWebStreams(a, { signal: controller.signal });
    const ended = yield* wait(end(writable, controller));
    assert.ok(ended instanceof Error, String(ended));
    assert.equal(a.fd, -1);
    const error = yield* thrown(readAll(b));
    assert.equal((error as OpError).code, "ECONNRESET");
    b.close();
  }, wineGap("a reset before the first receive"));
}

only(
  "run",
  "an already aborted signal resets the connection, and later ones have no effect",
  function* () {
    const [a, b] = yield* pair();
    toWebStreams(a, { signal: AbortSignal.abort() });
    assert.equal(a.fd, -1);
    b.close();
    const [c, d] = yield* pair();
    const controller = new AbortController();
    const { readable, writable } = toWebStreams(c, { signal: controller.signal });
    d.close();
    yield* wait(Promise.all([new Response(readable).arrayBuffer(), writable.close()]));
    yield* until(() => c.fd === -1);
    controller.abort();
    assert.throws(() => toWebStreams(c, { signal: 5 as unknown as AbortSignal }), TypeError);
  },
);
