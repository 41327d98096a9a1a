// SPDX-License-Identifier: MIT
/** `console.log` of an object of the library is one line that says what it is and how it stands. */
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { inspect } from "node:util";
import {
  after,
  background,
  chan,
  Cond,
  dial,
  ErrGroup,
  go,
  listen,
  listenPacket,
  Mutex,
  notify,
  ObjectPool,
  Once,
  pipe,
  RWMutex,
  scope,
  Semaphore,
  sleep,
  Ticker,
  Timer,
  WaitGroup,
  Waker,
  withCancel,
  withTimeout,
} from "../../mod.ts";
import { limit } from "../../reactor.ts";
import { both, pairOn, parked } from "../support/harness.ts";

/** How this runtime shows a value: what `console.log` prints of it. */
function shown(value: unknown): string {
  const { Bun, Deno } = globalThis as {
    Bun?: { inspect(value: unknown): string };
    Deno?: { inspect(value: unknown): string };
  };
  return (Bun ?? Deno)!.inspect(value);
}

/** Whether there are Unix sockets with names of the system's choice. */
const noAbstract = process.platform !== "linux" && "abstract names are Linux's";

/** Checks every way of showing `value`: each is one line, and matches. */
function shows(value: unknown, pattern: RegExp, text: RegExp = pattern): void {
  for (const line of [shown(value), inspect(value)]) assert.match(line, pattern);
  assert.match(String(value), text);
  // Also within something else.
  assert.match(shown({ value }).replaceAll(/\s+/g, " "), new RegExp(pattern.source.slice(1, -1)));
}

both("sockets", function* () {
  const listener = yield* listen("tcp", "127.0.0.1:0");
  const [a, b] = yield* pairOn(listener);
  const at = "127\\.0\\.0\\.1:\\d+";
  shows(listener, new RegExp(`^Listener\\(fd \\d+ tcp ${at}\\)$`));
  shows(a, new RegExp(`^Conn\\(fd \\d+ tcp ${at}->${at}\\)$`));
  shows(
    limit(listener, { connections: 5 }),
    new RegExp(`^Listener\\(fd \\d+ tcp ${at}\\) with limits$`),
  );
  shows(a.localAddr, new RegExp(`^tcp ${at}$`), new RegExp(`^${at}$`));
  a.close();
  b.close();
  listener.close();
  shows(a, new RegExp(`^Conn\\(fd \\d+ tcp ${at}->${at}, closed\\)$`));
  shows(listener, new RegExp(`^Listener\\(fd \\d+ tcp ${at}, closed\\)$`));
  using packets = yield* listenPacket("udp", "127.0.0.1:0");
  shows(packets, new RegExp(`^PacketConn\\(fd \\d+ udp ${at}\\)$`));
  const [one] = pipe();
  shows(one, /^Conn\(pipe\)$/);
  one.close();
  shows(one, /^Conn\(pipe, closed\)$/);
});

both("Unix sockets", function* () {
  using listener = yield* listen("unix", "");
  shows(listener, /^Listener\(fd \d+ unix @\w+\)$/);
  using conn = yield* dial("unix", String(listener.addr));
  shows(conn, /^Conn\(fd \d+ unix .*@\w+\)$/);
  shows(listener.addr, /^unix @\w+$/, /^@\w+$/);
}, noAbstract);

both("goroutines, channels, contexts, scopes", function* () {
  const g = go(function* worker() {
    yield* sleep(20);
  });
  shows(g, /^goroutine \d+ \[runnable\]: worker$/);
  yield* parked(g, "sleep");
  shows(g, /^goroutine \d+ \[sleep\]: worker$/);
  yield* g.join();
  shows(g, /^goroutine \d+ \[dead\]: worker$/);
  const ch = chan<number>(3);
  ch.trySend(1);
  shows(ch, /^chan \d+, 1 of 3$/);
  ch.close();
  shows(ch, /^chan \d+, 1 of 3, closed$/);
  shows(after(1), /^chan \d+, 0 of 0$/);
  shows(background(), /^Context\(context\.Background\)$/, /^context\.Background$/);
  const [ctx, cancel] = withCancel(background());
  shows(ctx, /^Context\(context\.Background\.WithCancel\)$/, /WithCancel$/);
  cancel();
  shows(ctx, /^Context\(context\.Background\.WithCancel, context canceled\)$/, /WithCancel$/);
  const [timed, stop] = withTimeout(background(), 60_000);
  shows(timed, /^Context\(context\.Background\.WithDeadline\)$/, /WithDeadline$/);
  stop();
  yield* scope(function* (s) {
    shows(s, /^Scope\(\d+ goroutines\)$/);
  });
});

both("locks, groups, timers", function* () {
  const mu = new Mutex();
  shows(mu, /^Mutex\(unlocked\)$/);
  yield* mu.lock();
  shows(mu, /^Mutex\(locked\)$/);
  const rw = new RWMutex();
  yield* rw.rlock();
  shows(rw, /^RWMutex\(read-locked by 1\)$/);
  rw.runlock();
  yield* rw.lock();
  shows(rw, /^RWMutex\(locked\)$/);
  const wg = new WaitGroup();
  wg.add(2);
  shows(wg, /^WaitGroup\(2\)$/);
  const semaphore = new Semaphore(3);
  yield* semaphore.acquire(2);
  shows(semaphore, /^Semaphore\(2 of 3\)$/);
  const once = new Once();
  shows(once, /^Once\(not done\)$/);
  shows(new ErrGroup(), /^ErrGroup\(0 goroutines\)$/);
  shows(new Cond(mu), /^Cond\(\)$/);
  shows(new ObjectPool({ new: () => ({}) }), /^ObjectPool\(0 objects\)$/);
  const timer = new Timer(60_000);
  shows(timer, /^Timer\(\)$/);
  timer.stop();
  const ticker = new Ticker(60_000);
  shows(ticker, /^Ticker\(\)$/);
  ticker.stop();
  using waker = new Waker();
  shows(waker, /^Waker\(fd -?\d+\)$/);
});

both("a notifier for signals", function* () {
  using notifier = notify("SIGHUP");
  shows(notifier, /^SignalNotifier\(listening\)$/);
}, process.platform === "win32" && "SIGHUP is not for Windows");

test("inspection adds no properties to an object, and a prototype can be shown as well", () => {
  const mu = new Mutex();
  assert.deepEqual(Reflect.ownKeys(mu), []);
  assert.equal(shown(Mutex.prototype), "Mutex");
  assert.deepEqual(Object.keys(Mutex.prototype), []);
});
