// SPDX-License-Identifier: MIT
/** Which connections are admitted, and to which worker, while the load of workers changes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { WorkerBalancer } from "../../src/reactor/balance.ts";
import { Limiter, type LimiterOwner } from "../../src/limit/limiter.ts";
import { addressKey } from "../../src/limit/address_key.ts";
import { TCPAddr } from "../../mod.ts";
import { UnixAddr } from "../../src/net/addr/unix_addr.ts";
import { checkLimits, type Limits } from "../../src/limit/limit_options.ts";

/** A limiter under `limits` whose keeper has so many goroutines at each question. */
function limiter(limits: Limits, ...goroutines: number[]): Limiter {
  const keeper: LimiterOwner = {
    goroutines: () => goroutines.shift()!,
    closeOldestIdle: () => false,
  };
  return new Limiter(checkLimits("test", limits), keeper);
}

test("a connection accepted before the goroutine limit was reached is admitted, while others wait", () => {
  const waiting = limiter({ goroutines: 4 }, 3, 4, 4);
  assert.equal(waiting.open, true);
  assert.equal(waiting.enter(""), null);
  assert.equal(waiting.open, false);
  assert.equal(waiting.counters.refused.goroutines, 0);
  assert.equal(waiting.counters.stopped.goroutines, 1);
});

test('with the policy "refuse", too many goroutines refuse connections', () => {
  const refusing = limiter({ goroutines: { most: 4, policy: "refuse" } }, 4, 3);
  assert.equal(refusing.open, true);
  assert.equal(refusing.enter(""), "goroutines");
  assert.equal(refusing.enter(""), null);
});

for (const strategy of ["roundRobin", "random", "leastConnections"] as const) {
  test(`with no worker ready, an able one is chosen: ${strategy}`, () => {
    const workers = [
      { able: false, ready: false, connections: 0 },
      { able: true, ready: true, connections: 2 },
      { able: true, ready: false, connections: 1 },
    ];
    const balancer = new WorkerBalancer(strategy, workers);
    assert.equal(balancer.choose(), workers[1]);
    workers[1].ready = false;
    assert.ok(balancer.choose()!.able);
    for (const worker of workers) worker.able = false;
    assert.equal(balancer.choose(), null);
  });
}

/** What `perAddress` counts these as, at some lengths. */
const KEYS: readonly (readonly [ip: string, prefix: number, key: string])[] = [
  ["192.0.2.1", 64, "192.0.2.1"],
  ["::ffff:192.0.2.1", 64, "192.0.2.1"],
  ["2001:db8:1:2:3:4:5:6", 128, "2001:db8:1:2:3:4:5:6"],
  ["2001:db8:1:2:3:4:5:6", 64, "2001:db8:1:2::/64"],
  ["2001:db8:1:2:ffff:ffff:ffff:ffff", 64, "2001:db8:1:2::/64"],
  ["2001:db8:1:ffff::1", 56, "2001:db8:1:ff00::/56"],
  ["2001:db8:1:ffff::1", 57, "2001:db8:1:ff80::/57"],
  ["2001:db8:1:ffff::1", 1, "::/1"],
  ["ffff::", 1, "8000::/1"],
  ["::1", 127, "::/127"],
  ["", 64, ""],
];

test("perAddress counts IPv4 by address, and IPv6 by network", () => {
  for (const [ip, prefix, key] of KEYS) {
    assert.equal(addressKey(new TCPAddr(ip, 1), prefix), key, `${ip}/${prefix}`);
  }
  assert.equal(addressKey(new UnixAddr("@x", "unix"), 64), "");
});

test("the prefix length of such a network is 64 bits by default, configurable, and validated", () => {
  const length = (perAddress: Limits["perAddress"]) =>
    checkLimits("test", { perAddress }).perAddress!.ipv6Prefix;
  assert.equal(length(5), 64);
  assert.equal(length({ most: 5 }), 64);
  assert.equal(length({ most: 5, ipv6Prefix: 56 }), 56);
  for (const ipv6Prefix of [0, 129, 1.5, -1, NaN, "64" as unknown as number]) {
    assert.throws(() => length({ most: 5, ipv6Prefix }), /perAddress\.ipv6Prefix/);
  }
});
