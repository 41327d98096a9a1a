// SPDX-License-Identifier: MIT
/** Progress of copies, and the idle timeout that goes with it. */
import assert from "node:assert/strict";
import {
  background,
  type Conn,
  copy,
  go,
  isTimeout,
  pipe,
  type Routine,
  scope,
  sleep,
  splice,
  withCancel,
  withIdleTimeout,
} from "../../mod.ts";
import { scheduler } from "../../src/sched/thread.ts";
import { both, pair, thrown, until } from "../support/harness.ts";

/** Two connections to copy between, and the far end of each. */
function* ends(piped: boolean): Routine<[near: Conn, from: Conn, to: Conn, far: Conn]> {
  if (piped) return [...pipe(), ...pipe()];
  return [...(yield* pair()), ...(yield* pair())];
}

for (const kind of ["sockets", "pipes"] as const) {
  both(`copy reports its progress, between ${kind}`, function* () {
    const [near, from, to, far] = yield* ends(kind === "pipes");
    using _near = near, _from = from, _to = to, _far = far;
    const steps: number[] = [];
    const copying = go(() => copy(to, from, { onProgress: (bytes) => steps.push(bytes) }));
    const buf = new Uint8Array(3);
    for (const text of ["abc", "def"]) {
      yield* near.write(text);
      yield* far.readFull(buf);
      assert.equal(new TextDecoder().decode(buf), text);
    }
    near.closeWrite();
    assert.equal(yield* copying.join(), 6);
    assert.equal(steps.reduce((sum, n) => sum + n, 0), 6);
    assert.ok(steps.length >= 2);
  });

  both(
    `an idle copy ends, but not while the other direction moves, ${kind}`,
    function* () {
      const [near, a, b, far] = yield* ends(kind === "pipes");
      using _near = near, _a = a, _b = b, _far = far;
      const [idle, progress, cancel] = withIdleTimeout(background(), 250);
      let over = false;
      const proxy = go(function* () {
        const error = yield* thrown(scope(function* (s) {
          s.go(() => copy(b, a, { cancel: idle, onProgress: progress }));
          s.go(() => copy(a, b, { cancel: idle, onProgress: progress }));
        }));
        over = true;
        return error;
      });
      const buf = new Uint8Array(1);
      const began = performance.now();
      // Bytes in one direction alone, for longer than the timeout.
      while (performance.now() - began < 500) {
        yield* near.write("x");
        yield* far.readFull(buf);
        assert.equal(over, false);
        yield* sleep(1);
      }
      const error = yield* proxy.join();
      assert.ok(isTimeout(error), String(error));
      assert.ok(idle.err !== null);
      cancel();
    },
  );
}

both("splice reports its progress, and an error of onProgress ends it", function* () {
  const [near, from, to, far] = yield* ends(false);
  using _near = near, _from = from, _to = to, _far = far;
  let moved = 0;
  const splicing = go(() => splice(from, to, { length: 4, onProgress: (n) => moved += n }));
  yield* near.write("abcdef");
  assert.equal(yield* splicing.join(), 4);
  assert.equal(moved, 4);
  const failing = go(() =>
    thrown(splice(from, to, {
      onProgress() {
        throw new RangeError("enough");
      },
    }))
  );
  const error = yield* failing.join();
  assert.ok(error instanceof RangeError);
  assert.equal((error as { bytesWritten?: number }).bytesWritten, 2);
});

both("invalid options of copy are named", function* () {
  const [a, b] = pipe();
  using _a = a, _b = b;
  const wrong: [unknown, RegExp][] = [
    [{ onProgress: 1 }, /onProgress: must be a function/],
    [{ timeout: 5 }, /timeout/],
    [new AbortController(), /an AbortController; pass its signal/],
  ];
  for (const [options, message] of wrong) {
    const error = yield* thrown(copy(a, b, options as never));
    assert.ok(error instanceof TypeError);
    assert.match(error.message, message);
  }
});

both("an idle context is cancelled with its parent, and leaves no timer", function* () {
  const timers = scheduler.timers.size;
  const [parent, cancelParent] = withCancel(background());
  const [idle] = withIdleTimeout(parent, 1e6);
  const [other, , cancel] = withIdleTimeout(background(), 1e6);
  assert.equal(scheduler.timers.size, timers + 2);
  cancelParent();
  cancel();
  assert.equal(scheduler.timers.size, timers);
  assert.deepEqual([idle.err?.message, other.err?.message], [
    "context canceled",
    "context canceled",
  ]);
  const [over] = withIdleTimeout(parent, 5);
  assert.ok(over.err !== null);
  const [soon] = withIdleTimeout(background(), 1);
  const waiting = go(() => soon.done.recv());
  yield* until(() => waiting.status === "dead");
  for (const ms of [0, -1, NaN, "5"]) {
    assert.throws(() => withIdleTimeout(background(), ms as number), TypeError);
  }
});
