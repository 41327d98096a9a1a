// SPDX-License-Identifier: MIT
/** What holds for all addresses: "host:port" and IP addresses, as text and as bytes. */
import fc from "fast-check";
import assert from "node:assert/strict";
import { isIPv4, isIPv6 } from "node:net";
import { AddrError } from "../../src/net/addr/errors.ts";
import { joinHostPort, splitHostPort } from "../../src/net/addr/host_port.ts";
import { formatIP, parseIP, parseIPZone, unmap } from "../../src/net/addr/ip.ts";
import { property } from "../support/property.ts";

/** Any text without some characters. */
const without = (characters: RegExp) => fc.string().map((text) => text.replaceAll(characters, ""));
/** A text of the characters that matter to a parser, so that it is often nearly right. */
const of = (...pieces: string[]) =>
  fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((found) => found.join(""));

/** Result of `read`, or the error that it threw, which must be an AddrError. */
function readOr<T>(read: () => T): T | AddrError {
  try {
    return read();
  } catch (error) {
    assert.ok(error instanceof AddrError, String(error));
    return error;
  }
}

property(
  "what joinHostPort joins, splitHostPort splits",
  [without(/[[\]]/g), without(/[[\]:]/g)],
  (host, port) => assert.deepEqual(splitHostPort(joinHostPort(host, port)), { host, port }),
);

/** All that has a host and a port, by Go's rules: brackets around a host with colons, and only there. */
const HOST_PORT = /^(?:\[(?<inner>[^[\]]*)\]|(?<outer>[^[\]:]*)):(?<port>[^[\]:]*)$/s;

property(
  "splitHostPort splits what has a host and a port, and throws an AddrError for all else",
  [fc.oneof(of("[", "]", ":", "%", "host", "80", "::1"), fc.string())],
  (address) => {
    const found = readOr(() => splitHostPort(address));
    const groups = HOST_PORT.exec(address)?.groups;
    if (groups === undefined) return assert.ok(found instanceof AddrError);
    assert.deepEqual(found, { host: groups.inner ?? groups.outer, port: groups.port });
  },
);

/** An IP address as bytes: mostly zeros, so that there are runs of them, and mapped ones. */
const ip4 = fc.uint8Array({ minLength: 4, maxLength: 4 });
const group = fc.constantFrom([0, 0], [0, 0], [0, 0], [0, 1], [0x20, 1], [0xff, 0xff]);
const ip6 = fc.array(group, { minLength: 8, maxLength: 8 }).map((ip) => Uint8Array.from(ip.flat()));
const mapped = ip4.map((ip) => Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...ip]));

/** A text that is nearly an IPv4 address. */
const nearly4 = fc.array(fc.constantFrom("0", "1", "01", "99", "255", "256", "1000", ""), {
  minLength: 3,
  maxLength: 5,
}).map((numbers) => numbers.join("."));
/** A text that is nearly an IPv6 address: groups, one perhaps wrong, and a "::" somewhere. */
const nearly6 = fc.tuple(
  fc.array(fc.constantFrom<string[]>("0", "1", "aB", "ffff"), {
    minLength: 5,
    maxLength: 9,
    size: "max",
  }),
  fc.option(fc.tuple(fc.nat(9), fc.constantFrom("10000", "g", "", "1.2.3.4", "::"))),
  fc.option(fc.nat(9)),
).map(([groups, odd, at]) => {
  if (odd !== null) groups = groups.toSpliced(odd[0], 1, odd[1]);
  if (at !== null) groups = groups.toSpliced(at, 0, "::");
  return groups.join(":").replaceAll(/:*::+/g, "::");
});

property(
  "parseIP reads what formatIP writes, and a mapped address as the IPv4 address that it is",
  [fc.oneof(ip4, ip6, mapped)],
  (ip) => assert.deepEqual(parseIP(formatIP(ip)), unmap(ip)),
);

property("formatIP writes IPv6 as URLs have it, but for mapped addresses", [ip6], (ip) => {
  const groups = Array.from({ length: 8 }, (_, i) => (ip[2 * i] << 8 | ip[2 * i + 1]).toString(16));
  const { hostname } = new URL(`http://[${groups.join(":")}]/`);
  if (unmap(ip).length === 16) assert.equal(`[${formatIP(ip)}]`, hostname);
});

property(
  "parseIP agrees with node:net on what an IP address is",
  [
    fc.oneof(
      { arbitrary: nearly6, weight: 6 },
      { arbitrary: nearly4, weight: 2 },
      fc.ipV6(),
      without(/%/g),
    ),
  ],
  (text) => {
    const ip = parseIP(text);
    assert.equal(ip?.length === 4, isIPv4(text));
    assert.equal(ip?.length === 16, isIPv6(text));
  },
);

property(
  "parseIPZone reads an address of IPv6 with a zone, and with none what parseIP reads",
  [fc.oneof(ip4, ip6, mapped), fc.string()],
  (ip, zone) => {
    const text = formatIP(ip);
    assert.deepEqual(parseIPZone(text), { ip: unmap(ip), zone: "" });
    const zoned = zone === "" || unmap(ip).length === 4 ? null : { ip, zone };
    assert.deepEqual(parseIPZone(`${text}%${zone}`), zoned);
  },
);
