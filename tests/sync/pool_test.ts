// SPDX-License-Identifier: MIT
/** Pool, after Go's sync/pool_test.go. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { promisify } from "node:util";
import { ObjectPool, poolCleanup } from "../../src/sync/object_pool.ts";

test("Pool.get() returns the last value put, then undefined", () => {
  const pool = new ObjectPool<string | undefined | null>();
  assert.equal(pool.get(), undefined);
  pool.put("a");
  pool.put("b");
  assert.deepEqual([pool.get(), pool.get(), pool.get()], ["b", "a", undefined]);
});

test("Pool.get() calls new() when the pool is empty", () => {
  let made = 0;
  const pool = new ObjectPool({ new: () => ++made });
  assert.deepEqual([pool.get(), pool.get()], [1, 2]);
  pool.put(42);
  assert.deepEqual([pool.get(), pool.get()], [42, 3]);
});

test("Pool.put() ignores null and undefined", () => {
  const pool = new ObjectPool<number | null | undefined>({ new: () => 7 });
  pool.put(null);
  pool.put(undefined);
  assert.equal(pool.get(), 7);
});

test("Pool survives one garbage collection, and is emptied by the second", () => {
  const pool = new ObjectPool<string | undefined>();
  for (let i = 0; i < 100; i++) pool.put("old");
  poolCleanup();
  pool.put("new");
  assert.deepEqual([pool.get(), pool.get()], ["new", "old"]);
  pool.put("used again");
  poolCleanup();
  assert.equal(pool.get(), "used again");
  poolCleanup();
  assert.equal(pool.get(), undefined);
  pool.put("after all");
  assert.equal(pool.get(), "after all");
});

test("Pool: two collections by the host empty it", async () => {
  const pool = new URL("../../src/sync/object_pool.ts", import.meta.url).href;
  const program = `
    import { Pool } from "${pool}";
    const collect = globalThis.Bun ? () => Bun.gc(true) : gc;
    const turn = () => new Promise((resolve) => setTimeout(resolve, 1));
    const pool = new Pool();
    function fill() {
      return Array.from({ length: 100 }, () => {
        const x = {};
        pool.put(x);
        return new WeakRef(x);
      });
    }
    const refs = fill();
    collect();
    console.log(refs.every((ref) => ref.deref() !== undefined));
    const deadline = Date.now() + 20_000;
    while (refs.some((ref) => ref.deref() !== undefined) && Date.now() < deadline) {
      await turn();
      collect();
      await turn();
    }
    console.log(pool.get());
  `;
  const flags = "Bun" in globalThis ? ["-e"] : ["eval", "--v8-flags=--expose-gc"];
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, program]);
  assert.deepEqual(stdout.trim().split("\n"), ["true", "undefined"]);
});
