// SPDX-License-Identifier: MIT
// cspell:ignore aaaab cdefghijklmnopqrstuv defghijklmnopqrstuvwxyz efgh grün ijkl maxline wxyz
/** Lines, delimited and counted bytes through a buffer, and what stays in it. Go: bufio_test.go. */
import assert from "node:assert/strict";
import {
  BufferedReader,
  copy,
  go,
  NoProgressError,
  PanicError,
  pipe,
  readAll,
  type Reader,
  type Routine,
  TooLongError,
  UnexpectedEOFError,
} from "../../mod.ts";
import { both, thrown } from "../support/harness.ts";
import { Pieces, str, utf8 } from "./sources.ts";

/** All lines of `reader`. */
function* linesOf(reader: BufferedReader): Routine<string[]> {
  const lines: string[] = [];
  for (let line; (line = yield* reader.line()) !== null;) lines.push(line);
  return lines;
}

both("line ends are removed, and the last line needs none", function* () {
  const source = new Pieces("one\r", "\ntwo\n\nthr", "ee\r\r\nrest");
  assert.deepEqual(yield* linesOf(new BufferedReader(source)), [
    "one",
    "two",
    "",
    "three\r",
    "rest",
  ]);
});

both("a carriage return without a line feed is part of the line", function* () {
  const reader = new BufferedReader(new Pieces("a\rb\n\r\nc\r"));
  assert.deepEqual(yield* linesOf(reader), ["a\rb", "", "c"]);
});

both(
  "text is UTF-8: complete across reads, invalid bytes replaced, byte order mark kept",
  function* () {
    const bytes = utf8("\ufeffgrün\n€\n");
    const pieces = [...bytes].map((byte) => new Uint8Array([byte]));
    const reader = new BufferedReader(new Pieces(...pieces, new Uint8Array([0x61, 0xff, 0x0a])));
    assert.deepEqual(yield* linesOf(reader), ["\ufeffgrün", "€", "a\ufffd"]);
  },
);

for (const length of [10, 255, 256, 257, 5000, 65_536]) {
  both(`a line of ${length} characters is returned whole`, function* () {
    const line = "äb".repeat(length).slice(0, length);
    const reader = new BufferedReader(new Pieces(`${line}\nnext\n`), { maxLine: 1 << 20 });
    assert.deepEqual(yield* linesOf(reader), [line, "next"]);
  });
}

both("a line that is too long loses no bytes, and the reader stays usable", function* () {
  const reader = new BufferedReader(new Pieces("0123", "456789\nok\n"), { maxLine: 5 });
  for (let i = 0; i < 2; i++) {
    const error = yield* thrown(reader.line());
    assert.ok(error instanceof TooLongError);
    assert.deepEqual([error.unit, error.limit, error.code], ["line", 5, "EMSGSIZE"]);
  }
  assert.equal(yield* reader.line({ max: 10 }), "0123456789");
  assert.equal(yield* reader.line(), "ok");
});

both("a line that is too long can be skipped with its end", function* () {
  const reader = new BufferedReader(new Pieces("0123456", "789\r\nok\n"), { maxLine: 5 });
  assert.ok((yield* thrown(reader.line())) instanceof TooLongError);
  assert.equal(yield* reader.discardLine(), 12);
  assert.equal(yield* reader.line(), "ok");
  assert.equal(yield* reader.discardLine(), 0);
});

both("the maximum of a line excludes its line end", function* () {
  for (const pieces of [["12345\r\n"], ["12345", "\r", "\n"], ["12345\r", "\n"], ["12345\n"]]) {
    const reader = new BufferedReader(new Pieces(...pieces), { maxLine: 5 });
    assert.equal(yield* reader.line(), "12345");
  }
});

both(
  "a line without an end is rejected at the maximum, 64 KiB by default",
  function* () {
    const endless: Reader = {
      *read(p) {
        p.fill(0x78);
        return p.length;
      },
    };
    const reader = new BufferedReader(endless);
    assert.ok((yield* thrown(reader.line())) instanceof TooLongError);
    assert.ok(reader.buffered > 64 * 1024 && reader.buffered <= 128 * 1024, `${reader.buffered}`);
  },
);

both("with whole, a truncated line is an error, and its bytes stay unread", function* () {
  const reader = new BufferedReader(new Pieces("ab\ncd"));
  assert.equal(yield* reader.line({ whole: true }), "ab");
  const error = yield* thrown(reader.line({ whole: true }));
  assert.ok(error instanceof UnexpectedEOFError);
  assert.equal(error.bytesRead, 2);
  assert.equal(yield* reader.line(), "cd");
  assert.equal(yield* reader.line({ whole: true }), null);
});

both("a view belongs to the buffer, a copy to the caller", function* () {
  const reader = new BufferedReader(new Pieces("abcd\nefgh\n", "ijkl\n"), { size: 16 });
  const view = (yield* reader.lineBytes())!;
  const copied = (yield* reader.lineBytes({ copy: true }))!;
  assert.equal(view.buffer.byteLength, 16);
  assert.equal(copied.buffer.byteLength, 4);
  yield* reader.line();
  assert.equal(str(copied), "efgh");
});

both("until finds a delimiter that is split between reads", function* () {
  const reader = new BufferedReader(new Pieces("a\r", "\n\r", "\nbody;", "x;", "rest"));
  assert.equal(str(yield* reader.until("\r\n\r\n")), "a\r\n\r\n");
  assert.equal(str(yield* reader.until(0x3b)), "body;");
  assert.equal(str(yield* reader.until(utf8(";"))), "x;");
  assert.equal(str(yield* reader.until(";", { copy: true })), "rest");
  assert.equal(yield* reader.until(";"), null);
});

both("until finds a delimiter after a partial match", function* () {
  const reader = new BufferedReader(new Pieces("aaa", "ab!", "aab"));
  assert.equal(str(yield* reader.until("aab")), "aaaab");
  assert.equal(str(yield* reader.until("aab")), "!aab");
});

both("the maximum of until includes the delimiter", function* () {
  for (const pieces of [["123--"], ["1", "2", "3", "-", "-"]]) {
    const reader = new BufferedReader(new Pieces(...pieces), { maxLine: 4 });
    assert.ok((yield* thrown(reader.until("--"))) instanceof TooLongError);
    assert.equal(str(yield* reader.until("--", { max: 5 })), "123--");
  }
});

both("bytes returns exactly n bytes, even more than the buffer holds", function* () {
  const reader = new BufferedReader(new Pieces("abc", "defghijklmnopqrstuvwxyz"), { size: 4 });
  assert.equal(str(yield* reader.bytes(2)), "ab");
  assert.equal(str(yield* reader.bytes(0)), "");
  assert.equal(str(yield* reader.bytes(20, { copy: true })), "cdefghijklmnopqrstuv");
  const error = yield* thrown(reader.bytes(5));
  assert.ok(error instanceof UnexpectedEOFError);
  assert.equal(error.bytesRead, 4);
  assert.equal(str(yield* reader.bytes(4)), "wxyz");
  assert.equal(yield* reader.bytes(1), null);
});

both("bytes has a maximum, and memory grows with what arrives", function* () {
  const reader = new BufferedReader(new Pieces("tiny"), { maxBytes: 1 << 30 });
  const error = yield* thrown(reader.bytes(1 << 30));
  assert.ok(error instanceof UnexpectedEOFError);
  const strict = new BufferedReader(new Pieces("tiny"), { maxBytes: 3 });
  const refused = yield* thrown(strict.bytes(4));
  assert.ok(refused instanceof TooLongError);
  assert.deepEqual([refused.unit, refused.limit, refused.length], ["bytes", 3, 4]);
  assert.equal(str(yield* strict.bytes(4, { max: 4 })), "tiny");
});

both("peek leaves the bytes unread, and is shorter only at the end", function* () {
  const reader = new BufferedReader(new Pieces("ab", "cd"));
  assert.equal(str(yield* reader.peek(3)), "abc");
  assert.equal(str(yield* reader.peek(9)), "abcd");
  assert.equal(str(yield* reader.bytes(4)), "abcd");
  assert.equal(yield* reader.peek(1), null);
  assert.equal(str(yield* reader.peek(0)), "");
});

both("discard skips more than the buffer holds, and returns the number skipped", function* () {
  const reader = new BufferedReader(new Pieces("0123456789", "0123456789ab"), { size: 4 });
  assert.equal(yield* reader.discard(20), 20);
  assert.equal(yield* reader.discard(0), 0);
  assert.equal(yield* reader.discard(5), 2);
});

both("read returns buffered bytes before it reads the source", function* () {
  const source = new Pieces("one\ntwo", "three");
  const reader = new BufferedReader(source);
  yield* reader.line();
  const p = new Uint8Array(10);
  assert.equal(yield* reader.read(p), 3);
  assert.equal(source.reads, 1);
  assert.equal(yield* reader.read(p.subarray(0, 0)), 0);
  assert.equal(yield* reader.read(p), 5);
  assert.equal(str(p.subarray(0, 5)), "three");
  assert.equal(yield* reader.read(p), null);
});

both("a read as large as the buffer bypasses it", function* () {
  let target: Uint8Array | null = null;
  const source: Reader = {
    *read(p) {
      target = p;
      p.fill(1);
      return p.length;
    },
  };
  const reader = new BufferedReader(source, { size: 64 });
  const large = new Uint8Array(64);
  assert.equal(yield* reader.read(large), 64);
  assert.equal(target, large);
  assert.equal(reader.buffered, 0);
  const small = new Uint8Array(8);
  assert.equal(yield* reader.read(small), 8);
  assert.equal(reader.buffered, 56);
});

both("readFull fills the caller's buffer", function* () {
  const reader = new BufferedReader(new Pieces("abc", "def"));
  const p = new Uint8Array(4);
  assert.equal(yield* reader.readFull(p), 4);
  assert.equal(str(p), "abcd");
  const error = yield* thrown(reader.readFull(p));
  assert.ok(error instanceof UnexpectedEOFError);
  assert.equal(error.bytesRead, 2);
});

both("copy and readAll read buffered bytes and all later ones", function* () {
  const [client, server] = pipe();
  go(function* write() {
    yield* client.write("head\nbody ");
    yield* client.write("and more");
    client.closeWrite();
  });
  const reader = new BufferedReader(server);
  assert.equal(yield* reader.line(), "head");
  const [to, from] = pipe();
  const copied = go(function* () {
    const n = yield* copy(to, reader);
    to.closeWrite();
    return n;
  });
  assert.equal(str(yield* readAll(from)), "body and more");
  assert.equal(yield* copied.join(), 13);
});

both("an error of the source keeps earlier bytes, and is not sticky", function* () {
  const failure = new Error("broken");
  const reader = new BufferedReader(new Pieces("ab", failure, "c\n"));
  assert.equal(yield* thrown(reader.line()), failure);
  assert.equal(reader.buffered, 2);
  assert.equal(yield* reader.line(), "abc");
});

both("a source that returns nothing 100 times is a NoProgressError", function* () {
  let reads = 0;
  const reader = new BufferedReader({
    *read() {
      reads++;
      return 0;
    },
  });
  assert.ok((yield* thrown(reader.line())) instanceof NoProgressError);
  assert.equal(reads, 100);
});

both("an invalid read count of a source is an error, and exposes no memory", function* () {
  for (const n of [-1, 1 << 20, NaN, undefined as unknown as number, "3" as unknown as number]) {
    const reader = new BufferedReader({
      *read() {
        return n;
      },
    });
    assert.ok((yield* thrown(reader.line())) instanceof PanicError, String(n));
    assert.equal(reader.buffered, 0);
  }
});

both("a concurrent read is an error, and does not affect the pending one", function* () {
  const [client, server] = pipe();
  const reader = new BufferedReader(server);
  const first = go(() => reader.line());
  yield* client.write("ab");
  const calls: (() => Routine<unknown>)[] = [
    () => reader.line(),
    () => reader.bytes(1),
    () => reader.read(new Uint8Array(1)),
  ];
  for (const call of calls) {
    assert.ok((yield* thrown(call())) instanceof PanicError);
  }
  assert.throws(() => reader.detach(), PanicError);
  yield* client.write("c\n");
  assert.equal(yield* first.join(), "abc");
});

both("an undriven call consumes nothing", function* () {
  const reader = new BufferedReader(new Pieces("a\nb\nc\n"));
  const kept = reader.line();
  void reader.line();
  assert.equal(yield* reader.line(), "a");
  assert.equal(yield* kept, "b");
  assert.equal(yield* reader.line(), "c");
});

both("a transferred buffer is an error", function* () {
  const reader = new BufferedReader(new Pieces("abcdef"));
  const view = (yield* reader.peek(2))!;
  structuredClone(view, { transfer: [view.buffer as ArrayBuffer] });
  assert.ok((yield* thrown(reader.line())) instanceof TypeError);
});

both("the buffer grows for a fast stream", function* () {
  const sizes: number[] = [];
  const reader = new BufferedReader({
    *read(p) {
      sizes.push(p.buffer.byteLength);
      return p.length;
    },
  });
  while (sizes.length < 8) yield* reader.discard(Math.max(1, reader.buffered - 1));
  assert.deepEqual(sizes.slice(0, 2), [4096, 8192]);
  assert.equal(sizes.at(-1), 64 * 1024);
});

both("the buffer of a long frame shrinks once the next ones do not need it", function* () {
  const reader = new BufferedReader(new Pieces(new Uint8Array(300_000), "a", "b", "c"));
  assert.ok((yield* reader.bytes(300_000))!.buffer.byteLength >= 300_000);
  yield* reader.bytes(1);
  yield* reader.bytes(1);
  assert.equal((yield* reader.bytes(1))!.buffer.byteLength, 64 * 1024);
});

both("stale bytes after the unread ones are not searched", function* () {
  const line = "x".repeat(30);
  const source = new Pieces(`${line}\n${line};\n`, "y".repeat(40), "z\n", `${line};`);
  const reader = new BufferedReader(source, { size: 64 });
  assert.deepEqual([yield* reader.line(), yield* reader.line()], [line, `${line};`]);
  assert.equal(yield* reader.line(), `${"y".repeat(40)}z`);
  assert.equal(str(yield* reader.until(";")), `${line};`);
});

both("a line that arrives in pieces is searched and moved once", function* () {
  const length = 4 << 20;
  const sizes = new Set<number>();
  let come = 0;
  const reader = new BufferedReader({
    *read(p) {
      sizes.add(p.buffer.byteLength);
      assert.equal(p.byteOffset, come, "the room is behind what has come");
      const n = Math.min(1000, p.length, length - come);
      p.fill(0x78, 0, n);
      come += n;
      if (come === length) p[n - 1] = 0x0a;
      return n;
    },
  }, { maxLine: length });
  assert.equal((yield* reader.line())!.length, length - 1);
  // It doubled: what was moved adds up to less than the line.
  assert.deepEqual([...sizes], [...sizes].map((_, i) => 4096 * 2 ** i));
});

both("invalid arguments are rejected by name", function* () {
  const source = new Pieces();
  const reader = new BufferedReader(source);
  const bad = (value: unknown) => value as never;
  assert.throws(() => new BufferedReader(bad({})), /source must be a Reader/);
  assert.throws(() => new BufferedReader(source, { size: 0 }), RangeError);
  assert.throws(() => new BufferedReader(source, { maxLine: 1.5 }), /maxLine/);
  assert.throws(() => new BufferedReader(source, bad({ maxline: 3 })), /no option maxline/);
  assert.throws(() => reader.line(bad({ limit: 3 })), /no option limit/);
  assert.throws(() => reader.line({ max: -1 }), /max must be/);
  assert.throws(() => reader.line({ timeout: NaN }), /timeout/);
  assert.throws(() => reader.line({ copy: bad(1) }), /copy must be a boolean/);
  assert.throws(() => reader.line({ signal: bad({}) }), /signal/);
  assert.throws(() => reader.line(bad(null)), TypeError);
  for (const n of [-1, 0.5, NaN, "1", 2 ** 53]) {
    assert.throws(() => reader.bytes(bad(n)), RangeError, String(n));
    assert.throws(() => reader.discard(bad(n)), RangeError, String(n));
  }
  for (const delimiter of ["", new Uint8Array(0), 256, -1, "x".repeat(257)]) {
    assert.throws(() => reader.until(delimiter), RangeError, String(delimiter));
  }
  assert.throws(() => reader.until(bad(null)), TypeError);
  assert.throws(() => reader.read(bad([])), TypeError);
  assert.equal(source.reads, 0);
  assert.equal(yield* reader.line(), null);
});
