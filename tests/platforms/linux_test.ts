// SPDX-License-Identifier: MIT
/** Linux's layouts and numbers against the headers' own figures. */
import "../support/poller.ts";
import assert from "node:assert/strict";
import { test } from "node:test";
import { ERRNO, errnoText } from "../../platforms/linux/errno.ts";
import { EPOLL_EVENT } from "../../platforms/linux/structs.ts";

test("struct epoll_event is packed on x86-64 alone", () => {
  // sizeof and offsetof as gcc computes them for <sys/epoll.h>.
  assert.deepEqual(EPOLL_EVENT.x64, { words: 12 / 4, events: 0, data: 4 / 4 });
  assert.deepEqual(EPOLL_EVENT.arm64, { words: 16 / 4, events: 0, data: 8 / 4 });
});

test("errno numbers have Go's names and messages", () => {
  assert.deepEqual(errnoText(111), { name: "ECONNREFUSED", text: "connection refused" });
  assert.deepEqual(errnoText(98), { name: "EADDRINUSE", text: "address already in use" });
  assert.deepEqual(errnoText(9999), { name: "E9999", text: "errno 9999" });
  for (const [name, number] of Object.entries(ERRNO)) assert.equal(errnoText(number).name, name);
});
