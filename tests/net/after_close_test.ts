// SPDX-License-Identifier: MIT
/**
 * Whatever has been closed, given up or reset says so, whatever is called: the error of a closed
 * connection, with its operation, and no system call on a number that is another's by now. Calls that
 * close do nothing.
 */
import assert from "node:assert/strict";
import {
  ClosedError,
  closeFd,
  dial,
  fileConn,
  fromDuplex,
  listen,
  listenPacket,
  OpError,
  otherwise,
  PacketBatch,
  type Routine,
  select,
  toDuplex,
} from "../../mod.ts";
import { both, only, onWindows, pair, thrown } from "../support/harness.ts";

/** Anything that can be closed, whatever else it can do. */
// deno-lint-ignore no-explicit-any
type Any = any;

const bytes = new Uint8Array(4);
const batch = new PacketBatch(1, 4);

const DEADLINES = {
  setDeadline: [null],
  setReadDeadline: [null],
  setWriteDeadline: [1],
};
const BUFFERS = { setReadBuffer: [4096], setWriteBuffer: [4096] };

/** Calls, each with its arguments. A kind without a call is not tested for it. */
const CALLS: Record<string, unknown[]> = {
  ...DEADLINES,
  ...BUFFERS,
  read: [bytes],
  readFull: [bytes],
  readable: [],
  write: [bytes],
  writev: [[bytes]],
  detach: [],
  setNoDelay: [true],
  setKeepAlive: [true],
  setLinger: [0],
  readMsgUnix: [bytes],
  writeMsgUnix: [bytes, { fds: [0] }],
  peerCredentials: [],
  readFrom: [bytes],
  readMsg: [bytes],
  writeMsg: [bytes, null, {}],
  writeSegments: [bytes, 2],
  readBatch: [batch],
  writeBatch: [batch, 1],
  setPacketInfo: [true],
  setReceiveOffload: [true],
  setTTL: [1],
  joinGroup: ["224.0.0.251"],
  setMulticastTTL: [1],
  setMulticastInterface: [null],
  accept: [],
};

/** Calls that do nothing on what is closed. */
const CLOSING = ["close", "closeRead", "closeWrite", "abort"];

/** What `call` throws, at once or when it is driven. */
function* error(call: () => Any): Routine<unknown> {
  return yield* thrown((function* () {
    const result = call();
    return typeof result?.next === "function" ? yield* result : result;
  })());
}

/** Fails unless every call of `closed` says that it is closed. */
function* assertClosed(closed: Any, except: readonly string[] = []): Routine<void> {
  for (const [name, args] of Object.entries(CALLS)) {
    if (typeof closed[name] !== "function" || except.includes(name)) continue;
    const said = yield* error(() => closed[name](...args));
    assert.ok(said instanceof OpError && said.cause instanceof ClosedError, `${name}: ${said}`);
  }
  for (const name of CLOSING) closed[name]?.();
  if (closed.chunks !== undefined) {
    const said = yield* error(() => closed.chunks().next());
    assert.ok((said as OpError).cause instanceof ClosedError, String(said));
  }
  // A select has the error at once, or says that there is no waiting for it.
  if (closed.onAccept !== undefined) {
    const said = yield* error(() => select(closed.onAccept(), otherwise));
    assert.ok((said as OpError).cause instanceof ClosedError, String(said));
  } else assert.equal((yield* select(closed.onReadable(), otherwise)).index, 0);
  assert.equal(closed.fd, -1);
  assert.match(String(closed.localAddr ?? closed.addr), /./);
  closed[Symbol.dispose]();
}

/** Ways to close an object. */
const WAYS: Record<string, (open: Any) => void> = {
  close: (open) => open.close(),
  "a block": (open) => open[Symbol.dispose](),
  abort: (open) => open.abort(),
  detach: (open) => closeFd(open.detach()),
};

function* unixPair(network: "unix" | "unixpacket"): Routine<[Any, Any]> {
  using listener = yield* listen(network, "");
  const dialled = yield* dial(network, String(listener.addr));
  return [dialled, yield* listener.accept()];
}

/** What is opened, perhaps with another end; and whether Windows has it. */
const KINDS: Record<string, { open: () => Routine<Any[]>; unix?: true }> = {
  "a TCP connection": { open: () => pair() },
  "a Unix connection": { open: () => unixPair("unix"), unix: true },
  "a connection of unixpacket": { open: () => unixPair("unixpacket"), unix: true },
  "a connection from a descriptor": {
    *open() {
      const [a, b] = yield* pair();
      return [fileConn(a.detach(), { own: true }), b];
    },
    unix: true,
  },
  "a UDP socket": {
    *open() {
      return [yield* listenPacket("udp", "127.0.0.1:0")];
    },
  },
  "a dialled UDP socket": {
    *open() {
      return [yield* dial("udp", "127.0.0.1:9")];
    },
  },
  "a socket of unixgram": {
    *open() {
      return [yield* listenPacket("unixgram", "")];
    },
    unix: true,
  },
  "a TCP listener": {
    *open() {
      return [yield* listen("tcp", "127.0.0.1:0")];
    },
  },
  "a Unix listener": {
    *open() {
      return [yield* listen("unix", "")];
    },
    unix: true,
  },
};

for (const [kind, { open, unix }] of Object.entries(KINDS)) {
  both(`every call on a closed ${kind} reports it`, function* () {
    for (const [way, close] of Object.entries(WAYS)) {
      const [subject, ...others] = yield* open();
      if (way === "abort" && subject.abort === undefined) subject.close();
      else close(subject);
      yield* assertClosed(subject);
      for (const other of others) other[Symbol.dispose]();
    }
  }, onWindows && unix === true && "not on Windows yet");
}

only("run", "every call on a closed connection over a stream reports it", function* () {
  for (const way of ["close", "a block", "abort"]) {
    const [a, b] = yield* pair();
    using _b = b;
    const subject = fromDuplex(toDuplex(a));
    WAYS[way](subject);
    // What the kernel does for a socket there is nothing of its own to set.
    yield* assertClosed(subject, [
      "setNoDelay",
      "setKeepAlive",
      "setLinger",
      ...Object.keys(BUFFERS),
    ]);
  }
});
