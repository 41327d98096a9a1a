// SPDX-License-Identifier: MIT
// cspell:ignore prxy maxline
/** The mistakes that everybody makes once: each error names the call and the cure, at the user's line. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  BufferedReader,
  chan,
  type Conn,
  ConnPool,
  dial,
  go,
  gosched,
  listen,
  listenPacket,
  Mutex,
  openRun,
  otherwise,
  PanicError,
  pipe,
  proxyDial,
  type Routine,
  run,
  runSync,
  select,
  serve,
  sleep,
  tlsClient,
  tlsDial,
  wait,
  WaitGroup,
} from "../../mod.ts";
import { both, only, pair, thrown } from "../support/harness.ts";

// deno-lint-ignore no-explicit-any
type Any = any;

/** This file, as a stack names it. */
const HERE = /misuse_test\.ts:\d+:\d+/;

/** The error of `call`, whose stack begins in this file. */
function* misused(call: () => unknown, message: RegExp): Routine<Error> {
  let error: unknown;
  try {
    const made = call() as Routine<unknown> | undefined;
    if (typeof made?.next === "function") yield* made;
    assert.fail(`${call} is no misuse`);
  } catch (caught) {
    error = caught;
  }
  assert.ok(error instanceof Error);
  assert.match(String(error), message);
  const frame = error.stack!.split("\n").find((line) => /^\s+at /.test(line));
  assert.match(frame ?? "", HERE, error.stack ?? "no stack");
  return error;
}

async function asynchronous() {}
async function* asyncGenerator() {}
function plain() {}
const promising = () => Promise.resolve();
function* routine() {
  yield* sleep(1);
}

/** Called by the module itself: the stack has no other frame of the user's. */
const [mistaken]: Any[] = [asynchronous];
const fromModule = run(mistaken).then(() => null, (error: unknown) => error);

test("Bun prints the caller's line also if the module itself called", {
  skip: !("Bun" in globalThis) && "Deno prints the captured frames, which another test looks at",
}, async () => {
  const printed = (globalThis as Any).Bun.inspect(await fromModule, { colors: false });
  assert.match(printed, HERE);
  assert.match(printed, /const fromModule = run/);
  assert.doesNotMatch(printed, /src.sched.misuse\.ts/);
});

test("a call that is passed in place of its function names the call to write", async () => {
  const net = openRun();
  const [made]: Any[] = [routine()];
  try {
    await assert.rejects(() => run(made), /write run\(f\) instead of run\(f\(\)\)/);
    await assert.rejects(() => net.call(made), /write call\(f, \.\.\.args\) instead/);
    assert.throws(() => runSync(made), /write runSync\(f\) instead of runSync\(f/);
  } finally {
    await net.close();
  }
});

both("options that do not exist suggest those that do, at the caller's line", function* () {
  const [conn, peer] = pipe();
  using _ = conn, __ = peer;
  const cases: [() => unknown, RegExp][] = [
    [
      () => tlsClient(conn, { serverName: "x" } as Any),
      /"serverName"; did you mean "servername"\?/,
    ],
    [() => tlsDial("tcp", "x:1", { serverName: "x" } as Any), /did you mean "servername"\?/],
    [() => proxyDial("tcp", "x:1", { prxy: null } as Any), /"prxy"; did you mean "proxy"\?/],
    [() => dial("tcp", "x:1", { timeoutMs: 1 } as Any), /"timeoutMs"; did you mean "timeout"\?/],
    [
      () => new ConnPool({ dial, max: 4 } as Any),
      /no option dial: the options are open, maxOpen, /,
    ],
    [() => new BufferedReader(conn, { maxline: 3 } as Any), /maxline; did you mean "maxLine"\?/],
  ];
  for (const [call, message] of cases) yield* misused(call, message);
});

both("anything but a function* is refused", function* () {
  const cases: [unknown, RegExp][] = [
    [
      asynchronous,
      /Cannot start a goroutine as asynchronous is not a function\*, it is an async function: write function\* asynchronous\(\.\.\.\), and yield\* wait\(promise\)/,
    ],
    [asyncGenerator, /asyncGenerator is not a function\*, it is an async function\*/],
    [promising, /promising is not a function\*, it returned a promise/],
    [plain, /plain is not a function\*, it returned undefined/],
    [routine(), /current value is a call: write go\(f, \.\.\.args\) instead of go\(f/],
    [5, /f must be a function\*: current value is 5/],
    [undefined, /current value is undefined/],
  ];
  for (const [f, message] of cases) {
    yield* misused(() => go(f as Any), message);
  }
});

test("run and runSync refuse the same values with the same messages", async () => {
  for (const f of [asynchronous, routine(), plain]) {
    await assert.rejects(run(f as Any), /^TypeError: Cannot run as /);
    assert.throws(() => runSync(f as Any), /^TypeError: Cannot runSync as /);
  }
});

both("a method passed without its object is an error that explains it", function* () {
  const [a, b] = yield* pair();
  using listener = yield* listen("tcp", "127.0.0.1:0");
  class Counter {
    n = 0;
    #hidden = 0;
    *count(): Routine<void> {
      yield* gosched();
      this.n++;
    }
    *set(): Routine<void> {
      yield* gosched();
      this.n = 5;
    }
    hides(): Routine<void> {
      this.#hidden++;
      return routine();
    }
  }
  const counter = new Counter();
  const cure = /passed without its object: write go\(\(\) => object\.method\(\.\.\.\)\)/;
  for (const f of [a.read, listener.accept, chan().recv, new Mutex().lock, counter.hides]) {
    yield* misused(() => go(f as Any, new Uint8Array(1)), cure);
  }
  for (const f of [counter.count, counter.set]) {
    yield* misused(() => go(f).join(), /Cannot use this\.n in a method that was passed without/);
  }
  // With its object it is no mistake.
  yield* go(() => counter.count()).join();
  yield* go(counter.count.bind(counter)).join();
  assert.equal(counter.n, 2);
  a.close();
  b.close();
});

both("await of a call that parks fails at once, and explains the correct call", function* () {
  const [a, b] = yield* pair();
  using listener = yield* listen("tcp", "127.0.0.1:0");
  const buf = new Uint8Array(1);
  const calls: [() => unknown, string][] = [
    [() => a.read(buf), "conn.read"],
    [() => a.write(buf), "conn.write"],
    [() => a.readFull(buf), "conn.readFull"],
    [() => pipe()[0].read(buf), "conn.read"],
    [() => pipe()[0].write(buf), "conn.write"],
    [() => listener.accept(), "listener.accept"],
    [() => listen("tcp", "127.0.0.1:0"), "listen"],
    [() => dial("tcp", "127.0.0.1:1"), "dial"],
    [() => sleep(1), "sleep"],
    [() => gosched(), "gosched"],
    [() => chan().recv(), "ch.recv"],
    [() => chan().send(1), "ch.send"],
    [() => select(), "select"],
    [() => wait(Promise.resolve()), "wait"],
    [() => new Mutex().lock(), "mutex.lock"],
    [() => go(routine).join(), "g.join"],
    [() => new WaitGroup().wait(), "wg.wait"],
    [() => new BufferedReader(a).line(), "reader.line"],
    [() => a.readable(), "conn.readable"],
  ];
  for (const [call, name] of calls) {
    const asked = `${name.replaceAll(".", "\\.")}, which is not a promise: call it with yield\\*`;
    yield* misused(() => (call() as Any).then, new RegExp(`^PanicError: Cannot await ${asked}`));
  }
  a.close();
  b.close();
});

test("await rejects", async () => {
  const [a] = pipe();
  await assert.rejects(async () => {
    // deno-lint-ignore netpoll/yield-star -- the mistake that the test is about
    await (a.read(new Uint8Array(1)) as Any);
  }, /Cannot await conn\.read/);
});

/** What a spread or a `for...of` of a call does: it drives it until it ends. */
function spread(call: Routine<unknown>): void {
  for (const _ of call);
}

both(
  "a call driven by hand is an error that explains it, and everything else continues",
  function* () {
    const [a, b] = yield* pair();
    using listener = yield* listen("tcp", "127.0.0.1:0");
    const mutex = new Mutex();
    yield* mutex.lock();
    const ch = chan<number>();
    const buf = new Uint8Array(8);
    const cases: [Routine<unknown>, RegExp][] = [
      [sleep(10_000), /sleep/],
      [routine(), /sleep/],
      [a.read(buf), /IO wait \(fd \d+ tcp 127/],
      [listener.accept(), /IO wait/],
      [ch.recv(), /chan receive \(chan \d+, 0 of 0\)/],
      [ch.send(1), /chan send/],
      [select(ch.onRecv()), /select/],
      [mutex.lock(), /sync\.Mutex\.Lock/],
      [pipe()[0].read(buf), /IO wait|pipe|read/],
    ];
    for (const [call, waits] of cases) {
      const error = yield* misused(
        () => spread(call),
        /driven by hand while it waits: .*use yield\*/,
      );
      assert.match(error.message, waits);
      assert.match(error.message, /^goroutine \d+ \[main\]/);
      assert.ok(error instanceof PanicError);
    }
    // Nothing is held by the calls that failed.
    yield* go(() => b.write(new Uint8Array(3))).join();
    assert.equal(yield* a.read(buf), 3);
    mutex.unlock();
    yield* mutex.lock();
    const receiving = go(() => ch.recv());
    yield* ch.send(7);
    assert.equal(yield* receiving.join(), 7);
    a.close();
    b.close();
  },
);

test("a parking call outside a goroutine is an error that explains where it belongs", async () => {
  const made: Conn[] = [];
  await run(function* () {
    made.push(...yield* pair());
    const outside = (call: Routine<unknown>) => () => {
      spread(call);
    };
    // From a callback of the host there is no current goroutine.
    const calls = [
      outside(made[0].read(new Uint8Array(1))),
      outside(sleep(5)),
      outside(gosched()),
      outside(chan().recv()),
      outside(dial("tcp", "127.0.0.1:1")),
    ];
    const errors = yield* wait(
      new Promise<unknown[]>((resolve) =>
        setTimeout(() =>
          resolve(calls.map((call) => {
            try {
              return call();
            } catch (error) {
              return error;
            }
          }))
        )
      ),
    );
    for (const error of errors) {
      assert.ok(error instanceof PanicError);
      assert.match(error.message, /^Cannot wait outside a goroutine: .* call it with yield\* in a/);
    }
    // The connection is as it was.
    yield* made[1].write(new Uint8Array(2));
    assert.equal(yield* made[0].read(new Uint8Array(9)), 2);
  });
});

both("a plain yield is an error with the goroutine, the value and the fix", function* () {
  const cases: [unknown, RegExp][] = [
    [sleep(1), /used yield for a call that may park: write yield\* instead$/],
    [Promise.resolve(), /used yield for a promise: write yield\* wait\(promise\)$/],
    [5, /used yield with 5: use yield\* with calls that may park/],
    [undefined, /used yield with undefined/],
  ];
  for (const [value, message] of cases) {
    const error = yield* thrown((function* (): Routine<void> {
      yield value as Any;
    })());
    assert.match(String(error), /^PanicError: goroutine \d+ \[main\] /);
    assert.match(String(error), message);
    assert.doesNotMatch((error as Error).stack!, /scheduler\.ts/);
  }
});

test("in a debug run its stack shows where the goroutine was started", async () => {
  const error = await run(function* () {
    const g = go(function* careless(): Routine<void> {
      yield 5 as Any;
    });
    return yield* thrown(g.join());
  }, { debug: true });
  assert.match((error as Error).stack!, /\n {4}at careless \(.*misuse_test\.ts:\d+:\d+\)$/);
});

both("invalid addresses, and networks of another kind", function* () {
  const cases: [() => Routine<unknown>, RegExp][] = [
    [
      () => listen("tcp", 8080 as Any),
      /^TypeError: Cannot listen as address must be a string "host:port": current value is 8080; write "127\.0\.0\.1:8080", or ":8080"/,
    ],
    [() => dial("tcp", 80 as Any), /Cannot dial as address must be a string "host:port"/],
    [() => listenPacket("udp", 53 as Any), /Cannot listenPacket as address must be a string/],
    [
      () => (dial as Any)("tcp", "::1", 80),
      /options must be an object: current value is 80; host and port are one string: "::1:80"/,
    ],
    [() => (listen as Any)("tcp", "localhost", "80"), /one string: "localhost:80"/],
    [
      () => listen("udp" as Any, "127.0.0.1:0"),
      /^OpError: listen udp: unknown network udp: it has no streams, use listenPacket\("udp", address\)/,
    ],
    [() => listen("unixgram" as Any, ""), /use listenPacket\("unixgram", address\)/],
    [
      () => listenPacket("tcp" as Any, "127.0.0.1:0"),
      /it has no datagrams, use listen\("tcp", address\)/,
    ],
  ];
  for (const [call, message] of cases) yield* misused(call, message);
});

both("select of a call instead of a case", function* () {
  const ch = chan<number>(1);
  yield* misused(
    () => select(ch.recv() as Any),
    /each argument must be a case: current value is a call that may park; write select\(ch\.onRecv\(\)\) instead/,
  );
});

both("select of a wrong argument beside a case that is ready", function* () {
  const ready = chan<number>(1);
  yield* ready.send(1);
  const other = chan<number>(1);
  const ended = go(routine);
  const wrong: [unknown, RegExp][] = [
    [other.recv(), /a call that may park; write select\(ch\.onRecv\(\)\)/],
    [Promise.resolve(1), /a promise; write select\(onPromise\(promise\)\)/],
    [ended, /a goroutine; let it send to a channel as it ends/],
    [other, /a channel; write select\(ch\.onRecv\(\)\)/],
    [[other.onRecv()], /an array; write select\(\.\.\.cases\)/],
    [undefined, /a case, otherwise or null: current value is undefined/],
    [{}, /a case, otherwise or null: current value is object/],
    [() => {}, /a case, otherwise or null: current value is function/],
  ];
  for (const [argument, message] of wrong) {
    // Cases are tried in random order.
    for (let i = 0; i < 20; i++) {
      yield* misused(() => select(ready.onRecv(), argument as Any), message);
      yield* misused(() => select(otherwise, argument as Any), message);
    }
  }
  assert.equal(yield* ready.recv(), 1, "no ready case was performed");
  yield* ended.join();
});

both("a pool of connections made of a function", function* () {
  yield* misused(
    () => new ConnPool((() => dial("tcp", "127.0.0.1:1")) as Any),
    /Cannot create a pool of connections as options must be an object such as \{ open \}/,
  );
});

both("a call passed without yield* where its result is expected", function* () {
  const cases: [() => unknown, RegExp][] = [
    [() => serve(listen("tcp", "127.0.0.1:0") as Any, routine as Any), /serve as listener must/],
    [() => new BufferedReader(dial("tcp", "127.0.0.1:1") as Any), /the source must be a Reader/],
  ];
  for (const [call, message] of cases) {
    yield* misused(call, message);
    yield* misused(call, /current value is a call that may park; write yield\* before it/);
  }
});

only("run", "a printed uncaught error includes the goroutine's name", function* () {
  const failed = run(function* () {
    go(function* failing(): Routine<void> {
      yield* gosched();
      throw new RangeError("oops");
    });
    yield* sleep(1000);
  });
  const error = yield* thrown(wait(failed));
  assert.match((error as { goroutine: string }).goroutine, /^goroutine \d+ \[failing\]$/);
  assert.ok(Object.keys(error as object).includes("goroutine"));
});

both(
  "a stack that is too short for a line of the user's keeps the frames that it has",
  function* () {
    const stacks = Error as { stackTraceLimit: number };
    const before = stacks.stackTraceLimit;
    stacks.stackTraceLimit = 3;
    try {
      yield* dial("tcp", "127.0.0.1:1", { wrong: 1 } as Any);
      assert.fail("the option exists");
    } catch (error) {
      assert.match((error as Error).stack!, /^TypeError: Cannot dial .*"wrong".*\n\s+at /);
    } finally {
      stacks.stackTraceLimit = before;
    }
  },
);
