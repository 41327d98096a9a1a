// SPDX-License-Identifier: MIT
// cspell:ignore libnowhere
/** The table of C symbols as this runtime binds it: values, errno, memory, what is missing. */
import assert from "node:assert/strict";
import { closeSync, fstatSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { jsRuntime } from "../../platforms/shared/js_runtime.ts";
import { libc } from "../../platforms/linux/libc.ts";
import { LIBC, SYMBOLS } from "../../platforms/linux/symbols.ts";
import { PlatformError, type SymbolTable } from "../../platforms/contract/platform.ts";
import { onWindows } from "../support/harness.ts";

/** What of it differs on Windows is in winsock_test.ts. */
const skip = onWindows && "the C library of Linux";

const EBADF = 9;
const EINVAL = 22;

test("every symbol resolves, and a missing optional one is null", { skip }, () => {
  const { symbols } = libc();
  for (const [name, symbol] of Object.entries(SYMBOLS)) {
    // musl has no epoll_pwait2.
    if ("optional" in symbol && symbols[name as keyof typeof symbols] === null) continue;
    assert.equal(typeof symbols[name as keyof typeof symbols], "function", name);
  }
  const table = {
    getpid: { params: [], result: "i32" },
    no_such_function: { params: ["i32"], result: "i32", optional: true },
  } as const satisfies SymbolTable;
  const opened = jsRuntime().dlopen(LIBC, table);
  assert.equal(opened.symbols.no_such_function, null);
  assert.equal(opened.symbols.getpid(), process.pid);
});

test("a missing library is one typed error that names the paths tried", { skip }, () => {
  const nowhere = { title: "a library", names: ["libnowhere.so.9"], paths: ["/nowhere/lib.so"] };
  assert.throws(() => jsRuntime().dlopen(nowhere, SYMBOLS), (error) => {
    assert.ok(error instanceof PlatformError);
    assert.match(error.message, /libnowhere\.so\.9, \/nowhere\/lib\.so/);
    assert.equal(error.missing, "libnowhere.so.9");
    return true;
  });
});

test("errno is that of the last call, even in optimized code", { skip }, () => {
  const { symbols, errno } = libc();
  const view = new Uint8Array(new ArrayBuffer(8));
  let wrong = 0;
  for (let i = 0; i < 100_000; i++) {
    if (symbols.recv(-1, view, 8, 0) !== -1 || errno() !== EBADF) wrong++;
    // ENOENT in between, so that a stale EBADF would show.
    if (symbols.open(NO_FILE, 0) !== -1 || errno() !== 2) wrong++;
  }
  assert.equal(wrong, 0);
});

test(
  "no function takes more arguments than both fast paths allow, and none a 64-bit number",
  { skip },
  () => {
    for (const [name, { params, result }] of Object.entries(SYMBOLS)) {
      // V8 refuses fast calls of more than eight arguments on some systems, and counts one of its own.
      assert.ok(params.length <= 7, name);
      for (const type of [...params, result]) {
        assert.ok(["i32", "u32", "buffer", "pointer", "void"].includes(type), `${name}: ${type}`);
      }
    }
  },
);

test(
  "the address of a small view does not change, whatever happens to the view",
  { skip },
  () => {
    const { addressOf } = libc();
    const table = {
      memcpy: { params: ["pointer", "buffer", "u32"], result: "pointer" },
    } as const satisfies SymbolTable;
    const { memcpy } = jsRuntime().dlopen(LIBC, table).symbols;
    for (const size of [8, 64, 1000]) {
      const view = new Uint8Array(size);
      const pointer = jsRuntime().pointerAt(addressOf(view));
      // Access to its buffer would move a small view that had none before.
      structuredClone(view.buffer);
      const from = new Uint8Array(8);
      let wrong = 0;
      for (let i = 0; i < 100_000; i++) {
        from[0] = i;
        memcpy(pointer, from, 8);
        if (view[0] !== from[0]) wrong++;
      }
      assert.equal(wrong, 0, `${size} bytes`);
    }
  },
);

const NO_FILE = new TextEncoder().encode("/nowhere/at/all\0");

test("32-bit integers keep their value in both directions", { skip }, () => {
  const table = {
    abs: { params: ["i32"], result: "i32" },
    htonl: { params: ["u32"], result: "u32" },
  } as const satisfies SymbolTable;
  const { abs, htonl } = jsRuntime().dlopen(LIBC, table).symbols;
  for (const n of [0, 1, -1, 2 ** 31 - 1, -(2 ** 31) + 1]) assert.equal(abs(n), Math.abs(n));
  for (const n of [0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0x01020304]) {
    assert.equal(htonl(htonl(n) >>> 0) >>> 0, n);
  }
});

test("a 64-bit integer is passed as a number, even beyond 32 bits", { skip }, () => {
  const table = {
    pread: { params: ["i32", "buffer", "u32", "i64"], result: "i32" },
    pwrite: { params: ["i32", "buffer", "u32", "i64"], result: "i32" },
  } as const satisfies SymbolTable;
  const { pread, pwrite } = jsRuntime().dlopen(LIBC, table).symbols;
  const folder = mkdtempSync(join(tmpdir(), "netpoll-"));
  const file = openSync(join(folder, "sparse"), "w+");
  try {
    // The file has holes; 32 bits would put the later ones where the first are.
    for (const at of [0, 1, 2 ** 31, 2 ** 32 + 5, 2 ** 40 + 7]) {
      const byte = Uint8Array.of(at % 251);
      assert.equal(pwrite(file, byte, 1, at), 1);
      assert.equal(fstatSync(file).size, at + 1);
      byte[0] = 0;
      assert.equal(pread(file, byte, 1, at), 1);
      assert.equal(byte[0], at % 251);
    }
    assert.equal(pread(file, new Uint8Array(1), 1, -1), -1, "a negative one stays negative");
    assert.equal(libc().errno(), EINVAL);
  } finally {
    closeSync(file);
    rmSync(folder, { recursive: true });
  }
});

test(
  "a view is passed at its own offset, small and large, also after a collection",
  { skip },
  () => {
    const table = {
      memset: { params: ["buffer", "i32", "u32"], result: "pointer" },
    } as const satisfies SymbolTable;
    const { memset } = jsRuntime().dlopen(LIBC, table).symbols;
    for (const size of [8, 64, 1000, 1536, 100_000]) {
      const whole = new Uint8Array(size);
      for (let i = 0; i < 2000; i++) {
        const at = i % (size - 4);
        memset(whole.subarray(at, at + 4), 1 + i % 255, 4);
        for (let k = 0; k < 4; k++) assert.equal(whole[at + k], 1 + i % 255);
      }
      memset(whole, 7, size);
      assert.ok(whole.every((byte) => byte === 7), `${size} bytes`);
    }
  },
);
