// SPDX-License-Identifier: MIT
/** The options that the three `serve` share mean the same in `./event` and `./reactor`. */
import assert from "node:assert/strict";
import { background, dial, go, listen, type OpError, withCancel } from "../../mod.ts";
import { serve as serveEvents, type Server } from "../../event.ts";
import { serve as serveOnCores } from "../../reactor.ts";
import { both, noProc, only, thrown, until } from "../support/harness.ts";

const HANDLER = new URL("failing_handler.ts", import.meta.url);

both("event: context shuts down gracefully, and grace bounds it", function* () {
  const [context, stop] = withCancel(background());
  let server!: Server;
  const serving = go(() =>
    serveEvents({
      context,
      grace: 40,
      closeTimeout: 60_000,
      serving: (it) => void (server = it),
      opened: (conn) => {
        // More than the kernel has room for, to a peer that does not read.
        conn.write(new Uint8Array(15 << 20));
        return undefined;
      },
    }, "tcp://127.0.0.1:0")
  );
  yield* until(() => server !== undefined);
  using deaf = yield* dial("tcp", String(server.addrs[0]), { readBuffer: 4096 });
  yield* until(() => server.connections === 1);
  const began = performance.now();
  stop();
  yield* serving.join();
  const took = performance.now() - began;
  assert.ok(took >= 39 && took < 10_000, `${took} ms`);
  void deaf;
});

both("event: with a finished context serve ends at once", function* () {
  yield* serveEvents({ context: AbortSignal.abort() }, "tcp://127.0.0.1:0");
  const wrong = yield* thrown((function* () {
    yield* serveEvents({ context: 5 as never }, "tcp://127.0.0.1:0");
  })());
  assert.ok(wrong instanceof TypeError);
});

only("run", "reactor: onError, idleTimeout, context and grace", function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  const [context, stop] = withCancel(background());
  const errors: unknown[] = [];
  const serving = go(() =>
    serveOnCores(listener, HANDLER, {
      workers: 1,
      context,
      grace: 50,
      idleTimeout: 60,
      onError: (error, { worker }) => void errors.push([String(error), worker]),
    })
  );
  const connect = () => dial("tcp", String(listener.addr));
  const buf = new Uint8Array(1);
  using failing = yield* connect();
  yield* failing.write(new Uint8Array([1]));
  assert.equal(yield* failing.read(buf), null);
  yield* until(() => errors.length > 0);
  assert.deepEqual(errors, [["Error: asked to", 0]]);
  using silent = yield* connect();
  assert.equal(yield* silent.read(buf), null, "idle");
  using working = yield* connect();
  yield* working.write(new Uint8Array([2]));
  yield* working.readFull(buf);
  stop();
  assert.deepEqual(yield* serving.join(), { cut: 1 });
  const refused = yield* thrown(connect());
  assert.equal((refused as OpError).code, "ECONNREFUSED");
}, noProc);

only("run", "reactor: invalid options are named in the error", function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  for (
    const [options, message] of [
      [{ grace: NaN }, /grace must be a number of milliseconds/],
      [{ idleTimeout: -1 }, /idleTimeout/],
      [{ context: 5 }, /cancel must be a Context/],
      [{ onError: 5 }, /onError/],
    ] as const
  ) {
    assert.match(String(yield* thrown(serveOnCores(listener, HANDLER, options as never))), message);
  }
});
