// SPDX-License-Identifier: MIT
/** Sockets that several lookups use one after the other, each time from another port. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import packet from "dns-packet";
import {
  go,
  gosched,
  listenPacket,
  Resolver,
  type Routine,
  run,
  runSync,
  sleep,
  type UDPAddr,
} from "../../mod.ts";
import type { PacketCalls } from "../../platforms/contract/packets.ts";
import { platform } from "../../platforms/platform.ts";
import { netpoll } from "../../src/netpoll/netpoll.ts";
import { addresses, dnsServer, encode, zone } from "../support/dns_server.ts";
import { assertNothingLeft, both, errnoOf, openSockets, thrown } from "../support/harness.ts";

function resolverOf(...servers: string[]): Resolver {
  return new Resolver({
    servers,
    resolvConf: { text: "options no-aaaa attempts:1 timeout:30" },
    hosts: { text: "" },
    nsswitch: { text: "" },
  });
}

/** Whether sockets are kept here: where they can lose their port, with a poller of arrivals. */
function keeps(): boolean {
  return platform().packets.disconnect !== undefined && netpoll.init().edgePerArrival;
}

both("lookups one after the other use one socket, and a port each", function* () {
  const ports = new Set<number>();
  using conn = yield* listenPacket("udp", "127.0.0.1:0");
  go(function* server() {
    const buffer = new Uint8Array(4096);
    for (;;) {
      const { n, addr } = yield* conn.readFrom(buffer);
      ports.add(addr.port);
      yield* conn.writeTo(answerTo(buffer.slice(0, n)), addr);
    }
  });
  const resolver = resolverOf(String(conn.localAddr));
  const before = openSockets();
  for (let i = 0; i < 20; i++) yield* resolver.lookupHost("x.test");
  assert.equal(openSockets() - before, keeps() ? 1 : 0);
  assert.ok(ports.size > 15, `${ports.size} ports`);
});

both("no more than eight idle sockets are kept", function* () {
  using server = yield* dnsServer(zone({}));
  const resolver = resolverOf(server.address);
  const before = openSockets();
  const all = Array.from(
    { length: 40 },
    (_, i) => go(() => thrown(resolver.lookupTXT(`n${i}.test`))),
  );
  for (const each of all) yield* each.join();
  assert.ok(openSockets() - before <= 8, `${openSockets() - before} sockets`);
});

both("idle sockets are kept for all resolvers and servers of a run together", function* () {
  using one = yield* dnsServer(zone({}));
  using other = yield* dnsServer(zone({}));
  const before = netpoll.descriptors;
  for (let i = 0; i < 20; i++) {
    for (const { address } of [one, other]) {
      yield* thrown(resolverOf(address).lookupTXT(`n${i}.test`));
    }
  }
  assert.equal(one.asked.length + other.asked.length, 40);
  assert.equal(netpoll.descriptors - before, keeps() ? 1 : 0);
});

both("a late copy of a response does not reach the next lookup", function* () {
  using conn = yield* listenPacket("udp", "127.0.0.1:0");
  go(function* server() {
    const buffer = new Uint8Array(4096);
    let last: { message: Uint8Array; addr: UDPAddr } | null = null;
    for (;;) {
      const { n, addr } = yield* conn.readFrom(buffer);
      // To the port of the last lookup, and to that of this one.
      if (last !== null) {
        yield* conn.writeTo(last.message, last.addr);
        yield* conn.writeTo(last.message, addr);
      }
      const message = answerTo(buffer.slice(0, n));
      last = { message, addr };
      yield* conn.writeTo(message, addr);
      yield* conn.writeTo(message, addr);
    }
  });
  const resolver = resolverOf(String(conn.localAddr));
  for (let i = 0; i < 20; i++) {
    assert.deepEqual(yield* resolver.lookupHost(`n${i}.test`), [`192.0.2.${i}`]);
  }
});

both("queries of any length arrive whole after two that were sent by one call", function* () {
  using server = yield* dnsServer(zone({}));
  const resolver = new Resolver({
    servers: [server.address],
    resolvConf: { text: "" },
    hosts: { text: "" },
    nsswitch: { text: "" },
  });
  // Shorter, longer, and as long as the last: both types, then a single one by the same socket.
  for (const length of [20, 8, 40, 40]) {
    const name = `${"x".repeat(length)}.test`;
    yield* thrown(resolver.lookupHost(name));
    yield* thrown(resolver.lookupTXT(`long-${name}`));
    const asked = server.asked.splice(0).map(({ name, type, via }) => `${via} ${name} ${type}`);
    const both = ["A", "AAAA"].map((type) => `udp ${name} ${type}`);
    assert.deepEqual(asked, [...both, `udp long-${name} TXT`]);
  }
});

/** Has the system refuse to segment `data`: setsockopt(2) without the option, or send(2). */
const REFUSALS: Record<string, (packets: PacketCalls) => void> = {
  setsockopt(packets) {
    const { setOption } = packets;
    packets.setOption = (fd, option, value) =>
      option === "UDP_SEGMENT"
        ? -errnoOf("ENOPROTOOPT")
        : setOption.call(packets, fd, option, value);
  },
  send(packets) {
    const { send } = packets;
    packets.send = (fd, data, length) =>
      length > TWO_QUERIES ? -errnoOf("EINVAL") : send.call(packets, fd, data, length);
  },
};

/** Less than the length of two queries for x.test, and more than that of one. */
const TWO_QUERIES = 50;

for (const [call, refuse] of Object.entries(REFUSALS)) {
  both(`queries are sent one by one where ${call} refuses to segment them`, function* () {
    using server = yield* dnsServer(zone({}));
    const resolver = new Resolver({
      servers: [server.address],
      resolvConf: { text: "options attempts:1" },
      hosts: { text: "" },
      nsswitch: { text: "" },
    });
    const { packets } = platform();
    const { setOption, send } = packets;
    refuse(packets);
    try {
      for (let i = 0; i < 2; i++) yield* thrown(resolver.lookupHost("x.test"));
    } finally {
      Object.assign(packets, { setOption, send });
    }
    const asked = server.asked.map(({ type, via }) => `${via} ${type}`);
    assert.deepEqual(asked, ["udp A", "udp AAAA", "udp A", "udp AAAA"]);
  });
}

both("a lookup that is given up keeps no socket", function* () {
  using silent = yield* listenPacket("udp", "127.0.0.1:0");
  const resolver = resolverOf(String(silent.localAddr));
  const before = openSockets();
  yield* thrown(resolver.lookupHost("x.test", { timeout: 20 }));
  assert.equal(openSockets(), before);
});

for (const driver of ["run", "runSync"] as const) {
  test(`a lookup after the grace of a run uses no socket that is closed (${driver})`, async () => {
    let outcome = "ended while it waits";
    function* main(): Routine<void> {
      using server = yield* dnsServer(zone({ "x.test": addresses("x.test", "192.0.2.1") }));
      const resolver = resolverOf(server.address);
      yield* resolver.lookupHost("x.test");
      go(function* () {
        try {
          yield* sleep(60_000);
        } finally {
          try {
            yield* sleep(60_000);
          } finally {
            outcome = String(yield* thrown(resolver.lookupHost("y.test")));
          }
        }
      });
      yield* gosched();
    }
    const before = openSockets();
    if (driver === "run") await run(main, { grace: 20 });
    else runSync(main, { grace: 20 });
    assert.equal(outcome, "ended while it waits");
    assertNothingLeft(before);
  });
}

/** Answers n7.test with 192.0.2.7. */
function answerTo(query: Uint8Array): Uint8Array {
  const { id, questions } = packet.decode(Buffer.from(query));
  const [question] = questions!;
  const digits = /[0-9]+/.exec(question.name)?.[0] ?? "1";
  return encode(id!, question, { answers: addresses(question.name, `192.0.2.${digits}`) });
}
