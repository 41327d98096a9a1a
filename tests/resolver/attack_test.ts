// SPDX-License-Identifier: MIT
/** Servers, and others, that send what is wrong, by mistake or on purpose. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import packet, { type Question } from "dns-packet";
import {
  DNSError,
  go,
  listenPacket,
  Resolver,
  type Routine,
  type UDPAddr,
  type UDPConn,
} from "../../mod.ts";
import { both, thrown } from "../support/harness.ts";
import {
  addresses,
  alias,
  dnsServer,
  encode,
  type Script,
  type Scripted,
  zone,
} from "../support/dns_server.ts";

/** A resolver that asks for one type, and once. */
function resolverOf(...servers: { readonly address: string }[]): Resolver {
  return resolverWith("timeout:30", ...servers);
}

function resolverWith(option: string, ...servers: { readonly address: string }[]): Resolver {
  return new Resolver({
    servers: servers.map(({ address }) => address),
    resolvConf: { text: `options no-aaaa attempts:1 ${option}` },
    hosts: { text: "" },
    nsswitch: { text: "" },
  });
}

/** Responses to a query, that differ from the right one. */
function forged(query: Uint8Array): Uint8Array[] {
  const decoded = packet.decode(Buffer.from(query));
  const [question] = decoded.questions as Question[];
  const id = decoded.id!;
  const bad = { answers: addresses("x.test", "192.0.2.66") };
  const wrongId = encode(id ^ 1, question, bad);
  const wrongType = encode(id, { ...question, type: "AAAA" }, bad);
  const wrongName = encode(id, { ...question, name: "y.test" }, bad);
  const noResponse = encode(id, question, bad);
  noResponse[2] &= 0x7f;
  return [
    wrongId,
    wrongType,
    wrongName,
    noResponse,
    query,
    new Uint8Array(0),
    query.subarray(0, 11),
    encode(id, question, { ...bad, noQuestion: true }),
  ];
}

/** The right response to a query. */
function right(query: Uint8Array): Uint8Array {
  const { id, questions } = packet.decode(Buffer.from(query));
  return encode(id!, questions![0], { answers: addresses("x.test", "192.0.2.1") });
}

both(
  "unrelated datagrams are dropped, and the response behind them is found",
  function* () {
    using server = yield* dnsServer(() => ({ raw: (query) => [...forged(query), right(query)] }));
    assert.deepEqual(yield* resolverOf(server).lookupHost("x.test"), ["192.0.2.1"]);
    assert.deepEqual(server.asked.map(({ via }) => via), ["udp"]);
  },
);

both("a flood of unrelated datagrams causes a query over TCP", function* () {
  const script: Script = ({ via }) => ({
    raw: (query) =>
      via === "tcp" ? [right(query)] : Array.from({ length: 5 }, () => forged(query)).flat(),
  });
  using server = yield* dnsServer(script);
  assert.deepEqual(yield* resolverOf(server).lookupHost("x.test"), ["192.0.2.1"]);
  assert.deepEqual(server.asked.map(({ via }) => via), ["udp", "tcp"]);
});

/** A response with an address record of five bytes. */
function longAddress(query: Uint8Array): Uint8Array {
  const { id, questions } = packet.decode(Buffer.from(query));
  const response = Uint8Array.of(
    ...encode(id!, questions![0], {}),
    ...[0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 5, 192, 0, 2, 1, 0],
  );
  response[7] = 1;
  return response;
}

both("an address record of the wrong length is an error of the server", function* () {
  using server = yield* dnsServer(() => ({ raw: (query) => [longAddress(query)] }));
  const error = yield* thrown(resolverOf(server).lookupHost("x.test"));
  assert.ok(error instanceof DNSError, String(error));
  assert.equal(error.code, "EBADRESP");
});

/** A server whose every answer also arrives from another port, and first. */
function* serveTwice(conn: UDPConn, stranger: UDPConn): Routine<void> {
  const buffer = new Uint8Array(4096);
  for (;;) {
    const { n, addr } = yield* conn.readFrom(buffer);
    const query = buffer.slice(0, n);
    const { id, questions } = packet.decode(Buffer.from(query));
    const bad = encode(id!, questions![0], { answers: addresses("x.test", "192.0.2.66") });
    yield* stranger.writeTo(bad, addr as UDPAddr);
    yield* conn.writeTo(right(query), addr);
  }
}

both("a response counts only from the queried server", function* () {
  using conn = yield* listenPacket("udp", "127.0.0.1:0");
  using stranger = yield* listenPacket("udp", "127.0.0.1:0");
  go(() => serveTwice(conn, stranger));
  const resolver = resolverOf({ address: String(conn.localAddr) });
  for (let i = 0; i < 5; i++) {
    assert.deepEqual(yield* resolver.lookupHost("x.test"), ["192.0.2.1"]);
  }
});

both("each lookup has its own port, shared by its record types", function* () {
  using conn = yield* listenPacket("udp", "127.0.0.1:0");
  const ports: number[] = [];
  go(function* server() {
    const buffer = new Uint8Array(4096);
    for (;;) {
      const { n, addr } = yield* conn.readFrom(buffer);
      ports.push(addr.port);
      yield* conn.writeTo(right(buffer.slice(0, n)), addr);
    }
  });
  const files = { hosts: { text: "" }, nsswitch: { text: "" } };
  const resolver = new Resolver({ ...files, servers: [String(conn.localAddr)] });
  for (let i = 0; i < 20; i++) yield* resolver.lookupIP("ip", "x.test");
  assert.equal(ports.length, 40);
  for (let i = 0; i < 40; i += 2) assert.equal(ports[i], ports[i + 1]);
  assert.ok(new Set(ports).size > 15, `${new Set(ports).size} ports`);
});

both("a server that does not preserve case is queried over TCP", function* () {
  using server = yield* dnsServer(() => ({
    raw: (query) => {
      const lowered = right(query);
      for (let i = 13; i < 20; i++) {
        if (lowered[i] >= 0x41 && lowered[i] <= 0x5a) lowered[i] |= 0x20;
      }
      return [lowered];
    },
  }));
  const resolver = resolverOf(server);
  // One in 32 has no capitals from the start.
  for (let i = 0; i < 8; i++) {
    assert.deepEqual(yield* resolver.lookupHost("x.test"), ["192.0.2.1"]);
  }
  assert.ok(server.asked.some(({ via }) => via === "tcp"));
});

both("a response too long for a datagram is queried again over TCP", function* () {
  const many = Array.from({ length: 255 }, (_, i) => `192.0.2.${i}`);
  using server = yield* dnsServer(() => ({ answers: addresses("x.test", ...many) }));
  assert.equal((yield* resolverOf(server).lookupHost("x.test")).length, 255);
  assert.deepEqual(server.asked.map(({ via }) => via), ["udp", "tcp"]);
});

/** A number from 0 up to `n`, the same in every run. */
function numbers(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * n);
  };
}

/** The right response with bytes changed, cut off, or added behind the question. */
function malformed(query: Uint8Array, pick: (n: number) => number): Uint8Array {
  const { id, questions } = packet.decode(Buffer.from(query));
  const [question] = questions!;
  const whole = encode(id!, question, {
    answers: [alias("x.test", "y.test"), ...addresses("y.test", "192.0.2.1", "2001:db8::1")],
    authorities: [{ type: "NS", name: "test", ttl: 1, data: "ns.test" }],
  });
  const start = 12 + 8 + 4;
  for (let i = pick(8); i >= 0; i--) whole[start + pick(whole.length - start)] = pick(256);
  for (let i = pick(3); i > 0; i--) whole[6 + pick(4)] = pick(256);
  return pick(3) === 0 ? whole.subarray(0, start + pick(whole.length - start)) : whole;
}

both(
  "each of 200 malformed responses is an address or a DNSError, and the next server is queried",
  function* () {
    const pick = numbers(20_261_130);
    using bad = yield* dnsServer(() => ({ raw: (query) => [malformed(query, pick)] }));
    using good = yield* dnsServer(zone({ "x.test": addresses("x.test", "192.0.2.1") }));
    const alone = resolverOf(bad);
    let refused = 0;
    for (let i = 0; i < 200; i++) {
      try {
        for (const address of yield* alone.lookupHost("x.test")) {
          assert.match(
            address,
            /^[0-9a-f.:]+$/,
          );
        }
      } catch (error) {
        if (!(error instanceof DNSError)) throw error;
        refused++;
      }
    }
    assert.ok(refused > 20, `${refused} were refused`);
    const before = good.asked.length;
    for (let i = 0; i < 50; i++) yield* thrownOrNot(resolverOf(bad, good).lookupHost("x.test"));
    assert.ok(good.asked.length > before);
  },
);

function* thrownOrNot(call: Routine<unknown>): Routine<void> {
  try {
    yield* call;
  } catch (error) {
    if (!(error instanceof DNSError)) throw error;
  }
}

/** What a stream may send instead of a response. */
const STREAMS: readonly (readonly [Scripted | "close" | "silent", RegExp])[] = [
  ["close", /EOF|reset/],
  ["silent", /i\/o timeout/],
  [{ raw: () => [new Uint8Array(0), Uint8Array.of(1)] }, /i\/o timeout/],
  [{ raw: (query) => [...forged(query), right(query)] }, /^$/],
  [{ raw: (query) => Array.from({ length: 40 }, () => query) }, /unmarshal/],
];

both("a stream without a response is an error, and never hangs", function* () {
  for (const [behavior, expected] of STREAMS) {
    using server = yield* dnsServer(({ via }) =>
      via === "tcp" ? behavior : { flags: packet.TRUNCATED_RESPONSE }
    );
    const timeout = expected.source.includes("timeout") ? "timeout:1" : "timeout:30";
    const call = resolverWith(timeout, server).lookupHost("x.test");
    if (expected.source === "^$") {
      assert.deepEqual(yield* call, ["192.0.2.1"]);
      continue;
    }
    const error = yield* thrown(call);
    assert.ok(error instanceof DNSError, String(error));
    assert.match(error.message, expected);
  }
});

both("a response with too many records is refused", function* () {
  using server = yield* dnsServer(({ via }) => ({
    flags: via === "udp" ? packet.TRUNCATED_RESPONSE : packet.RECURSION_AVAILABLE,
    raw: via === "udp" ? undefined : (query) => {
      const all = new Uint8Array(65535);
      all.set(right(query).subarray(0, 24));
      [all[6], all[7]] = [0xff, 0xff];
      return [all];
    },
  }));
  const error = yield* thrown(resolverOf(server).lookupHost("x.test"));
  assert.ok(error instanceof DNSError && error.code === "EBADRESP", String(error));
});

/** A response with 4000 records, each owner name a chain of 8000 pointers. */
function pointerChains(query: Uint8Array): Uint8Array {
  const chain = 12 + 8 + 4 + 12;
  const last = chain + 2 * 7999;
  const all = new Uint8Array(last + 2 + 4000 * 12);
  all.set(right(query).subarray(0, 24));
  [all[6], all[7]] = [4001 >> 8, 4001 & 0xff];
  // The first record, of type TXT, has the chain as its data.
  const size = last + 2 - chain;
  all.set([0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60, size >> 8, size & 0xff], chain - 12);
  for (let at = chain; at <= last; at += 2) {
    const target = at === chain ? 12 : at - 2;
    all.set([0xc0 | target >> 8, target & 0xff], at);
  }
  for (let at = last + 2; at < all.length; at += 12) {
    all.set([0xc0 | last >> 8, last & 0xff, 0, 1, 0, 1, 0, 0, 0, 60, 0, 0], at);
  }
  return all;
}

both("a response with chained compression pointers is refused in bounded time", function* () {
  using server = yield* dnsServer(({ via }) => ({
    flags: via === "udp" ? packet.TRUNCATED_RESPONSE : packet.RECURSION_AVAILABLE,
    raw: via === "udp" ? undefined : (query) => [pointerChains(query)],
  }));
  const error = yield* thrown(resolverOf(server).lookupHost("x.test"));
  assert.ok(error instanceof DNSError && error.code === "EBADRESP", String(error));
  assert.match(String((error.cause as Error).message), /too many pointers/);
});

both("a cache stores no large messages", function* () {
  const many = (count: number) =>
    addresses("x.test", ...Array.from({ length: count }, (_, i) => `192.0.${i >> 8}.${i & 255}`));
  for (const [count, queries] of [[100, 1], [1000, 2]]) {
    using server = yield* dnsServer(({ via }) =>
      via === "udp" ? { flags: packet.TRUNCATED_RESPONSE } : { answers: many(count) }
    );
    const resolver = new Resolver({
      servers: [server.address],
      resolvConf: { text: "options no-aaaa attempts:1 timeout:30" },
      hosts: { text: "" },
      nsswitch: { text: "" },
      cache: true,
    });
    for (let i = 0; i < 2; i++) {
      assert.equal((yield* resolver.lookupHost("x.test")).length, count);
    }
    assert.equal(server.asked.filter(({ via }) => via === "tcp").length, queries);
  }
});
