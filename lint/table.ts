// SPDX-License-Identifier: MIT
/**
 * Calls of the library that may park, and the return kinds of these and other calls, as far as the
 * rules need them.
 */

/** Kind of a value: a class or interface of the library. "[Conn]" is an array of it. */
export type Kind = string;

/** Functions that may park, and the kind of their `yield*` result. */
export const PARKING: Readonly<Record<string, Kind | null>> = {
  copy: null,
  cancellable: null,
  dial: "Conn",
  gosched: null,
  listen: "Listener",
  listenPacket: "PacketConn",
  lookupHost: null,
  openPool: "WorkerPool",
  openReactor: "Reactor",
  openWorkerPool: "WorkerPool",
  readAll: null,
  resolveTCPAddr: null,
  resolveUDPAddr: null,
  scope: null,
  select: null,
  sendFile: null,
  serve: null,
  sleep: null,
  splice: null,
  tlsDial: "TLSConn",
  tlsListen: "TLSListener",
  wait: null,
};

/** Functions that do not park, and the kind of their result. */
export const MAKERS: Readonly<Record<string, Kind>> = {
  after: "Chan",
  chan: "Chan",
  fileConn: "Conn",
  fileListener: "Listener",
  filePacketConn: "PacketConn",
  fromDuplex: "Conn",
  fromWebStreams: "Conn",
  go: "Goroutine",
  pipe: "[Conn]",
  tlsClient: "TLSConn",
  tlsListener: "TLSListener",
  tlsServer: "TLSConn",
};

/** Functions that start a goroutine with their first argument. */
export const STARTERS: ReadonlySet<string> = new Set(["go", "run", "runSync"]);

const STREAM = {
  read: null,
  readFull: null,
  readable: null,
  write: null,
  writev: null,
};

const PACKETS = {
  ...STREAM,
  readBatch: null,
  readFrom: null,
  readMsg: null,
  readMsgUnix: null,
  writeBatch: null,
  writeMsg: null,
  writeMsgUnix: null,
  writeSegments: null,
  writeTo: null,
};

/** Methods that may park, by the kind of their object, and the kind of their `yield*` result. */
export const METHODS: Readonly<Record<string, Readonly<Record<string, Kind | null>>>> = {
  BufferedReader: {
    bytes: null,
    discard: null,
    discardLine: null,
    line: null,
    lineBytes: null,
    peek: null,
    read: null,
    readFull: null,
    readable: null,
    until: null,
  },
  BufferedWriter: { close: null, flush: null, write: null, writev: null },
  Chan: { recv: null, recvOk: null, send: null },
  Chunks: { next: null },
  Cond: { wait: null },
  Conn: STREAM,
  Delimited: { read: null, write: null },
  ErrGroup: { go: null, wait: null },
  Goroutine: { join: null },
  LengthPrefixed: { read: null, write: null },
  Listener: { accept: "Conn" },
  Mutex: { lock: null, locked: null },
  Once: { do: null },
  PacketConn: PACKETS,
  RWMutex: { lock: null, locked: null, rlock: null, rlocked: null },
  Reactor: { listen: null, ready: null, serve: null, shutdown: null, wait: null },
  Scanner: { scan: null },
  Scope: { wait: null },
  Semaphore: { acquire: null, acquired: null },
  TLSConn: { ...STREAM, handshake: null },
  TLSListener: { accept: "TLSConn" },
  UDPConn: PACKETS,
  UnixConn: { ...STREAM, readMsgUnix: null, writeMsgUnix: null },
  UnixListener: { accept: "UnixConn" },
  UnixgramConn: PACKETS,
  WaitGroup: { wait: null },
  Waker: { wait: null },
  WorkerPool: { ready: null, shutdown: null, submit: null },
};

/** Methods that do not park, and the kind of their result. */
export const METHOD_MAKERS: Readonly<Record<string, Readonly<Record<string, Kind>>>> = {
  Conn: { chunks: "Chunks" },
  Scope: { go: "Goroutine" },
  TLSConn: { chunks: "Chunks" },
  UnixConn: { chunks: "Chunks" },
  WaitGroup: { go: "Goroutine" },
};
