// SPDX-License-Identifier: MIT
/** What is closed when a thread's program is thrown away, and what its table says then. */
import "../support/poller.ts";
import assert from "node:assert/strict";
import { test } from "node:test";
import { exchangePlatform, platform } from "../../platforms/platform.ts";
import { FdTable, keepFdTable } from "../../src/netpoll/fd_table.ts";
import { closeAtUnload } from "../../src/netpoll/unload.ts";
import { exchangeState } from "../../src/sched/thread_state.ts";

test("at unload each descriptor is unregistered before it is closed, as others close the rest", () => {
  const real = platform();
  const table = new FdTable();
  const closed: [fd: number, listed: boolean][] = [];
  let unload = () => {};
  const runtime = { ...real.runtime, onUnload: (f: () => void) => void (unload = f) };
  const sockets = Object.create(real.sockets, {
    close: { value: (fd: number) => closed.push([fd, table.has(fd)]) },
  });
  const before = exchangeState();
  const poller = exchangePlatform(() => ({ ...real, runtime, sockets }));
  try {
    keepFdTable(table);
    let first = true;
    closeAtUnload(() => first = closed.length === 0);
    for (const fd of [5, 40, 1000]) table.add(fd);
    unload();
    assert.ok(first);
    assert.deepEqual(closed, [[5, false], [40, false], [1000, false]]);
    assert.deepEqual([...table], []);
  } finally {
    exchangePlatform(poller);
    exchangeState(before);
  }
});
