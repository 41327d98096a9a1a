// SPDX-License-Identifier: MIT
/** What the poller's descriptors cost, and who else may have them. Linux shows both under /proc. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import {
  type Conn,
  dial,
  fileConn,
  filePacketConn,
  go,
  type Goroutine,
  listen,
  listenPacket,
  type Routine,
  sleep,
  splice,
} from "../../mod.ts";
import { platform } from "../../platforms/platform.ts";
import { netpoll } from "../../src/netpoll/netpoll.ts";
import { both, pair, until } from "../support/harness.ts";

/** Why there is nothing to look at. Over libkqueue the poller's descriptors are its own. */
const noProc = platform().pollerName !== "epoll" && "the files under /proc are Linux's";

/** Octal, as the flags of /proc/self/fdinfo are. */
const O_CLOEXEC = 0o2000000;

function closedOnExec(fd: number): boolean {
  const [, flags] = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"))!;
  return (parseInt(flags, 8) & O_CLOEXEC) !== 0;
}

/** Descriptors of pipes. */
function pipes(): number[] {
  return readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith("pipe:");
    } catch {
      return false;
    }
  }).map(Number);
}

both("a program executed by this process inherits no descriptor of the library", function* () {
  const before = new Set(pipes());
  using tcp = yield* listen("tcp", "127.0.0.1:0");
  using dialled = yield* dial("tcp", String(tcp.addr));
  using accepted = yield* tcp.accept();
  using udp = yield* listenPacket("udp", "127.0.0.1:0");
  using unix = yield* listen("unix", "");
  using there = yield* dial("unix", String(unix.addr));
  using here = yield* unix.accept();
  using gram = yield* listenPacket("unixgram", "");
  using copy = fileConn(dialled.fd);
  yield* there.writeMsgUnix(Uint8Array.of(1), { fds: [udp.fd] });
  const [fd] = (yield* here.readMsgUnix(new Uint8Array(1)))!.fds;
  using passed = filePacketConn(fd, { own: true });
  using own = fileConn(there.detach(), { own: true });
  const moving = go(() => splice(accepted, here));
  yield* until(() => moving.status === "waiting");
  const { waitDescriptor, breakDescriptor } = netpoll.init();
  const open = [tcp, dialled, accepted, udp, unix, here, gram, copy, passed, own];
  const ways = pipes().filter((fd) => !before.has(fd));
  assert.equal(ways.length, 2, "the pipe of splice");
  for (const fd of [...open.map(({ fd }) => fd), ...ways, waitDescriptor, breakDescriptor]) {
    assert.ok(closedOnExec(fd), `${fd} is ${readlinkSync(`/proc/self/fd/${fd}`)}`);
  }
}, noProc);

/**
 * Polls that a wait of this long may take. Under `run` the thread spins for a moment after an event,
 * which takes some thousands; one that spins all the time makes a hundred times as many.
 */
const WAIT_MS = 300;
const MOST_POLLS = 8000;

/** Fails if nothing but the clock makes the poller return. */
function* rests(what: string): Routine<void> {
  const before = netpoll.polls;
  yield* sleep(WAIT_MS);
  const polls = netpoll.polls - before;
  assert.ok(polls < MOST_POLLS, `${polls} polls in ${WAIT_MS} ms: ${what}`);
}

/** Writes until nothing goes any more, and waits. */
function* blockedWriter(conn: Conn): Routine<Goroutine<unknown>> {
  const writing = go(function* () {
    try {
      yield* conn.write(new Uint8Array(64 << 20));
    } catch {
      // It is closed in the end.
    }
  });
  yield* until(() => writing.status === "waiting");
  return writing;
}

both("a half-closed connection with full buffers is not polled continuously", function* () {
  const [a, b] = yield* pair();
  using _a = a, _b = b;
  b.closeWrite();
  assert.equal(yield* a.read(new Uint8Array(1)), null);
  const writing = yield* blockedWriter(a);
  yield* rests("the peer has ended its side, and takes nothing");
  assert.equal(writing.status, "waiting");
});

both("unread data is not polled continuously", function* () {
  const [a, b] = yield* pair();
  using _a = a, _b = b;
  const writing = yield* blockedWriter(a);
  yield* rests("nobody reads, nobody can write");
  using listener = yield* listen("tcp", "127.0.0.1:0");
  using _waiting = yield* dial("tcp", String(listener.addr));
  yield* rests("a connection that nobody accepts");
  assert.equal(writing.status, "waiting");
});
