// SPDX-License-Identifier: MIT
/** Linux's layouts against the headers' own figures, and the coding of addresses. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ERRNO, errnoText } from "../../platforms/linux/errno.ts";
import {
  decodeAddress,
  encodeAddress,
  EPOLL_EVENT,
  SOCKADDR_IN6_SIZE,
  SOCKADDR_IN_SIZE,
} from "../../platforms/linux/structs.ts";

test("struct epoll_event is packed on x86-64 alone", () => {
  // sizeof and offsetof as gcc gives them for <sys/epoll.h>.
  assert.deepEqual(EPOLL_EVENT.x64, { words: 12 / 4, events: 0, data: 4 / 4 });
  assert.deepEqual(EPOLL_EVENT.arm64, { words: 16 / 4, events: 0, data: 8 / 4 });
});

test("an IPv4 endpoint is a struct sockaddr_in", () => {
  const bytes = encodeAddress({ ip: Uint8Array.of(192, 0, 2, 1), port: 0x1234, scope: 0 });
  assert.equal(bytes.length, SOCKADDR_IN_SIZE);
  assert.deepEqual([...bytes], [2, 0, 0x12, 0x34, 192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual(decodeAddress(bytes), { ip: bytes.slice(4, 8), port: 0x1234, scope: 0 });
});

test("an IPv6 endpoint is a struct sockaddr_in6", () => {
  const ip = Uint8Array.from({ length: 16 }, (_, i) => i + 1);
  const bytes = encodeAddress({ ip, port: 443, scope: 0x01020304 });
  assert.equal(bytes.length, SOCKADDR_IN6_SIZE);
  assert.deepEqual([...bytes.subarray(0, 8)], [10, 0, 1, 187, 0, 0, 0, 0]);
  assert.deepEqual([...bytes.subarray(8, 24)], [...ip]);
  assert.deepEqual([...bytes.subarray(24)], [4, 3, 2, 1]);
  assert.deepEqual(decodeAddress(bytes), { ip, port: 443, scope: 0x01020304 });
});

test("errno numbers have the names and words that Go prints", () => {
  assert.deepEqual(errnoText(111), { name: "ECONNREFUSED", text: "connection refused" });
  assert.deepEqual(errnoText(98), { name: "EADDRINUSE", text: "address already in use" });
  assert.deepEqual(errnoText(9999), { name: "E9999", text: "errno 9999" });
  for (const [name, number] of Object.entries(ERRNO)) assert.equal(errnoText(number).name, name);
});
