// SPDX-License-Identifier: MIT
/**
 * What is no argument at all is refused by an error of ours that says so, before anything is done:
 * never by a crash within, never in silence. Afterwards everything works as before.
 */
import assert from "node:assert/strict";
import process from "node:process";
import {
  AddrError,
  afterFunc,
  background,
  cancellable,
  cause,
  closeFd,
  type Conn,
  copy,
  dial,
  ErrGroup,
  fileConn,
  fileListener,
  filePacketConn,
  formatIP,
  fromDuplex,
  fromSignal,
  fromWebStreams,
  go,
  joinHostPort,
  listen,
  listenPacket,
  lookupHost,
  lookupPort,
  ObjectPool,
  Once,
  onPromise,
  OpError,
  PacketBatch,
  parseIP,
  parseIPZone,
  pipe,
  readAll,
  resolveTCPAddr,
  resolveUDPAddr,
  type Routine,
  select,
  Semaphore,
  sendFile,
  sleep,
  splice,
  splitHostPort,
  Ticker,
  Timer,
  toDuplex,
  toWebStreams,
  UDPAddr,
  UnixAddr,
  wake,
  withDeadline,
  withTimeout,
} from "../../mod.ts";
import { both, only, onWindows, pair } from "../support/harness.ts";

/** Type of the functions for a caller that ignores the declared types. */
// deno-lint-ignore no-explicit-any
type Any = any;

function detached(): Uint8Array {
  const bytes = new Uint8Array(new ArrayBuffer(8));
  structuredClone(bytes, { transfer: [bytes.buffer] });
  return bytes;
}

/** Values of all kinds, including some that cannot be printed. */
const ODD: readonly unknown[] = [
  undefined,
  null,
  true,
  -1,
  1.5,
  NaN,
  Infinity,
  2 ** 31,
  2 ** 53,
  10n,
  "",
  "text",
  "x".repeat(10_000),
  Symbol("symbol"),
  {},
  [1],
  () => {},
  new Date(NaN),
  new Uint16Array(2),
  new DataView(new ArrayBuffer(2)),
  detached(),
  Object.create(null),
  {
    toString() {
      throw new Error("toString was called");
    },
  },
];

/** A call, and which values it is right to take. */
type Case = [name: string, takes: (value: Any) => boolean, call: (value: Any) => unknown];

const none = () => false;
const strings = (value: unknown) => typeof value === "string";
const absent = (value: unknown) => value === undefined;
const numbers = (value: unknown) => typeof value === "number" && !Number.isNaN(value);
const callable = (value: unknown) => typeof value === "function";
const objects = (value: unknown) => typeof value === "object" && value !== null;

/** Whether it says what is wrong in words of ours, and is of a class that tells it. */
function isOurs(error: unknown): boolean {
  if (error instanceof OpError || error instanceof AddrError) return true;
  if (!(error instanceof TypeError || error instanceof RangeError)) return false;
  return /current value is|was detached or resized|with these options/.test(
    error.message,
  );
}

/** Has `call` refuse each odd value that it does not take. */
function* refuses([name, takes, call]: Case): Routine<void> {
  for (const value of ODD) {
    if (takes(value)) continue;
    const what = `${name} with ${typeof value}${typeof value === "number" ? ` ${value}` : ""}`;
    let result: Any;
    try {
      result = call(value);
      if (typeof result?.next === "function") result = yield* result;
    } catch (error) {
      assert.ok(isOurs(error), `${what}: ${error}`);
      continue;
    }
    result?.[Symbol.dispose]?.();
    assert.fail(`${what} is taken`);
  }
}

const TEXTS: Case[] = [
  ["splitHostPort", strings, splitHostPort],
  ["joinHostPort", strings, (v) => joinHostPort(v, 1)],
  ["joinHostPort", (v) => strings(v) || typeof v === "number", (v) => joinHostPort("a", v)],
  ["parseIP", strings, parseIP],
  ["parseIPZone", strings, parseIPZone],
  ["formatIP", (v) => v instanceof Uint8Array, formatIP],
  ["lookupPort", strings, (v) => lookupPort(v, "80")],
  ["lookupPort", (v) => v === "", (v) => lookupPort("tcp", v)],
  ["resolveTCPAddr", (v) => v === "", (v) => resolveTCPAddr("tcp", v)],
  ["resolveUDPAddr", (v) => v === "", (v) => resolveUDPAddr("udp", v)],
  ["lookupHost", strings, lookupHost],
];

const OPENINGS: Case[] = [
  ["dial", none, (v) => dial("tcp", v)],
  ["dial, options", absent, (v) => dial("tcp", "127.0.0.1:1", { localAddress: v, lookup: v })],
  ["listen", (v) => v === "", (v) => listen("tcp", v)],
  ["listenPacket", (v) => v === "", (v) => listenPacket("udp", v)],
  ["listen, network", none, (v) => listen(v, "")],
  ["listenPacket, network", none, (v) => listenPacket(v, "")],
  ["closeFd", none, (v) => closeFd(v)],
  ["fileConn", none, (v) => fileConn(v)],
  ["fileListener", none, (v) => fileListener(v)],
  ["filePacketConn", none, (v) => filePacketConn(v)],
  ["fileConn, options", none, (v) => fileConn(-1, v)],
];

const HELPERS: Case[] = [
  ["copy, source", none, (v) => copy(pipe()[0], v)],
  ["copy, destination", none, (v) => copy(v, pipe()[0])],
  ["splice, source", none, (v) => splice(v, pipe()[0])],
  ["splice, destination", none, (v) => splice(pipe()[0], v)],
  ["readAll", none, (v) => readAll(v)],
  ["sendFile, connection", none, (v) => sendFile(v, "file")],
  ["sendFile, file", strings, (v) => sendFile(pipe()[0], v)],
  ["cancellable", none, (v) => cancellable(v, background())],
  ["cancellable, cancel", none, (v) => cancellable(sleep(0), v)],
  ["cause", none, cause],
  ["afterFunc, context", none, (v) => afterFunc(v, () => {})],
  ["afterFunc, function", callable, (v) => afterFunc(background(), v)],
  ["fromSignal", none, fromSignal],
  ["withTimeout", numbers, (v) => withTimeout(background(), v)],
  ["withDeadline", numbers, (v) => withDeadline(background(), v)],
  ["onPromise", none, onPromise],
  ["select", (v) => v === null, (v) => select(v)],
  ["sleep", numbers, (v) => sleep(v)],
  ["Semaphore", (v) => numbers(v) && v >= 0, (v) => new Semaphore(v)],
  [
    "Semaphore.acquire",
    (v) => absent(v) || numbers(v) && v >= 0,
    (v) => new Semaphore(9).acquire(v),
  ],
  ["Semaphore.acquire, cancel", absent, (v) => new Semaphore(9).acquire(1, v)],
  ["Once.do", callable, (v) => new Once().do(v)],
  ["ErrGroup.setLimit", numbers, (v) => new ErrGroup().setLimit(v)],
  ["Pool", (v) => absent(v) || objects(v), (v) => new ObjectPool(v)],
  ["Timer", numbers, (v) => new Timer(v)],
  ["Ticker", (v) => numbers(v), (v) => new Ticker(v)],
  ["wake", none, wake],
  ["PacketBatch", (v) => absent(v), (v) => new PacketBatch(v)],
];

both("values that are not text or addresses are rejected", function* () {
  for (const each of TEXTS) yield* refuses(each);
});

both("arguments that cannot be opened are rejected, and leave nothing", function* () {
  for (const each of OPENINGS) yield* refuses(each);
}, onWindows && "descriptors from elsewhere are not on Windows yet");

both("values that are not streams, contexts, cases or numbers are rejected", function* () {
  for (const each of HELPERS) yield* refuses(each);
});

only("run", "values that are not host streams are rejected", function* () {
  const cases: Case[] = [
    ["toDuplex", none, (v) => toDuplex(v)],
    ["fromDuplex", none, (v) => fromDuplex(v)],
    ["toWebStreams", none, (v) => toWebStreams(v)],
    ["fromWebStreams", none, (v) => fromWebStreams(v)],
  ];
  for (const each of cases) yield* refuses(each);
});

/** What every connection refuses in the same way. */
function connCases(conn: Conn): Case[] {
  const deadlines = (v: unknown) => v === null || numbers(v);
  return [
    ["read", none, (v) => conn.read(v)],
    ["read, cancel", absent, (v) => conn.read(new Uint8Array(1), v)],
    ["readFull", none, (v) => conn.readFull(v)],
    ["write", strings, (v) => conn.write(v)],
    ["write, cancel", absent, (v) => conn.write(new Uint8Array(1), v)],
    ["writev", none, (v) => conn.writev(v)],
    ["writev, piece", none, (v) => conn.writev([v])],
    ["setDeadline", deadlines, (v) => conn.setDeadline(v)],
    ["setReadDeadline", deadlines, (v) => conn.setReadDeadline(v)],
    ["setWriteDeadline", deadlines, (v) => conn.setWriteDeadline(v)],
  ];
}

/** What is set in the kernel, which cannot count so far. */
function socketCases(conn: Conn): Case[] {
  const whole = (v: unknown) => Number.isInteger(v) && (v as number) > 0;
  return [
    ["setKeepAlive", (v) => typeof v === "boolean" || objects(v), (v) => conn.setKeepAlive(v)],
    ["setKeepAlive, idle", (v) => absent(v) || v === 1.5, (v) => conn.setKeepAlive({ idle: v })],
    ["setKeepAlive, count", (v) => absent(v) || v === 1.5, (v) => conn.setKeepAlive({ count: v })],
    ["setLinger", (v) => v === null, (v) => conn.setLinger(v)],
    ["setReadBuffer", (v) => whole(v) && v < 2 ** 30, (v) => conn.setReadBuffer(v)],
    ["setWriteBuffer", (v) => whole(v) && v < 2 ** 30, (v) => conn.setWriteBuffer(v)],
    [
      "splice, length",
      (v) => absent(v) || v === Infinity || v === 2 ** 31,
      (v) => splice(conn, conn, { length: v }),
    ],
    ["sendFile, offset", (v) => absent(v) || v === 2 ** 31, (v) => {
      return sendFile(conn, process.execPath, { offset: v, length: 0 });
    }],
  ];
}

/** Fails unless bytes still go from `a` to `b`. */
function* works(a: Conn, b: Conn): Routine<void> {
  a.setDeadline(null);
  const p = Uint8Array.of(0);
  const writing = go(() => a.write(Uint8Array.of(7)));
  assert.equal(yield* b.readFull(p), 1);
  assert.equal(yield* writing.join(), 1);
  assert.equal(p[0], 7);
}

both("a TCP connection rejects invalid arguments, and stays usable", function* () {
  const [a, b] = yield* pair();
  using _a = a, _b = b;
  for (const each of [...connCases(a), ...socketCases(a)]) yield* refuses(each);
  yield* works(a, b);
});

both("a pipe rejects invalid arguments, and stays usable", function* () {
  const [a, b] = pipe();
  using _a = a, _b = b;
  for (const each of connCases(a)) yield* refuses(each);
  yield* works(a, b);
});

both("a Unix connection rejects invalid arguments, and stays usable", function* () {
  using listener = yield* listen("unix", "");
  using a = yield* dial("unix", String(listener.addr));
  using b = yield* listener.accept();
  const byte = new Uint8Array(1);
  const cases: Case[] = [
    ["writeMsgUnix", (v) => v instanceof Uint8Array, (v) => a.writeMsgUnix(v, {})],
    ["writeMsgUnix, info", objects, (v) => a.writeMsgUnix(byte, v)],
    [
      "writeMsgUnix, fds",
      (v) => absent(v) || Array.isArray(v),
      (v) => a.writeMsgUnix(byte, { fds: v }),
    ],
    ["writeMsgUnix, one fd", none, (v) => a.writeMsgUnix(byte, { fds: [v] })],
    ["readMsgUnix", none, (v) => a.readMsgUnix(v)],
    ["accept", absent, (v) => listener.accept(v)],
    ["dial", none, (v) => dial("unix", v)],
  ];
  for (const each of [...connCases(a), ...cases]) yield* refuses(each);
  yield* works(a, b);
}, onWindows && "Unix sockets are not on Windows yet");

both("a UDP socket rejects invalid arguments, and stays usable", function* () {
  using conn = yield* listenPacket("udp", "127.0.0.1:0");
  const batch = new PacketBatch(2, 16);
  const bytes = new Uint8Array(4);
  const addr = conn.localAddr;
  const hops = (v: unknown) => v === 1;
  const cases: Case[] = [
    ["readFrom", none, (v) => conn.readFrom(v)],
    ["read", none, (v) => conn.read(v)],
    ["readMsg", none, (v) => conn.readMsg(v)],
    ["readBatch", none, (v) => conn.readBatch(v)],
    ["writeTo", none, (v) => conn.writeTo(v, addr)],
    ["writeTo, address", none, (v) => conn.writeTo(bytes, v)],
    ["writeTo, ip", (v) => v === "", (v) => conn.writeTo(bytes, new UDPAddr(v, 9))],
    ["writeTo, port", none, (v) => conn.writeTo(bytes, new UDPAddr("127.0.0.1", v))],
    ["writeTo, zone", (v) => v === "" || absent(v), (v) => {
      return conn.writeTo(bytes, new UDPAddr("127.0.0.1", 9, v));
    }],
    ["writeMsg", none, (v) => conn.writeMsg(v, addr, {})],
    ["writeMsg, address", none, (v) => conn.writeMsg(bytes, v, {})],
    ["writeMsg, info", objects, (v) => conn.writeMsg(bytes, addr, v)],
    ["writeMsg, source", absent, (v) => conn.writeMsg(bytes, addr, { source: v })],
    [
      "writeSegments",
      (v) => Number.isInteger(v) && v > 0,
      (v) => conn.writeSegments(bytes, v, addr),
    ],
    ["writeBatch", none, (v) => conn.writeBatch(v, 0)],
    ["writeBatch, count", absent, (v) => conn.writeBatch(batch, v)],
    ["setTTL", hops, (v) => conn.setTTL(v)],
    ["setMulticastTTL", hops, (v) => conn.setMulticastTTL(v)],
    ["joinGroup", none, (v) => conn.joinGroup(v)],
    ["leaveGroup", none, (v) => conn.leaveGroup(v)],
    ["batch.bytes", none, (v) => batch.bytes(v)],
    ["batch.addr", none, (v) => batch.addr(v)],
    ["batch.set, index", none, (v) => batch.set(v, bytes)],
    ["batch.set", none, (v) => batch.set(0, v)],
    ["setDeadline", (v) => v === null || numbers(v), (v) => conn.setDeadline(v)],
  ];
  for (const each of cases) yield* refuses(each);
  conn.setDeadline(null);
  yield* conn.writeTo(Uint8Array.of(7), addr);
  const { n } = yield* conn.readFrom(bytes);
  assert.equal(n, 1);
  assert.equal(bytes[0], 7);
});

both("a unixgram socket rejects invalid arguments", function* () {
  using conn = yield* listenPacket("unixgram", "");
  const bytes = new Uint8Array(4);
  const cases: Case[] = [
    ["writeTo", none, (v) => conn.writeTo(v, conn.localAddr)],
    ["writeTo, address", none, (v) => conn.writeTo(bytes, v)],
    ["writeTo, name", none, (v) => conn.writeTo(bytes, new UnixAddr(v, "unixgram"))],
    ["writeMsgUnix, info", objects, (v) => conn.writeMsgUnix(bytes, v)],
    ["readMsgUnix", none, (v) => conn.readMsgUnix(v)],
  ];
  for (const each of cases) yield* refuses(each);
}, onWindows && "Unix sockets are not on Windows yet");
