// SPDX-License-Identifier: MIT
/** What a program closes of those before it on the same thread, and what it leaves alone. */
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { arch } from "../../platforms/contract/host.ts";
import {
  AF_INET,
  EPOLL_CTL_ADD,
  EPOLLIN,
  F_DUPFD_CLOEXEC,
  F_GETFL,
  SOCK_CLOEXEC,
  SOCK_STREAM,
} from "../../platforms/linux/constants.ts";
import { Epoll } from "../../platforms/linux/epoll.ts";
import { closeFormerPrograms, type ProgramMark } from "../../platforms/linux/former_program.ts";
import { libc } from "../../platforms/linux/libc.ts";
import { EPOLL_EVENT } from "../../platforms/linux/structs.ts";

const LINUX = { skip: process.platform !== "linux" && "only Linux lists what an epoll watches" };
/** Mark of the program that this test plays. */
const OWN: ProgramMark = { thread: ~77, program: -1000 };

const c = () => libc().symbols;
const isOpen = (fd: number) => c().fcntl(fd, F_GETFL, 0) >= 0;
const openSocket = () => c().socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

/** A poller with a mark, and a socket that it watches. */
class Marked {
  readonly epoll: Epoll;
  readonly socket: number = openSocket();

  constructor(thread: number, program: number) {
    this.epoll = new Epoll(libc(), EPOLL_EVENT[arch as "x64"], thread, program);
    assert.equal(this.epoll.control(EPOLL_CTL_ADD, this.socket, EPOLLIN, 0, 1), 0);
  }

  get descriptors(): number[] {
    return [this.epoll.descriptor, this.epoll.breakDescriptor, this.socket];
  }

  [Symbol.dispose](): void {
    for (const fd of this.descriptors) if (isOpen(fd)) c().close(fd);
  }
}

test("the poller of a former program of the thread is closed, with its sockets", LINUX, () => {
  using former = new Marked(OWN.thread, -1001);
  closeFormerPrograms(libc(), OWN);
  assert.deepEqual(former.descriptors.map(isOpen), [false, false, false]);
});

for (
  const [whose, thread, program] of [
    ["the same program", OWN.thread, OWN.program],
    ["another thread", ~78, -1001],
    ["a pointer as its data", OWN.thread, 0x7fff],
    ["no mark", -1, 0],
  ] as const
) {
  test(`a poller of, or with, ${whose} is left alone`, LINUX, () => {
    using other = new Marked(thread, program);
    closeFormerPrograms(libc(), OWN);
    assert.deepEqual(other.descriptors.map(isOpen), [true, true, true]);
  });
}

test("a number that is another socket's by now is left alone", LINUX, () => {
  using former = new Marked(OWN.thread, -1001);
  // The duplicate keeps the registration of the first socket under its number.
  const kept = c().fcntl(former.socket, F_DUPFD_CLOEXEC, 0);
  c().close(former.socket);
  const others: number[] = [];
  while (!others.includes(former.socket)) others.push(openSocket());
  try {
    closeFormerPrograms(libc(), OWN);
    assert.deepEqual([kept, ...others].filter((fd) => !isOpen(fd)), []);
    assert.ok(!isOpen(former.epoll.descriptor));
  } finally {
    for (const fd of [kept, ...others]) c().close(fd);
  }
});

test("another eventfd that it watches is left alone: all of them have one inode", LINUX, () => {
  using former = new Marked(OWN.thread, -1001);
  using other = new Marked(~78, -1001);
  const { epoll } = former;
  assert.equal(epoll.control(EPOLL_CTL_ADD, other.epoll.breakDescriptor, EPOLLIN, 0, 1), 0);
  closeFormerPrograms(libc(), OWN);
  assert.deepEqual(former.descriptors.map(isOpen), [false, false, false]);
  assert.deepEqual(other.descriptors.map(isOpen), [true, true, true]);
});
