// SPDX-License-Identifier: MIT
/** Datagrams, Unix sockets, adopted descriptors and control messages of macOS and FreeBSD. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { BsdDescriptors } from "../../platforms/bsd/descriptor.ts";
import { Control } from "../../platforms/bsd/control.ts";
import { BsdMessages } from "../../platforms/bsd/messages.ts";
import { BsdPackets } from "../../platforms/bsd/packet.ts";
import { BsdUnix } from "../../platforms/bsd/unix.ts";
import { DARWIN } from "../../platforms/darwin/system.ts";
import { FREEBSD } from "../../platforms/freebsd/system.ts";
import { ADDRESS, library } from "../support/bsd_library.ts";

const FIOCLEX = 0x20006601;
const ENOTSOCK = 38;
const WORD = 2 ** 32;

/** The bytes of one control message with two descriptors, by system. */
const RIGHTS = {
  darwin: [20, 0, 0, 0, 0xff, 0xff, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0, 6, 0, 0, 0],
  freebsd: [24, 0, 0, 0, 0xff, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 6, 0, 0, 0],
};

for (const system of [DARWIN, FREEBSD]) {
  const { os, message } = system;

  test(`${os}: descriptors travel in a cmsghdr with the system's alignment`, () => {
    const control = new Control(message);
    const memory = new Uint8Array(control.size(true));
    const length = control.write(memory, { fds: [5, 6] });
    assert.deepEqual([...memory.subarray(0, length)], RIGHTS[os]);
    assert.deepEqual(control.read(memory.subarray(0, length)).fds, [5, 6]);
    // CMSG_SPACE of three: 12 + 12, or 16 + 16.
    assert.equal(control.write(memory, { fds: [5, 6, 7] }), { darwin: 24, freebsd: 32 }[os]);
  });

  test(`${os}: the control buffer holds as many descriptors as the kernel passes`, () => {
    // Limit of a sender's kernel: a header, and 8 bytes for each, in a cluster of 2048 bytes.
    const fds = Array.from({ length: Math.floor((2048 - 16) / 8) }, (_, i) => i);
    const control = new Control(message);
    const memory = new Uint8Array(control.size(true));
    assert.equal(control.write(memory, { fds }), memory.length);
    assert.deepEqual(control.read(memory).fds, fds);
  });

  test(`${os}: of truncated descriptors, those that fitted are returned, to be closed`, () => {
    const control = new Control(message);
    // The header has the length of what did not fit as well. XNU: copyout_control
    const cut = (bytes: number) => control.read(Uint8Array.from(RIGHTS[os].slice(0, -bytes))).fds;
    assert.deepEqual([cut(1), cut(4), cut(5)], [[5], [5], []]);
  });

  test(`${os}: the destination and the source of a datagram`, () => {
    const control = new Control(message);
    const memory = new Uint8Array(control.size(false));
    const source = Uint8Array.of(10, 0, 0, 1);
    const length = control.write(memory, { source, interfaceIndex: 3 });
    assert.equal(length, { darwin: 12 + 12, freebsd: 16 + 8 }[os]);
    if (os === "darwin") memory.set([10, 0, 0, 2], 12 + 8);
    const info = control.read(memory.subarray(0, length));
    assert.deepEqual(info.destination, Uint8Array.of(10, 0, 0, os === "darwin" ? 2 : 1));
    assert.equal(info.interfaceIndex, os === "darwin" ? 3 : 0);
    const six = Uint8Array.from({ length: 16 }, (_, i) => i);
    const other = control.write(memory, { source: six, interfaceIndex: 7 });
    const read = control.read(memory.subarray(0, other));
    assert.deepEqual([read.destination, read.interfaceIndex], [six, 7]);
  });

  test(`${os}: truncated or malformed control messages end the parsing`, () => {
    const control = new Control(message);
    assert.deepEqual(control.read(new Uint8Array(0)).fds, []);
    assert.deepEqual(control.read(new Uint8Array(64)).fds, []);
    const memory = new Uint8Array(control.size(false));
    const length = control.write(memory, { source: Uint8Array.of(10, 0, 0, 1) });
    assert.equal(control.read(memory.subarray(0, length - 8)).destination, null);
  });

  test(`${os}: peer credentials`, () => {
    const asked: unknown[][] = [];
    const { libc } = library(system, {
      getsockopt: (_fd: number, level: number, name: number, words: Uint32Array) => {
        asked.push([level, name]);
        if (name === 1) words.set([0, 501, 2, 20, 80]);
        if (name === 1) words[20] = 4321;
        else words[0] = 4321;
        return 0;
      },
    });
    assert.deepEqual(new BsdUnix(libc, system).credentials(3), { pid: 4321, uid: 501, gid: 20 });
    assert.deepEqual(asked, os === "darwin" ? [[0, 1], [0, 2]] : [[0, 1]]);
    const newer = library(system, {
      getsockopt: (_fd: number, _level: number, _name: number, words: Uint32Array) => {
        words[0] = 9;
        return 0;
      },
    });
    assert.equal(new BsdUnix(newer.libc, system).credentials(3), -22, "another version");
  });

  test(`${os}: the kind of a descriptor`, () => {
    const address = [16, system.constants.AF_INET6];
    const { libc } = library(system, {
      getsockname: (fd: number, bytes: Uint8Array) => {
        bytes.set(address);
        return fd === 9 ? -ENOTSOCK : fd < 0 ? -9 : 0;
      },
      getsockopt: (_fd: number, _level: number, name: number, value: Int32Array) => {
        value[0] = name === 0x1008 ? 1 : 2;
        return 0;
      },
    });
    const descriptors = new BsdDescriptors(libc, system);
    assert.deepEqual(descriptors.kind(3), { domain: "ip6", type: "stream", listening: true });
    assert.deepEqual(descriptors.kind(9), { domain: "file", type: "other", listening: false });
    assert.equal(descriptors.kind(-1), -9);
  });

  test(`${os}: a duplicate is close-on-exec, and non-blocking as requested`, () => {
    const { libc, calls } = library(system, { dup: () => 8, fcntl: () => 0x4 });
    const descriptors = new BsdDescriptors(libc, system);
    assert.equal(descriptors.duplicate(3), 8);
    assert.deepEqual(calls.map((each) => each.slice(0, 3)), [["dup", 3], ["ioctl", 8, FIOCLEX]]);
    assert.equal(descriptors.setNonBlocking(3, true), 0);
    assert.equal(descriptors.setNonBlocking(3, false), 1);
  });

  test(`${os}: a duplicate that cannot be made close-on-exec is closed, and the call fails`, () => {
    const { libc, calls } = library(system, { dup: () => 8, ioctl: () => -25 });
    assert.equal(new BsdDescriptors(libc, system).duplicate(3), -25);
    assert.deepEqual(calls.at(-1), ["close", 8]);
    const none = library(system, { dup: () => -24 });
    assert.equal(new BsdDescriptors(none.libc, system).duplicate(3), -24);
    assert.equal(none.calls.length, 1);
  });

  test(`${os}: an adopted socket raises no SIGPIPE either`, () => {
    const { libc, calls } = library(system, { setsockopt: () => -ENOTSOCK });
    // What is no socket is taken in all the same.
    assert.equal(new BsdDescriptors(libc, system).setNonBlocking(3, true), 1);
    const set = calls.filter(([name]) => name === "setsockopt").map((each) => each.slice(1, 4));
    assert.deepEqual(set, os === "darwin" ? [[3, 0xffff, 0x1022]] : []);
  });

  test(`${os}: the length of a datagram longer than its buffer is known`, () => {
    const flags = [0, 0x10];
    const { libc } = library(system, {
      recvmsg: (_fd: number, header: Int32Array) => {
        header[2] = 16;
        header[11] = flags.shift()!;
        return 4;
      },
    });
    const packets = new BsdPackets(libc, system);
    const buffer = new Uint8Array(4);
    assert.equal(packets.receiveFrom(3, buffer, 4), 4);
    assert.equal(packets.sender.length, 16);
    assert.equal(packets.receive(3, buffer, 4), 5);
  });

  test(`${os}: each message is one call, and points at its own memory`, () => {
    const headers: number[][] = [];
    let left = 2;
    const { libc, calls } = library(system, {
      recvmsg: (_fd: number, words: Int32Array) => {
        if (left-- <= 0) return -35;
        headers.push([...words.subarray(0, 12)]);
        words[10] = 0;
        return 3;
      },
      sendmsg: () => 3,
    });
    const messages = new BsdMessages(libc, system, { count: 3, size: 8, fds: 2 });
    assert.equal(messages.receive(3, 3, 8), 2);
    assert.deepEqual([...messages.lengths.subarray(0, 2)], [3, 3]);
    const address = (header: number[], at: number) => header[at] + header[at + 1] * WORD;
    const [first, second] = headers;
    // Three headers of 48 bytes, three vectors of 16, names of 128.
    assert.equal(address(first, 4), ADDRESS + 3 * 48);
    assert.equal(address(second, 4), ADDRESS + 3 * 48 + 16);
    assert.equal(address(first, 0), ADDRESS + 3 * 48 + 3 * 16);
    assert.equal(address(second, 0), ADDRESS + 3 * 48 + 3 * 16 + 128);
    assert.equal(address(first, 8), ADDRESS + 3 * (48 + 16 + 128));
    assert.equal(first[6], 1);
    assert.equal(messages.receive(3, 1, 8), -35);
    assert.equal(messages.send(3, 0, 2, false), 2);
    assert.equal(calls.filter(([name]) => name === "sendmsg").length, 2);
    assert.equal(messages.sent(1), 3);
  });

  test(`${os}: received descriptors are close-on-exec`, () => {
    const { libc, calls } = library(system, { recvmsg: () => 1 });
    const messages = new BsdMessages(libc, system, { count: 1, size: 8, fds: 2 });
    messages.setControl(0, { fds: [5, 6] });
    assert.equal(messages.receive(3, 1, 8), 1);
    assert.deepEqual(messages.control(0).fds, [5, 6]);
    const closed = calls.filter(([name]) => name === "ioctl").map(([, fd]) => fd);
    assert.deepEqual(closed, [5, 6]);
  });
}
