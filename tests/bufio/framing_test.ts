// SPDX-License-Identifier: MIT
/** Frames behind their length, and frames that end with a delimiter, both ways. */
import assert from "node:assert/strict";
import {
  BufferedReader,
  BufferedWriter,
  Delimited,
  type Framing,
  go,
  type LengthPrefix,
  LengthPrefixed,
  pipe,
  readAll,
  TooLongError,
  UnexpectedEOFError,
  type Writer,
} from "../../mod.ts";
import { both, pair, thrown } from "../support/harness.ts";
import { pattern } from "../support/pattern.ts";
import { Pieces, str, utf8 } from "./sources.ts";

/** A writer without `writev`, and what it was given. */
class Collector implements Writer {
  readonly writes: Uint8Array[] = [];

  *write(p: Uint8Array) {
    this.writes.push(p.slice());
    return p.length;
  }
}

/** Prefixes, byte orders, a length, and how it is encoded. */
const ENCODINGS: [LengthPrefix, boolean, number, number[]][] = [
  ["u8", false, 0, [0]],
  ["u8", false, 255, [255]],
  ["u16", false, 258, [1, 2]],
  ["u16", true, 258, [2, 1]],
  ["u16", false, 65_535, [255, 255]],
  ["u32", false, 66_051, [0, 1, 2, 3]],
  ["u32", true, 66_051, [3, 2, 1, 0]],
  ["varint", false, 0, [0]],
  ["varint", false, 127, [0x7f]],
  ["varint", false, 128, [0x80, 1]],
  ["varint", false, 300, [0xac, 2]],
  ["varint", false, 66_051, [0x83, 0x84, 4]],
];

for (const [prefix, littleEndian, length, bytes] of ENCODINGS) {
  both(`${prefix}${littleEndian ? ", little endian" : ""}: ${length}`, function* () {
    const frames = new LengthPrefixed(prefix, { littleEndian });
    const out = new Collector();
    const payload = pattern(length);
    assert.equal(yield* frames.write(out, payload), bytes.length + length);
    assert.equal(out.writes.length, 1);
    assert.deepEqual([...out.writes[0].subarray(0, bytes.length)], bytes);
    const reader = new BufferedReader(new Pieces(out.writes[0]));
    assert.deepEqual(yield* frames.read(reader, { copy: true }), payload);
    assert.equal(yield* frames.read(reader), null);
  });
}

both("frames go over a connection, directly and through a buffer", function* () {
  const framings: Framing[] = [new LengthPrefixed("u32"), new Delimited("\0")];
  for (const frames of framings) {
    const [client, server] = yield* pair();
    using _client = client;
    using _server = server;
    const out = new BufferedWriter(client);
    yield* frames.write(client, "first");
    yield* frames.write(out, "second ü");
    yield* frames.write(out, new Uint8Array(0));
    yield* out.flush();
    client.closeWrite();
    const reader = new BufferedReader(server);
    assert.equal(str(yield* frames.read(reader)), "first");
    assert.equal(str(yield* frames.read(reader)), "second ü");
    assert.equal(str(yield* frames.read(reader)), "");
    assert.equal(yield* frames.read(reader), null);
  }
});

both("frames of several goroutines are not interleaved", function* () {
  const [client, server] = pipe();
  const frames = new LengthPrefixed("u16");
  const out = new BufferedWriter(client, { size: 64 });
  const writers = ["a", "b", "c"].map((letter) =>
    go(function* () {
      for (let i = 1; i < 40; i++) yield* frames.write(out, letter.repeat(i * 3));
    })
  );
  go(function* () {
    for (const writer of writers) yield* writer.join();
    yield* out.flush();
    client.closeWrite();
  });
  const reader = new BufferedReader(server);
  const next: Record<string, number> = { a: 1, b: 1, c: 1 };
  for (let frame; (frame = str(yield* frames.read(reader))) !== null;) {
    assert.equal(frame, frame[0].repeat(3 * next[frame[0]]++));
  }
  assert.deepEqual(next, { a: 40, b: 40, c: 40 });
});

both("a frame that is too long consumes nothing, and is never written", function* () {
  const frames = new LengthPrefixed("u16", { max: 4 });
  const reader = new BufferedReader(new Pieces(new Uint8Array([0, 5]), "12345"));
  const error = yield* thrown(frames.read(reader));
  assert.ok(error instanceof TooLongError);
  assert.deepEqual([error.unit, error.limit, error.length], ["frame", 4, 5]);
  assert.equal(str(yield* frames.read(reader, { max: 5 })), "12345");
  assert.throws(() => frames.write(new Collector(), "12345"), TooLongError);
  assert.throws(() => new LengthPrefixed("u8").write(new Collector(), pattern(256)), TooLongError);
});

both("an announced length of a gigabyte allocates no memory", function* () {
  const frames = new LengthPrefixed("u32", { max: 2 ** 32 });
  const reader = new BufferedReader(new Pieces(new Uint8Array([0x7f, 255, 255, 255, 1, 2])));
  const error = yield* thrown(frames.read(reader));
  assert.ok(error instanceof UnexpectedEOFError);
  assert.equal(error.bytesRead, 6);
  assert.ok(reader.detach().buffer.byteLength < 100);
});

both("an unterminated varint, or one beyond 32 bits, is rejected", function* () {
  const frames = new LengthPrefixed("varint", { max: 2 ** 40 });
  for (const bytes of [[128, 128, 128, 128, 128], [255, 255, 255, 255, 0x7f]]) {
    const reader = new BufferedReader(new Pieces(new Uint8Array(bytes)));
    const error = yield* thrown(frames.read(reader));
    assert.ok(error instanceof TooLongError);
    assert.equal(error.length, null);
    assert.equal(reader.buffered, 5);
  }
  const cut = new BufferedReader(new Pieces(new Uint8Array([128, 128])));
  assert.ok((yield* thrown(frames.read(cut))) instanceof UnexpectedEOFError);
});

both("the end of the stream within a frame keeps the received bytes", function* () {
  const framings: [Framing, string][] = [
    [new LengthPrefixed("u8"), "\x05abc"],
    [new Delimited("--"), "abc-"],
  ];
  for (const [frames, text] of framings) {
    const reader = new BufferedReader(new Pieces(text));
    for (let i = 0; i < 2; i++) {
      assert.ok((yield* thrown(frames.read(reader))) instanceof UnexpectedEOFError);
    }
    assert.equal(str(reader.detach()), text);
  }
});

both("the maximum of a delimited frame excludes the delimiter", function* () {
  for (const pieces of [["12345--"], [..."12345--"]]) {
    const frames = new Delimited("--", { max: 4 });
    const reader = new BufferedReader(new Pieces(...pieces));
    assert.ok((yield* thrown(frames.read(reader))) instanceof TooLongError);
    assert.equal(str(yield* frames.read(reader, { max: 5 })), "12345");
  }
});

both("a payload that contains its delimiter, or begins one, is rejected", function* () {
  const out = new Collector();
  const lines = new Delimited("\r\n");
  assert.throws(() => lines.write(out, "GET /\r\nHost: other"), /contains the delimiter/);
  assert.throws(() => new Delimited("aa").write(out, "xa"), /contains the delimiter/);
  assert.throws(() => lines.write(out, "x".repeat(70_000)), TooLongError);
  assert.deepEqual(out.writes, []);
  assert.equal(yield* lines.write(out, "a\r"), 4);
  const reader = new BufferedReader(new Pieces(...out.writes));
  assert.equal(str(yield* lines.read(reader)), "a\r");
});

both("invalid arguments are rejected by name", function* () {
  const bad = (value: unknown) => value as never;
  assert.throws(() => new LengthPrefixed(bad("u64")), /u8, u16, u32, varint/);
  assert.throws(() => new LengthPrefixed("u8", { max: 0 }), RangeError);
  assert.throws(() => new LengthPrefixed("u8", bad({ endian: "big" })), /no option endian/);
  assert.throws(() => new LengthPrefixed("u8", { littleEndian: bad("yes") }), /littleEndian/);
  assert.throws(() => new Delimited(""), RangeError);
  assert.throws(() => new Delimited("x", bad({ min: 1 })), /no option min/);
  assert.throws(() => new Delimited("x").write(new Collector(), bad(3)), /a string/);
  const [client, server] = pipe();
  go(function* () {
    yield* new Delimited(10).write(client, utf8("by a byte"));
    client.closeWrite();
  });
  assert.equal(str(yield* readAll(server)), "by a byte\n");
});
