// SPDX-License-Identifier: MIT
/** The raw poller: its triggers, valid and invalid arguments, wake-ups and close. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import {
  AGAIN,
  openPoller,
  type Poller,
  PollerClosedError,
  sys,
  SyscallError,
} from "../../poll.ts";
import { platformInfo } from "../../mod.ts";
import { platform } from "../../platforms/platform.ts";
import { WindowsSockets } from "../../platforms/windows/socket/sockets.ts";
import { winsock } from "../../platforms/windows/abi/winsock.ts";
import { onWindows } from "../support/harness.ts";
import { lacking } from "../support/libkqueue_limits.ts";
import {
  inotify,
  listening,
  pipe,
  regularFile,
  socketPair,
  terminal,
  timerfd,
} from "../support/descriptors.ts";

/** Ends a hang: no wait of these tests lasts that long. */
const LONG_MS = 20_000;
const BYTE = Uint8Array.of(1);
const BUFFER = new Uint8Array(64);

/** What one wait tells, as text: the descriptor and the letters of what is ready. */
function told<T>(poller: Poller<T>, ms = LONG_MS): string[] {
  return [...map(poller.wait(ms))];
}

function* map<T>(events: ReturnType<Poller<T>["wait"]>): Generator<string> {
  for (const { fd, readable, writable, hangup, error } of events) {
    const letters = `${readable ? "r" : ""}${writable ? "w" : ""}${hangup ? "h" : ""}${
      error ? "e" : ""
    }`;
    yield `${fd}:${letters}`;
  }
}

/** Writes a byte, and waits until it is there. */
function send(w: number, r: number): void {
  sys.write(w, BYTE);
  using other = openPoller();
  other.add(r, { read: true });
  assert.deepEqual(told(other), [`${r}:r`]);
}

/** The code of what `f` throws. */
function codeOf(f: () => void): string {
  try {
    f();
  } catch (error) {
    return error instanceof SyscallError ? error.code : String(error);
  }
  assert.fail("nothing was thrown");
}

test("level: readiness is reported by every wait while it lasts", () => {
  using poller = openPoller();
  const [r, w] = pipe();
  poller.add(r, { read: true });
  assert.deepEqual(told(poller, 0), []);
  sys.write(w, BYTE);
  assert.deepEqual(told(poller), [`${r}:r`]);
  assert.deepEqual(told(poller), [`${r}:r`]);
  sys.read(r, BUFFER);
  assert.deepEqual(told(poller, 0), []);
  [r, w].forEach(sys.close);
});

test("edge: each new readiness is reported once", () => {
  using poller = openPoller();
  const [r, w] = pipe();
  poller.add(r, { read: true, trigger: "edge" });
  for (let i = 0; i < 3; i++) {
    sys.write(w, BYTE);
    assert.deepEqual(told(poller), [`${r}:r`]);
    assert.deepEqual(told(poller, 0), []);
    assert.equal(sys.read(r, BUFFER), 1);
    if (i % 2 === 0) assert.equal(sys.read(r, BUFFER), AGAIN);
  }
  [r, w].forEach(sys.close);
});

test("edge: data that arrives between the last read and the wait is reported", () => {
  using poller = openPoller();
  const [r, w] = pipe();
  poller.add(r, { read: true, trigger: "edge" });
  sys.write(w, BYTE);
  assert.deepEqual(told(poller), [`${r}:r`]);
  assert.equal(sys.read(r, BUFFER), 1);
  assert.equal(sys.read(r, BUFFER), AGAIN);
  send(w, r);
  assert.deepEqual(told(poller), [`${r}:r`]);
  assert.deepEqual(told(poller, 0), []);
  [r, w].forEach(sys.close);
});

const unread = onWindows && "Windows tells an edge anew only when a call would have had to wait";

test("edge: more data is reported before any was read", { skip: unread }, () => {
  using poller = openPoller();
  const [r, w] = pipe();
  poller.add(r, { read: true, trigger: "edge" });
  for (let i = 0; i < 2; i++) {
    sys.write(w, BYTE);
    assert.deepEqual(told(poller), [`${r}:r`]);
  }
  assert.equal(sys.read(r, BUFFER), 2);
  [r, w].forEach(sys.close);
});

test("edge: buffer space is reported after a write that had none", () => {
  using poller = openPoller();
  const [a, b] = socketPair();
  poller.add(a, { write: true, trigger: "edge" });
  assert.deepEqual(told(poller), [`${a}:w`]);
  assert.deepEqual(told(poller, 0), []);
  const much = new Uint8Array(1 << 20);
  let unread = 0;
  for (let n; (n = sys.write(a, much)) !== AGAIN;) unread += n;
  assert.deepEqual(told(poller, 0), []);
  using reader = openPoller();
  reader.add(b, { read: true });
  while (unread > 0) {
    reader.wait(LONG_MS);
    const n = sys.read(b, much);
    if (n !== AGAIN) unread -= n;
  }
  assert.deepEqual(told(poller), [`${a}:w`]);
  [a, b].forEach(sys.close);
});

test("oneshot: reported once, until modify rearms it", () => {
  using poller = openPoller();
  const [r, w] = pipe();
  poller.add(r, { read: true, trigger: "oneshot" });
  sys.write(w, BYTE);
  assert.deepEqual(told(poller), [`${r}:r`]);
  sys.write(w, BYTE);
  assert.deepEqual(told(poller, 0), []);
  poller.modify(r, { read: true, trigger: "oneshot" });
  assert.deepEqual(told(poller), [`${r}:r`]);
  [r, w].forEach(sys.close);
});

test("modify switches between input and output", () => {
  using poller = openPoller();
  const [a, b] = socketPair();
  poller.add(a, { read: true });
  assert.deepEqual(told(poller, 0), []);
  poller.modify(a, { write: true });
  assert.deepEqual(told(poller), [`${a}:w`]);
  sys.write(b, BYTE);
  poller.modify(a, { read: true, write: true });
  assert.deepEqual(told(poller), [`${a}:rw`]);
  poller.modify(a, {});
  assert.deepEqual(told(poller, 0), []);
  [a, b].forEach(sys.close);
});

test("a hang-up is reported", () => {
  using poller = openPoller();
  const [a, b] = socketPair();
  poller.add(a, { read: true });
  sys.close(b);
  assert.deepEqual(told(poller), [`${a}:rh`]);
  sys.close(a);
});

test("a reset is reported as an error", () => {
  using poller = openPoller();
  const [a, b] = socketPair();
  poller.add(a, { read: true });
  send(a, b);
  sys.close(b); // What it has not read makes the end a reset.
  assert.deepEqual(told(poller), [`${a}:rhe`]);
  assert.equal(codeOf(() => sys.read(a, BUFFER)), "ECONNRESET");
  sys.close(a);
});

const pipes = onWindows && "Windows' pipes are no sockets, which is all that its device knows";

test("a pipe without a reader is reported as an error", { skip: pipes }, () => {
  using poller = openPoller();
  const [r, w] = pipe();
  poller.add(w, { write: true, trigger: "edge" });
  assert.deepEqual(told(poller), [`${w}:w`]);
  sys.close(r);
  assert.deepEqual(told(poller), [`${w}:we`]);
  sys.close(w);
});

test("the result of a connect is reported", () => {
  using poller = openPoller();
  const listener = listening();
  const address = String(sys.localAddr(listener));
  for (
    const [open, letters, error] of [[true, /^\d+:w$/, ""], [false, /^\d+:r?wh?e$/, "ECONNREFUSED"]]
  ) {
    if (!open) sys.close(listener);
    const fd = sys.socket();
    sys.connect(fd, address);
    poller.add(fd, { write: true, trigger: "oneshot" });
    assert.match(told(poller).join(), letters as RegExp);
    const { name } = platform().errnoText(sys.getOption(fd, "SO_ERROR"));
    if (error !== "") assert.equal(name, error);
    sys.close(fd);
  }
});

const special = onWindows ? { skip: pipes } : lacking("anonymous descriptors");

test("terminals, timers, directories and other pollers can be polled", special, () => {
  using poller = openPoller();
  const [user, program] = terminal();
  poller.add(program, { read: true });
  sys.write(user, new TextEncoder().encode("line\n"));
  assert.deepEqual(told(poller), [`${program}:r`]);
  assert.equal(sys.read(program, BUFFER), 5);

  const timer = timerfd(5);
  poller.add(timer, { read: true });
  assert.deepEqual(told(poller), [`${timer}:r`]);
  assert.equal(sys.read(timer, BUFFER), 8);

  const folder = mkdtempSync(join(tmpdir(), "netpoll-"));
  const watch = inotify(folder);
  poller.add(watch, { read: true });
  writeFileSync(join(folder, "new"), "");
  assert.deepEqual(told(poller), [`${watch}:r`]);
  assert.ok(sys.read(watch, BUFFER) > 0);
  poller.remove(watch); // It would tell of the end of the folder as well.
  rmSync(folder, { recursive: true });

  using inner = openPoller();
  poller.add(inner.descriptor, { read: true });
  const [r, w] = pipe();
  inner.add(r, { read: true });
  sys.write(w, BYTE);
  assert.deepEqual(told(poller), [`${inner.descriptor}:r`]);
  assert.deepEqual(told(inner), [`${r}:r`]);
  [user, program, timer, watch, r, w].forEach(sys.close);
});

test("errors of the system have their code", () => {
  using poller = openPoller();
  const [r, w] = pipe();
  // A kqueue reports files as well.
  if (platformInfo().poller === "epoll") {
    const file = regularFile();
    assert.equal(codeOf(() => poller.add(file, { read: true })), "EPERM");
    sys.close(file);
  }
  poller.add(r, { read: true });
  assert.equal(codeOf(() => poller.add(r, { read: true })), "EEXIST");
  assert.equal(codeOf(() => poller.modify(w, { write: true })), "ENOENT");
  assert.equal(codeOf(() => poller.remove(w)), "ENOENT");
  poller.remove(r);
  assert.equal(codeOf(() => poller.remove(r)), "ENOENT");
  assert.equal(codeOf(() => poller.add(poller.descriptor, { read: true })), "EINVAL");
  assert.equal(codeOf(() => poller.remove(poller.handle.descriptor)), "EINVAL");
  sys.close(r);
  assert.equal(codeOf(() => poller.add(r, { read: true })), "EBADF");
  sys.close(w);
});

test("invalid descriptors, interests and timeouts are refused before any system call", async () => {
  using poller = openPoller();
  const wrong = (value: unknown) => value as never;
  assert.throws(() => poller.add(-1, { read: true }), RangeError);
  assert.throws(() => poller.add(1.5, { read: true }), RangeError);
  assert.throws(() => poller.add(wrong("0"), { read: true }), RangeError);
  assert.throws(() => poller.add(0, { trigger: wrong("both") }), TypeError);
  assert.throws(() => poller.add(0, { read: wrong(1) }), TypeError);
  assert.throws(() => poller.wait(NaN), RangeError);
  assert.throws(() => sys.read(0, wrong("text")), TypeError);
  assert.throws(() => sys.read(0.5, BUFFER), TypeError);
  assert.throws(() => sys.bind(0, "localhost:0"), { name: "AddrError" });
  for (const none of [null, undefined, 1]) {
    assert.throws(() => poller.add(0, wrong(none)), /interest must be an object/);
    assert.throws(() => poller.modify(0, wrong(none)), /interest must be an object/);
  }
  for (const none of [NaN, "1", null, Symbol("time")]) {
    assert.throws(() => poller.wait(wrong(none)), RangeError);
    await assert.rejects(poller.waitAsync(wrong(none)), RangeError);
  }
  // What is more than 32 bits is another descriptor to the kernel.
  for (const none of [2 ** 32, NaN, wrong("0"), wrong(Symbol("fd"))]) {
    assert.throws(() => sys.close(none), /a 32-bit integer/);
    assert.throws(() => sys.read(none, BUFFER), /a 32-bit integer/);
    assert.throws(() => sys.listen(0, none), /backlog must be a 32-bit integer/);
    assert.throws(() => sys.setOption(0, "SO_SNDBUF", none), /value must be a 32-bit integer/);
  }
  assert.throws(() => sys.socket(wrong("ip5")), /family must be one of ip4, ip6/);
  assert.throws(() => sys.setOption(0, wrong("SO_NONE"), 1), /must be one of SO_REUSEADDR/);
  assert.throws(() => sys.getOption(0, wrong("toString")), /must be one of SO_REUSEADDR/);
  assert.throws(() => sys.shutdown(0, wrong("both")), /must be one of read, write/);
});

test("an event of a removed descriptor is never attributed to its successor", () => {
  using poller = openPoller<string>();
  const pipes = [pipe(), pipe()];
  for (const [r, w] of pipes) {
    poller.add(r, { read: true, trigger: "edge" }, "old");
    send(w, r);
  }
  const events = poller.wait(LONG_MS);
  assert.equal(events.length, 2);
  const seen: string[] = [];
  for (const event of events) {
    seen.push(event.data);
    if (seen.length > 1) continue;
    const [other] = pipes.find(([r]) => r !== event.fd)!;
    poller.remove(other);
    sys.close(other);
    const successor = listening();
    assert.equal(successor, other, "the kernel gives the lowest number that is free");
    poller.add(successor, { read: true, trigger: "edge" }, "new");
  }
  assert.deepEqual(seen, ["old"]);
  assert.deepEqual(told(poller, 0), []);
  new Set(pipes.flat()).forEach(sys.close);
});

test("events that were not consumed are returned by the next wait", () => {
  using poller = openPoller();
  const pipes = [pipe(), pipe(), pipe()];
  for (const [r, w] of pipes) {
    poller.add(r, { read: true, trigger: "edge" });
    send(w, r);
  }
  const seen = new Set<number>();
  for (const { fd } of poller.wait(LONG_MS)) {
    seen.add(fd);
    break;
  }
  for (const { fd } of poller.wait(LONG_MS)) seen.add(fd);
  assert.deepEqual(seen, new Set(pipes.map(([r]) => r)));
  pipes.flat().forEach(sys.close);
});

const books = platformInfo().poller === "kqueue" && "what is in a kqueue is to be removed first";

test("a socket closed without remove frees its number", { skip: books }, () => {
  using poller = openPoller();
  for (let i = 0; i < 3; i++) {
    const fd = listening();
    poller.add(fd, { read: true, trigger: "oneshot" });
    assert.deepEqual(told(poller, 0), []);
    sys.close(fd);
  }
  assert.deepEqual(told(poller, 0), []);
});

test("a socket may be in two pollers, and move to another", () => {
  using poller = openPoller();
  using other = openPoller();
  const [r, w] = pipe();
  poller.add(r, { read: true });
  other.add(r, { read: true });
  sys.write(w, BYTE);
  assert.deepEqual(told(poller), [`${r}:r`]);
  assert.deepEqual(told(other), [`${r}:r`]);
  poller.remove(r);
  assert.deepEqual(told(poller, 0), []);
  sys.read(r, BUFFER);
  poller.close();
  sys.write(w, BYTE);
  assert.deepEqual(told(other), [`${r}:r`]);
  [r, w].forEach(sys.close);
});

test(
  "a socket closed elsewhere is removed",
  { skip: !onWindows && "epoll does so itself" },
  () => {
    using poller = openPoller();
    const fd = listening();
    poller.add(fd, { read: true });
    assert.deepEqual(told(poller, 0), []);
    winsock().ws2.closesocket(fd);
    assert.deepEqual(told(poller, 0), []);
    assert.equal(codeOf(() => poller.remove(fd)), "ENOENT");
    assert.equal(codeOf(() => sys.close(fd)), "ENOTSOCK");
  },
);

test("one event object and one batch object are reused", () => {
  using poller = openPoller<number>();
  const pipes = [pipe(), pipe()];
  for (const [i, [r, w]] of pipes.entries()) {
    poller.add(r, { read: true }, i);
    sys.write(w, BYTE);
  }
  const objects = new Set<unknown>();
  for (let i = 0; i < 3; i++) {
    const events = poller.wait(LONG_MS);
    objects.add(events);
    for (const event of events) objects.add(event);
  }
  assert.equal(objects.size, 2);
  pipes.flat().forEach(sys.close);
});

test("wait respects its timeout", () => {
  using poller = openPoller();
  const start = performance.now();
  assert.deepEqual(told(poller, 10), []);
  assert.ok(performance.now() - start >= 9);
});

test("wake makes the next wait return, once", () => {
  using poller = openPoller();
  poller.wake();
  poller.wake();
  const events = poller.wait(LONG_MS);
  assert.equal(events.length, 0);
  assert.equal(events.woken, true);
  assert.equal(poller.wait(0).woken, false);
});

test("another thread wakes a blocking wait", async () => {
  using poller = openPoller();
  const worker = new Worker(new URL("../fixtures/wake_words_worker.ts", import.meta.url));
  const answer = () =>
    new Promise<unknown>((resolve, reject) => {
      worker.once("message", resolve);
      worker.once("error", reject);
    });
  assert.equal(await answer(), "up");
  worker.postMessage(poller.handle);
  assert.equal(poller.wait(LONG_MS).woken, true);
  assert.equal(await answer(), true);
  poller.close();
  worker.postMessage(poller.handle);
  assert.equal(await answer(), false);
  await worker.terminate();
});

test("waitAsync does not block the host, and respects its timeout", async () => {
  using poller = openPoller();
  const [r, w] = pipe();
  poller.add(r, { read: true });
  const start = performance.now();
  assert.equal((await poller.waitAsync(10)).length, 0);
  assert.ok(performance.now() - start >= 9);
  setTimeout(() => sys.write(w, BYTE), 5);
  assert.deepEqual([...map(await poller.waitAsync())], [`${r}:r`]);
  sys.read(r, BUFFER);
  setTimeout(() => poller.wake(), 5);
  assert.equal((await poller.waitAsync()).woken, true);
  [r, w].forEach(sys.close);
});

test("for await continues until the poller is closed", async () => {
  const poller = openPoller();
  const [r, w] = pipe();
  poller.add(r, { read: true });
  let rounds = 0;
  sys.write(w, BYTE);
  for await (const events of poller) {
    for (const { fd } of events) sys.read(fd, BUFFER);
    if (++rounds === 3) poller.close();
    else setTimeout(() => sys.write(w, BYTE), 1);
  }
  assert.equal(rounds, 3);
  [r, w].forEach(sys.close);
});

test("a closed poller throws, a pending wait ends, and nothing leaks", async () => {
  const poller = openPoller();
  const listener = listening();
  poller.add(listener, { read: true });
  const { descriptor, handle } = poller;
  const waiting = poller.waitAsync();
  await assert.rejects(poller.waitAsync(), { name: "PanicError" });
  poller.close();
  poller.close();
  await assert.rejects(waiting, PollerClosedError);
  assert.throws(() => poller.wait(0), PollerClosedError);
  assert.throws(() => poller.add(0, { read: true }), PollerClosedError);
  assert.throws(() => poller.wake(), PollerClosedError);
  assert.equal(poller.descriptor, -1);
  sys.close(listener);
  const { sockets } = platform();
  // On Windows a poller is no socket, and never was.
  if (sockets instanceof WindowsSockets) return assert.equal(sockets.slotsInUse, 0);
  for (const fd of [descriptor, handle.descriptor]) {
    assert.equal(codeOf(() => sys.localAddr(fd)), "EBADF");
  }
});
