// SPDX-License-Identifier: MIT
/** Look-ups of every type of record, as the server's records have them. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import type { Answer } from "dns-packet";
import { DNSError, formatIP, Resolver, type Routine } from "../../mod.ts";
import { both, thrown } from "../support/harness.ts";
import { dnsServer, type Script, zone } from "../support/dns_server.ts";
import { orderServers } from "../../src/resolver/srv_order.ts";

/** Runs `body` with a resolver of a server that answers by `script`. */
function* withServer(script: Script, body: (resolver: Resolver) => Routine<void>): Routine<void> {
  using server = yield* dnsServer(script);
  yield* body(
    new Resolver({ servers: [server.address], hosts: { text: "" }, nsswitch: { text: "" } }),
  );
}

/** Records of one name. */
function records(type: string, ...data: readonly unknown[]): Script {
  const answers = data.map((each) => ({ type, name: "x.test", ttl: 60, data: each }) as Answer);
  return zone({ "x.test": answers });
}

both("lookupMX() and lookupNS() return names with a final dot", function* () {
  const mx = records(
    "MX",
    { preference: 20, exchange: "b.test" },
    { preference: 10, exchange: "a.test" },
    { preference: 30, exchange: "." },
  );
  yield* withServer(mx, function* (resolver) {
    assert.deepEqual(yield* resolver.lookupMX("x.test"), [
      { host: "a.test.", pref: 10 },
      { host: "b.test.", pref: 20 },
      { host: ".", pref: 30 },
    ]);
  });
  yield* withServer(records("NS", "ns.test"), function* (resolver) {
    assert.deepEqual(yield* resolver.lookupNS("x.test"), [{ host: "ns.test." }]);
  });
});

both("lookupTXT() joins the strings of one record, and no others", function* () {
  const long = ["a".repeat(255), "b".repeat(255), "\u00fc"];
  yield* withServer(records("TXT", long, "second", ""), function* (resolver) {
    const found = yield* resolver.lookupTXT("x.test");
    assert.deepEqual(found, [long.join(""), "second", ""]);
  });
});

both("lookupSRV() queries the service, and orders its servers", function* () {
  const srv = (target: string, priority: number) => ({ target, port: 1, priority, weight: 1 });
  const answers = [srv("b.test", 2), srv("a.test", 1)].map((data) =>
    ({ type: "SRV", name: "_im._tcp.x.test", ttl: 1, data }) as Answer
  );
  yield* withServer(zone({ "_im._tcp.x.test": answers }), function* (resolver) {
    for (const [service, proto, name] of [["im", "tcp", "x.test"], ["", "", "_im._tcp.x.test"]]) {
      const found = yield* resolver.lookupSRV(service, proto, name);
      assert.deepEqual(found, [
        { target: "a.test.", port: 1, priority: 1, weight: 1 },
        { target: "b.test.", port: 1, priority: 2, weight: 1 },
      ]);
    }
  });
  yield* withServer(
    records("SRV", { target: ".", port: 0, priority: 0, weight: 0 }),
    function* (r) {
      const error = yield* thrown(r.lookupSRV("", "", "x.test"));
      assert.ok(error instanceof DNSError && error.isNotFound);
      assert.match(error.message, /service not offered$/);
    },
  );
});

test("servers of equal priority are ordered randomly by weight", () => {
  const weights = [0, 10, 30, 60];
  const servers = weights.map((weight) => ({ target: `${weight}.`, port: 1, priority: 1, weight }));
  const first = new Map(weights.map((weight) => [weight, 0]));
  for (let i = 0; i < 10_000; i++) {
    const ordered = orderServers(servers);
    assert.equal(new Set(ordered).size, servers.length);
    first.set(ordered[0].weight, first.get(ordered[0].weight)! + 1);
  }
  for (const weight of [10, 30, 60]) {
    assert.ok(Math.abs(first.get(weight)! / 100 - weight) < 5, `${weight}: ${first.get(weight)}`);
  }
  // RFC 2782: a very small chance.
  assert.ok(first.get(0)! < 400);
  assert.deepEqual(orderServers([]), []);
});

both("lookupAddr() queries in-addr.arpa and ip6.arpa", function* () {
  const pointer = (name: string, ...targets: string[]) =>
    targets.map((data) => ({ type: "PTR", name, ttl: 1, data }) as Answer);
  const table = {
    "1.2.0.192.in-addr.arpa": pointer("1.2.0.192.in-addr.arpa", "One.test", "two.test"),
    [`1.${"0.".repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa`]: pointer(
      `1.${"0.".repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa`,
      "six.test",
    ),
  };
  yield* withServer(zone(table), function* (resolver) {
    assert.deepEqual(yield* resolver.lookupAddr("192.0.2.1"), ["One.test.", "two.test."]);
    assert.deepEqual(yield* resolver.lookupAddr("::ffff:192.0.2.1"), ["One.test.", "two.test."]);
    assert.deepEqual(yield* resolver.lookupAddr("2001:DB8::1"), ["six.test."]);
    const none = yield* thrown(resolver.lookupAddr("192.0.2.2"));
    assert.ok(none instanceof DNSError && none.isNotFound);
    const bad = yield* thrown(resolver.lookupAddr("x.test"));
    assert.ok(bad instanceof DNSError && bad.code === "EINVAL", String(bad));
  });
});

both("records with invalid host names are omitted", function* () {
  const bad = Array.from("<x>.test");
  const data = [bad.join(""), "good.test"];
  yield* withServer(records("NS", ...data), function* (resolver) {
    assert.deepEqual(yield* resolver.lookupNS("x.test"), [{ host: "good.test." }]);
  });
  yield* withServer(records("NS", data[0]), function* (resolver) {
    const error = yield* thrown(resolver.lookupNS("x.test"));
    assert.ok(error instanceof DNSError && error.code === "EBADRESP");
    assert.match(error.message, /contain invalid names$/);
  });
});

both("lookupCAA() returns tag and value", function* () {
  const caa = records("CAA", { flags: 128, tag: "issue", value: "ca.test" });
  yield* withServer(caa, function* (resolver) {
    assert.deepEqual(yield* resolver.lookupCAA("x.test"), [
      { critical: true, tag: "issue", value: "ca.test" },
    ]);
  });
});

/** Data of an HTTPS record: priority, target, and parameters by their numbers. */
function binding(priority: number, params: readonly (readonly [number, number[]])[]): Uint8Array {
  const target = [1, 0x61, 4, 0x74, 0x65, 0x73, 0x74, 0];
  const list = params.flatMap(([key, value]) => [
    key >> 8,
    key & 0xff,
    value.length >> 8,
    value.length & 0xff,
    ...value,
  ]);
  return Uint8Array.of(priority >> 8, priority & 0xff, ...target, ...list);
}

/** Answers with records of a type that dns-packet does not know. */
function bindings(type: number, ...data: readonly Uint8Array[]): Script {
  const answers = data.map((each) =>
    ({
      type: `UNKNOWN_${type}`,
      name: "x.test",
      ttl: 1,
      data: Buffer.from(each),
    }) as unknown as Answer
  );
  return (asked) =>
    asked.type === `UNKNOWN_${type}` || asked.type === (type === 65 ? "HTTPS" : "SVCB")
      ? { answers }
      : { rcode: 3 };
}

both("lookupHTTPS() and lookupSVCB() return service bindings, the best first", function* () {
  const whole = binding(2, [
    [1, [2, 0x68, 0x32, 2, 0x68, 0x33]],
    [2, []],
    [3, [0x20, 0xfb]],
    [4, [192, 0, 2, 1, 192, 0, 2, 2]],
    [5, [1, 2, 3]],
    [6, [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]],
    [65280, [9]],
  ]);
  yield* withServer(bindings(65, whole, binding(1, [])), function* (resolver) {
    const [first, second] = yield* resolver.lookupHTTPS("x.test");
    assert.equal(first.priority, 1);
    assert.deepEqual([first.target, first.alpn, first.port], ["a.test.", [], undefined]);
    assert.deepEqual(second.alpn, ["h2", "h3"]);
    assert.equal(second.noDefaultALPN, true);
    assert.equal(second.port, 8443);
    assert.deepEqual(second.ipv4Hint.map(formatIP), ["192.0.2.1", "192.0.2.2"]);
    assert.deepEqual(second.ipv6Hint.map(formatIP), ["2001:db8::1"]);
    assert.deepEqual(second.ech, Uint8Array.of(1, 2, 3));
    assert.deepEqual(second.params.get(65280), Uint8Array.of(9));
  });
  yield* withServer(bindings(64, binding(1, [])), function* (resolver) {
    assert.equal((yield* resolver.lookupSVCB("x.test")).length, 1);
  });
});

both("a malformed service binding is an error of the server", function* () {
  const bad = [
    binding(1, [[3, [1]]]),
    binding(1, [[3, [0, 1]], [1, []]]),
    binding(1, [[3, [0, 1]], [3, [0, 1]]]),
    binding(1, [[4, [1, 2, 3]]]),
    binding(1, [[1, [5, 0x68]]]),
    Uint8Array.of(0, 1),
    binding(1, [[3, [0, 1]]]).subarray(0, -1),
  ];
  for (const data of bad) {
    yield* withServer(bindings(65, data), function* (resolver) {
      const error = yield* thrown(resolver.lookupHTTPS("x.test"));
      assert.ok(error instanceof DNSError && error.code === "EBADRESP", String(error));
    });
  }
});
