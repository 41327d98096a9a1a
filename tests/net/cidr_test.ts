// SPDX-License-Identifier: MIT
/** Networks in CIDR notation, after Go's net/ip_test.go, and the interfaces of this machine. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  formatIP,
  interfaceAddrs,
  interfaceByName,
  interfaces,
  type IPNet,
  parseCIDR,
  parseIP,
} from "../../mod.ts";
import { onWine, openSockets } from "../support/harness.ts";

test("parseCIDR reads what Go's reads", () => {
  const good: [text: string, ip: string, net: string][] = [
    ["135.104.0.0/32", "135.104.0.0", "135.104.0.0/32"],
    ["0.0.0.0/24", "0.0.0.0", "0.0.0.0/24"],
    ["135.104.0.0/24", "135.104.0.0", "135.104.0.0/24"],
    ["135.104.0.1/32", "135.104.0.1", "135.104.0.1/32"],
    ["135.104.0.1/24", "135.104.0.1", "135.104.0.0/24"],
    ["10.255.255.255/9", "10.255.255.255", "10.128.0.0/9"],
    ["1.2.3.4/0", "1.2.3.4", "0.0.0.0/0"],
    ["::1/128", "::1", "::1/128"],
    ["abcd:2345::/127", "abcd:2345::", "abcd:2345::/127"],
    ["abcd:2345::/65", "abcd:2345::", "abcd:2345::/65"],
    ["abcd:2300::/24", "abcd:2300::", "abcd:2300::/24"],
    ["abcd:2345::/24", "abcd:2345::", "abcd:2300::/24"],
    ["2001:db8::/48", "2001:db8::", "2001:db8::/48"],
    ["2001:db8::1/48", "2001:db8::1", "2001:db8::/48"],
    ["::ffff:1.2.3.4/120", "1.2.3.4", "1.2.3.0/24"],
  ];
  for (const [text, ip, net] of good) {
    const parsed = parseCIDR(text);
    assert.ok(parsed !== null, text);
    assert.deepEqual([formatIP(parsed.ip), String(parsed)], [ip, net]);
  }
  const bad = [
    "192.168.1.1/255.255.255.0",
    "192.168.1.1/35",
    "2001:db8::1/-1",
    "2001:db8::1/-0",
    "2001:db8::1/129",
    "-0.0.0.0/32",
    "0.-2.0.0/32",
    "1.2.3.4/08",
    "1.2.3.4/",
    "1.2.3.4",
    "/24",
    "",
    "fe80::1%eth0/64",
    "1.2.3.4/8/8",
    " 1.2.3.4/8",
    "01.2.3.4/8",
  ];
  for (const text of bad) assert.equal(parseCIDR(text), null, text);
  assert.throws(() => parseCIDR(8 as never), TypeError);
});

test("contains, after Go's TestNetContains", () => {
  const cases: [net: string, ip: string, contains: boolean][] = [
    ["172.16.0.0/12", "172.16.1.1", true],
    ["192.168.0.0/24", "192.168.0.1", true],
    ["192.168.0.0/25", "192.168.0.128", false],
    ["192.168.0.3/18", "192.168.0.1", true],
    ["128.0.0.0/1", "127.255.255.255", false],
    ["0.0.0.0/0", "8.8.8.8", true],
    ["2001:db8::/127", "2001:db8::1", true],
    ["2001:db8::/126", "2001:db8::4", false],
    ["fe80::/10", "fe80::1%lo", true],
    ["0.0.0.0/0", "::1", false],
    ["::/0", "1.2.3.4", false],
    ["1.2.3.0/24", "::ffff:1.2.3.4", true],
    ["1.2.3.0/24", "no address", false],
  ];
  for (const [net, ip, expected] of cases) {
    assert.equal(parseCIDR(net)!.contains(ip), expected, `${ip} in ${net}`);
    const bytes = parseIP(ip);
    if (bytes !== null) assert.equal(parseCIDR(net)!.contains(bytes), expected);
  }
  assert.throws(() => parseCIDR("::/0")!.contains(7 as never), TypeError);
});

const skip = onWine && "Wine names no interfaces";

test("the loopback interface has its addresses", { skip }, () => {
  const before = openSockets();
  const loopback = interfaces().find((one) => one.loopback);
  assert.ok(loopback !== undefined);
  assert.ok(loopback.addrs.some((net: IPNet) => net.contains("127.0.0.1")));
  assert.deepEqual(interfaceByName(loopback.name), loopback);
  assert.equal(interfaceByName("no interface has this name"), null);
  assert.ok(interfaceAddrs().some(({ ip }) => formatIP(ip) === "127.0.0.1"));
  assert.equal(openSockets(), before);
});
