// SPDX-License-Identifier: MIT
/** From one connection to another, and to the end. Go: net/splice_test.go, io/io_test.go. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  background,
  BufferedReader,
  type Conn,
  copy,
  go,
  type OpError,
  pipe,
  readAll,
  type Routine,
  splice,
  withCancel,
} from "../../mod.ts";
import { platform } from "../../platforms/platform.ts";
import { both, openLinks, pair, runBy, thrown, until } from "../support/harness.ts";
import { assertPattern, pattern } from "../support/pattern.ts";

const LENGTH = 5_000_000;

function* pipePair(): Routine<[Conn, Conn]> {
  return pipe();
}

/** Pipes that this process has open. */
function pipes(): number {
  return openLinks().filter((link) => link.startsWith("pipe:")).length;
}

/** Why a test of the kernel's own splice is left out, if it is. */
const noSplice = platform().os !== "linux" &&
  "splice(2) is Linux's: elsewhere it is a read or a write";

/** Registers a test after which no pipe may be left. */
function withoutPipes(name: string, main: () => Routine<void>, skip: string | false = false): void {
  for (const driver of ["run", "runSync"] as const) {
    test(`${name} (${driver})`, { skip }, async () => {
      const before = pipes();
      await runBy(driver, main);
      assert.equal(pipes(), before, "pipes left");
    });
  }
}

const KINDS = {
  "two sockets": [pair, pair],
  "a socket and a pipe()": [pair, pipePair],
  "a pipe() and a socket": [pipePair, pair],
  "two pipe()s": [pipePair, pipePair],
} as const;

for (const [kind, [first, second]] of Object.entries(KINDS)) {
  withoutPipes(`a proxy between ${kind} loses nothing and adds nothing`, function* () {
    const [a, b] = yield* first();
    const [c, d] = yield* second();
    const moving = go(function* () {
      const n = yield* splice(b, c);
      c.closeWrite();
      return n;
    });
    const back = go(function* () {
      const n = yield* copy(b, c);
      b.closeWrite();
      return n;
    });
    const want = pattern(LENGTH);
    const writer = go(function* () {
      yield* a.write(want);
      a.closeWrite();
    });
    assertPattern(yield* readAll(d), LENGTH);
    assert.equal(yield* moving.join(), LENGTH);
    yield* writer.join();
    // The other way is still open.
    const answer = go(() => readAll(a));
    yield* d.write(want.subarray(0, 1000));
    d.closeWrite();
    assertPattern(yield* answer.join(), 1000);
    assert.equal(yield* back.join(), 1000);
    for (const conn of [a, b, c, d]) conn.close();
  });

  withoutPipes(`only the requested part is moved between ${kind}`, function* () {
    const [a, b] = yield* first();
    const [c, d] = yield* second();
    const want = pattern(200_000);
    const writer = go(function* () {
      yield* a.write(want);
      a.close();
    });
    const reader = go(() => readAll(d));
    assert.equal(yield* splice(b, c, { length: 0 }), 0);
    assert.equal(yield* splice(b, c, { length: 10 }), 10);
    assert.equal(yield* splice(b, c, { length: 150_000 }), 150_000);
    const rest = yield* readAll(b);
    yield* c.write(rest);
    c.close();
    yield* writer.join();
    assertPattern(yield* reader.join(), want.length);
    b.close();
    d.close();
  });
}

withoutPipes("an echo works within the kernel", function* () {
  const [a, b] = yield* pair();
  const echo = go(() => splice(b, b));
  const back = new Uint8Array(100_000);
  const reader = go(() => a.readFull(back));
  yield* a.write(pattern(back.length));
  yield* reader.join();
  assertPattern(back, back.length);
  a.closeWrite();
  assert.equal(yield* echo.join(), back.length);
  a.close();
  b.close();
});

withoutPipes("a partial copy reports how much arrived, and leaves no pipe", function* () {
  const [ctx, cancel] = withCancel(background());
  type Cut = { end: (from: Conn, to: Conn) => void; op: string; cancel?: typeof ctx };
  const cuts: Cut[] = [
    { end: (from) => from.setReadDeadline(1), op: "splice" },
    { end: (_from, to) => to.close(), op: "splice" },
    { end: (from) => from.close(), op: "splice" },
    { end: () => cancel(), op: "splice", cancel: ctx },
  ];
  for (const cut of cuts) {
    const [a, b] = yield* pair();
    const [c, d] = yield* pair();
    yield* a.write(pattern(1000));
    const moving = go(() => thrown(splice(b, c, { cancel: cut.cancel })));
    const got = new Uint8Array(1000);
    yield* d.readFull(got);
    yield* until(() => moving.status === "waiting");
    cut.end(b, c);
    // One that waits for bytes to come learns of the other end when some have.
    yield* a.write(new Uint8Array(1));
    const error = (yield* moving.join()) as OpError;
    assert.equal(error.op, cut.op);
    assert.equal(error.bytesWritten, 1000);
    for (const conn of [a, b, c, d]) conn[Symbol.dispose]();
  }
}, noSplice);

withoutPipes("a writer that waits for a slow peer can be interrupted", function* () {
  const [a, b] = yield* pair();
  const [c, d] = yield* pair();
  const writer = go(() => thrown(a.write(new Uint8Array(64 << 20))));
  const moving = go(() => thrown(splice(b, c)));
  yield* until(() => writer.status === "waiting" && moving.status === "waiting");
  c.setWriteDeadline(1);
  const error = (yield* moving.join()) as OpError;
  assert.ok(error.timeout);
  c.close();
  assert.equal((yield* readAll(d)).length, error.bytesWritten);
  b.abort();
  yield* writer.join();
  for (const conn of [a, d]) conn[Symbol.dispose]();
});

/** Ways to hand on a connection whose buffered reader has read beyond its head. */
const WITH_BYTES_IN_FRONT = {
  "the reader": (reader: BufferedReader<Conn>) => reader,
  "its detachConn": (reader: BufferedReader<Conn>) => reader.detachConn(),
};

for (const [what, handOn] of Object.entries(WITH_BYTES_IN_FRONT)) {
  const name = `what a buffered reader has read goes first, the rest within the kernel: ${what}`;
  withoutPipes(name, function* () {
    const { transfers } = platform();
    const [a, b] = yield* pair();
    const [c, d] = yield* pair();
    const copied = yield* countingSplices(transfers, function* () {
      const sender = go(function* () {
        yield* a.write("head\n");
        yield* a.write(pattern(LENGTH));
        a.closeWrite();
      });
      const receiver = go(() => readAll(d));
      const reader = new BufferedReader(b);
      assert.equal(yield* reader.line(), "head");
      yield* reader.peek(1);
      assert.ok(reader.buffered > 0);
      assert.equal(yield* copy(c, handOn(reader)), LENGTH);
      c.closeWrite();
      assertPattern(yield* receiver.join(), LENGTH);
      yield* sender.join();
    });
    assert.ok(copied > 0, "no byte was moved within the kernel");
    for (const conn of [a, b, c, d]) conn.close();
  }, noSplice);
}

/** Returns the number of calls of splice(2) that `f` makes. */
function* countingSplices(
  transfers: { splice(...args: never[]): unknown },
  f: () => Routine<void>,
): Routine<number> {
  let calls = 0;
  const splice = transfers.splice.bind(transfers) as (...args: unknown[]) => unknown;
  transfers.splice = (...args: unknown[]) => {
    calls++;
    return splice(...args);
  };
  try {
    yield* f();
  } finally {
    Reflect.deleteProperty(transfers, "splice");
  }
  return calls;
}

withoutPipes("a length ends a splice of a buffered reader within its bytes or after", function* () {
  for (const length of [3, 100]) {
    const [a, b] = yield* pair();
    const [c, d] = yield* pair();
    yield* a.write("head\n" + "x".repeat(200));
    const reader = new BufferedReader(b);
    assert.equal(yield* reader.line(), "head");
    yield* reader.peek(1);
    const from = reader.detachConn();
    assert.equal(yield* splice(from, c, { length }), length);
    c.closeWrite();
    assert.equal((yield* readAll(d)).length, length);
    for (const conn of [a, from, c, d]) conn.close();
  }
});

withoutPipes("a run that ends during a splice leaves no pipe", function* () {
  const [, b] = yield* pair();
  const [c] = yield* pair();
  const moving = go(() => splice(b, c));
  yield* until(() => moving.status === "waiting");
});

withoutPipes("without kernel support, reads and writes are used", function* () {
  const { transfers, errno } = platform();
  transfers.splice = () => -errno.EINVAL;
  try {
    const [a, b] = yield* pair();
    const [c, d] = yield* pair();
    const moving = go(function* () {
      yield* copy(c, b);
      c.close();
    });
    const reader = go(() => readAll(d));
    yield* a.write(pattern(300_000));
    a.close();
    assertPattern(yield* reader.join(), 300_000);
    yield* moving.join();
    b.close();
    d.close();
  } finally {
    Reflect.deleteProperty(transfers, "splice");
  }
});

withoutPipes("without a descriptor or memory for a pipe, reads and writes are used", function* () {
  const { transfers, errno } = platform();
  try {
    for (const shortage of ["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"] as const) {
      transfers.pipe = () => -errno[shortage];
      const [a, b] = yield* pair();
      const [c, d] = yield* pair();
      yield* a.write(Uint8Array.of(1, 2, 3));
      a.closeWrite();
      assert.equal(yield* splice(b, c), 3, shortage);
      c.closeWrite();
      assert.deepEqual(yield* readAll(d), Uint8Array.of(1, 2, 3), shortage);
      for (const conn of [a, b, c, d]) conn.close();
    }
  } finally {
    Reflect.deleteProperty(transfers, "pipe");
  }
});

withoutPipes("any other failure to create a pipe is an error of the splice", function* () {
  const { transfers, errno } = platform();
  transfers.pipe = () => -errno.ENOTCONN;
  try {
    const [a, b] = yield* pair();
    const error = (yield* thrown(splice(a, b))) as OpError;
    assert.match(error.message, /^splice tcp .*: pipe2: transport endpoint is not connected$/);
    a.close();
    b.close();
  } finally {
    Reflect.deleteProperty(transfers, "pipe");
  }
});

both("copy accepts any reader and writer", function* () {
  let left = 10;
  const source = {
    *read(p: Uint8Array): Routine<number | null> {
      if (left-- === 0) return null;
      p.fill(left, 0, 100);
      return 100;
    },
  };
  let got = 0;
  const sink = {
    *write(p: Uint8Array): Routine<number> {
      got += p.length;
      return p.length;
    },
  };
  assert.equal(yield* copy(sink, source), 1000);
  assert.equal(got, 1000);
});

both("readAll reads nothing, a little, and much", function* () {
  for (const length of [0, 1, 511, 512, 513, 1_000_000]) {
    const [a, b] = yield* pair();
    const reader = go(() => readAll(b));
    yield* a.write(pattern(length));
    a.close();
    assertPattern(yield* reader.join(), length);
    b.close();
  }
});

both("an invalid length is rejected", function* () {
  const [a, b] = pipe();
  for (const length of [-1, 1.5, NaN, "1" as unknown as number]) {
    assert.throws(() => splice(a, b, { length }), RangeError);
  }
});
