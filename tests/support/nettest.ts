// SPDX-License-Identifier: MIT
/**
 * What every connection must be able to do, whatever its network: the eleven sub-tests of
 * golang.org/x/net/nettest, conntest.go, in the order and with the numbers that they have there,
 * each with the two ends in either role, under `run` and under `runSync`.
 *
 * Go has a race detector and real threads for what it cannot assert. Here a sub-test may have a
 * second part instead, on a pair of its own: `extra` in the table at the end of this file.
 * No write is larger than a message on a packet network may be.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  ClosedError,
  type Conn,
  DeadlineExceededError,
  go,
  type Goroutine,
  type Routine,
  sleep,
} from "../../mod.ts";
import { both, type Driver, only } from "./harness.ts";

/** The two ends of a connection, and how to be rid of them. `stop` may be called after a close. */
export interface Pair {
  /** The dialled end. */
  readonly c1: Conn;
  /** The accepted end. */
  readonly c2: Conn;
  /** Closes both ends and whatever else was opened for them. */
  readonly stop: () => void;
}

/** What a network may do otherwise. */
export interface TestConnOptions {
  /** Whether an error is the one of a call on a connection that this side closed. */
  isClosed?: (error: unknown) => boolean;
  /** The one way to run goroutines under which it works; both from the start. */
  driver?: Driver;
  /** Why it cannot be tried here, if it cannot. */
  skip?: string | false;
}

/** Most that is written at once. */
const CHUNK = 1024;
/** A moment far in the past. */
const LONG_AGO = 233_431_200_000;
/** No deadline. */
const NEVER = null;
/** The short deadlines, and the long ones. */
const SHORT_MS = 1;
const LONG_MS = 100;
/** Date.now() counts whole milliseconds: a deadline from it may be early by less than one. */
const CLOCK_MS = 1;
/** Upper bound of the time in which a call is woken at once, on the busiest machine. */
const AT_ONCE_MS = 5000;
/** When a pair is stopped under a sub-test that hangs: before the harness ends it. */
const WATCHDOG_MS = 50_000;

interface Reader {
  read(p: Uint8Array): Routine<number | null>;
}

interface Writer {
  write(p: Uint8Array): Routine<number>;
}

/** A pair under test, and the goroutines that serve its second end. */
class Wire {
  readonly c1: Conn;
  readonly c2: Conn;
  readonly isClosed: (error: unknown) => boolean;
  readonly #servers: Goroutine<void>[] = [];

  constructor(pair: Pair, swapped: boolean, options: TestConnOptions) {
    this.c1 = swapped ? pair.c2 : pair.c1;
    this.c2 = swapped ? pair.c1 : pair.c2;
    this.isClosed = options.isClosed ?? ((error) => errorIs(error, ClosedError));
  }

  /** The second end sends back whatever it reads. */
  echo(): void {
    this.#serve(this.c2, this.c2);
  }

  /** The second end throws away whatever it reads. */
  drain(): void {
    this.#serve({ write: consume }, this.c2);
  }

  /** The second end sends the data of `source` without end. */
  feed(source: Reader): void {
    this.#serve(this.c2, source);
  }

  /** Waits for the serving goroutines: once the pair is stopped, each must end. */
  *served(): Routine<void> {
    for (const server of this.#servers) yield* server.join();
  }

  #serve(to: Writer, from: Reader): void {
    this.#servers.push(go(function* serve() {
      try {
        yield* chunkedCopy(to, from);
      } catch {
        // The pair was stopped.
      }
    }));
  }
}

/** Discards everything. */
function* consume(p: Uint8Array): Routine<number> {
  return p.length;
}

/** Copies to the end of `from`, by plain reads and writes of a kilobyte at most. */
function* chunkedCopy(to: Writer, from: Reader): Routine<void> {
  const buf = new Uint8Array(CHUNK);
  for (let n; (n = yield* from.read(buf)) !== null;) {
    assert.equal(yield* to.write(buf.subarray(0, n)), n, "a short write without an error");
  }
}

/** Endless bytes without a pattern, the same ones each time. */
function noise(): Reader {
  let state = 0x2545f491;
  return {
    *read(p) {
      for (let i = 0; i < p.length; i++) {
        // Marsaglia's xorshift, 13, 17, 5.
        state ^= state << 13;
        state ^= state >>> 17;
        state ^= state << 5;
        p[i] = state;
      }
      return p.length;
    },
  };
}

/** The bytes of `all`, then the end. */
function source(all: Uint8Array): Reader {
  let at = 0;
  return {
    *read(p) {
      if (at === all.length) return null;
      const part = all.subarray(at, at + p.length);
      p.set(part);
      at += part.length;
      return part.length;
    },
  };
}

/** Whether `error`, or what caused it, is one of `kind`. Go: errors.Is. */
function errorIs(error: unknown, kind: new () => Error): boolean {
  if (error instanceof kind) return true;
  return error instanceof Error && errorIs(error.cause, kind);
}

/** `error` must be a deadline that has passed, and say so in each of Go's ways. */
function checkTimeout(error: unknown): void {
  const { timeout, temporary } = error as { timeout?: unknown; temporary?: unknown };
  if (timeout !== true) throw new Error("not a time-out", { cause: error });
  assert.equal(typeof temporary, "boolean", "a network error says whether it is temporary");
  if (!errorIs(error, DeadlineExceededError)) {
    throw new Error("a time-out, but not of a deadline", { cause: error });
  }
}

/** What a call throws; its value instead is a failure. */
function* failure<T>(call: Routine<T>): Routine<unknown> {
  let value: T;
  try {
    value = yield* call;
  } catch (error) {
    return error;
  }
  assert.fail(`gave ${value} instead of an error`);
}

/** Calls again and again until it throws, and returns the error. The end of the stream is a failure. */
function* failureAtLast(call: () => Routine<number | null>): Routine<unknown> {
  return yield* failure((function* () {
    while ((yield* call()) !== null);
    return "the end of the stream";
  })());
}

/** Starts all of them and waits for all of them. Go: a WaitGroup. */
function* together(...bodies: (() => Routine<void>)[]): Routine<void> {
  const started = bodies.map((body) => go(body));
  for (const goroutine of started) yield* goroutine.join();
}

/** `n` times the same. */
function times<T>(n: number, make: () => T): T[] {
  return Array.from({ length: n }, make);
}

/** How long ago `start` was, in milliseconds. */
function since(start: number): number {
  return performance.now() - start;
}

/** There and back; needs an echo. */
function* roundTrip(c: Conn): Routine<void> {
  c.setDeadline(NEVER);
  const hello = new TextEncoder().encode("Hello, world!");
  assert.equal(yield* c.write(hello), hello.length);
  const back = new Uint8Array(hello.length);
  assert.equal(yield* c.readFull(back), hello.length);
  assert.deepEqual(back, hello);
}

/** Reads whatever is still on its way, all of it zeros, up to a mark; needs an echo. */
function* resync(c: Conn): Routine<void> {
  c.setDeadline(NEVER);
  const mark = go(() => c.write(Uint8Array.of(0xff)));
  const buf = new Uint8Array(CHUNK);
  for (;;) {
    const n = yield* c.read(buf);
    assert.notEqual(n, null, "the stream ended before the mark");
    if (n! > 0 && buf.subarray(0, n!).indexOf(0xff) === n! - 1) break;
  }
  yield* mark.join();
}

/** What was sent arrives, all of it, and then the end. */
function* basicIO({ c1, c2 }: Wire): Routine<void> {
  const want = new Uint8Array(1 << 20);
  yield* noise().read(want);
  const receiving = go(function* receive() {
    const got = new Uint8Array(want.length + CHUNK);
    let length = 0;
    const memory: Writer = {
      *write(p) {
        assert.ok(length + p.length <= got.length, "more came than was sent");
        got.set(p, length);
        length += p.length;
        return p.length;
      },
    };
    yield* chunkedCopy(memory, c2);
    c2.close();
    return got.subarray(0, length);
  });
  const sending = go(function* send() {
    yield* chunkedCopy(c1, source(want));
    c1.close();
  });
  const got = yield* receiving.join();
  yield* sending.join();
  assert.equal(got.length, want.length);
  assert.equal(Buffer.compare(got, want), 0, "other bytes came than were sent");
}

/** A number goes back and forth and grows by one each way. */
function* pingPong({ c1, c2 }: Wire): Routine<void> {
  const LAST = 1000n;
  function* play(c: Conn): Routine<void> {
    const message = new Uint8Array(8);
    const view = new DataView(message.buffer);
    for (let before = 0n; (yield* c.readFull(message)) !== null;) {
      const number = view.getBigUint64(0, true);
      assert.ok(before === 0n || number === before + 2n, `${number} came after ${before}`);
      before = number;
      if (number === LAST) break;
      view.setBigUint64(0, number + 1n, true);
      yield* c.write(message);
    }
    c.close();
  }
  const players = [c1, c2].map((c) => go(() => play(c)));
  assert.equal(yield* c1.write(new Uint8Array(8)), 8);
  for (const player of players) yield* player.join();
}

/** Ten readers; each uses its buffer for something else as soon as the call is back. */
function* racyRead(wire: Wire): Routine<void> {
  const { c1 } = wire;
  wire.feed(noise());
  c1.setReadDeadline(Date.now() + SHORT_MS);
  yield* together(...times(10, () =>
    function* reader() {
      const used = new Uint8Array(CHUNK);
      const zeros = new Uint8Array(CHUNK);
      for (let i = 0; i < 100; i++) {
        try {
          yield* c1.read(used);
        } catch (error) {
          checkTimeout(error);
          c1.setReadDeadline(Date.now() + SHORT_MS);
        }
        used.set(zeros);
      }
    }));
}

/** Bytes of the stream that {@linkcode trickle} sends: a count, in a period that no chunk divides. */
const PERIOD = 251;

/** A few bytes at a time, with pauses about as long as the short deadline. */
function trickle(): Reader {
  let next = 0;
  return {
    *read(p) {
      // Not a wait for anything: what is tested are reads that time out between two arrivals.
      yield* sleep((next % 8) * SHORT_MS / 4);
      const part = p.subarray(0, 100 + next % 57);
      for (let i = 0; i < part.length; i++) part[i] = next++ % PERIOD;
      return part.length;
    },
  };
}

/** A read that timed out consumed no byte, and does not write into its buffer afterwards. */
function* racyReadExtra(wire: Wire): Routine<void> {
  const { c1 } = wire;
  wire.feed(trickle());
  const buf = new Uint8Array(CHUNK);
  let next = 0;
  for (let timeouts = 0, reads = 0; timeouts < 20 || reads < 20;) {
    c1.setReadDeadline(Date.now() + SHORT_MS);
    let n: number | null;
    try {
      n = yield* c1.read(buf);
    } catch (error) {
      checkTimeout(error);
      timeouts++;
      buf.fill(0xff);
      yield* sleep(5);
      assert.ok(buf.every((byte) => byte === 0xff), "a read that was over wrote into its buffer");
      continue;
    }
    reads++;
    assert.notEqual(n, null, "the stream ended");
    for (const byte of buf.subarray(0, n!)) assert.equal(byte, next++ % PERIOD, `byte ${next - 1}`);
  }
}

/** Ten writers; each uses its buffer for something else as soon as the call is back. */
function* racyWrite(wire: Wire): Routine<void> {
  const { c1 } = wire;
  wire.drain();
  c1.setWriteDeadline(Date.now() + SHORT_MS);
  yield* together(...times(10, () =>
    function* writer() {
      const used = new Uint8Array(CHUNK);
      const zeros = new Uint8Array(CHUNK);
      for (let i = 0; i < 100; i++) {
        try {
          assert.equal(yield* c1.write(used), CHUNK);
        } catch (error) {
          checkTimeout(error);
          c1.setWriteDeadline(Date.now() + SHORT_MS);
        }
        used.set(zeros);
      }
    }));
}

/** The peer gets what was in the buffer during the call, and of a write that timed out what it said. */
function* racyWriteExtra({ c1, c2 }: Wire): Routine<void> {
  const [A, B] = [0x41, 0x42];
  const buf = new Uint8Array(CHUNK);
  let sent = 0;
  let timeouts = 0;
  function* writeOne(): Routine<void> {
    c1.setWriteDeadline(Date.now() + SHORT_MS);
    buf.fill(A);
    try {
      sent += yield* c1.write(buf);
    } catch (error) {
      checkTimeout(error);
      sent += (error as { bytesWritten: number }).bytesWritten;
      timeouts++;
    }
    buf.fill(B);
  }
  // There is no reader yet: a few of them fail, with all the room between the two ends filled.
  while (timeouts < 3) yield* writeOne();
  let received = 0;
  const counter: Writer = {
    *write(p) {
      assert.ok(p.every((byte) => byte === A), "the peer got what was put there after the write");
      received += p.length;
      return p.length;
    },
  };
  const counting = go(() => chunkedCopy(counter, c2));
  for (let i = 0; i < 200; i++) yield* writeOne();
  c1.setWriteDeadline(NEVER);
  c1.close();
  yield* counting.join();
  assert.equal(received, sent);
}

/** A deadline for reads does nothing to writes. */
function* readTimeout(wire: Wire): Routine<void> {
  const { c1 } = wire;
  wire.drain();
  c1.setReadDeadline(LONG_AGO);
  checkTimeout(yield* failure(c1.read(new Uint8Array(CHUNK))));
  assert.equal(yield* c1.write(new Uint8Array(CHUNK)), CHUNK);
}

/** A deadline for writes does nothing to reads. */
function* writeTimeout(wire: Wire): Routine<void> {
  const { c1 } = wire;
  wire.feed(noise());
  c1.setWriteDeadline(LONG_AGO);
  checkTimeout(yield* failure(c1.write(new Uint8Array(CHUNK))));
  assert.ok((yield* c1.read(new Uint8Array(CHUNK)))! > 0);
}

/** A deadline in the past fails a call before it does anything; without it all is as before. */
function* pastTimeout(wire: Wire): Routine<void> {
  const { c1 } = wire;
  wire.echo();
  yield* roundTrip(c1);
  c1.setDeadline(LONG_AGO);
  const wrote = yield* failure(c1.write(new Uint8Array(CHUNK)));
  checkTimeout(wrote);
  assert.equal((wrote as { bytesWritten: number }).bytesWritten, 0);
  const buf = new Uint8Array(CHUNK).fill(0xff);
  checkTimeout(yield* failure(c1.read(buf)));
  assert.ok(buf.every((byte) => byte === 0xff), "a read that failed gave bytes");
  yield* roundTrip(c1);
}

/** A deadline in the past ends the calls that are waiting. */
function* presentTimeout({ c1 }: Wire): Routine<void> {
  let setAt = Infinity;
  function ended(error: unknown): void {
    checkTimeout(error);
    assert.ok(performance.now() >= setAt, "it ended before its deadline was set");
    assert.ok(since(setAt) < AT_ONCE_MS, "the deadline did not wake it");
  }
  yield* together(
    function* setter() {
      yield* sleep(LONG_MS);
      setAt = performance.now();
      c1.setReadDeadline(LONG_AGO);
      c1.setWriteDeadline(LONG_AGO);
    },
    function* reader() {
      ended(yield* failure(c1.read(new Uint8Array(CHUNK))));
    },
    function* writer() {
      ended(yield* failureAtLast(() => c1.write(new Uint8Array(CHUNK))));
    },
  );
}

/** A deadline in the future ends the calls when it comes; later ones do as the new deadline says. */
function* futureTimeout(wire: Wire): Routine<void> {
  const { c1 } = wire;
  const start = performance.now();
  c1.setDeadline(Date.now() + LONG_MS);
  function ended(error: unknown): void {
    checkTimeout(error);
    assert.ok(since(start) > LONG_MS - CLOCK_MS, `ended after ${since(start)} ms`);
  }
  yield* together(
    function* reader() {
      ended(yield* failure(c1.read(new Uint8Array(CHUNK))));
    },
    function* writer() {
      ended(yield* failureAtLast(() => c1.write(new Uint8Array(CHUNK))));
    },
  );
  wire.echo();
  yield* resync(c1);
  yield* roundTrip(c1);
}

/** A close ends the calls that are waiting. */
function* closeTimeout(wire: Wire): Routine<void> {
  const { c1, isClosed } = wire;
  wire.echo();
  c1.setDeadline(NEVER);
  let closedAt = Infinity;
  function ended(error: unknown): void {
    if (!isClosed(error)) throw new Error("not the error of a close", { cause: error });
    assert.ok(performance.now() >= closedAt, "it ended before the close");
    assert.ok(since(closedAt) < AT_ONCE_MS, "the close did not wake it");
  }
  yield* together(
    function* closer() {
      yield* sleep(LONG_MS);
      closedAt = performance.now();
      c1.close();
    },
    function* reader() {
      const buf = new Uint8Array(CHUNK);
      ended(yield* failureAtLast(() => c1.read(buf)));
    },
    function* writer() {
      ended(yield* failureAtLast(() => c1.write(new Uint8Array(CHUNK))));
    },
  );
}

/** Every method at once, a hundred times over; the connection is as good as before. */
function* concurrentMethods(wire: Wire): Routine<void> {
  const { c1 } = wire;
  wire.echo();
  function* ignoringErrors(call: Routine<unknown>): Routine<void> {
    try {
      yield* call;
    } catch (error) {
      checkTimeout(error);
    }
  }
  function* now(call: () => unknown): Routine<void> {
    call();
  }
  yield* together(
    ...times(100, () => [
      () => ignoringErrors(c1.read(new Uint8Array(CHUNK))),
      () => ignoringErrors(c1.write(new Uint8Array(CHUNK))),
      () => now(() => c1.setDeadline(Date.now() + 10)),
      () => now(() => c1.setReadDeadline(LONG_AGO)),
      () => now(() => c1.setWriteDeadline(LONG_AGO)),
      () => now(() => c1.localAddr),
      () => now(() => c1.remoteAddr),
    ]).flat(),
  );
  yield* resync(c1);
  yield* roundTrip(c1);
}

/** A sub-test, with its second part if it has one. */
interface Case {
  readonly name: string;
  readonly main: (wire: Wire) => Routine<void>;
  readonly extra?: (wire: Wire) => Routine<void>;
}

const CASES: readonly Case[] = [
  { name: "BasicIO", main: basicIO },
  { name: "PingPong", main: pingPong },
  { name: "RacyRead", main: racyRead, extra: racyReadExtra },
  { name: "RacyWrite", main: racyWrite, extra: racyWriteExtra },
  { name: "ReadTimeout", main: readTimeout },
  { name: "WriteTimeout", main: writeTimeout },
  { name: "PastTimeout", main: pastTimeout },
  { name: "PresentTimeout", main: presentTimeout },
  { name: "FutureTimeout", main: futureTimeout },
  { name: "CloseTimeout", main: closeTimeout },
  { name: "ConcurrentMethods", main: concurrentMethods },
];

/** Runs `body` on a fresh pair, which is stopped once: afterwards, or after a timeout. */
function* onPair(
  makePair: () => Routine<Pair>,
  swapped: boolean,
  options: TestConnOptions,
  body: (wire: Wire) => Routine<void>,
): Routine<void> {
  const pair = yield* makePair();
  let stopped = false;
  let late = false;
  const stop = () => {
    if (!stopped) pair.stop();
    stopped = true;
  };
  go(function* watchdog() {
    yield* sleep(WATCHDOG_MS);
    late = !stopped;
    stop();
  });
  const wire = new Wire(pair, swapped, options);
  try {
    yield* body(wire);
  } catch (error) {
    throw late ? new Error("timed out; terminating pipe", { cause: error }) : error;
  } finally {
    stop();
  }
  yield* wire.served();
  assert.ok(!late, "timed out; terminating pipe");
}

/** The tests of a network, by their names. Parameters as of {@linkcode testConn}. */
export function casesOf(
  makePair: () => Routine<Pair>,
  options: TestConnOptions = {},
): { name: string; body: () => Routine<void> }[] {
  return [false, true].flatMap((swapped) =>
    CASES.map(({ name, main, extra }) => ({
      name: `${name}${swapped ? ", ends swapped" : ""}`,
      body: function* (): Routine<void> {
        yield* onPair(makePair, swapped, options, main);
        if (extra !== undefined) yield* onPair(makePair, swapped, options, extra);
      },
    }))
  );
}

/**
 * Registers the tests of a network.
 *
 * @param name the network's, for the names of the tests
 * @param makePair connects a fresh pair
 * @param options what the network does otherwise than TCP
 */
export function testConn(
  name: string,
  makePair: () => Routine<Pair>,
  options: TestConnOptions = {},
): void {
  for (const { name: subTest, body } of casesOf(makePair, options)) {
    const title = `${name}: ${subTest}`;
    if (options.driver === undefined) both(title, body, options.skip);
    else only(options.driver, title, body, options.skip);
  }
}
