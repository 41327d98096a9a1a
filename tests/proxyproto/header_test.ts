// SPDX-License-Identifier: MIT
/**
 * Headers of the PROXY protocol as bytes. The rows are what HAProxy 2.6 and nginx 1.22 were seen to
 * send, and what they were seen to take.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import fc from "fast-check";
import { proxyHeader, ProxyProtocolError, TCPAddr, UDPAddr, UnixAddr } from "../../mod.ts";
import { crc32c } from "../../src/net/proxyproto/crc32c.ts";
import { HeaderReader } from "../../src/net/proxyproto/header_reader.ts";
import { infoOf } from "../../src/net/proxyproto/info.ts";
import type { ParsedHeader } from "../../src/net/proxyproto/header.ts";

const SIGNATURE = "0d0a0d0a000d0a515549540a";
const PROXY = new TCPAddr("192.0.2.99", 5000);
const source = new TCPAddr("192.0.2.1", 1111);
const destination = new TCPAddr("192.0.2.2", 80);
const TCP4 = "c0000201c00002020457" + "0050";

/** Bytes of version 2: command and family, then the rest, all in hexadecimal digits. */
function v2(start: string, rest: string): Uint8Array {
  const length = (rest.length / 2).toString(16).padStart(4, "0");
  return Buffer.from(SIGNATURE + start + length + rest, "hex");
}

function tlv(type: string, value: string): string {
  return type + (value.length / 2).toString(16).padStart(4, "0") + value;
}

function hex(text: string): string {
  return Buffer.from(text).toString("hex");
}

/** Reads `bytes` in pieces of at most `piece`; returns the header and what is left of `bytes`. */
function read(
  bytes: Uint8Array,
  piece = Infinity,
  most = 4096,
): { header: ParsedHeader; rest: Uint8Array; length: number } {
  const reader = new HeaderReader(most);
  let at = 0;
  while (reader.header === null) {
    assert.ok(at < bytes.length, "the header has not ended");
    const { room } = reader;
    const n = Math.min(room.length, piece, bytes.length - at);
    room.set(bytes.subarray(at, at + n));
    at += n;
    reader.took(n);
  }
  return { header: reader.header, rest: bytes.subarray(at), length: reader.length };
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function ends(header: ParsedHeader): string | null {
  return header.ends && `${header.ends.source} ${header.ends.destination}`;
}

function refused(bytes: Uint8Array, reason: string, message: RegExp, most?: number): void {
  assert.throws(() => read(bytes, Infinity, most), (error) => {
    assert.ok(error instanceof ProxyProtocolError, String(error));
    assert.equal(error.reason, reason);
    assert.match(error.message, message);
    return true;
  });
}

const LINES: [string, string, string | null][] = [
  ["TCP4", "PROXY TCP4 192.0.2.1 192.0.2.2 1111 80", "192.0.2.1:1111 192.0.2.2:80"],
  ["nginx, IPv6", "PROXY TCP6 ::1 ::1 40000 80", "[::1]:40000 [::1]:80"],
  [
    "nginx and HAProxy, IPv4 through a dual-stack listener",
    "PROXY TCP6 ::ffff:127.0.0.1 ::ffff:127.0.0.1 40000 80",
    "127.0.0.1:40000 127.0.0.1:80",
  ],
  [
    "an address in a long form",
    "PROXY TCP6 2001:DB8:0:0::1 2001:db8:0:0:0:0:0:2 1 65535",
    "[2001:db8::1]:1 [2001:db8::2]:65535",
  ],
  ["a Unix client of HAProxy or nginx", "PROXY UNKNOWN", null],
  ["UNKNOWN with addresses", "PROXY UNKNOWN 192.0.2.1 192.0.2.2 1111 80", null],
  [
    "the longest line",
    `PROXY UNKNOWN ${"ffff:".repeat(8).slice(0, -1)} ${"ffff:".repeat(8).slice(0, -1)} 65535 65535`,
    null,
  ],
];

/** The same values in every run. */
const SEED = { seed: 20_261_129 };

for (const [name, line, expected] of LINES) {
  test(`v1: ${name}`, () => {
    for (const piece of [Infinity, 1, 7]) {
      const { header, rest } = read(bytesOf(`${line}\r\nGET`), piece);
      assert.equal(ends(header), expected);
      assert.equal(header.local, expected === null);
      assert.equal(header.version, 1);
      assert.equal(Buffer.from(rest).toString(), "GET", "what follows is not read");
    }
  });
}

const BAD_LINES: [string, string, RegExp][] = [
  ["PROXY TCP6 2001:db8::1 127.0.0.1 1111 24004", "invalid", /TCP6 line with an address of the/],
  ["PROXY TCP4 ::1 127.0.0.1 1 2", "invalid", /TCP4 line with an address of the other family/],
  ["PROXY UDP4 192.0.2.1 192.0.2.2 1 2", "invalid", /network other than/],
  ["PROXY TCP4 192.0.2.01 192.0.2.2 1 2", "invalid", /invalid address/],
  ["PROXY TCP4 192.0.2.1  192.0.2.2 1 2", "invalid", /without two addresses/],
  ["PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3", "invalid", /without two addresses/],
  ["PROXY TCP4 192.0.2.1 192.0.2.2 1 65536", "invalid", /invalid port/],
  ["PROXY TCP4 192.0.2.1 192.0.2.2 01 2", "invalid", /invalid port/],
  ["PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n", "invalid", /without a final carriage return/],
  [`PROXY UNKNOWN ${"x".repeat(100)}`, "tooLong", /more than 107 bytes/],
  ["GET / HTTP/1.1", "invalid", /first bytes are not a header/],
  ["\r\n\r\n\0\r\nQUIX", "invalid", /first bytes are not a header/],
];

for (const [line, reason, message] of BAD_LINES) {
  test(`v1: ${JSON.stringify(line.slice(0, 60))} is refused`, () => {
    refused(bytesOf(`${line}\r\n`), reason, message);
  });
}

test("an unknown first byte is refused at once", () => {
  refused(bytesOf("S"), "invalid", /first bytes are not a header/);
  refused(bytesOf("PROXX"), "invalid", /first bytes are not a header/);
});

/** What HAProxy 2.6 sends; the columns are its option, the bytes and what they say. */
const SSL_NONE = tlv("20", "0000000000");
const SSL_TLS = tlv("20", "0100000000" + tlv("21", hex("TLSv1.3")));
const SSL_CERTIFICATE = tlv(
  "20",
  "0700000000" + tlv("21", hex("TLSv1.3")) + tlv("22", hex("client.test")),
);
const SSL_RESUMED = tlv(
  "20",
  "0500000000" + tlv("21", hex("TLSv1.2")) + tlv("22", hex("client.test")),
);
const ALPN = tlv("01", hex("http/1.1"));

test("v2: HAProxy's plain header of 12 bytes after the fixed part", () => {
  const { header, rest, length } = read(Buffer.concat([v2("2111", TCP4), Buffer.from("GET")]), 5);
  assert.equal(ends(header), "192.0.2.1:1111 192.0.2.2:80");
  assert.deepEqual([header.version, header.local, header.tlvs.length], [2, false, 0]);
  assert.equal(length, 28);
  assert.equal(Buffer.from(rest).toString(), "GET");
});

test("v2: ALPN from HAProxy arrives although no option enables it, and before the SSL field", () => {
  const plain = infoOf(read(v2("2111", TCP4 + ALPN)).header, 39, PROXY);
  assert.equal(plain.alpn, "http/1.1");
  assert.equal(plain.ssl, null);
  const info = infoOf(read(v2("2111", TCP4 + ALPN + SSL_CERTIFICATE)).header, 71, PROXY);
  assert.deepEqual(info.tlvs.map(({ type }) => type), [0x01, 0x20]);
  assert.equal(info.alpn, "http/1.1");
  assert.deepEqual([info.ssl?.verified, info.ssl?.commonName], [true, "client.test"]);
});

test("v2: verify 0 proves nothing without the certificate bits", () => {
  const ssl = (field: string) => infoOf(read(v2("2111", TCP4 + field)).header, 0, PROXY).ssl!;
  assert.deepEqual([ssl(SSL_NONE).secure, ssl(SSL_NONE).verified], [false, false]);
  assert.deepEqual([ssl(SSL_TLS).secure, ssl(SSL_TLS).verified], [true, false]);
  assert.deepEqual([ssl(SSL_CERTIFICATE).secure, ssl(SSL_CERTIFICATE).verified], [true, true]);
  // Of a resumed session the certificate is known from its beginning.
  assert.deepEqual([ssl(SSL_RESUMED).verified, ssl(SSL_RESUMED).version], [true, "TLSv1.2"]);
  assert.equal(ssl(tlv("20", "0700000001")).verified, false, "the verification failed");
  assert.equal(ssl(tlv("20", "0600000000")).verified, false, "without TLS");
});

test("v2: a truncated SSL field is ignored", () => {
  const info = infoOf(read(v2("2111", TCP4 + tlv("20", "01000000"))).header, 0, PROXY);
  assert.equal(info.ssl, null);
  const cut = infoOf(read(v2("2111", TCP4 + tlv("20", "010000000021ffff"))).header, 0, PROXY);
  assert.equal(cut.ssl, null);
});

test("v2: all of HAProxy's fields, in any order of their types", () => {
  const tlvs = [
    { type: 0x01, value: bytesOf("h2") },
    { type: 0x02, value: bytesOf("example.test") },
    { type: 0x05, value: bytesOf("7F000001:9C40") },
    { type: 0x20, value: Buffer.from(SSL_CERTIFICATE.slice(6), "hex") },
  ];
  const bytes = proxyHeader({ source, destination, tlvs, crc32c: true });
  const info = infoOf(read(bytes).header, bytes.length, PROXY);
  assert.deepEqual(info.tlvs.map(({ type }) => type), [0x03, 0x01, 0x02, 0x05, 0x20]);
  assert.deepEqual([info.alpn, info.authority], ["h2", "example.test"]);
  assert.equal(Buffer.from(info.uniqueId!).toString(), "7F000001:9C40");
  assert.equal(info.ssl?.commonName, "client.test");
  assert.equal(String(info.source), "192.0.2.1:1111");
  assert.equal(info.proxyAddr, PROXY);
});

test("v2: LOCAL from health checks, empty or with fields, has no addresses", () => {
  const local = [v2("2000", ""), v2("2000", SSL_NONE), v2("2011", TCP4), v2("2011", TCP4 + ALPN)];
  // Anything may stand in a LOCAL header.
  local.push(v2("2021", "ff"), v2("2000", "20ffff"));
  for (const bytes of local) {
    const { header, length } = read(bytes);
    assert.deepEqual([header.local, header.ends], [true, null]);
    assert.equal(length, bytes.length);
  }
  const { header } = read(v2("2000", SSL_NONE));
  assert.deepEqual(header.tlvs.map(({ type }) => type), [0x20]);
});

test("v2: unsupported address families are skipped, and the connection continues", () => {
  const ip6 = "20010db8" + "00".repeat(11) + "01" + "20010db8" + "00".repeat(11) + "02" +
    "00010002";
  assert.equal(ends(read(v2("2121", ip6)).header), "[2001:db8::1]:1 [2001:db8::2]:2");
  for (const other of [v2("2112", TCP4), v2("2122", ip6), v2("2131", "00".repeat(216))]) {
    const { header } = read(other);
    assert.deepEqual([header.local, header.ends], [false, null]);
  }
  const { header } = read(v2("2100", ALPN));
  assert.deepEqual([header.ends, header.tlvs.length], [null, 1]);
});

test("v2: an IPv4 address mapped to IPv6 is IPv4", () => {
  const mapped = "00".repeat(10) + "ffff7f000001";
  const { header } = read(v2("2121", mapped + mapped + "9c400050"));
  assert.equal(ends(header), "127.0.0.1:40000 127.0.0.1:80");
});

test("v2: headers forbidden by the specification are refused", () => {
  refused(v2("3111", TCP4), "invalid", /unknown version 3/);
  refused(v2("2211", TCP4), "invalid", /unknown command 2/);
  refused(v2("2141", TCP4), "invalid", /unknown family or protocol 0x41/);
  refused(v2("2113", TCP4), "invalid", /unknown family or protocol 0x13/);
  refused(v2("2111", TCP4.slice(2)), "invalid", /no room for its addresses/);
  refused(v2("2111", TCP4 + "0100ff"), "invalid", /TLV that extends beyond the header/);
  refused(v2("2111", TCP4 + "01"), "invalid", /TLV that extends beyond the header/);
});

test("v2: a length above the limit is refused before the rest has arrived", () => {
  const fixed = Buffer.from(`${SIGNATURE}2111ffff`, "hex");
  refused(fixed, "tooLong", /header of 65551 bytes/);
  refused(fixed.subarray(0, 16), "tooLong", /header of 65551 bytes/, 65_550);
  const bytes = proxyHeader({ tlvs: [{ type: 4, value: new Uint8Array(15_000) }] });
  assert.equal(read(bytes, Infinity, 65_551).length, 15_019);
});

test("v2: the checksum covers the whole header, in network byte order", () => {
  assert.equal(crc32c(bytesOf("123456789")), 0xe3069283);
  const header = proxyHeader({ source, destination, crc32c: true });
  // The addresses and ports, and the checksum itself.
  for (const i of [...Array(12).keys()].map((i) => 16 + i).concat([31, 32, 33, 34])) {
    const wrong = header.slice();
    wrong[i] ^= 1;
    refused(wrong, "invalid", /wrong checksum/);
  }
  const local = proxyHeader({ crc32c: true });
  assert.equal(read(local).header.tlvs[0].type, 0x03);
  local[local.length - 1] ^= 1;
  refused(local, "invalid", /wrong checksum/);
  refused(v2("2111", TCP4 + tlv("03", "000000")), "invalid", /not 4 bytes/);
});

test("encoded headers", () => {
  const text = (options: Parameters<typeof proxyHeader>[0]) =>
    Buffer.from(proxyHeader({ version: 1, ...options })).toString();
  assert.equal(text({ source, destination }), "PROXY TCP4 192.0.2.1 192.0.2.2 1111 80\r\n");
  const six = new TCPAddr("2001:db8::1", 1);
  assert.equal(
    text({ source: six, destination }),
    "PROXY TCP6 2001:db8::1 ::ffff:192.0.2.2 1 80\r\n",
  );
  assert.equal(text({}), "PROXY UNKNOWN\r\n");
  const unix = new UnixAddr("@");
  assert.equal(text({ source: unix, destination: unix }), "PROXY UNKNOWN\r\n");
  const local = Buffer.from(proxyHeader({ source: unix, destination: unix }));
  assert.equal(local.toString("hex"), `${SIGNATURE}20000000`);
  assert.deepEqual(Buffer.from(proxyHeader({ source, destination })), v2("2111", TCP4));
});

test("invalid header contents are a TypeError", () => {
  const bad: [Parameters<typeof proxyHeader>[0], RegExp][] = [
    [{ source }, /source and destination must be given together/],
    [{ destination }, /source and destination must be given together/],
    [{ source: new UDPAddr("192.0.2.1", 1), destination }, /source must be an address of TCP/],
    [{ source, destination: new TCPAddr("", 1) }, /destination must be an address of TCP/],
    [{ source, destination: new TCPAddr("192.0.2.1", 65536) }, /destination must be an address/],
    [{ version: 1, tlvs: [{ type: 1, value: new Uint8Array(1) }] }, /tlvs require version 2/],
    [{ version: 1, crc32c: true }, /crc32c requires version 2/],
    [{ version: 3 as 2 }, /version: must be 1 or 2/],
    [{ tlvs: [{ type: 256, value: new Uint8Array(1) }] }, /tlvs\.0\.type/],
    [{ tlvs: [{ type: 1, value: "x" as never }] }, /tlvs\.0\.value: must be a Uint8Array/],
    [{ tlvs: [{ type: 1, value: new Uint8Array(65_533) }] }, /tlvs must fit in 65535 bytes/],
    [{ sources: 1 } as never, /Unrecognized key: "sources"/],
  ];
  for (const [options, message] of bad) {
    assert.throws(() => proxyHeader(options), (error) => {
      assert.ok(error instanceof TypeError, String(error));
      assert.match(error.message, message);
      return true;
    });
  }
});

const ip = fc.oneof(
  fc.ipV4(),
  fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) =>
    Array.from({ length: 8 }, (_, i) => (bytes[2 * i] << 8 | bytes[2 * i + 1]).toString(16)).join(
      ":",
    )
  ),
);
const addr = fc.tuple(ip, fc.integer({ min: 0, max: 0xffff })).map(([ip, port]) =>
  new TCPAddr(ip, port)
);

test("every encoded header is decoded as it was, in any fragmentation", () => {
  const tlvs = fc.array(
    fc.record({ type: fc.integer({ min: 6, max: 255 }), value: fc.uint8Array({ maxLength: 300 }) }),
    { maxLength: 4 },
  );
  fc.assert(
    fc.property(
      fc.record({ source: addr, destination: addr }),
      tlvs,
      fc.boolean(),
      fc.constantFrom<1 | 2>(1, 2),
      fc.integer({ min: 1, max: 40 }),
      (ends, tlvs, crc32c, version, piece) => {
        const extras = version === 2 ? { tlvs, crc32c } : {};
        const bytes = proxyHeader({ version, ...ends, ...extras });
        const { header, rest } = read(Buffer.concat([bytes, Buffer.from("rest")]), piece);
        const same = read(proxyHeader({ version: 2, ...ends })).header;
        assert.deepEqual(header.ends, same.ends);
        assert.equal(Buffer.from(rest).toString(), "rest");
        const others = header.tlvs.filter(({ type }) => type !== 3);
        assert.deepEqual(
          others.map(({ type, value }) => [type, [...value]]),
          version === 2 ? tlvs.map(({ type, value }) => [type, [...value]]) : [],
        );
      },
    ),
    SEED,
  );
});

test("random bytes are a header or refused, and no byte beyond the header is read", () => {
  const start = fc.constantFrom("PROXY ", "PROXY TCP4 ", "PROXY UNKNOWN");
  const lines = fc.tuple(start, fc.string({ maxLength: 120 })).map((parts) =>
    bytesOf(parts.join("") + "\r\n")
  );
  const binary = fc.tuple(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array()).map((
    [fixed, rest],
  ) => Buffer.concat([Buffer.from(SIGNATURE, "hex"), fixed, rest]));
  fc.assert(
    fc.property(fc.oneof(lines, binary, fc.uint8Array()), (bytes) => {
      const reader = new HeaderReader(256);
      for (let at = 0; at < bytes.length && reader.header === null;) {
        const { room } = reader;
        assert.ok(room.length > 0 && room.length <= 256);
        const n = Math.min(room.length, bytes.length - at);
        room.set(bytes.subarray(at, at + n));
        at += n;
        try {
          reader.took(n);
        } catch (error) {
          assert.ok(error instanceof ProxyProtocolError, String(error));
          return;
        }
      }
    }),
    SEED,
  );
});
