// SPDX-License-Identifier: MIT
/** What holds for all control messages, in the layout of each system: cmsg(3), WSACMSGHDR. */
import fc from "fast-check";
import assert from "node:assert/strict";
import { Control } from "../../platforms/bsd/control.ts";
import type { ControlInfo, ControlRequest } from "../../platforms/contract/packets.ts";
import { DARWIN } from "../../platforms/darwin/system.ts";
import { FREEBSD } from "../../platforms/freebsd/system.ts";
import * as linux from "../../platforms/linux/control.ts";
import * as windows from "../../platforms/windows/socket/control.ts";
import { bytes, property } from "../support/property.ts";

/** A control message: two numbers say what it is. */
interface Message {
  readonly level: number;
  readonly type: number;
  readonly data: Uint8Array;
}

/** What a system's control messages look like, written down from its headers. */
interface Layout {
  readonly name: string;
  /** Where level and type are, and how long a header is, in bytes. */
  readonly header: { readonly level: number; readonly size: number };
  readonly align: number;
  /** An address of IPv4 and an interface as a message. */
  readonly ip4: (ip: Uint8Array, index: number) => Message;
  readonly ip6: { readonly level: number; readonly type: number };
  /** Level and type of descriptors, or null. */
  readonly rights: readonly [level: number, type: number] | null;
  readonly read: (bytes: Uint8Array) => ControlInfo;
  readonly write: (bytes: Uint8Array, request: ControlRequest) => number;
}

/** Bytes one after another; numbers are 32 bits wide, the low byte first. */
function packed(...parts: (Uint8Array | number)[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => {
    return typeof part === "number" ? [...new Uint8Array(Int32Array.of(part).buffer)] : [...part];
  }));
}

const NO_IP = new Uint8Array(4);
const bsd = (system: typeof DARWIN | typeof FREEBSD) => {
  const control = new Control(system.message);
  return {
    name: system.os,
    ip6: { level: 41, type: 46 },
    rights: [0xffff, 1] as const,
    read: (from: Uint8Array) => control.read(from),
    write: (to: Uint8Array, request: ControlRequest) => control.write(to, request),
  };
};

const LAYOUTS: readonly Layout[] = [{
  name: "linux",
  header: { level: 8, size: 16 },
  align: 8,
  ip4: (ip, index) => ({ level: 0, type: 8, data: packed(index, NO_IP, ip) }),
  ip6: { level: 41, type: 50 },
  rights: [1, 1],
  read: linux.readControl,
  write: linux.writeControl,
}, {
  ...bsd(DARWIN),
  header: { level: 4, size: 12 },
  align: 4,
  ip4: (ip, index) => ({ level: 0, type: 26, data: packed(index, NO_IP, ip) }),
}, {
  ...bsd(FREEBSD),
  header: { level: 4, size: 16 },
  align: 8,
  ip4: (ip) => ({ level: 0, type: 7, data: ip }),
}, {
  name: "windows",
  header: { level: 8, size: 16 },
  align: 8,
  ip4: (ip, index) => ({ level: 0, type: 19, data: packed(ip, index) }),
  ip6: { level: 41, type: 19 },
  rights: null,
  read: windows.readControl,
  write: windows.writeControl,
}];

/** `messages` in memory, each behind its header and aligned. */
function encoded({ header, align }: Layout, messages: readonly Message[]): Uint8Array {
  return packed(...messages.flatMap(({ level, type, data }) => {
    const head = new DataView(new ArrayBuffer(header.size));
    head.setInt32(0, header.size + data.length, true);
    head.setInt32(header.level, level, true);
    head.setInt32(header.level + 4, type, true);
    const padding = new Uint8Array(-(header.size + data.length) & (align - 1));
    return [new Uint8Array(head.buffer), data, padding];
  }));
}

const address = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const index = fc.nat(0x7fffffff);
const fds = fc.array(fc.nat(0xffff), { maxLength: 20 });
/** A message that no system of these knows. */
const other: fc.Arbitrary<Message> = fc.record({
  level: fc.integer({ min: 1000, max: 0x7fff }),
  type: fc.nat(100),
  data: bytes(40),
});

for (const layout of LAYOUTS) {
  const { name, read, write, ip6, rights } = layout;

  property(
    `${name}: control messages are read from among unknown ones`,
    [
      fc.option(fc.tuple(fc.oneof(address(4), address(16)), index)),
      fds,
      fc.array(other),
      fc.nat(5),
    ],
    (info, passed, others, at) => {
      const known: Message[] = [];
      if (info !== null) {
        const [ip, number] = info;
        const data = packed(ip, number);
        known.push(ip.length === 4 ? layout.ip4(ip, number) : { ...ip6, data });
      }
      if (rights !== null && passed.length > 0) {
        known.push({ level: rights[0], type: rights[1], data: packed(...passed) });
      }
      const found = read(encoded(layout, [...others.slice(at), ...known, ...others.slice(0, at)]));
      const indexed = info !== null && !(name === "freebsd" && info[0].length === 4);
      assert.deepEqual({ ...found, fds: [...found.fds] }, {
        destination: info && info[0],
        interfaceIndex: indexed ? info[1] : 0,
        segmentSize: 0,
        fds: rights === null ? [] : passed,
      });
    },
  );

  property(
    `${name}: written control messages read back as they were`,
    [address(16).map((ip) => ip.fill(0x20, 0, 1)), index, fds],
    (source, interfaceIndex, passed) => {
      const memory = new Uint8Array(1024).fill(0xff);
      const length = write(memory, { source, interfaceIndex, fds: passed });
      const found = read(memory.subarray(0, length));
      assert.deepEqual(found.destination, source);
      assert.equal(found.interfaceIndex, interfaceIndex);
      assert.deepEqual(found.fds, rights === null ? [] : passed);
      assert.ok(
        memory.subarray(length).every((byte) => byte === 0xff),
        "nothing is written behind",
      );
    },
  );

  property(
    `${name}: random bytes are parsed without an error, and within their bounds`,
    [
      fc.array(fc.oneof(
        other,
        bytes(24).map((data) => ({ ...ip6, data })),
        bytes(24).map((data) => ({ ...layout.ip4(NO_IP, 0), data })),
        bytes(24).map((data) => ({ level: rights?.[0] ?? 0, type: rights?.[1] ?? 0, data })),
      )),
      fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 6 }),
      fc.nat(200),
    ],
    (messages, changes, cut) => {
      const whole = encoded(layout, messages);
      for (const [at, value] of changes) if (at < whole.length) whole[at] = value;
      const found = read(whole.subarray(0, whole.length - Math.min(cut, whole.length)));
      assert.ok([undefined, 4, 16].includes(found.destination?.length));
      assert.ok(found.fds.length * 4 <= whole.length);
    },
  );
}
