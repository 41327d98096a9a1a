// SPDX-License-Identifier: MIT
/**
 * Properties: however a stream is divided into reads, and whatever cuts a call short in the middle,
 * lines, tokens and frames are the same.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  BufferedReader,
  BufferedWriter,
  Delimited,
  type Framing,
  type LengthPrefix,
  LengthPrefixed,
  readAll,
  type Reader,
  type Routine,
  runSync,
  scanLines,
  Scanner,
  scanRunes,
  scanWords,
  type SplitFunc,
  TooLongError,
  UnexpectedEOFError,
  type Writer,
} from "../../mod.ts";
import { thrown } from "../support/harness.ts";
import { divided, Pieces, str, utf8 } from "./sources.ts";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Text in which line ends, spaces and characters of every length are frequent. */
const text = fc.string({
  unit: fc.constantFrom("a", "b", " ", "\n", "\r", "\r\n", "é", "€", "😀", "\ufeff", "\0"),
  maxLength: 200,
});
/** Any bytes, among them many that end lines. */
const bytes = fc.array(fc.oneof(fc.constantFrom(10, 13, 32, 0x80, 0xe2), fc.nat(255)), {
  maxLength: 200,
}).map((values) => new Uint8Array(values));
const places = fc.array(fc.nat(1000), { maxLength: 20 });
/** Small ones, so that the buffer is full often. */
const size = fc.constantFrom(1, 2, 3, 7, 16, 4096);

/** Lines by definition: those between line feeds, without one carriage return at their end. */
function modelLines(stream: Uint8Array): string[] {
  const lines: Uint8Array[] = [];
  let from = 0;
  for (let at; (at = stream.indexOf(10, from)) >= 0; from = at + 1) {
    lines.push(stream.subarray(from, at));
  }
  if (from < stream.length) lines.push(stream.subarray(from));
  return lines.map((line) => decoder.decode(line.at(-1) === 13 ? line.subarray(0, -1) : line));
}

/** Checks `property` under `runSync`, in which the generated values are used. */
function holds<T extends unknown[]>(
  name: string,
  arbitraries: { [K in keyof T]: fc.Arbitrary<T[K]> },
  property: (...values: T) => Routine<void>,
): void {
  test(name, () => {
    const checked = fc.property(fc.tuple(...arbitraries), (values) => {
      runSync(() => property(...values as T));
    });
    fc.assert(checked, { numRuns: 300 });
  });
}

holds("lines are those of the whole stream", [bytes, places, size], function* (stream, at, size) {
  const reader = new BufferedReader(new Pieces(...divided(stream, at)), { size });
  const lines: string[] = [];
  for (let line; (line = yield* reader.line()) !== null;) lines.push(line);
  assert.deepEqual(lines, modelLines(stream));
});

holds("text lines too", [text, places, size], function* (whole, at, size) {
  const reader = new BufferedReader(new Pieces(...divided(utf8(whole), at)), { size });
  const lines: string[] = [];
  for (let line; (line = yield* reader.line()) !== null;) lines.push(line);
  assert.deepEqual(lines, modelLines(utf8(whole)));
});

holds(
  "what a maximum refuses does not depend on the reads",
  [bytes, places, size, fc.integer({ min: 1, max: 20 })],
  function* (stream, at, size, maxLine) {
    const refusals = function* (pieces: Uint8Array[]): Routine<(string | number)[]> {
      const reader = new BufferedReader(new Pieces(...pieces), { size, maxLine });
      const outcome: (string | number)[] = [];
      for (;;) {
        try {
          const line = yield* reader.line();
          if (line === null) return outcome;
          outcome.push(line);
        } catch (error) {
          assert.ok(error instanceof TooLongError);
          outcome.push(yield* reader.discardLine());
        }
      }
    };
    assert.deepEqual(yield* refusals(divided(stream, at)), yield* refusals([stream]));
  },
);

const failure = new Error("cut short");

holds(
  "errors in the middle of calls lose no byte",
  [bytes, places, size],
  function* (stream, at, size) {
    const pieces = divided(stream, at).flatMap((piece) => [failure, piece]);
    const reader = new BufferedReader(new Pieces(...pieces, failure), { size });
    const lines: string[] = [];
    for (;;) {
      try {
        const line = yield* reader.line();
        if (line === null) break;
        lines.push(line);
      } catch (error) {
        assert.equal(error, failure);
      }
    }
    assert.deepEqual(lines, modelLines(stream));
  },
);

holds(
  "until divides a stream into parts that make it up",
  [bytes, places, size, fc.uint8Array({ minLength: 1, maxLength: 3 })],
  function* (stream, at, size, delimiter) {
    const reader = new BufferedReader(new Pieces(...divided(stream, at)), { size });
    const found: number[] = [];
    let length = 0;
    for (let part; (part = yield* reader.until(delimiter)) !== null;) {
      assert.deepEqual(part.slice(), stream.slice(length, length += part.length));
      found.push(length);
    }
    assert.equal(length, stream.length);
    const expected: number[] = [];
    for (let from = 0; from < stream.length;) {
      const next = stream.findIndex((_, i) =>
        i >= from && delimiter.every((b, k) => stream[i + k] === b)
      );
      from = next < 0 ? stream.length : next + delimiter.length;
      expected.push(from);
    }
    assert.deepEqual(found, expected);
  },
);

/** A call of a reader. */
const call = fc.oneof(
  fc.record({ name: fc.constantFrom("bytes", "peek", "discard", "read"), n: fc.nat(30) }),
  fc.record({ name: fc.constantFrom("line", "detach"), n: fc.constant(0) }),
);

/** The bytes of `first`, and behind them those of `rest`. */
function chained(first: Uint8Array, rest: Reader): Reader {
  return {
    *read(p) {
      const n = Math.min(p.length, first.length);
      if (n === 0) return yield* rest.read(p);
      p.set(first.subarray(0, n));
      first = first.subarray(n);
      return n;
    },
  };
}

/** Calls `name` with `n`, and returns the bytes that it returned, or their number; null at the end. */
function* made(reader: BufferedReader, name: string, n: number): Routine<number[] | number | null> {
  if (name === "discard") return yield* reader.discard(n);
  if (name === "read") {
    const p = new Uint8Array(n);
    const got = yield* reader.read(p);
    return got === null ? null : [...p.subarray(0, got)];
  }
  const counted = name === "bytes" ? reader.bytes(n) : reader.peek(n);
  const got = yield* (name === "line" ? reader.lineBytes() : counted);
  return got && [...got];
}

/** What `name` with `n` must return where `unread` are left, and how many it consumes. */
function expected(name: string, n: number, unread: number[]): [number[] | number | null, number] {
  if (name === "line") {
    const end = unread.indexOf(10);
    const line = end < 0 ? unread : unread.slice(0, end);
    const text = line.at(-1) === 13 ? line.slice(0, -1) : line;
    return [unread.length === 0 ? null : text, end < 0 ? unread.length : end + 1];
  }
  const first = unread.slice(0, n);
  if (name === "discard") return [first.length, first.length];
  const result = n > 0 && unread.length === 0 ? null : first;
  return [result, name === "peek" ? 0 : first.length];
}

holds(
  "calls of every kind one after the other return the stream in its order",
  [bytes, places, size, fc.array(call, { maxLength: 30 })],
  function* (stream, at, size, calls) {
    let reader = new BufferedReader<Reader>(new Pieces(...divided(stream, at)), { size });
    let unread = [...stream];
    for (const { name, n } of calls) {
      if (name === "detach") {
        reader = new BufferedReader(chained(reader.detach(), reader.source), { size });
      } else if (name === "bytes" && unread.length > 0 && unread.length < n) {
        const error = yield* thrown(reader.bytes(n));
        assert.ok(error instanceof UnexpectedEOFError);
        assert.equal(error.bytesRead, unread.length);
      } else {
        const got = yield* made(reader, name, n);
        const [result, consumed] = expected(name, n, unread);
        // A read may be short.
        const short = name === "read" && got !== null && n > 0;
        const length = short ? (got as number[]).length : consumed;
        assert.ok(!short || length > 0);
        assert.deepEqual(got, short ? unread.slice(0, length) : result);
        unread = unread.slice(length);
      }
    }
  },
);

/** Split functions, and their tokens by definition. */
const SPLITS: [string, SplitFunc, (whole: string) => string[]][] = [
  ["lines", scanLines, (whole) => modelLines(utf8(whole))],
  ["runes", scanRunes, (whole) => [...whole]],
  ["words", scanWords, (whole) => whole.split(/[ \n\r]+/).filter((word) => word !== "")],
];

for (const [name, split, model] of SPLITS) {
  holds(`${name} are those of the whole text`, [text, places], function* (whole, at) {
    const scanner = new Scanner(new Pieces(...divided(utf8(whole), at)), { split });
    const tokens: string[] = [];
    while (yield* scanner.scan()) tokens.push(scanner.text());
    assert.deepEqual(tokens, model(whole));
  });
}

/** Collects what is written. */
class Collector implements Writer {
  readonly pieces: Uint8Array[] = [];

  *write(p: Uint8Array): Routine<number> {
    this.pieces.push(p.slice());
    return p.length;
  }

  get bytes(): Uint8Array {
    return new Uint8Array(this.pieces.flatMap((piece) => [...piece]));
  }
}

const prefix = fc.constantFrom<LengthPrefix>("u8", "u16", "u32", "varint");
const framing: fc.Arbitrary<Framing> = fc.oneof(
  fc.tuple(prefix, fc.boolean()).map(([p, littleEndian]) =>
    new LengthPrefixed(p, { littleEndian })
  ),
  fc.constantFrom("\0", "--").map((delimiter) => new Delimited(delimiter)),
);
/** Payloads without the delimiters. */
const payloads = fc.array(
  fc.oneof(fc.array(fc.integer({ min: 1, max: 44 }), { maxLength: 250 })),
  { maxLength: 8 },
);

holds(
  "frames that were written are the frames that are read",
  [framing, payloads, places, size],
  function* (frames, payloads, at, size) {
    const to = new Collector();
    const out = new BufferedWriter(to, { size });
    for (const payload of payloads) yield* frames.write(out, new Uint8Array(payload));
    yield* out.flush();
    const reader = new BufferedReader(new Pieces(...divided(to.bytes, at)), { size });
    for (const payload of payloads) {
      assert.deepEqual([...(yield* frames.read(reader))!], payload);
    }
    assert.equal(yield* frames.read(reader), null);
  },
);

holds(
  "no bytes make a framing fail otherwise than by its errors, which consume nothing",
  [framing, bytes, places],
  function* (frames, stream, at) {
    const source = new Pieces(...divided(stream, at));
    const reader = new BufferedReader(source);
    let payloads = 0;
    try {
      for (let frame; (frame = yield* frames.read(reader)) !== null;) payloads += frame.length;
      assert.equal(reader.buffered, 0);
    } catch (error) {
      assert.ok(error instanceof UnexpectedEOFError || error instanceof TooLongError, `${error}`);
      const left = yield* readAll(chained(reader.detach(), source));
      assert.ok(left.length > 0);
      assert.deepEqual(left, stream.slice(stream.length - left.length));
    }
    assert.ok(payloads <= stream.length);
  },
);

const unit = fc.oneof(fc.constantFrom("\ud83d", "\ude00", "é", "€"), fc.string({ maxLength: 3 }));
const data = fc.oneof(
  fc.array(unit, { maxLength: 30 }).map((units) => units.join("")),
  fc.uint8Array({ maxLength: 40 }),
);

holds(
  "what is written goes out whole, in its order, and is counted in bytes",
  [fc.array(data, { maxLength: 20 }), size, fc.boolean()],
  function* (writes, size, autoFlush) {
    const to = new Collector();
    const out = new BufferedWriter(to, { size, autoFlush });
    const expected: number[] = [];
    for (const each of writes) {
      const encoded = typeof each === "string" ? utf8(each) : each;
      expected.push(...encoded);
      assert.equal(yield* out.write(each), encoded.length);
      assert.ok(out.buffered <= size);
    }
    yield* out.close();
    assert.deepEqual([...to.bytes], expected);
    assert.equal(str(to.bytes), str(new Uint8Array(expected)));
  },
);
