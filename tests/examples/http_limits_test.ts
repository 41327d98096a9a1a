// SPDX-License-Identifier: MIT
/**
 * The HTTP example at its limits: clients that are slow to send or to receive, and handlers that read
 * a body late, or not at all.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { HttpEvents } from "../../examples/http/events.ts";
import type { Handler } from "../../examples/http/exchange.ts";
import type { Incoming } from "../../examples/http/incoming.ts";
import { QuickResponse } from "../../examples/http/outgoing.ts";
import { serveHttp } from "../../examples/http/serve.ts";
import type { EventConn } from "../../event.ts";
import {
  type Conn,
  dial,
  go,
  isTimeout,
  listen,
  readAll,
  type Routine,
  run,
  sleep,
  wait,
} from "../../mod.ts";

const IDLE_MS = 100;
/** For what must not depend on how fast the machine is. */
const AMPLE_MS = 60_000;
const LONG = new Uint8Array(64 << 20);

/** Serves one connection, and returns what `client` returns and the error that ended the serving. */
function serving<T>(
  client: (conn: Conn) => Routine<T>,
  handler: Handler = () => new QuickResponse(LONG),
  idleMs = IDLE_MS,
  watch = (_accepted: Conn) => {},
): Promise<[T, unknown]> {
  return run(function* () {
    using listener = yield* listen("tcp", "127.0.0.1:0");
    using conn = yield* dial("tcp", String(listener.addr));
    const accepted = yield* listener.accept();
    watch(accepted);
    const served = go(function* () {
      try {
        yield* serveHttp(accepted, handler, undefined, idleMs);
        accepted.close();
        return null;
      } catch (error) {
        accepted.abort();
        return error;
      }
    });
    const result = yield* client(conn);
    return [result, yield* served.join()] as [T, unknown];
  });
}

const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

test("an idle connection is closed without a word", async () => {
  const [said, error] = await serving((conn) => readAll(conn));
  assert.equal(decode(said), "");
  assert.equal(error, null);
});

test("a request that does not come to its end is answered by 408", async () => {
  const [said, error] = await serving(function* (conn) {
    yield* conn.write("GET / HTTP/1.1\r\nhost: x\r\n");
    return yield* readAll(conn);
  });
  assert.match(decode(said), /^HTTP\/1\.1 408 Request Timeout\r\n.*connection: close\r\n/s);
  assert.equal(error, null);
});

test("a client that does not take its answer is cut off", async () => {
  const [, error] = await serving((conn) => conn.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n"));
  assert.ok(isTimeout(error), String(error));
});

test("the time to take an answer does not begin before the answer", async () => {
  const calls: string[] = [];
  const watch = (conn: Conn) => {
    const setDeadline = conn.setDeadline.bind(conn);
    conn.setDeadline = (at) => {
      calls.push("setDeadline");
      setDeadline(at);
    };
  };
  const client = function* (conn: Conn) {
    yield* sleep(1200); // Longer than the deadline may be late.
    yield* conn.write("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    return yield* readAll(conn);
  };
  const handler = () => {
    calls.push("answer");
    return new QuickResponse("");
  };
  const [said, error] = await serving(client, handler, AMPLE_MS, watch);
  assert.match(decode(said), /^HTTP\/1\.1 200 OK\r\n/);
  assert.equal(error, null);
  assert.equal(calls[calls.indexOf("answer") + 1], "setDeadline", String(calls));
});

/** The text of a body, or the error instead. */
const textOf = (request: Incoming): Promise<unknown> => request.text().catch((error) => error);

for (const when of ["with its request", "with the next request"]) {
  test(`a body that is read ${when}, behind its answer, is not that of the next`, async () => {
    const post = (path: string, body: string) =>
      `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    let first: Incoming;
    let late: Promise<unknown>;
    const handler: Handler = (request) => {
      if (request.path === "/second") return second(request);
      first = request;
      if (when === "with its request") late = textOf(first);
      return new QuickResponse("");
    };
    const second = function* (request: Incoming) {
      const read = yield* wait(late ??= textOf(first));
      assert.ok(read instanceof TypeError, String(read));
      return new QuickResponse(yield* wait(request.text()));
    };
    const client = function* (conn: Conn) {
      yield* conn.write(post("/first", "open") + post("/second", "secret"));
      conn.closeWrite();
      return yield* readAll(conn);
    };
    const [said, error] = await serving(client, handler, AMPLE_MS);
    assert.match(decode(said), /\r\n\r\nsecret$/);
    assert.equal(error, null);
  });
}

test("behind the head of an answer the client is not told to send its body", async () => {
  const handler: Handler = (request) =>
    new Response(
      new ReadableStream({
        pull: (controller) =>
          go(function* () {
            const piece = yield* request.read();
            if (piece === null) controller.close();
            else controller.enqueue(piece);
          }).promise,
      }, { highWaterMark: 0 }),
    );
  const client = function* (conn: Conn) {
    const head = "host: x\r\nexpect: 100-continue\r\ncontent-length: 4\r\n";
    yield* conn.write(`POST / HTTP/1.1\r\n${head}\r\n`);
    const begin = new Uint8Array(1000);
    const length = yield* conn.read(begin);
    yield* conn.write("abcd"); // All the same.
    return decode(begin.subarray(0, length!)) + decode(yield* readAll(conn));
  };
  const [said, error] = await serving(client, handler, AMPLE_MS);
  assert.match(said, /^HTTP\/1\.1 200 OK\r\n.*\r\nconnection: close\r\n/s);
  assert.doesNotMatch(said, /100 Continue/);
  assert.match(said, /\r\n\r\n4\r\nabcd\r\n0\r\n\r\n$/);
  assert.equal(error, null);
});

test("a body of small chunks is joined before a handler of events reads it", () => {
  const encode = (text: string) => new TextEncoder().encode(text);
  const pieces: string[] = [];
  // What it reads has come, so that nothing parks.
  const handler: Handler = (request) => {
    for (let piece; (piece = request.read().next().value as Uint8Array | null) !== null;) {
      pieces.push(decode(piece));
    }
    return new QuickResponse("");
  };
  const events = new HttpEvents({} as EventConn<HttpEvents>, handler);
  for (const body of ["0123456789".repeat(10), "", "another"]) {
    events.data(encode("POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"));
    for (const letter of body) events.data(encode(`1\r\n${letter}\r\n`.repeat(3)));
    events.data(encode("0\r\n\r\n"));
    const thrice = body.replaceAll(/./g, "$&$&$&");
    assert.deepEqual(pieces.splice(0), thrice === "" ? [] : [thrice]);
  }
});
