// SPDX-License-Identifier: MIT
/** Dialing a name whose IP versions are answered at different times, or not at all. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  background,
  type Conn,
  dial,
  type DialOptions,
  go,
  isCanceled,
  listen,
  type Listener,
  listenPacket,
  numGoroutine,
  OpError,
  Resolver,
  type Routine,
  withCancel,
} from "../../mod.ts";
import { simulateSync } from "../../sim.ts";
import { HostLookup } from "../../src/resolver/host_lookup.ts";
import { both, portOf, thrown, until } from "../support/harness.ts";
import { addresses, dnsServer, type Script, type Scripted } from "../support/dns_server.ts";

const V4 = "127.0.0.1";
const V6 = "::1";

type Outcome = Scripted | "silent" | "close";

/** A script with one response for each record type. */
function script(a: Outcome, aaaa: Outcome): Script {
  return ({ type }) => type === "A" ? a : aaaa;
}

function answer(address: string, delay?: number): Scripted {
  return { answers: addresses("x.test", address), ...delay === undefined ? {} : { delay } };
}

/** A resolver that asks one server, once, for at most 30 seconds. */
function resolverOf({ address }: { readonly address: string }): Resolver {
  return new Resolver({
    servers: [address],
    resolvConf: { text: "options timeout:30 attempts:1" },
    hosts: { text: "" },
    nsswitch: { text: "" },
  });
}

/** Listeners on one port of both loopback addresses. */
function* onBoth(): Routine<[v4: Listener, v6: Listener]> {
  for (let tries = 0;; tries++) {
    const v4 = yield* listen("tcp", `${V4}:0`);
    try {
      return [v4, yield* listen("tcp", `[${V6}]:${portOf(v4)}`)];
    } catch (error) {
      v4.close();
      if (tries === 20 || !(error instanceof OpError)) throw error;
    }
  }
}

/** Dials x.test, whose records a server answers by `script`. Returns the address it connected to. */
function* dialed(outcome: Script, port: number, options: DialOptions = {}): Routine<string> {
  using server = yield* dnsServer(outcome);
  using conn: Conn = yield* dial("tcp", `x.test:${port}`, {
    resolver: resolverOf(server),
    ...options,
  });
  return String(conn.remoteAddr);
}

both("IPv6 is dialed although the query for IPv4 is never answered", function* () {
  const [v4, v6] = yield* onBoth();
  using _4 = v4;
  using _6 = v6;
  const port = portOf(v4);
  assert.equal(yield* dialed(script("silent", answer(V6)), port), `[${V6}]:${port}`);
});

both("IPv4 is dialed although the query for IPv6 is never answered", function* () {
  const [v4, v6] = yield* onBoth();
  using _4 = v4;
  using _6 = v6;
  const port = portOf(v4);
  assert.equal(yield* dialed(script(answer(V4), "silent"), port), `${V4}:${port}`);
});

both("a failure for one IP version does not affect the other", function* () {
  using listener = yield* listen("tcp", `${V4}:0`);
  const port = portOf(listener);
  for (const bad of [{ rcode: 2 }, {}, { raw: () => [Uint8Array.of(1)] }]) {
    assert.equal(yield* dialed(script(answer(V4), bad), port), `${V4}:${port}`);
  }
});

both("a refused address waits for those of the other IP version", function* () {
  using listener = yield* listen("tcp", `${V4}:0`);
  const port = portOf(listener);
  assert.equal(yield* dialed(script(answer(V4, 60), answer(V6)), port), `${V4}:${port}`);
});

both("addresses that all refuse are an error of the preferred one", function* () {
  const [v4, v6] = yield* onBoth();
  const port = portOf(v4);
  v4.close();
  v6.close();
  const error = yield* thrown(dialed(script(answer(V4, 60), answer(V6)), port));
  assert.ok(error instanceof OpError);
  assert.equal(error.code, "ECONNREFUSED");
  assert.equal(error.op, "dial");
});

both("a name that does not exist is the error of the lookup", function* () {
  const error = yield* thrown(dialed(script({ rcode: 3 }, { rcode: 3 }), 80));
  assert.ok(error instanceof OpError);
  assert.match(error.message, /^dial tcp: lookup x\.test.*: no such host$/);
});

both("a dial that is canceled or times out ends its lookup and its connects", function* () {
  const before = numGoroutine();
  using server = yield* dnsServer(script("silent", "silent"));
  const resolver = resolverOf(server);
  const late = yield* thrown(dial("tcp", "x.test:80", { resolver, timeout: 30 }));
  assert.equal((late as OpError).timeout, true);
  const [context, cancel] = withCancel(background());
  // Not a certain number: the first dial may have timed out before it asked.
  const asked = server.asked.length;
  go(function* () {
    yield* until(() => server.asked.length > asked);
    cancel();
  });
  const canceled = yield* thrown(dial("tcp", "x.test:80", { resolver, context }));
  assert.ok(isCanceled((canceled as OpError).cause), String(canceled));
  server[Symbol.dispose]();
  yield* until(() => numGoroutine() === before);
});

both("dials of one name at one time share the early addresses", function* () {
  using listener = yield* listen("tcp", `${V4}:0`);
  using server = yield* dnsServer(script(answer(V4), "silent"));
  const resolver = resolverOf(server);
  const address = `x.test:${portOf(listener)}`;
  const all = Array.from({ length: 3 }, () =>
    go(function* () {
      using conn = yield* dial("tcp", address, { resolver });
      return String(conn.remoteAddr);
    }));
  for (const each of all) assert.equal(yield* each.join(), String(listener.addr));
});

/** Dials in a simulation, whose clock shows when. Returns the address and the milliseconds. */
function simulated(outcome: Script, options: DialOptions = {}): [ip: string, ms: number] {
  const { value } = simulateSync({ seed: 1 }, function* () {
    const [v4, v6] = yield* onBoth();
    using _4 = v4;
    using _6 = v6;
    const start = performance.now();
    const address = yield* dialed(outcome, portOf(v4), options);
    return [address.includes("[") ? V6 : V4, performance.now() - start] as [string, number];
  });
  return value;
}

test("IPv4 waits 50 ms for the response for IPv6, which is then preferred", () => {
  const [prompt, soon] = simulated(script(answer(V4), answer(V6, 40)));
  assert.equal(prompt, V6);
  assert.ok(soon >= 40 && soon < 60, String(soon));
  const [late, ms] = simulated(script(answer(V4), answer(V6, 500)));
  assert.equal(late, V4);
  assert.ok(ms >= 50 && ms < 100, String(ms));
  const [never, atOnce] = simulated(script(answer(V4, 500), answer(V6)));
  assert.equal(never, V6);
  assert.ok(atOnce < 40, String(atOnce));
});

test("without parallel dials, both IP versions are awaited", () => {
  const [ip, ms] = simulated(script(answer(V4), answer(V6, 500)), { fallbackDelay: -1 });
  assert.equal(ip, V6);
  assert.ok(ms >= 500, String(ms));
});

both("addresses that one goroutine refuses reach the others that share its queries", function* () {
  using server = yield* dnsServer(script(answer(V4, 60), answer(V6)));
  const lookup = new HostLookup({
    servers: [server.address],
    resolvConf: { text: "options timeout:30 attempts:1" },
    hosts: { text: "" },
    nsswitch: { text: "" },
  });
  const refuse = () => {
    throw new Error("not permitted");
  };
  const first = go(() => lookup.addresses("x.test", ["dns"], "ip", refuse));
  const early: string[] = [];
  const second = yield* lookup.addresses("x.test", ["dns"], "ip", (some) => early.push(...some));
  assert.deepEqual([...second.addresses].sort(), [V4, V6].sort());
  assert.equal(early[0], V6);
  assert.deepEqual([...(yield* first.join()).addresses].sort(), [V4, V6].sort());
  assert.equal(server.asked.length, 2, "one query for each type");
});

test("a resolver from outside a simulation takes its random bytes from the seed", () => {
  const servers = ["127.0.0.1:5353"];
  const outside = new Resolver({ servers });
  const simulated = (resolver: Resolver | null) =>
    simulateSync({ seed: 5 }, function* () {
      using socket = yield* listenPacket("udp", servers[0]);
      const ids: number[] = [];
      go(function* () {
        const buf = new Uint8Array(600);
        for (;;) {
          const { n, addr } = yield* socket.readFrom(buf);
          ids.push(buf[0] << 8 | buf[1]);
          buf.set([0x81, 0x83], 2); // NXDOMAIN
          yield* socket.writeTo(buf.subarray(0, n), addr);
        }
      });
      yield* thrown((resolver ?? new Resolver({ servers })).lookupHost("x.test"));
      return [...ids, Math.random()];
    });
  const first = simulated(outside);
  assert.ok(first.value!.length >= 3);
  assert.deepEqual(simulated(outside).value, first.value);
  assert.deepEqual(simulated(null).value, first.value);
});
