// SPDX-License-Identifier: MIT
/** The resolver and name servers that answer, or do not: the queries, and their outcome. */
import assert from "node:assert/strict";
import packet from "dns-packet";
import {
  background,
  CanceledError,
  dial,
  DNSError,
  formatIP,
  go,
  isCanceled,
  listen,
  lookupHost,
  OpError,
  Resolver,
  type ResolverOptions,
  type Routine,
  withCancel,
} from "../../mod.ts";
import { both, onWindows, parked, portOf, thrown, until } from "../support/harness.ts";
import {
  addresses,
  alias,
  type Asked,
  authority,
  dnsServer,
  type Script,
  type ScriptedServer,
  zone,
} from "../support/dns_server.ts";

/** A resolver of these servers alone, with a resolv.conf and a hosts file of its own. */
function resolverOf(
  servers: readonly ScriptedServer[],
  options: string = "",
  more: ResolverOptions = {},
): Resolver {
  return new Resolver({
    servers: servers.map(({ address }) => address),
    resolvConf: { text: options },
    hosts: { text: "" },
    nsswitch: { text: "hosts: files dns" },
    ...more,
  });
}

/** What a look-up must throw, as a DNSError with this code. */
function* fails(call: Routine<unknown>, code: string): Routine<DNSError> {
  const error = yield* thrown(call);
  assert.ok(error instanceof DNSError, String(error));
  assert.equal(error.code, code, error.message);
  return error;
}

const shown = ({ name, type, via }: Asked) => `${via} ${name} ${type}`;

both(
  "lookupHost() queries both types at once, and dial() connects to the result",
  function* () {
    using server = yield* dnsServer(zone({ "x.test": addresses("x.test", "127.0.0.1", "::1") }));
    const resolver = resolverOf([server]);
    assert.deepEqual((yield* resolver.lookupHost("x.test")).sort(), ["127.0.0.1", "::1"]);
    assert.deepEqual(server.asked.map(shown).sort(), ["udp x.test A", "udp x.test AAAA"]);
    assert.ok(server.asked.every(({ edns }) => edns));
    using listener = yield* listen("tcp", "127.0.0.1:0");
    using conn = yield* dial("tcp4", `x.test:${portOf(listener)}`, { resolver });
    assert.equal(String(conn.remoteAddr), String(listener.addr));
  },
);

both("lookupIP() queries a single version if only that is requested", function* () {
  using server = yield* dnsServer(
    zone({ "x.test": addresses("x.test", "192.0.2.1", "2001:db8::1") }),
  );
  const resolver = resolverOf([server]);
  assert.deepEqual((yield* resolver.lookupIP("ip4", "x.test")).map(formatIP), ["192.0.2.1"]);
  assert.deepEqual((yield* resolver.lookupIP("ip6", "x.test")).map(formatIP), ["2001:db8::1"]);
  assert.deepEqual(server.asked.map(({ type }) => type), ["A", "AAAA"]);
  yield* fails(resolver.lookupIP("ip4", "y.test"), "ENOTFOUND");
});

both("a custom resolver's addresses are used like those of lookup", function* () {
  const resolver = {
    *lookupHost(host: string): Routine<string[]> {
      return [host === "x.test" ? "127.0.0.1" : "no address"];
    },
  };
  assert.deepEqual(yield* lookupHost("x.test", { resolver }), ["127.0.0.1"]);
  using listener = yield* listen("tcp", "x.test:0", { resolver });
  using conn = yield* dial("tcp", `x.test:${portOf(listener)}`, { resolver });
  assert.equal(String(conn.remoteAddr), String(listener.addr));
  assert.ok((yield* thrown(lookupHost("y.test", { resolver }))) instanceof TypeError);
  for (const bad of ["go", 7, {}, null]) {
    const error = yield* thrown(lookupHost("x.test", { resolver: bad as unknown as "own" }));
    assert.ok(error instanceof TypeError && /resolver/.test(error.message), String(error));
  }
});

both("a name that does not exist and one without addresses have different errors", function* () {
  using server = yield* dnsServer(zone({ "mail.test": [] }));
  const resolver = resolverOf([server]);
  const none = yield* fails(resolver.lookupHost("nosuch.test"), "ENOTFOUND");
  assert.equal(none.message, `lookup nosuch.test on ${server.address}: no such host`);
  assert.ok(none.isNotFound && !none.temporary);
  const empty = yield* fails(resolver.lookupHost("mail.test"), "ENODATA");
  assert.ok(empty.isNotFound);
  const dialled = yield* thrown(dial("tcp", "nosuch.test:1", { resolver }));
  assert.ok(dialled instanceof OpError && dialled.cause instanceof DNSError);
});

/** Responses that another server may better. */
const FAILURES: readonly (readonly [rcode: number, code: string])[] = [
  [1, "EFORMERR"],
  [2, "ESERVFAIL"],
  [4, "ENOTIMP"],
  [5, "EREFUSED"],
];

both("a failing server is skipped, and a negative answer is accepted", function* () {
  for (const [rcode, code] of FAILURES) {
    using bad = yield* dnsServer(() => ({ rcode }));
    using good = yield* dnsServer(zone({ "x.test": addresses("x.test", "192.0.2.1") }));
    assert.deepEqual(yield* resolverOf([bad, good]).lookupHost("x.test"), ["192.0.2.1"], code);
    const error = yield* fails(resolverOf([bad]).lookupHost("x.test"), code);
    assert.match(error.message, /server misbehaving$/);
    yield* fails(resolverOf([bad, good]).lookupHost("y.test"), "ENOTFOUND");
  }
  using denies = yield* dnsServer(zone({}));
  using other = yield* dnsServer(zone({ "x.test": addresses("x.test", "192.0.2.1") }));
  yield* fails(resolverOf([denies, other]).lookupHost("x.test"), "ENOTFOUND");
  assert.equal(other.asked.length, 0);
});

both("a lame server is skipped", function* () {
  using lame = yield* dnsServer(() => ({
    flags: 0,
    authorities: [{ type: "NS", name: "test", ttl: 1, data: "ns.test" }],
  }));
  using good = yield* dnsServer(zone({ "x.test": addresses("x.test", "192.0.2.1") }));
  assert.deepEqual(yield* resolverOf([lame, good]).lookupHost("x.test"), ["192.0.2.1"]);
  assert.match((yield* fails(resolverOf([lame]).lookupHost("x.test"), "EBADRESP")).message, /lame/);
});

both("a silent server costs its timeout, and one without a socket nothing", function* () {
  using silent = yield* dnsServer(() => "silent");
  using good = yield* dnsServer(zone({ "x.test": addresses("x.test", "192.0.2.1") }));
  const text = "options timeout:1 attempts:5";
  const found = yield* resolverOf([silent, good], text).lookupHost("x.test");
  assert.deepEqual(found, ["192.0.2.1"]);
  const gone = yield* dnsServer(() => "silent");
  gone[Symbol.dispose]();
  assert.deepEqual(yield* resolverOf([gone, good]).lookupHost("x.test"), ["192.0.2.1"]);
  // Windows does not report at once that nothing listens.
  if (onWindows) return;
  const refused = yield* fails(resolverOf([gone]).lookupHost("x.test"), "ECONNREFUSED");
  assert.ok(refused.isTemporary && !refused.isNotFound);
});

both("a query without a response does not discard the other type's addresses", function* () {
  for (const dead of ["A", "AAAA"]) {
    const script: Script = ({ type }) =>
      type === dead
        ? { rcode: 2 }
        : { answers: addresses("x.test", type === "A" ? "192.0.2.1" : "2001:db8::1") };
    using first = yield* dnsServer(script);
    using second = yield* dnsServer(script);
    const found = yield* resolverOf([first, second]).lookupHost("x.test");
    assert.deepEqual(found, [dead === "A" ? "2001:db8::1" : "192.0.2.1"]);
    assert.deepEqual(second.asked.map(({ type }) => type), [dead, dead]);
    const strict = resolverOf([first, second], "", { strictErrors: true });
    yield* fails(strict.lookupHost("x.test"), "ESERVFAIL");
  }
});

both("a truncated response is queried again over TCP, and never used itself", function* () {
  const all = Array.from({ length: 200 }, (_, i) => `192.0.2.${i}`);
  const script: Script = ({ via, type }) => {
    if (type === "AAAA") return { authorities: [authority("test")] };
    const flags = packet.TRUNCATED_RESPONSE | packet.RECURSION_AVAILABLE;
    return via === "udp"
      ? { flags, answers: addresses("x.test", "192.0.2.250") }
      : { answers: addresses("x.test", ...all) };
  };
  using server = yield* dnsServer(script);
  assert.deepEqual(yield* resolverOf([server]).lookupHost("x.test"), all);
  assert.equal(server.asked.filter(({ via }) => via === "tcp").length, 1);
  using closes = yield* dnsServer((asked) => asked.via === "tcp" ? "close" : script(asked));
  const lost = yield* fails(resolverOf([closes]).lookupIP("ip4", "x.test"), "");
  assert.match(lost.message, /EOF|reset/);
});

both("use-vc queries over TCP at once, both types on one connection", function* () {
  using server = yield* dnsServer(zone({ "x.test": addresses("x.test", "192.0.2.1") }));
  yield* resolverOf([server], "options use-vc").lookupHost("x.test");
  assert.deepEqual(server.asked.map(shown), ["tcp x.test A", "tcp x.test AAAA"]);
});

both("a server without EDNS support is queried without it", function* () {
  for (const noQuestion of [false, true]) {
    using server = yield* dnsServer(({ edns, type }) =>
      edns ? { rcode: 1, noQuestion } : zone({ "x.test": addresses("x.test", "192.0.2.1") })(
        { edns, type, name: "x.test", via: "udp", flags: 0 },
      )
    );
    assert.deepEqual(yield* resolverOf([server]).lookupHost("x.test"), ["192.0.2.1"]);
    assert.deepEqual(server.asked.map(({ edns }) => edns), [true, true, false, false]);
  }
});

both("aliases are followed in any order, only by their owner names", function* () {
  const answers = [
    ...addresses("b.other", "192.0.2.9"),
    ...addresses("c.test", "192.0.2.1"),
    alias("b.test", "c.test"),
    alias("A.TEST", "b.test"),
  ];
  using server = yield* dnsServer(({ type }) =>
    type === "A" ? { answers } : { answers: answers.slice(2) }
  );
  const resolver = resolverOf([server]);
  assert.deepEqual(yield* resolver.lookupIP("ip4", "a.test"), [Uint8Array.of(192, 0, 2, 1)]);
  assert.equal(yield* resolver.lookupCNAME("a.test"), "c.test.");
});

both(
  "an alias without its target is queried again, and additional records are ignored",
  function* () {
    using server = yield* dnsServer(({ name, type }) => {
      if (type !== "A") return { authorities: [authority("test")] };
      if (name === "b.test") return { answers: addresses("b.test", "192.0.2.2") };
      return {
        answers: [alias("a.test", "b.test")],
        additionals: addresses("b.test", "192.0.2.66"),
      };
    });
    assert.deepEqual(yield* resolverOf([server]).lookupHost("a.test"), ["192.0.2.2"]);
  },
);

both("alias loops and endless chains are an error", function* () {
  using circle = yield* dnsServer(() => ({
    answers: [alias("a.test", "b.test"), alias("b.test", "a.test")],
  }));
  yield* fails(resolverOf([circle]).lookupHost("a.test"), "ELOOP");
  using endless = yield* dnsServer(({ name }) => ({ answers: [alias(name, `x${name}`)] }));
  yield* fails(resolverOf([endless]).lookupIP("ip4", "a.test"), "ELOOP");
  assert.ok(endless.asked.length < 30);
});

both("the search list is tried in the order of ndots", function* () {
  using server = yield* dnsServer(zone({ "x.b.test": addresses("x.b.test", "192.0.2.1") }));
  const resolver = resolverOf([server], "search a.test b.test\noptions ndots:2 no-aaaa");
  const names = function* (host: string): Routine<string[]> {
    server.asked.length = 0;
    yield* thrown(resolver.lookupHost(host));
    return server.asked.map(({ name }) => name);
  };
  assert.deepEqual(yield* names("y"), ["y.a.test", "y.b.test", "y"]);
  assert.deepEqual(yield* names("y.z"), ["y.z.a.test", "y.z.b.test", "y.z"]);
  assert.deepEqual(yield* names("y.z.w"), ["y.z.w", "y.z.w.a.test", "y.z.w.b.test"]);
  assert.deepEqual(yield* names("y.z."), ["y.z"]);
  assert.deepEqual(yield* resolver.lookupHost("x"), ["192.0.2.1"]);
});

both("a failure in the search list is not mistaken for a missing name", function* () {
  using server = yield* dnsServer((asked) => {
    if (asked.name === "x.a.test") return { rcode: 2 };
    return zone({ "y.b.test": addresses("y.b.test", "192.0.2.1") })(asked);
  });
  const text = "search a.test b.test\noptions no-aaaa attempts:1";
  const resolver = resolverOf([server], text);
  yield* fails(resolver.lookupHost("x"), "ESERVFAIL");
  assert.deepEqual(yield* resolver.lookupHost("y"), ["192.0.2.1"]);
  yield* fails(resolver.lookupHost("z"), "ENOTFOUND");
  const strict = resolverOf([server], text, { strictErrors: true });
  assert.equal((yield* fails(strict.lookupHost("x"), "ESERVFAIL")).host, "x");
});

both("rotate starts each lookup at the next server", function* () {
  const script = zone({ "x.test": addresses("x.test", "192.0.2.1") });
  using first = yield* dnsServer(script);
  using second = yield* dnsServer(script);
  const resolver = resolverOf([first, second], "options rotate no-aaaa");
  for (let i = 0; i < 4; i++) yield* resolver.lookupHost("x.test");
  assert.deepEqual([first.asked.length, second.asked.length], [2, 2]);
});

both("single-request queries one type after the other, and trust-ad sets the AD bit", function* () {
  const open: string[] = [];
  using server = yield* dnsServer(({ type, flags }) => {
    open.push(`${type} ${(flags & packet.AUTHENTIC_DATA) !== 0}`);
    return { answers: type === "A" ? addresses("x.test", "192.0.2.1") : [], delay: 5 };
  });
  yield* resolverOf([server], "options single-request trust-ad").lookupHost("x.test");
  assert.deepEqual(open, ["A true", "AAAA true"]);
});

both("concurrent lookups of one name share a query", function* () {
  using server = yield* dnsServer(() => ({ answers: addresses("x.test", "192.0.2.1"), delay: 20 }));
  const resolver = resolverOf([server], "options no-aaaa");
  const all = Array.from({ length: 20 }, () => go(() => resolver.lookupHost("x.test")));
  for (const each of all) assert.deepEqual(yield* each.join(), ["192.0.2.1"]);
  assert.equal(server.asked.length, 1);
});

both("a cancelled lookup does not affect others that share its query", function* () {
  let answers = false;
  using server = yield* dnsServer(() =>
    answers ? { answers: addresses("x.test", "192.0.2.1") } : "silent"
  );
  const resolver = resolverOf([server], "options no-aaaa timeout:30");
  const [context, cancel] = withCancel(background());
  const first = go(() => thrown(resolver.lookupHost("x.test", { context })));
  const second = go(() => resolver.lookupHost("x.test"));
  yield* until(() => server.asked.length === 1);
  yield* parked(second);
  answers = true;
  cancel();
  const error = yield* first.join();
  assert.ok(
    error instanceof DNSError && isCanceled(error.cause) && error.cause instanceof CanceledError,
  );
  assert.deepEqual(yield* second.join(), ["192.0.2.1"]);
});

both("the timeout of the call ends it, whatever time the servers have left", function* () {
  using silent = yield* dnsServer(() => "silent");
  const resolver = resolverOf([silent], "options timeout:30");
  const error = yield* thrown(resolver.lookupHost("x.test", { timeout: 20 }));
  assert.ok(error instanceof DNSError && error.isTimeout, String(error));
  assert.equal(error.message, "lookup x.test: i/o timeout");
});

both("the hosts file is used first, in any case and with or without a final dot", function* () {
  using server = yield* dnsServer(zone({}));
  const hosts = {
    text: "192.0.2.1 Alpha beta.\n2001:DB8::1 alpha\n192.0.2.1 alpha # again\nbad alpha\n",
  };
  const resolver = resolverOf([server], "", { hosts });
  for (const name of ["alpha", "ALPHA", "alpha."]) {
    assert.deepEqual(yield* resolver.lookupHost(name), ["192.0.2.1", "2001:db8::1"]);
  }
  assert.deepEqual(yield* resolver.lookupHost("beta"), ["192.0.2.1"]);
  assert.deepEqual(yield* resolver.lookupAddr("192.0.2.1"), ["Alpha", "beta.", "alpha"]);
  assert.equal(yield* resolver.lookupCNAME("beta"), "Alpha.");
  assert.equal(server.asked.length, 0);
});

both("with files alone no server is queried", function* () {
  using server = yield* dnsServer(zone({ "x.test": addresses("x.test", "192.0.2.1") }));
  const resolver = resolverOf([server], "", { nsswitch: { text: "hosts: files" } });
  yield* fails(resolver.lookupHost("x.test"), "ENOTFOUND");
  assert.equal(server.asked.length, 0);
  const later = resolverOf([server], "options no-aaaa", {
    hosts: { text: "192.0.2.9 x.test y.test" },
    nsswitch: { text: "hosts: dns files" },
  });
  assert.deepEqual(yield* later.lookupHost("x.test"), ["192.0.2.1"]);
  assert.deepEqual(yield* later.lookupHost("y.test"), ["192.0.2.9"]);
  yield* fails(later.lookupHost("z.test"), "ENOTFOUND");
});

both("a cache keeps answers and negative answers for their TTL, and no failures", function* () {
  let failing = true;
  using server = yield* dnsServer((asked) => {
    if (asked.name === "down.test" && failing) return { rcode: 2 };
    return zone({
      "x.test": addresses("x.test", "192.0.2.1"),
      "down.test": addresses("down.test", "192.0.2.2"),
      "brief.test": [{ type: "A", name: "brief.test", ttl: 0, data: "192.0.2.3" }],
    })(asked);
  });
  const resolver = resolverOf([server], "options no-aaaa attempts:1", { cache: { size: 2 } });
  const queries = function* (...names: string[]): Routine<number> {
    const before = server.asked.length;
    for (const name of names) {
      try {
        yield* resolver.lookupHost(name);
      } catch (error) {
        if (!(error instanceof DNSError)) throw error;
      }
    }
    return server.asked.length - before;
  };
  assert.equal(yield* queries("x.test", "X.test", "x.test."), 1);
  assert.equal(yield* queries("nosuch.test", "nosuch.test"), 1);
  assert.equal(yield* queries("brief.test", "brief.test"), 2);
  assert.equal(yield* queries("down.test", "down.test"), 2);
  failing = false;
  assert.equal(yield* queries("down.test", "down.test"), 1);
  // Only two are kept, those that were used last.
  assert.equal(yield* queries("nosuch.test", "down.test"), 0);
  assert.equal(yield* queries("x.test"), 1);
});

both("localhost and its subdomains are this machine, and no server is queried", function* () {
  using server = yield* dnsServer(zone({}));
  const resolver = resolverOf([server]);
  for (const name of ["localhost", "foo.localhost", "LocalHost."]) {
    assert.deepEqual(yield* resolver.lookupHost(name), ["127.0.0.1", "::1"]);
    assert.deepEqual(yield* lookupHost(name), ["127.0.0.1", "::1"]);
  }
  assert.equal(server.asked.length, 0);
});

both("invalid names are not queried, and names of the maximum length are", function* () {
  const longest = `${"a".repeat(63)}.${"b".repeat(63)}.${"c".repeat(63)}.${"d".repeat(61)}`;
  using server = yield* dnsServer(({ name }) => ({ answers: addresses(name, "192.0.2.1") }));
  const resolver = resolverOf([server], "options no-aaaa");
  const bad = [`${"a".repeat(64)}.test`, `${longest}d`, "a..test", ".test", "", "a b", "-a.test"];
  for (const name of bad) {
    yield* fails(resolver.lookupHost(name), "ENOTFOUND");
    yield* fails(resolver.lookupMX(name), "ENOTFOUND");
  }
  assert.equal(server.asked.length, 0);
  assert.deepEqual(yield* resolver.lookupHost(longest), ["192.0.2.1"]);
  assert.deepEqual(yield* resolver.lookupHost(`${longest}.`), ["192.0.2.1"]);
});

both("non-ASCII names are queried in their IDNA form", function* () {
  using server = yield* dnsServer(({ name }) => ({ answers: addresses(name, "192.0.2.1") }));
  const resolver = resolverOf([server], "options no-aaaa");
  yield* resolver.lookupHost("B\u00dccher.test");
  yield* resolver.lookupHost("\u4f8b\u3048\u3002\u30c6\u30b9\u30c8");
  assert.deepEqual(server.asked.map(({ name }) => name), [
    "xn--bcher-kva.test",
    "xn--r8jz45g.xn--zckzah",
  ]);
  for (const name of ["x\u00fc@b.test", "\u00fc:80", "\u00fc/b", "\uff10x7f\u30021"]) {
    yield* fails(resolver.lookupHost(name), "ENOTFOUND");
  }
});

both("lookups that need not wait let others run", function* () {
  using server = yield* dnsServer(zone({ "x.test": addresses("x.test", "192.0.2.1") }));
  const resolver = resolverOf([server], "options no-aaaa", {
    cache: true,
    hosts: { text: "192.0.2.2 file.test" },
  });
  yield* resolver.lookupHost("x.test");
  yield* thrown(resolver.lookupMX("x.test"));
  const calls: Record<string, () => Routine<unknown>> = {
    "an address": () => lookupHost("192.0.2.1"),
    "this machine": () => lookupHost("localhost"),
    "the hosts file": () => lookupHost("file.test", { resolver }),
    "the hosts file of a resolver": () => resolver.lookupHost("file.test"),
    "the names of an address": () => resolver.lookupAddr("192.0.2.2"),
    "the cache": () => resolver.lookupHost("x.test"),
    "the cache, which has no such record": () => thrown(resolver.lookupMX("x.test")),
  };
  for (const [name, call] of Object.entries(calls)) {
    let ran = false;
    go(function* () {
      ran = true;
    });
    for (let i = 0; !ran && i < 10_000; i++) yield* call();
    assert.ok(ran, name);
  }
  assert.equal(server.asked.length, 2);
});
