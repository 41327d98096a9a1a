// SPDX-License-Identifier: MIT
/** Addresses and their texts. The answers in the tables are those of Go 1.19's package net. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  AddrError,
  dial,
  go,
  joinHostPort,
  listen,
  parseIP,
  splitHostPort,
  TCPAddr,
} from "../../mod.ts";
import { formatIP } from "../../src/net/addr/ip.ts";
import { both, pair } from "../support/harness.ts";

const SPLITS: readonly (readonly [address: string, host: string, port: string])[] = [
  ["localhost:80", "localhost", "80"],
  ["127.0.0.1:80", "127.0.0.1", "80"],
  ["[::1]:80", "::1", "80"],
  ["[fe80::1%lo]:80", "fe80::1%lo", "80"],
  ["[localhost]:80", "localhost", "80"],
  ["localhost%lo:80", "localhost%lo", "80"],
  [":80", "", "80"],
  ["[]:80", "", "80"],
  ["127.0.0.1:", "127.0.0.1", ""],
  ["[]:", "", ""],
  [":", "", ""],
  ["golang.org:https%foo", "golang.org", "https%foo"],
];

test("splitHostPort() splits as Go does", () => {
  for (const [address, host, port] of SPLITS) {
    assert.deepEqual(splitHostPort(address), { host, port }, address);
  }
});

const MISSING_PORT = "missing port in address";
const TOO_MANY_COLONS = "too many colons in address";

const UNSPLITTABLE: readonly (readonly [address: string, reason: string])[] = [
  ["a", MISSING_PORT],
  ["golang.org", MISSING_PORT],
  ["[golang.org]", MISSING_PORT],
  ["[::1]", MISSING_PORT],
  ["[]", MISSING_PORT],
  ["[::1]80", MISSING_PORT],
  ["[foo]bar:80", MISSING_PORT],
  ["[foo]]:80", MISSING_PORT],
  ["[[::1]]:80", MISSING_PORT],
  ["::1", TOO_MANY_COLONS],
  ["::1:80", TOO_MANY_COLONS],
  ["a:b:c", TOO_MANY_COLONS],
  ["a:b]:c", TOO_MANY_COLONS],
  ["[::1]::80", TOO_MANY_COLONS],
  ["[::1]:80:81", TOO_MANY_COLONS],
  ["[foo]:[bar]:baz", TOO_MANY_COLONS],
  ["[::1", "missing ']' in address"],
  ["[:80", "missing ']' in address"],
  ["fo[o:80", "unexpected '[' in address"],
  ["[foo[]:80", "unexpected '[' in address"],
  ["[a]:[b]", "unexpected '[' in address"],
  ["a:[b", "unexpected '[' in address"],
  ["fo]o:80", "unexpected ']' in address"],
  ["foo:8]0", "unexpected ']' in address"],
  ["[a]:b]", "unexpected ']' in address"],
  ["]:80", "unexpected ']' in address"],
];

test("splitHostPort() rejects what Go rejects, with Go's messages", () => {
  for (const [address, err] of UNSPLITTABLE) {
    const message = `address ${address}: ${err}`;
    assert.throws(() => splitHostPort(address), { name: "AddrError", message, err, addr: address });
  }
  // An empty address is not named.
  assert.throws(() => splitHostPort(""), { name: "AddrError", message: MISSING_PORT });
});

test("an AddrError is neither a timeout nor temporary", () => {
  try {
    splitHostPort("x");
    assert.fail("it did not throw");
  } catch (error) {
    assert.ok(error instanceof AddrError && error instanceof Error);
    assert.equal(error.timeout, false);
    assert.equal(error.temporary, false);
  }
});

const JOINS: readonly (readonly [host: string, port: string | number, address: string])[] = [
  ["localhost", "80", "localhost:80"],
  ["127.0.0.1", 80, "127.0.0.1:80"],
  ["::1", 80, "[::1]:80"],
  ["fe80::1%lo", "80", "[fe80::1%lo]:80"],
  ["localhost%lo", "80", "localhost%lo:80"],
  ["", "80", ":80"],
  ["", 0, ":0"],
  ["127.0.0.1", "", "127.0.0.1:"],
  ["", "", ":"],
  ["a:b", "http", "[a:b]:http"],
];

test("joinHostPort() joins as Go does, and splitHostPort() reverses it", () => {
  for (const [host, port, address] of JOINS) {
    assert.equal(joinHostPort(host, port), address);
    assert.deepEqual(splitHostPort(address), { host, port: String(port) });
  }
});

/** Texts of addresses, and how Go prints what it parsed. */
const IPS: readonly (readonly [text: string, printed: string])[] = [
  ["127.0.1.2", "127.0.1.2"],
  ["0.0.0.0", "0.0.0.0"],
  ["255.255.255.255", "255.255.255.255"],
  ["::ffff:127.1.2.3", "127.1.2.3"],
  ["::ffff:7f01:0203", "127.1.2.3"],
  ["0:0:0:0:0000:ffff:127.1.2.3", "127.1.2.3"],
  ["0:0:0:0::ffff:127.1.2.3", "127.1.2.3"],
  ["2001:4860:0:2001::68", "2001:4860:0:2001::68"],
  ["2001:4860:0000:2001:0000:0000:0000:0068", "2001:4860:0:2001::68"],
  ["1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"],
  ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
  ["::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"],
  ["1:0:0:2:0:0:0:3", "1:0:0:2::3"],
  ["1:0:0:2:3:0:0:4", "1::2:3:0:0:4"],
  ["::", "::"],
  ["::1", "::1"],
  ["1::", "1::"],
  ["1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"],
  ["1:2:3::1.2.3.4", "1:2:3::102:304"],
  ["::1.2.3.4", "::102:304"],
  ["FE80::ABCD", "fe80::abcd"],
];

test("parseIP() parses what Go parses", () => {
  for (const [text, printed] of IPS) {
    const ip = parseIP(text);
    assert.ok(ip !== null, text);
    assert.equal(formatIP(ip), printed, text);
  }
  assert.deepEqual(parseIP("192.0.2.1"), Uint8Array.of(192, 0, 2, 1));
  assert.deepEqual(
    parseIP("2001:db8::1:ff"),
    Uint8Array.of(0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0xff),
  );
});

const NO_IPS: readonly string[] = [
  ...["", "abc", "123:", "//0", "localhost", "[::1]", "1", "2130706433"],
  ...["1.2.3", "1.2.3.4.5", "1..2.3", ".1.2.3", "1.2.3.", "127.0.0.256", "1.2.3.4 ", " 1.2.3.4"],
  ...["-0.0.0.0", "0.-1.0.0", "0.0.0.-3", "0xa.1.2.3", "1e1.2.3.4", "+1.2.3.4", "1.2.3.4\n"],
  // Leading zeros: some read them as octal.
  ...["127.001.002.003", "127.007.008.009", "00.0.0.0", "1.2.3.04", "::ffff:127.001.002.003"],
  ...["fe80::1%lo0", "fe80::1%911", "1.2.3.4%lo"],
  ...[":", ":1", "1:", "::1:", ":1::", ":::", "1:::2", "1::2::3", "::g", "::12345", "::-1", "::+1"],
  ...["1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4::5:6:7:8", "a1:a2:a3:a4::b1:b2:b3:b4"],
  ...["0:0:0:0:000000:ffff:127.1.2.3", "::ffff:1.2.3.256", "::1.2.3", "::1.2.3.4.5", "::1.2.3.4:5"],
  ...["1:2:3:4:5:6:7:1.2.3.4", "1:2:3:4:5:1.2.3.4", "1.2.3.4:1::", "1.2.3.4:5::", "::1.2.3.4::"],
];

test("parseIP() rejects what Go rejects", () => {
  for (const text of NO_IPS) assert.equal(parseIP(text), null, JSON.stringify(text));
});

test("parseIP() accepts IPv4 in IPv6 only at the end, not before the gap", () => {
  for (const text of ["1.2.3.4::", "1:1.2.3.4::", "1.2.3.4::5"]) {
    assert.equal(parseIP(text), null, text);
  }
});

for (const [network, host] of [["tcp4", "127.0.0.1"], ["tcp6", "::1"]] as const) {
  both(`the addresses of a connection's two ends match, on ${network}`, function* () {
    const [a, b] = yield* pair(network);
    using _a = a, _b = b;
    for (const [here, there] of [[a, b], [b, a]]) {
      const addr = here.localAddr;
      assert.ok(addr instanceof TCPAddr);
      assert.equal(addr.network, "tcp");
      assert.equal(addr.ip, host);
      assert.equal(addr.zone, "");
      assert.ok(Number.isInteger(addr.port) && addr.port > 0 && addr.port < 65536);
      assert.equal(String(addr), joinHostPort(host, addr.port));
      assert.equal(String(there.remoteAddr), String(addr));
    }
    assert.notEqual(String(a.localAddr), String(a.remoteAddr));
  });

  both(`dial() accepts the text of a listener's address, on ${network}`, function* () {
    using listener = yield* listen(network, joinHostPort(host, 0));
    assert.ok(listener.addr instanceof TCPAddr);
    assert.equal(listener.addr.network, "tcp");
    assert.equal(listener.addr.ip, host);
    const dialling = go(() => dial(network, String(listener.addr)));
    using accepted = yield* listener.accept();
    using conn = yield* dialling.join();
    assert.equal(String(conn.remoteAddr), String(listener.addr));
    assert.equal(String(accepted.localAddr), String(listener.addr));
  });
}
