// SPDX-License-Identifier: MIT
/** Tokens by split functions. Go: bufio/scan_test.go. */
import assert from "node:assert/strict";
import {
  BufferedReader,
  PanicError,
  type Reader,
  type Routine,
  scanBytes,
  scanLines,
  Scanner,
  type ScannerOptions,
  scanRunes,
  scanWords,
  type SplitFunc,
  TooLongError,
} from "../../mod.ts";
import { both, thrown } from "../support/harness.ts";
import { Pieces, str, utf8 } from "./sources.ts";

/** All tokens as text. */
function* tokensOf(source: Reader, options: ScannerOptions): Routine<string[]> {
  const scanner = new Scanner(source, options);
  const tokens: string[] = [];
  while (yield* scanner.scan()) tokens.push(scanner.text());
  assert.equal(scanner.text(), "");
  return tokens;
}

/** A split function, what is read, and the tokens: as in Go's tests. */
const CASES: [string, SplitFunc, string, string[]][] = [
  ["lines", scanLines, "a\r\nb\n\nlast", ["a", "b", "", "last"]],
  ["lines, ended", scanLines, "a\n", ["a"]],
  ["lines, a carriage return at the end", scanLines, "a\nb\r", ["a", "b"]],
  ["words", scanWords, " abc\tdef\nghi jkl\u2028mno\u3000 ", ["abc", "def", "ghi", "jkl", "mno"]],
  ["words, none", scanWords, " \n\u00a0 ", []],
  ["words, the last one bare", scanWords, "x y€", ["x", "y€"]],
  ["runes", scanRunes, "aé€𝄞", ["a", "é", "€", "𝄞"]],
  ["bytes", scanBytes, "abc", ["a", "b", "c"]],
];

for (const [name, split, text, expected] of CASES) {
  both(`${name}: the tokens are the same at once and byte by byte`, function* () {
    const bytes = utf8(text);
    const single = [...bytes].map((byte) => new Uint8Array([byte]));
    assert.deepEqual(yield* tokensOf(new Pieces(bytes), { split }), expected);
    assert.deepEqual(yield* tokensOf(new Pieces(...single), { split }), expected);
  });
}

both("each invalid UTF-8 byte becomes U+FFFD, as in Go", function* () {
  const invalid = [
    [0x61, 0xff, 0x62], // no first byte
    [0xe2, 0x82], // cut off
    [0xe2, 0x82, 0x41], // cut short
    [0xc0, 0x80], // overlong
    [0xed, 0xa0, 0x80], // a surrogate
    [0xf4, 0x90, 0x80, 0x80], // beyond U+10FFFF
  ];
  const expected = ["a\ufffdb", "\ufffd\ufffd", "\ufffd\ufffdA", "\ufffd\ufffd"];
  expected.push("\ufffd".repeat(3), "\ufffd".repeat(4));
  for (const [i, bytes] of invalid.entries()) {
    const single = bytes.map((byte) => new Uint8Array([byte]));
    const runes = yield* tokensOf(new Pieces(...single), { split: scanRunes });
    assert.equal(runes.join(""), expected[i]);
    assert.equal(runes.length, bytes.length);
  }
});

both("a word may contain invalid bytes, which do not end it", function* () {
  const bytes = new Uint8Array([0x61, 0xff, 0x20, 0xe2, 0x82]);
  const scanner = new Scanner(new Pieces(bytes), { split: scanWords });
  const words: Uint8Array[] = [];
  while (yield* scanner.scan()) words.push(scanner.bytes().slice());
  assert.deepEqual(words.map((word) => [...word]), [[0x61, 0xff], [0xe2, 0x82]]);
});

both("a token that is too long loses nothing", function* () {
  for (const pieces of [["12345", "6\nok\n"], ["123456\nok\n"]]) {
    const reader = new BufferedReader(new Pieces(...pieces));
    const scanner = new Scanner(reader, { maxToken: 6 });
    const error = yield* thrown(scanner.scan());
    assert.ok(error instanceof TooLongError);
    assert.deepEqual([error.unit, error.limit], ["token", 6]);
    assert.ok((yield* thrown(scanner.scan())) instanceof TooLongError);
    assert.equal(yield* reader.line(), "123456");
    assert.equal(yield* scanner.scan(), true);
    assert.equal(scanner.text(), "ok");
  }
});

both("the default maximum is 64 KiB", function* () {
  const scanner = new Scanner(new Pieces("x".repeat(70_000)));
  assert.ok((yield* thrown(scanner.scan())) instanceof TooLongError);
});

both("bytes that the scanner has not consumed stay in the reader", function* () {
  const reader = new BufferedReader(new Pieces("one two\nbody"));
  const scanner = new Scanner(reader, { split: scanWords });
  yield* scanner.scan();
  assert.equal(yield* reader.line(), "two");
  assert.equal(str(yield* reader.bytes(4)), "body");
  assert.equal(yield* scanner.scan(), false);
});

both("a final token ends the scan, and leaves the bytes after it", function* () {
  const reader = new BufferedReader(new Pieces("a\n.\nrest"));
  const scanner = new Scanner(reader, {
    split(data, atEnd) {
      const found = scanLines(data, atEnd);
      return found === null ? null : { ...found, final: str(found.token) === "." };
    },
  });
  const tokens: string[] = [];
  while (yield* scanner.scan()) tokens.push(scanner.text());
  assert.deepEqual(tokens, ["a", "."]);
  assert.equal(yield* scanner.scan(), false);
  assert.equal(yield* reader.line(), "rest");
});

both("a split function may skip bytes", function* () {
  const split: SplitFunc = (data) =>
    data.length === 0 ? null : { advance: 1, token: data[0] === 0x2d ? null : data.slice(0, 1) };
  assert.deepEqual(yield* tokensOf(new Pieces("--a-", "b-"), { split }), ["a", "b"]);
});

both("an invalid result of a split function is an error", function* () {
  for (const advance of [-1, 4, 0.5, NaN]) {
    const scanner = new Scanner(new Pieces("abc"), { split: () => ({ advance, token: null }) });
    assert.ok((yield* thrown(scanner.scan())) instanceof PanicError, String(advance));
  }
  const endless = new Scanner(new Pieces("x"), {
    split: (data) => ({ advance: 0, token: data.subarray(0, 0) }),
  });
  const scanning = function* () {
    for (let i = 0; i < 300; i++) yield* endless.scan();
  };
  // As in Go, only at the end of the stream: before it there are other bytes to come.
  assert.equal(yield* endless.scan(), true);
  const drained = new Scanner(new Pieces(), {
    split: (data) => ({ advance: 0, token: data.subarray(0, 0) }),
  });
  assert.ok(
    (yield* thrown(function* () {
      for (let i = 0; i < 300; i++) yield* drained.scan();
    }())) instanceof PanicError,
  );
  yield* scanning();
});

both("an error of the split function is thrown, and nothing is consumed", function* () {
  const failure = new Error("bad token");
  const reader = new BufferedReader(new Pieces("abc\n"));
  const scanner = new Scanner(reader, {
    split() {
      throw failure;
    },
  });
  assert.equal(yield* thrown(scanner.scan()), failure);
  assert.equal(yield* reader.line(), "abc");
});

both("invalid arguments are rejected by name", function* () {
  const bad = (value: unknown) => value as never;
  const source = new Pieces();
  assert.throws(() => new Scanner(bad({})), TypeError);
  assert.throws(() => new Scanner(source, { split: bad("lines") }), /split must be a function/);
  assert.throws(() => new Scanner(source, { maxToken: 0 }), RangeError);
  assert.throws(() => new Scanner(source, bad({ max: 3 })), /no option max/);
  assert.equal(yield* new Scanner(source).scan(), false);
});
