// SPDX-License-Identifier: MIT
/** Strings that are kept for bytes which come again. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { textOf } from "../../examples/texts.ts";
import { bytes, property } from "../support/property.ts";

const latin1 = (part: Uint8Array) => String.fromCharCode(...part);

property(
  "a text has a character for each byte",
  [bytes(70), fc.nat(70), fc.nat(70)],
  (all, a, b) => {
    const [from, to] = [Math.min(a, b, all.length), Math.min(Math.max(a, b), all.length)];
    for (let again = 0; again < 2; again++) {
      assert.equal(textOf(all, from, to), latin1(all.subarray(from, to)));
    }
  },
);

test("texts that take each other's place are not confused", () => {
  const part = new Uint8Array(2);
  for (const slow of [0, 1]) {
    for (let code = 0; code < 0x10000; code++) {
      part[slow] = code >> 8;
      part[1 - slow] = code;
      const text = textOf(part, 0, 2);
      if (text !== latin1(part)) assert.equal(text, latin1(part));
    }
  }
});

test("bytes that are overwritten in place are another text", () => {
  const memory = new Uint8Array(16).fill(0x61);
  for (let i = 0; i < 16; i++) {
    assert.equal(textOf(memory, 0, 16), "b".repeat(i) + "a".repeat(16 - i));
    memory[i] = 0x62;
  }
});
