// SPDX-License-Identifier: MIT
/** What dump() says. Go: runtime.Stack and the "goroutine N [state]" lines of its tests. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  chan,
  DeadlockError,
  dump,
  go,
  gosched,
  Mutex,
  run,
  runSync,
  select,
  sleep,
} from "../../mod.ts";
import { both, only, pairOn, until } from "../support/harness.ts";
import { listen } from "../../mod.ts";

/** The lines of the goroutine of that name, without its number and its time. */
function linesOf(name: string): string {
  const all = dump().split(/\n(?=goroutine )/).filter((text) => text.includes(`]: ${name}`));
  return all.join("\n").replace(/goroutine \d+/, "goroutine N").replace(/\d+ ms/, "T ms");
}

both(
  "each goroutine has its number, state, wait reason, duration, object and name",
  function* () {
    using listener = yield* listen("tcp", "127.0.0.1:0");
    const [a, b] = yield* pairOn(listener);
    const ch = chan<number>(3);
    ch.trySend(1);
    ch.trySend(2);
    const never = chan();
    const mu = new Mutex();
    yield* mu.lock();
    const waiting = [
      go(function* reader() {
        yield* a.read(new Uint8Array(1));
      }),
      go(function* acceptor() {
        yield* listener.accept();
      }),
      go(function* receiver() {
        yield* never.recv();
      }),
      go(function* sender() {
        for (let i = 0; i < 2; i++) yield* ch.send(3);
      }),
      go(function* chooser() {
        yield* select(never.onRecv(), null, ch.onSend(1), b.onReadable());
      }),
      go(function* locker() {
        yield* mu.lock();
      }),
      go(function* sleeper() {
        yield* sleep(60_000);
      }),
    ];
    go(function* joiner() {
      yield* waiting[0].join();
    });
    yield* until(() => waiting.every(({ status }) => status === "waiting"));
    yield* gosched();
    assert.equal(
      linesOf("reader"),
      `goroutine N [IO wait, T ms]: reader (fd ${a.fd} tcp ${a.localAddr}->${a.remoteAddr})`,
    );
    assert.equal(
      linesOf("acceptor"),
      `goroutine N [IO wait, T ms]: acceptor (fd ${listener.fd} tcp ${listener.addr})`,
    );
    assert.match(
      linesOf("receiver"),
      /^goroutine N \[chan receive, T ms\]: receiver \(chan \d+, 0 of 0\)$/,
    );
    assert.match(
      linesOf("sender"),
      /^goroutine N \[chan send, T ms\]: sender \(chan \d+, 3 of 3\)$/,
    );
    assert.match(
      linesOf("chooser"),
      /\]: chooser \(receive of chan \d+, 0 of 0; nil; send to chan \d+, 3 of 3; read of fd \d+ tcp [^ ]+\)$/,
    );
    assert.match(linesOf("locker"), /\[sync\.Mutex\.Lock, T ms\]: locker \(lock \d+\)$/);
    assert.equal(linesOf("sleeper"), "goroutine N [sleep, T ms]: sleeper");
    assert.match(linesOf("joiner"), /\[join, T ms\]: joiner \(goroutine \d+: reader\)$/);
    assert.match(dump(), /goroutine \d+ \[running\]: /, "the one that asks");
    go(function* fresh() {});
    assert.match(dump(), /goroutine \d+ \[runnable\]: fresh$/, "one that has not begun");
    assert.deepEqual(
      dump().split("\n").map((line) => Number(/\d+/.exec(line)![0])).toSorted((x, y) => x - y),
      dump().split("\n").map((line) => Number(/\d+/.exec(line)![0])),
      "the oldest first",
    );
  },
);

both("the same channel has the same number, and another channel another", function* () {
  const [one, two] = [chan(), chan()];
  const all = [one, one, two].map((ch) => go(() => ch.recv()));
  yield* until(() => all.every(({ status }) => status === "waiting"));
  const numbers = [...dump().matchAll(/chan (\d+), 0 of 0/g)].map((match) => match[1]);
  assert.equal(numbers.length, 3);
  assert.equal(numbers[0], numbers[1]);
  assert.notEqual(numbers[0], numbers[2]);
});

for (const driver of ["run", "runSync"] as const) {
  test(`with debug, the dump has the line that started each goroutine (${driver})`, async () => {
    function* main() {
      const g = go(function* child() {
        yield* sleep(60_000);
      });
      yield* until(() => g.status === "waiting");
      return dump();
    }
    const options = { debug: true };
    const text = driver === "run" ? await run(main, options) : runSync(main, options);
    const sites = text.split("\n").filter((line) => line.includes("started at"));
    assert.equal(sites.length, 2);
    for (const site of sites) assert.match(site, /^ {4}started at .*dump_test\.ts:\d+:\d+$/);
    const lines = sites.map((site) => Number(/:(\d+):\d+$/.exec(site)![1]));
    assert.ok(lines[1] !== lines[0], "main by run, child by main");
  });
}

both("the duration of a wait starts after the previous wait", function* () {
  const start = performance.now();
  const twice = go(function* twice() {
    yield* sleep(100);
    yield* chan().recv();
  });
  yield* sleep(150);
  assert.equal(twice.waitReason, "chan receive");
  assert.ok(twice.waitSince - start > 50, `${twice.waitSince - start} ms`);
});

only("run", "without debug, the dump has no such line", function* () {
  assert.doesNotMatch(dump(), /started at/);
});

test("a deadlock's dump names the awaited objects", () => {
  const error = thrownBy(() => runSync(() => chan().recv(), { debug: true }));
  assert.ok(error instanceof DeadlockError);
  assert.match(
    error.dump,
    /\[chan receive, \d+ ms\]: .* \(chan \d+, 0 of 0\)\n {4}started at .*dump_test/,
  );
  assert.match(
    error.message,
    /^all goroutines are asleep - deadlock!\ngoroutine \d+ \[chan receive/,
  );
});

function thrownBy(f: () => unknown): unknown {
  try {
    f();
  } catch (error) {
    return error;
  }
  assert.fail("nothing was thrown");
}
