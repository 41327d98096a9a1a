// SPDX-License-Identifier: MIT
/** Errors as instances of Deno's classes: of `Deno.errors`, and of those of @deno/shim-deno on Bun. */
import { Deno as shim } from "@deno/shim-deno";
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  AddrError,
  background,
  CanceledError,
  type Conn,
  type DenoErrorName,
  denoErrors,
  dial,
  DNSError,
  listen,
  lookupHost,
  OpError,
  resolveTCPAddr,
  type Routine,
  SyscallError,
  UnexpectedEOFError,
  withCancel,
} from "../../mod.ts";
import { failingWith } from "../fixtures/syscalls_fixture.ts";
import { both, errnoOf, hasErrno, onWindows, pair, thrown } from "../support/harness.ts";

type Classes = Record<string, new () => Error>;

/** The classes that a user of this runtime has: on Bun, code for Deno imports them from the package. */
const DENO: Classes = ((globalThis as { Deno?: { errors: unknown } }).Deno ?? shim)
  .errors as unknown as Classes;

/** Fails unless `error` is an OpError, and of Deno's classes of `name` alone. */
function assertIs(error: unknown, name: DenoErrorName, own: typeof OpError | null = OpError): void {
  if (own !== null) assert.ok(error instanceof own, String(error));
  assert.ok(error instanceof Error);
  const of = Object.keys(DENO).filter((each) => error instanceof DENO[each]);
  assert.deepEqual(of, [name], String(error));
  assert.ok(error instanceof denoErrors[name]);
}

test("errors are instances of Deno's classes", () => {
  assert.ok(Object.keys(denoErrors).length >= 18);
  for (const name of Object.keys(denoErrors) as DenoErrorName[]) {
    assert.equal(typeof DENO[name], "function", name);
    assert.equal(denoErrors[name], DENO[name] as unknown, name);
  }
});

both("system errors of a dial or listener have the class that Deno throws", function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  const address = String(listener.addr);
  assertIs(yield* thrown(dial("tcp", "127.0.0.1:1")), "ConnectionRefused");
  assertIs(yield* thrown(listen("tcp", address)), "AddrInUse");
  assertIs(yield* thrown(listen("tcp", "203.0.113.1:0")), "AddrNotAvailable");
  const late = yield* thrown(dial("tcp", address, { deadline: Date.now() - 1 }));
  assertIs(late, "TimedOut");
  const [ctx, cancel] = withCancel(background());
  cancel();
  const cancelled = yield* thrown(dial("tcp", address, { context: ctx }));
  assertIs(cancelled, "Interrupted");
  assert.ok((cancelled as OpError).cause instanceof CanceledError);
});

/** Errors of connect(2), and Deno's class for each. */
const BY_ERRNO: readonly (readonly [code: string, name: DenoErrorName])[] = [
  ["EPERM", "PermissionDenied"],
  ["ENOENT", "NotFound"],
  ["EINTR", "Interrupted"],
  ["EBADF", "BadResource"],
  ["EACCES", "PermissionDenied"],
  ["EBUSY", "Busy"],
  ["EEXIST", "AlreadyExists"],
  ["EPIPE", "BrokenPipe"],
  ["EADDRINUSE", "AddrInUse"],
  ["EADDRNOTAVAIL", "AddrNotAvailable"],
  ["ECONNABORTED", "ConnectionAborted"],
  ["ECONNRESET", "ConnectionReset"],
  ["ENOTCONN", "NotConnected"],
  ["ETIMEDOUT", "TimedOut"],
  ["ECONNREFUSED", "ConnectionRefused"],
];

both("each errno has its class", function* () {
  for (const [code, name] of BY_ERRNO) {
    if (!hasErrno(code)) continue;
    yield* failingWith("bind", [errnoOf(code)], function* () {
      assertIs(yield* thrown(listen("tcp", "127.0.0.1:0")), name);
    });
  }
  // Those that Deno has no class for are of none, and those that it alone has are of that.
  for (
    const [code, name] of [
      ["EINVAL", null],
      ["ENETUNREACH", "NetworkUnreachable"],
      ["EHOSTUNREACH", "NetworkUnreachable"],
    ] as const
  ) {
    yield* failingWith("bind", [errnoOf(code)], function* () {
      const error = yield* thrown(listen("tcp", "127.0.0.1:0"));
      assert.ok(error instanceof OpError);
      const wanted = Object.keys(DENO).filter((each) => each === name);
      assert.deepEqual(Object.keys(DENO).filter((each) => error instanceof DENO[each]), wanted);
    });
  }
});

/** What `body` throws on one end of a connection that the other end has just reset. */
function* afterReset(body: (conn: Conn) => Routine<unknown>): Routine<unknown> {
  const [a, b] = yield* pair();
  using _b = b;
  a.abort();
  yield* b.readable();
  return yield* thrown(body(b));
}

both("errors of a connection have the class that Deno throws", function* () {
  const bytes = new Uint8Array(8);
  assertIs(yield* afterReset((conn) => conn.read(bytes)), "ConnectionReset");
  const piped = yield* afterReset(function* (conn) {
    yield* thrown(conn.read(bytes));
    return yield* conn.write(bytes);
  });
  // Windows says the same again and again.
  assertIs(piped, onWindows ? "ConnectionReset" : "BrokenPipe");
  assert.equal((piped as OpError).bytesWritten, 0);
  const [a, b] = yield* pair();
  using _b = b;
  a.setReadDeadline(Date.now() - 1);
  assertIs(yield* thrown(a.read(bytes)), "TimedOut");
  a.close();
  assertIs(yield* thrown(a.read(bytes)), "BadResource");
  assertIs(yield* thrown(a.write(bytes)), "BadResource");
  assert.throws(() => a.setNoDelay(true), (error) => error instanceof DENO.BadResource);
  const eof = yield* thrown(function* () {
    const [c, d] = yield* pair();
    using _c = c, _d = d;
    yield* c.write(bytes.subarray(3));
    c.closeWrite();
    return yield* d.readFull(bytes);
  }());
  assertIs(eof, "UnexpectedEof", null);
  assert.ok(eof instanceof UnexpectedEOFError);
  assert.equal(eof.bytesRead, 5);
});

both("a name that does not exist is NotFound, alone and within an OpError", function* () {
  for (const call of [lookupHost("a..b"), resolveTCPAddr("tcp", "a..b:80")]) {
    const error = yield* thrown<unknown>(call);
    assert.ok(error instanceof DNSError);
    assertIs(error, "NotFound", null);
  }
  const dialled = yield* thrown(dial("tcp", "a..b:80"));
  assertIs(dialled, "NotFound");
  assert.ok((dialled as OpError).cause instanceof DNSError);
});

both("the other properties of an error do not depend on its class", function* () {
  const error = yield* thrown(dial("tcp", "127.0.0.1:1"));
  assert.ok(error instanceof OpError);
  assert.equal(error.name, "OpError");
  assert.equal(error.constructor, OpError);
  assert.equal(String(error), "OpError: dial tcp 127.0.0.1:1: connect: connection refused");
  assert.match(error.stack!, /^(OpError|Error): dial tcp/);
  assert.equal(error.code, "ECONNREFUSED");
  assert.equal(error.timeout, false);
  assert.equal(error.temporary, false);
  assert.ok(error.cause instanceof SyscallError);
});

test("other errors are not instances of our classes", () => {
  const others = [null, undefined, 1, "OpError", {}, new Error("x"), new DENO.ConnectionRefused()];
  for (const other of others) {
    assert.equal(other instanceof OpError, false);
    assert.equal(other instanceof DNSError, false);
    assert.equal(other instanceof UnexpectedEOFError, false);
  }
  const ours = new OpError("dial", "tcp", null, null, new AddrError("x", ""));
  assert.equal(ours instanceof OpError, true);
  assert.equal(ours instanceof DNSError, false);
});

test("a subclass of ours keeps its own prototype", () => {
  class MyError extends OpError {
    get mine(): boolean {
      return true;
    }
  }
  const refused = new SyscallError("connect", errnoOf("ECONNREFUSED"));
  const error = new MyError("dial", "tcp", null, null, refused);
  assert.ok(error instanceof MyError && error instanceof OpError);
  assert.equal(error.mine, true);
  assert.equal(error.code, "ECONNREFUSED");
  const plain = new OpError("dial", "tcp", null, null, refused);
  assert.equal(plain instanceof MyError, false);
});
