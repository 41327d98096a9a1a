// SPDX-License-Identifier: MIT
/** Descriptors from elsewhere, and those given up. Go: net/file_test.go. */
import assert from "node:assert/strict";
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readlinkSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import {
  ClosedError,
  closeFd,
  type Conn,
  dial,
  fileConn,
  fileListener,
  filePacketConn,
  go,
  listen,
  listenFds,
  listenPacket,
  NotPollableError,
  OpError,
  type Routine,
  SyscallError,
  type UDPConn,
} from "../../mod.ts";
import { sys } from "../../poll.ts";
import { platform } from "../../platforms/platform.ts";
import {
  both,
  noProc,
  onWindows,
  openSockets,
  pair,
  thrown,
  until,
  wineGap,
} from "../support/harness.ts";

const HELLO = new TextEncoder().encode("hello");

/** Not the class: `assert.throws` of Deno goes by prototypes, and not by `instanceof`. */
const isOpError = (error: unknown) => error instanceof OpError;

/** Whether a number stands for something open. */
function isOpen(fd: number): boolean {
  return typeof platform().descriptors.kind(fd) !== "number";
}

/** Why there are no pipes, and no second number of what the library has had before. */
const noPipes = onWindows && "of pipes a port knows only those that were made for it";
const oneLife = onWindows && "a socket that has had a port cannot have another";

/** The ends of a pipe. */
function pipeEnds(): { reader: number; writer: number } {
  const ends = platform().transfers.pipe(4096);
  assert.ok(typeof ends !== "number");
  return ends;
}

/** Why a kind of Unix sockets cannot be tried here, if it cannot. */
function unixOnly(network: string): string | false {
  return network === "unix" ? wineGap("AF_UNIX") : onWindows && `Windows has no ${network}`;
}

/** There and back. */
function* roundTrip(from: Conn, to: Conn): Routine<void> {
  const buf = new Uint8Array(5);
  yield* from.write(HELLO);
  assert.equal(yield* to.readFull(buf), 5);
  assert.deepEqual(buf, HELLO);
}

both("detach() releases the descriptor: waiting calls end, it stays open", function* () {
  const [client, server] = yield* pair();
  const calls = [
    go(() => thrown(client.read(new Uint8Array(1)))),
    go(() => thrown(client.readable())),
  ];
  yield* until(() => calls.every(({ status }) => status === "waiting"));
  const address = String(client.localAddr);
  const fd = client.detach();
  // Its number may be another's before they have run.
  closeFd(fd);
  const pipes = [pipeEnds()];
  while (pipes.every(({ reader, writer }) => reader !== fd && writer !== fd)) {
    pipes.push(pipeEnds());
  }
  const ends = pipes.pop()!;
  using pipe = fileConn(ends.reader, { own: true });
  for (const call of calls) {
    const error = yield* call.join() as Routine<OpError>;
    assert.ok(error.cause instanceof ClosedError, String(error));
  }
  assert.equal(client.fd, -1);
  assert.equal(String(client.localAddr), address);
  assert.throws(() => client.detach(), isOpError);
  client.close();
  client[Symbol.dispose]();
  // What got the number is still registered.
  using writer = fileConn(ends.writer, { own: true });
  const reading = go(() => pipe.read(new Uint8Array(9)));
  yield* until(() => reading.status === "waiting");
  yield* writer.write(HELLO);
  assert.equal(yield* reading.join(), 5);
  server.close();
  for (const { reader, writer } of pipes) [reader, writer].forEach(closeFd);
}, noPipes);

both("a detached connection continues in fileConn", function* () {
  const [client, server] = yield* pair();
  yield* roundTrip(client, server);
  const names = [String(client.localAddr), String(client.remoteAddr)];
  const fd = client.detach();
  using again = fileConn(fd, { own: true });
  assert.equal(again.fd, fd);
  assert.deepEqual([String(again.localAddr), String(again.remoteAddr)], names);
  yield* roundTrip(again, server);
  yield* roundTrip(server, again);
  again.setNoDelay(false);
  server.close();
  assert.equal(yield* again.read(new Uint8Array(1)), null);
});

both("without own, the descriptor stays the caller's", function* () {
  const [client, server] = yield* pair();
  const fd = client.detach();
  const copy = fileConn(fd);
  assert.notEqual(copy.fd, fd);
  yield* roundTrip(copy, server);
  copy.close();
  assert.ok(isOpen(fd));
  using second = fileConn(fd, { own: true });
  yield* roundTrip(server, second);
  second.close();
  assert.equal(isOpen(fd), false);
  server.close();
}, oneLife);

for (const network of ["tcp", "unix", "unixpacket"] as const) {
  both(`a listener goes on in fileListener: ${network}`, function* () {
    const dir = mkdtempSync(join(tmpdir(), "netpoll-"));
    const address = network === "tcp" ? "127.0.0.1:0" : join(dir, "s");
    const old = yield* listen(network, address);
    const name = String(old.addr);
    const accepting = go(() => thrown(old.accept()));
    yield* until(() => accepting.status === "waiting");
    const fd = old.detach();
    const error = yield* accepting.join() as Routine<OpError>;
    assert.ok(error.cause instanceof ClosedError);
    // A client that comes meanwhile waits in the queue.
    using early = yield* dial(network, name) as Routine<Conn>;
    const listener = fileListener(fd, { own: true });
    assert.equal(String(listener.addr), name);
    using accepted = yield* listener.accept();
    yield* roundTrip(early, accepted);
    yield* roundTrip(accepted, early);
    listener.close();
    assert.equal(isOpen(fd), false);
    // As in Go: the file is removed by him who made it.
    if (network !== "tcp") assert.ok(existsSync(name));
    rmSync(dir, { recursive: true });
  }, network !== "tcp" && unixOnly(network));
}

for (const network of ["udp4", "udp6", "unixgram"] as const) {
  both(`a socket of datagrams goes on in filePacketConn: ${network}`, function* () {
    const address = network === "unixgram" ? "" : network === "udp4" ? "127.0.0.1:0" : "[::1]:0";
    const old = yield* listenPacket(network, address) as Routine<UDPConn>;
    const name = String(old.localAddr);
    using conn = filePacketConn(old.detach(), { own: true }) as UDPConn;
    assert.equal(String(conn.localAddr), name);
    using client = yield* dial(network as "udp4", name);
    yield* client.write(HELLO);
    assert.equal(yield* conn.read(new Uint8Array(9)), 5);
    if (onWindows) return;
    using connected = filePacketConn(client.fd);
    assert.equal(String(connected.remoteAddr), name);
    yield* connected.write(HELLO);
    assert.equal((yield* conn.readFrom(new Uint8Array(9))).n, 5);
  }, network === "unixgram" && unixOnly(network));
}

both("a pipe works as a stream", function* () {
  const { reader, writer } = pipeEnds();
  using from = fileConn(reader, { own: true });
  const to = fileConn(writer, { own: true });
  const buf = new Uint8Array(1 << 20);
  const reading = go(() => from.read(buf));
  yield* until(() => reading.status === "waiting");
  yield* to.write(HELLO);
  assert.equal(yield* reading.join(), 5);
  assert.equal(String(from.localAddr), `fd ${reader}`);
  // More than it holds.
  const writing = go(() => to.writev([buf, HELLO]));
  const length = buf.length + 5;
  assert.equal(yield* from.readFull(new Uint8Array(length)), length);
  assert.equal(yield* writing.join(), length);
  from.setReadDeadline(0);
  assert.ok((yield* thrown(from.read(buf)) as Routine<OpError>).timeout);
  from.setReadDeadline(null);
  to.close();
  assert.equal(yield* from.read(buf), null);
  assert.throws(() => from.setNoDelay(true), isOpError);
}, noPipes);

both("a pipe without a reader is EPIPE", function* () {
  const { reader, writer } = pipeEnds();
  using to = fileConn(writer, { own: true });
  const writing = go(() => thrown(to.write(new Uint8Array(1 << 20))));
  yield* until(() => writing.status === "waiting");
  closeFd(reader);
  const error = yield* writing.join() as Routine<OpError>;
  assert.equal(error.code, "EPIPE");
}, noPipes);

both("a terminal is read line by line, and is blocking again afterwards", function* () {
  const terminal = openSync("/dev/ptmx", "r+");
  const flags = () => /^flags:\s*(\d+)/m.exec(fdInfo(terminal))![1];
  const before = flags();
  const conn = fileConn(terminal);
  assert.notEqual(flags(), before);
  // What is written to the master comes back by the terminal's echo, with its carriage returns.
  yield* conn.write(new TextEncoder().encode("a\nb\n"));
  const buf = new Uint8Array(6);
  assert.equal(yield* conn.readFull(buf), 6);
  assert.equal(new TextDecoder().decode(buf), "a\r\nb\r\n");
  conn.close();
  assert.equal(flags(), before);
  closeSync(terminal);
}, noPipes || noProc);

both("closing a descriptor of node:fs here closes it for node:fs too", function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0"); // Before, so that the poller is there.
  const ways: ((fd: number) => void)[] = [
    (fd) => fileConn(fd, { own: true }).close(),
    (fd) => closeFd(fd),
    (fd) => sys.close(fd),
  ];
  for (const close of ways) {
    const terminal = openSync("/dev/ptmx", "r+");
    close(terminal);
    // Of so many, one has the number that is free now.
    const files = Array.from({ length: 8 }, () => openSync("/dev/zero", "r"));
    assert.ok(files.includes(terminal));
    for (const file of files) assert.equal(readlinkSync(`/proc/self/fd/${file}`), "/dev/zero");
    using client = yield* dial("tcp", String(listener.addr));
    using server = yield* listener.accept();
    files.forEach((file) => closeSync(file));
    yield* roundTrip(client, server);
  }
}, noPipes || noProc);

/** Whether reads of a descriptor block. */
function isBlocking(fd: number): boolean {
  const flags = parseInt(/^flags:\s*(\d+)/m.exec(fdInfo(fd))![1], 8);
  return (flags & constants.O_NONBLOCK) === 0;
}

for (const own of [false, true]) {
  both(
    `closing one of two descriptors of a pipe keeps the other non-blocking: own ${own}`,
    function* () {
      const { reader, writer } = pipeEnds();
      const other = platform().descriptors.duplicate(reader);
      platform().descriptors.setNonBlocking(reader, false);
      const witness = platform().descriptors.duplicate(reader);
      const first = fileConn(reader, { own });
      const second = fileConn(other, { own });
      const third = fileConn(witness);
      first.close();
      assert.equal(isBlocking(witness), false);
      // It would stop the whole thread, and with it the goroutine that writes.
      using to = fileConn(writer, { own: true });
      const reading = go(() => second.read(new Uint8Array(9)));
      yield* until(() => reading.status === "waiting");
      yield* to.write(HELLO);
      assert.equal(yield* reading.join(), 5);
      second.close();
      assert.equal(isBlocking(witness), false);
      third.close();
      assert.equal(isBlocking(witness), true, "the last one restores it");
      closeFd(witness);
      if (!own) [reader, other].forEach(closeFd);
    },
    noPipes || noProc,
  );
}

function fdInfo(fd: number): string {
  return readFileSync(`/proc/self/fdinfo/${fd}`, "utf8");
}

both("a descriptor that cannot be polled is a NotPollableError, and unchanged", function* () {
  const path = new URL("../../deno.json", import.meta.url);
  const fd = openSync(path, "r");
  const before = fdInfo(fd);
  for (const own of [false, true]) {
    const error = yield* thrown((function* () {
      fileConn(fd, { own });
    })()) as Routine<OpError>;
    assert.ok(error instanceof OpError && error.cause instanceof NotPollableError, String(error));
    assert.equal(error.op, "file");
    assert.equal(fdInfo(fd), before);
  }
  closeSync(fd);
}, noPipes || noProc);

both("a descriptor of another kind is rejected, and stays the caller's", function* () {
  const [client, server] = yield* pair();
  using listener = yield* listen("tcp", "127.0.0.1:0");
  using packets = yield* listenPacket("udp", "127.0.0.1:0");
  const { reader, writer } = pipeEnds();
  const sockets = openSockets();
  const wrong = [
    () => fileListener(client.fd),
    () => fileListener(packets.fd),
    () => fileListener(reader),
    () => fileConn(listener.fd),
    () => fileConn(packets.fd),
    () => filePacketConn(client.fd),
    () => filePacketConn(reader, { own: true }),
    // Two of a thread cannot wait for the same one.
    () => fileConn(client.fd, { own: true }),
  ];
  for (const call of wrong) assert.throws(call, TypeError);
  for (const fd of [-1, 1.5, NaN, "0" as unknown as number, 2 ** 31]) {
    assert.throws(() => fileConn(fd), RangeError);
    assert.throws(() => closeFd(fd), RangeError);
  }
  for (const call of [fileConn, fileListener, filePacketConn]) {
    assert.throws(() => call(99999), (error) => (error as OpError).code === "EBADF");
  }
  assert.throws(() => closeFd(99999), SyscallError);
  assert.equal(openSockets(), sockets);
  assert.ok(isOpen(reader));
  closeFd(reader);
  closeFd(writer);
  yield* roundTrip(client, server);
  client.close();
  server.close();
}, noPipes);

both("a run that ends closes adopted descriptors", function* () {
  const { reader, writer } = pipeEnds();
  closeFd(writer);
  const conn = fileConn(reader, { own: true });
  go(() => conn.readable());
}, noPipes);

test("listenFds() is empty without LISTEN_PID, and for another process", () => {
  assert.deepEqual(listenFds(), []);
  process.env.LISTEN_PID = String(process.pid + 1);
  process.env.LISTEN_FDS = "1";
  assert.deepEqual(listenFds(), []);
  process.env.LISTEN_PID = String(process.pid);
  process.env.LISTEN_FDS = "x";
  assert.throws(() => listenFds(), RangeError);
  delete process.env.LISTEN_PID;
  delete process.env.LISTEN_FDS;
});
