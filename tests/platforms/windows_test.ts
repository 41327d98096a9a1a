// SPDX-License-Identifier: MIT
/** Windows' layouts, numbers and addresses against its headers' own figures; they run on any system. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { BARE, LARGE, PAGE } from "../../platforms/windows/iocp/overlapped_arena.ts";
import { readControl, writeControl } from "../../platforms/windows/socket/control.ts";
import { ERRNO, errnoText, ntstatusErrno, win32Errno } from "../../platforms/windows/abi/errno.ts";
import { NAME_SIZE } from "../../platforms/windows/socket/message.ts";
import {
  ACCEPT_ADDRESS_SIZE,
  OVERLAPPED,
  OVERLAPPED_ENTRY,
  PROTOCOL_INFO,
  TCP_INFO,
  THREAD_INFORMATION,
  WSABUF,
  WSACMSGHDR,
  WSAMSG,
} from "../../platforms/windows/abi/structs.ts";
import { SOCKADDR_IN6 } from "../../platforms/shared/sockaddr.ts";
import { EXTENSIONS } from "../../platforms/windows/abi/symbols.ts";

test("the structures have the sizes and offsets of the headers", () => {
  // sizeof and offsetof as a compiler for x86_64-w64-mingw32 computes them.
  assert.deepEqual(OVERLAPPED, { words: 32 / 4, status: 0, bytes: 8 / 4, offset: 16 / 4 });
  assert.deepEqual(WSABUF, { words: 16 / 4, length: 0, pointer: 8 / 4 });
  assert.deepEqual(OVERLAPPED_ENTRY, { words: 32 / 4, overlapped: 8 / 4 });
  assert.deepEqual(THREAD_INFORMATION, { words: 48 / 4, teb: 8 / 4 });
  assert.deepEqual(PROTOCOL_INFO, { size: 628, flags: 0, family: 76, type: 88 });
  assert.deepEqual(TCP_INFO, { size: 88, state: 0 });
  const { size, name, nameLength, buffers, bufferCount, controlLength, control, flags } = WSAMSG;
  assert.deepEqual([size, name, nameLength, buffers, bufferCount], [56, 0, 8, 16, 24]);
  assert.deepEqual([controlLength, control, flags], [32, 40, 48]);
  assert.deepEqual(WSACMSGHDR, { size: 16, length: 0, level: 8, type: 12 });
});

test("a source is an IN_PKTINFO or an IN6_PKTINFO behind its header, and is read back as such", () => {
  const bytes = new Uint8Array(64).fill(0xff);
  // WSA_CMSG_SPACE(8) and WSA_CMSG_LEN(8), then the level, the type, the address and the index.
  assert.equal(writeControl(bytes, { source: Uint8Array.of(127, 0, 0, 3), interfaceIndex: 5 }), 24);
  const v4 = [24, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 19, 0, 0, 0, 127, 0, 0, 3, 5, 0, 0, 0];
  assert.deepEqual([...bytes.subarray(0, 24)], v4);
  const told = readControl(bytes.slice(0, 24));
  assert.deepEqual([...told.destination!, told.interfaceIndex], [127, 0, 0, 3, 5]);
  // An address of IPv4 that a socket of IPv6 has is given in its own form.
  const mapped = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 3);
  assert.equal(writeControl(bytes, { source: mapped, interfaceIndex: 5 }), 24);
  assert.deepEqual([...bytes.subarray(0, 24)], v4);
  const ip = Uint8Array.from({ length: 16 }, (_, i) => i + 1);
  // WSA_CMSG_SPACE(20) is 40, WSA_CMSG_LEN(20) is 36.
  assert.equal(writeControl(bytes, { source: ip, interfaceIndex: 0x01020304 }), 40);
  assert.deepEqual([...bytes.subarray(0, 16)], [36, 0, 0, 0, 0, 0, 0, 0, 41, 0, 0, 0, 19, 0, 0, 0]);
  assert.deepEqual([...bytes.subarray(32, 40)], [4, 3, 2, 1, 0, 0, 0, 0]);
  // Behind a message of another kind.
  const other = Uint8Array.of(
    20,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    21,
    0,
    0,
    0,
    64,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
  );
  const both = readControl(Uint8Array.of(...other, ...bytes.subarray(0, 40)));
  assert.deepEqual([both.destination, both.interfaceIndex], [ip, 0x01020304]);
  assert.equal(writeControl(bytes, { interfaceIndex: 0 }), 0);
  for (const cut of [new Uint8Array(0), bytes.slice(0, 30), new Uint8Array(64)]) {
    assert.equal(readControl(cut).destination, null);
  }
});

test("a slot holds an address, a WSAMSG and the control messages of both IP versions", () => {
  assert.ok(NAME_SIZE >= SOCKADDR_IN6.size);
  assert.ok(NAME_SIZE + WSAMSG.size + 24 + 40 <= BARE - 64);
});

test("the smallest slot holds twice the longest address and the 16 bytes that AcceptEx adds", () => {
  assert.equal(ACCEPT_ADDRESS_SIZE, SOCKADDR_IN6.size + 16);
  assert.ok(2 * ACCEPT_ADDRESS_SIZE <= BARE - 64);
  for (const size of [BARE, PAGE, LARGE]) assert.equal(size % BARE, 0);
});

test("an error has the same name as on other systems, in each of Windows' encodings", () => {
  const name = (errno: number) => errnoText(errno).name;
  assert.deepEqual(errnoText(10061), { name: "ECONNREFUSED", text: "connection refused" });
  assert.deepEqual(errnoText(9999), { name: "E9999", text: "errno 9999" });
  for (
    const [expected, winsock, win32, ntstatus] of [
      ["ECONNREFUSED", 10061, 1225, 0xc0000236],
      ["ECONNRESET", 10054, 64, 0xc000020d],
      ["ECONNABORTED", 10053, 1236, 0xc0000241],
      ["ETIMEDOUT", 10060, 121, 0xc00000b5],
      ["ENETUNREACH", 10051, 1231, 0xc000023c],
      ["EHOSTUNREACH", 10065, 1232, 0xc000023d],
      ["ECANCELED", 995, 1235, 0xc0000120],
      ["EMSGSIZE", 10040, 234, 0x80000005],
      ["EACCES", 10013, 5, 0xc0000022],
      ["EBADF", 10009, 6, 0xc0000008],
      ["ENOBUFS", 10055, 1450, 0xc000009a],
    ] as const
  ) {
    assert.equal(name(winsock), expected);
    assert.equal(name(win32Errno(win32)), expected);
    // An OVERLAPPED has it as a signed word.
    assert.equal(name(ntstatusErrno(ntstatus | 0)), expected);
  }
  for (const [name, number] of Object.entries(ERRNO)) {
    assert.equal(errnoText(number).name, name);
  }
});

test("no failure status is mistaken for success", () => {
  assert.equal(ntstatusErrno(0), 0);
  assert.notEqual(ntstatusErrno(0xc0001234 | 0), 0);
  assert.notEqual(ntstatusErrno(0x8000000a | 0), 0, "a handle that was closed under the operation");
});

test("the GUIDs are those of mswsock.h", () => {
  const text = (guid: string) => {
    const bytes = guid.match(/../g)!;
    const field = (from: number, to: number) => bytes.slice(from, to).reverse().join("");
    return [field(0, 4), field(4, 6), field(6, 8), bytes.slice(8).join("")].join("-");
  };
  assert.equal(text(EXTENSIONS.AcceptEx.guid), "b5367df1-cbac-11cf-95ca00805f48a192");
  assert.equal(text(EXTENSIONS.GetAcceptExSockaddrs.guid), "b5367df2-cbac-11cf-95ca00805f48a192");
  assert.equal(text(EXTENSIONS.ConnectEx.guid), "25a207b9-ddf3-4660-8ee976e58c74063e");
  assert.equal(text(EXTENSIONS.WSARecvMsg.guid), "f689d7c8-6f1f-436b-8a53e54fe351c322");
});
