// SPDX-License-Identifier: MIT
// cspell:ignore nosuch
/** What an error of the network says of itself, whatever the call: who, where, why, and whether to try again. */
import assert from "node:assert/strict";
import {
  AddrError,
  background,
  CanceledError,
  ClosedError,
  type Conn,
  DeadlineExceededError,
  dial,
  DNSError,
  listen,
  type Listener,
  OpError,
  type Routine,
  SyscallError,
  UnknownNetworkError,
  withCancel,
} from "../../mod.ts";
import { withCalls } from "../fixtures/syscalls_fixture.ts";
import { both, errnoOf, onWindows, pairOn, thrown } from "../support/harness.ts";

/** What a case has at hand. */
interface Hand {
  readonly listener: Listener;
  readonly conn: Conn;
  readonly peer: Conn;
}

/** What must be in the error. `source` and `addr` are "L", "R" or "A": the two ends, the listener. */
interface Said {
  readonly op: string;
  readonly source: string;
  readonly addr: string;
  readonly cause: new (...args: never[]) => Error;
  readonly code: string;
  readonly timeout: boolean;
  readonly temporary: boolean;
  readonly why: string;
}

const CLOSED = {
  cause: ClosedError,
  code: "ERR_SOCKET_CLOSED",
  timeout: false,
  temporary: false,
  why: "use of closed network connection",
};
const LATE = {
  cause: DeadlineExceededError,
  code: "ETIMEDOUT",
  timeout: true,
  temporary: true,
  why: "i/o timeout",
};
const CANCELED = {
  cause: CanceledError,
  code: "ABORT_ERR",
  timeout: false,
  temporary: false,
  why: "operation was canceled",
};
const bytes = new Uint8Array(8);

/** A method that does not park, as one that may. */
function now(call: (hand: Hand) => void): (hand: Hand) => Routine<void> {
  return function* (hand) {
    call(hand);
  };
}

function* reset(conn: Conn, peer: Conn): Routine<void> {
  peer.abort();
  yield* conn.readable();
}

const cancelled = () => {
  const [ctx, cancel] = withCancel(background());
  cancel();
  return ctx;
};

/** The call that fails, after what is done before it. */
const CASES: readonly (readonly [
  name: string,
  before: (hand: Hand) => Routine<void>,
  call: (hand: Hand) => Routine<unknown>,
  said: Said,
])[] = [
  [
    "read, closed",
    now(({ conn }) => conn.close()),
    ({ conn }) => conn.read(bytes),
    { op: "read", source: "L", addr: "R", ...CLOSED },
  ],
  [
    "write, closed",
    now(({ conn }) => conn.close()),
    ({ conn }) => conn.write(bytes),
    { op: "write", source: "L", addr: "R", ...CLOSED },
  ],
  [
    "readFull, closed",
    now(({ conn }) => conn.close()),
    ({ conn }) => conn.readFull(bytes),
    { op: "read", source: "L", addr: "R", ...CLOSED },
  ],
  [
    "setNoDelay, closed",
    now(({ conn }) => conn.close()),
    now(({ conn }) => conn.setNoDelay(true)),
    { op: "set", source: "L", addr: "R", ...CLOSED },
  ],
  [
    "setDeadline, closed",
    now(({ conn }) => conn.close()),
    now(({ conn }) => conn.setDeadline(null)),
    { op: "set", source: "", addr: "L", ...CLOSED },
  ],
  [
    "setReadBuffer, closed",
    now(({ conn }) => conn.close()),
    now(({ conn }) => conn.setReadBuffer(9_000)),
    { op: "set", source: "", addr: "L", ...CLOSED },
  ],
  [
    "accept, closed",
    now(({ listener }) => listener.close()),
    ({ listener }) => listener.accept(),
    { op: "accept", source: "", addr: "A", ...CLOSED },
  ],
  [
    "read, late",
    now(({ conn }) => conn.setDeadline(1)),
    ({ conn }) => conn.read(bytes),
    { op: "read", source: "L", addr: "R", ...LATE },
  ],
  [
    "write, late",
    now(({ conn }) => conn.setDeadline(1)),
    ({ conn }) => conn.write(bytes),
    { op: "write", source: "L", addr: "R", ...LATE },
  ],
  [
    "accept, late",
    now(({ listener }) => listener.setDeadline(1)),
    ({ listener }) => listener.accept(),
    { op: "accept", source: "", addr: "A", ...LATE },
  ],
  [
    "read, cancelled",
    now(() => {}),
    ({ conn }) => conn.read(bytes, cancelled()),
    { op: "read", source: "L", addr: "R", ...CANCELED },
  ],
  [
    "accept, cancelled",
    now(() => {}),
    ({ listener }) => listener.accept(cancelled()),
    { op: "accept", source: "", addr: "A", ...CANCELED },
  ],
  [
    "dial, cancelled",
    now(() => {}),
    ({ listener }) => dial("tcp", String(listener.addr), { context: cancelled() }),
    { op: "dial", source: "", addr: "A", ...CANCELED },
  ],
  [
    "dial, late",
    now(() => {}),
    ({ listener }) => dial("tcp", String(listener.addr), { deadline: 1 }),
    { op: "dial", source: "", addr: "A", ...LATE },
  ],
  [
    "read, reset",
    ({ conn, peer }) => reset(conn, peer),
    ({ conn }) => conn.read(bytes),
    {
      op: "read",
      source: "L",
      addr: "R",
      cause: SyscallError,
      code: "ECONNRESET",
      timeout: false,
      temporary: false,
      why: "read: connection reset by peer",
    },
  ],
  [
    "write, broken",
    function* ({ conn, peer }) {
      yield* reset(conn, peer);
      yield* thrown(conn.read(bytes));
    },
    ({ conn }) => conn.write(bytes),
    {
      op: "write",
      source: "L",
      addr: "R",
      cause: SyscallError,
      // Windows says the same again and again.
      code: onWindows ? "ECONNRESET" : "EPIPE",
      timeout: false,
      temporary: false,
      why: onWindows ? "write: connection reset by peer" : "write: broken pipe",
    },
  ],
  [
    "dial, refused",
    now(({ listener }) => listener.close()),
    ({ listener }) => dial("tcp", String(listener.addr)),
    {
      op: "dial",
      source: "",
      addr: "A",
      cause: SyscallError,
      code: "ECONNREFUSED",
      timeout: false,
      temporary: false,
      why: "connect: connection refused",
    },
  ],
  [
    "listen, taken",
    now(() => {}),
    ({ listener }) => listen("tcp", String(listener.addr)),
    {
      op: "listen",
      source: "",
      addr: "A",
      cause: SyscallError,
      code: "EADDRINUSE",
      timeout: false,
      temporary: false,
      why: "bind: address already in use",
    },
  ],
];

for (const [name, before, call, said] of CASES) {
  both(`${name}: the error has all of Go's properties`, function* () {
    using listener = yield* listen("tcp", "127.0.0.1:0");
    const [conn, peer] = yield* pairOn(listener);
    using _conn = conn, _peer = peer;
    const names: Record<string, string> = {
      L: String(conn.localAddr),
      R: String(conn.remoteAddr),
      A: String(listener.addr),
    };
    const hand = { listener, conn, peer };
    yield* before(hand);
    const error = yield* thrown(call(hand));
    assert.ok(error instanceof OpError, String(error));
    const [source, addr] = [said.source, said.addr].map((end) => names[end] ?? "");
    const between = source === "" ? addr : `${source}->${addr}`;
    assert.equal(error.message, `${said.op} tcp ${between}: ${said.why}`);
    assert.equal(error.op, said.op);
    assert.equal(error.net, "tcp");
    assert.equal(String(error.source ?? ""), source);
    assert.equal(String(error.addr ?? ""), addr);
    assert.ok(error.cause instanceof said.cause);
    assert.equal(error.code, said.code);
    assert.deepEqual([error.timeout, error.temporary], [said.timeout, said.temporary]);
    assert.equal(error.name, "OpError");
  });
}

/** Errnos of a dial, and whether they are time-outs and pass when tried again, as Go says. */
const VERDICTS: readonly (readonly [code: string, timeout: boolean, temporary: boolean])[] = [
  ["EINTR", false, true],
  ["EAGAIN", true, true],
  ["ENOMEM", false, false],
  ["EACCES", false, false],
  ["ENFILE", false, true],
  ["EMFILE", false, true],
  ["EAFNOSUPPORT", false, false],
  ["ENETUNREACH", false, false],
  // To Go these two are temporary in an accept alone.
  ["ECONNABORTED", false, false],
  ["ECONNRESET", false, false],
  ["ETIMEDOUT", true, true],
  ["ECONNREFUSED", false, false],
];

both("errors that Go calls temporary are temporary", function* () {
  for (const [code, timeout, temporary] of VERDICTS) {
    yield* withCalls({ streamSocket: () => -errnoOf(code) }, function* () {
      const error = yield* thrown(dial("tcp", "127.0.0.1:1"));
      assert.ok(error instanceof OpError);
      assert.equal(error.code, code);
      assert.equal(error.timeout, timeout, code);
      assert.equal(error.temporary, temporary, code);
    });
  }
});

both("a printed error has its addresses in the message alone", function* () {
  yield* withCalls({ streamSocket: () => -errnoOf("ECONNREFUSED") }, function* () {
    const error = yield* thrown(dial("tcp", "127.0.0.1:1"));
    assert.ok(error instanceof OpError);
    assert.equal(String(error.addr), "127.0.0.1:1");
    const { Bun, Deno } = globalThis as unknown as Record<string, { inspect(it: unknown): string }>;
    const printed = (Bun ?? Deno).inspect(error);
    assert.match(printed, /dial tcp 127\.0\.0\.1:1: /);
    // Bun prints the methods of an object within an error as well.
    assert.doesNotMatch(printed, /Symbol\(|toString|zone/);
  });
});

/** What has no address yet: the cause says it, and the error has neither end. */
const NOWHERE: readonly (readonly [
  network: string,
  address: string,
  cause: new (...args: never[]) => Error,
  why: string,
])[] = [
  ["udp9", "127.0.0.1:1", UnknownNetworkError, "unknown network udp9"],
  ["tcp", "127.0.0.1", AddrError, "address 127.0.0.1: missing port in address"],
  ["tcp", "127.0.0.1:nosuch", AddrError, "address tcp/nosuch: unknown port"],
  ["tcp", "a..b:1", DNSError, "lookup a..b: no such host"],
];

both("an address error has no addresses, and its cause explains it", function* () {
  for (const [network, address, cause, why] of NOWHERE) {
    const known = network as "tcp";
    const calls = { dial: dial(known, address), listen: listen(known, address) };
    for (const [op, call] of Object.entries(calls)) {
      const error = yield* thrown<unknown>(call);
      assert.ok(error instanceof OpError);
      assert.equal(error.message, `${op} ${network}: ${why}`);
      assert.deepEqual([error.op, error.net, error.source, error.addr], [op, network, null, null]);
      assert.ok(error.cause instanceof cause);
      assert.deepEqual([error.timeout, error.temporary], [false, false]);
    }
  }
});

both(
  "an error has byte and message counts only if its call transferred any",
  function* () {
    const error = yield* thrown(dial("tcp", "127.0.0.1"));
    const written = Object.keys(error as Error).filter((key) => /^(bytes|messages)/.test(key));
    assert.deepEqual(written, []);
  },
);
