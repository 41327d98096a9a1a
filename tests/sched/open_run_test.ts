// SPDX-License-Identifier: MIT
/** Goroutines for code outside of them: runs that stay open, and promises of goroutines. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  chan,
  type Conn,
  dial,
  dump,
  go,
  gosched,
  listen,
  type Listener,
  type OpenRun,
  openRun,
  PanicError,
  type Routine,
  run,
  sleep,
  wait,
} from "../../mod.ts";
import { scheduler } from "../../src/sched/thread.ts";
import { eventually, startProgram } from "../support/child.ts";
import {
  assertNothingLeft,
  both,
  only,
  onWindows,
  openSockets,
  thrown,
  until,
} from "../support/harness.ts";

/** A test in the host's code, after which nothing of the library may be left. */
function outside(name: string, body: () => Promise<void>): void {
  test(name, async () => {
    const sockets = openSockets();
    await body();
    assertNothingLeft(sockets);
  });
}

const refused = /run has ended/;

function* fail(message: string): Routine<never> {
  throw new Error(message);
}

function* echo(conn: Conn): Routine<void> {
  const buf = new Uint8Array(64);
  for (let n; (n = yield* conn.read(buf)) !== null;) yield* conn.write(buf.subarray(0, n));
}

/** A listener in `app` whose connections are echoed. */
async function echoIn(app: OpenRun): Promise<Listener> {
  const listener = await app.call(() => listen("tcp", "127.0.0.1:0"));
  app.go(function* () {
    for (;;) app.go(echo, yield* listener.accept());
  });
  return listener;
}

function* ask(conn: Conn, text: string): Routine<string> {
  yield* conn.write(text);
  const reply = new Uint8Array(text.length);
  yield* conn.readFull(reply);
  return new TextDecoder().decode(reply);
}

outside("connections of an open run serve many calls in sequence", async () => {
  await using app = openRun();
  const listener = await echoIn(app);
  const conn = await app.call(() => dial("tcp", String(listener.addr)));
  for (const text of ["one", "two", "three"]) {
    assert.equal(await app.call(ask, conn, text), text);
    // The host's loop goes round, with no goroutine of a call in the run.
    await new Promise((resolve) => setTimeout(resolve, 1));
    assert.notEqual(conn.fd, -1);
  }
});

outside("calls run concurrently", async () => {
  await using app = openRun();
  const { addr } = await echoIn(app);
  const texts = Array.from({ length: 50 }, (_, i) => `call ${i}`);
  const replies = await Promise.all(texts.map((text) =>
    app.call(function* () {
      using conn = yield* dial("tcp", String(addr));
      return yield* ask(conn, text);
    })
  ));
  assert.deepEqual(replies, texts);
});

outside(
  "closing a run closes the connections of its goroutines, and runs their finally blocks",
  async () => {
    const app = openRun();
    const listener = await echoIn(app);
    const conn = await app.call(() => dial("tcp", String(listener.addr)));
    let cleaned = false;
    const waiting = app.call(function* () {
      try {
        yield* sleep(1e6);
      } finally {
        cleaned = true;
      }
    });
    const outcome = waiting.then(() => "returned", (error) => error);
    await app.close();
    assert.ok(cleaned);
    assert.match(String(await outcome), /PanicError: the goroutine was ended/);
    assert.deepEqual([conn.fd, listener.fd], [-1, -1]);
    await app.close();
  },
);

outside(
  "the first turn of a call is synchronous, and a call that never waits completes in it",
  async () => {
    await using app = openRun();
    const seen: string[] = [];
    const done = app.call(function* () {
      seen.push("first turn");
      yield* gosched();
      seen.push("second turn");
    });
    assert.deepEqual(seen, ["first turn"]);
    await done;
    assert.equal(
      await app.call(
        function* (a: number, b: number) {
          return a + b;
        },
        1,
        2,
      ),
      3,
    );
  },
);

outside("an error of a call is its caller's, and the run continues", async () => {
  await using app = openRun();
  await assert.rejects(app.call(fail, "mine"), /^Error: mine$/);
  void app.call(fail, "of no one, and no unhandled rejection");
  const later = app.call(function* () {
    yield* sleep(1);
    yield* fail("later");
  });
  await assert.rejects(later, /later/);
  assert.equal(app.ended, false);
  await assert.rejects(app.call((() => 1) as never), TypeError);
  await assert.rejects(app.call(7 as never), TypeError);
});

outside(
  "an uncaught error closes the run, and its present and later calls fail with it",
  async () => {
    const app = openRun();
    const closed = app.closed.then(() => "over", (error) => error);
    const underWay = app.call(() => sleep(1e6)).then(() => "returned", (error) => error);
    app.go(fail, "uncaught");
    assert.equal((await closed as Error).message, "uncaught");
    const ended = await underWay as Error;
    assert.ok(ended instanceof PanicError);
    assert.equal((ended.cause as Error).message, "uncaught");
    assert.ok(app.ended);
    const late = await app.call(() => sleep(1)).catch((error) => error);
    assert.match(late.message, refused);
    assert.equal(late.cause.message, "uncaught");
    assert.throws(() => app.go(() => sleep(1)), refused);
    await assert.rejects(app.close(), /uncaught/);
  },
);

outside("with onPanic the other goroutines continue", async () => {
  const seen: string[] = [];
  await using app = openRun({
    onPanic: (error, g) => seen.push(`${g.name}: ${(error as Error).message}`),
  });
  app.go(fail, "reported");
  assert.equal(
    await app.call(function* () {
      yield* until(() => seen.length > 0);
      return "still here";
    }),
    "still here",
  );
  assert.deepEqual(seen, ["fail: reported"]);
});

outside("a goroutine may close its own run, and ends at its next wait", async () => {
  const app = openRun({ grace: Infinity });
  let after = false;
  const closing = app.call(function* () {
    const closed = app.close();
    yield* wait(closed);
    after = true;
  });
  await assert.rejects(closing, /the goroutine was ended/);
  await app.closed;
  assert.equal(after, false);
});

outside(
  "after the grace period, goroutines that wait in finally blocks are abandoned",
  async () => {
    const app = openRun({ grace: 1 });
    const call = app.call(function* () {
      for (;;) {
        try {
          yield* sleep(1e6);
        } finally {
          for (;;) yield* sleep(1e6);
        }
      }
    });
    await app.close();
    await assert.rejects(call, /the goroutine was ended/);
  },
);

outside(
  "an idle open run is no deadlock, nor is one with sleeping goroutines",
  async () => {
    await using app = openRun();
    const values = chan<number>();
    const received = app.call(() => values.recv());
    // Another run's own detection, for which that goroutine counts as asleep.
    const dead = run(() => chan<never>().recv());
    await assert.rejects(dead, /deadlock/);
    values.trySend(7);
    assert.equal(await received, 7);
  },
);

outside("goroutines of a run may use an open run, whose goroutines outlive it", async () => {
  await using app = openRun();
  const values = chan<number>(1);
  const handle = await run(function* () {
    values.trySend(1);
    assert.equal(yield* wait(app.call(() => values.recv())), 1);
    return app.go(() => values.recv());
  });
  assert.notEqual(handle.status, "dead");
  await app.call(() => values.send(2));
  assert.equal(await handle.promise, 2);
});

outside("a wait in a call starts now, however long the thread was idle", async () => {
  await using app = openRun();
  await app.call(() => sleep(1));
  const idleSince = performance.now();
  await eventually("20 ms are over", () => performance.now() - idleSince > 20);
  const g = { waitSince: 0 };
  const call = app.call(function* () {
    const me = scheduler.current!;
    queueMicrotask(() => g.waitSince = me.waitSince);
    yield* sleep(1);
  });
  await call;
  assert.ok(g.waitSince >= idleSince + 19, `${g.waitSince} is before ${idleSince} and 20 ms`);
});

for (const [name, options] of [["grace", { grace: -1 }], ["watchdog", { watchdog: 0 }]] as const) {
  outside(`an invalid ${name} is a RangeError`, () => {
    assert.throws(() => openRun(options), RangeError);
    return Promise.resolve();
  });
}

both("promise settles as join does, whenever it is first accessed", function* () {
  const early = go(function* () {
    yield* sleep(1);
    return "value";
  });
  const { promise } = early;
  assert.equal(promise, early.promise);
  assert.equal(yield* early.join(), "value");
  assert.equal(promise, early.promise);
  const late = go(function* () {
    return "late";
  });
  yield* late.join();
  assert.equal(late.promise, late.promise);
  assert.equal((late as unknown as { then?: unknown }).then, undefined);
});

only("run", "promise resolves with the result, or rejects with the error", function* () {
  const g = go(function* () {
    return 1;
  });
  assert.equal(yield* wait(g.promise), 1);
  assert.equal(yield* wait(g.promise), 1);
  const failing = go(fail, "taken");
  const error = yield* thrown(wait(failing.promise));
  assert.equal((error as Error).message, "taken");
  assert.equal(yield* thrown(wait(failing.promise)), error);
});

both("from its first access on, promise handles the error, awaited or not", function* () {
  const failing = go(fail, "taken");
  void failing.promise;
  yield* until(() => failing.status === "dead");
  // A join that comes later finds the same.
  assert.equal((yield* thrown(failing.join()) as Routine<Error>).message, "taken");
});

test("the promise of an ended goroutine rejects", async () => {
  const handle = await run(function* () {
    return { g: go(() => sleep(1e6)) };
  });
  await assert.rejects(handle.g.promise, /the goroutine was ended/);
});

test("an open run with an idle connection does not keep the process alive", async () => {
  await using child = startProgram("tests/fixtures/open_run_fixture.ts");
  const { code } = await child.exit;
  // Bun for Windows complains there of folders that Wine does not list.
  if (!onWindows) assert.equal(child.stderr.text, "");
  assert.deepEqual([child.stdout.text, code, child.timedOut], ["done\n", 0, false]);
});

test("an error that ends an open run is reported by the host unless closed is handled", async () => {
  await using child = startProgram("tests/fixtures/open_run_fixture.ts", ["fail"]);
  const { code } = await child.exit;
  assert.match(child.stderr.text, /nobody catches this/);
  assert.equal(code, 1);
});

outside("dump includes the goroutines of an open run", async () => {
  await using app = openRun();
  void app.call(function* sleeper() {
    yield* sleep(1e6);
  });
  assert.match(dump(), /goroutine \d+ \[sleep, \d+ ms\]: sleeper/);
});
