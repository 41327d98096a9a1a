// SPDX-License-Identifier: MIT
/** Links, hosts and their faults: what loopback cannot show. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Conn,
  dial,
  go,
  listen,
  listenPacket,
  OpError,
  type Routine,
  sleep,
  type UDPConn,
} from "../../mod.ts";
import { type LinkOptions, type SimHost, simulateSync, type Simulation } from "../../sim.ts";
import { exchangeState } from "../../src/sched/thread_state.ts";
import { thrown } from "../support/harness.ts";
import { echoServer } from "./programs.ts";

/** Runs `main` with a server that sends back, and returns what it returns. */
function withEcho<T>(
  main: (sim: Simulation, server: SimHost) => Routine<T>,
  link: LinkOptions = { latency: 10 },
): T {
  return simulateSync({ seed: 5, link }, function* (sim) {
    const server = sim.host("server", { ip: "10.0.0.1", main: echoServer });
    yield* sleep(1);
    return yield* main(sim, server);
  }).value;
}

function* trip(conn: Conn, text = "hello"): Routine<string> {
  yield* conn.write(text);
  const buf = new Uint8Array(text.length);
  return (yield* conn.readFull(buf)) === null ? "" : new TextDecoder().decode(buf);
}

/** Duration of `call` in milliseconds, and the code of its error. */
function* timed(sim: Simulation, call: Routine<unknown>): Routine<[number, string | undefined]> {
  const began = sim.now;
  const error = yield* thrown(call) as Routine<OpError>;
  return [sim.now - began, error.code];
}

/** Asserts that `ms` is `expected`, but for the time of the processor. */
function assertAbout(ms: number, expected: number, slack = 5): void {
  assert.ok(ms >= expected && ms < expected + slack, `${ms} ms instead of ${expected}`);
}

test("a dial takes one round trip, and so does a refusal", () => {
  withEcho(function* (sim) {
    const began = sim.now;
    using conn = yield* dial("tcp", "server:7");
    assertAbout(sim.now - began, 20);
    assert.equal(yield* trip(conn), "hello");
    assertAbout(sim.now - began, 40);
    const [ms, code] = yield* timed(sim, dial("tcp", "server:8"));
    assertAbout(ms, 20);
    assert.equal(code, "ECONNREFUSED");
  });
});

test("a host that is down or cut off times out after 127 s, a missing host after 3 s, a missing network at once", () => {
  withEcho(function* (sim, server) {
    const cut = sim.partition(server, sim.test);
    assert.deepEqual((yield* timed(sim, dial("tcp", "server:7")))[1], "ETIMEDOUT");
    cut.heal();
    server.crash();
    const [ms, code] = yield* timed(sim, dial("tcp", "server:7"));
    assertAbout(ms, 127_000);
    assert.equal(code, "ETIMEDOUT");
    const [none, unreachable] = yield* timed(sim, dial("tcp", "10.99.99.99:1"));
    assertAbout(none, 3000);
    assert.equal(unreachable, "EHOSTUNREACH");
    const four = sim.host("four", { ip: "10.4.4.4" });
    const called = four.go(() => timed(sim, dial("tcp", "[fd00::1234]:1")));
    const [atOnce, network] = yield* called.join();
    assert.ok(atOnce < 1);
    assert.equal(network, "ENETUNREACH");
  });
});

/** Sends a megabyte over a link to a host that counts it. Returns the duration in milliseconds. */
function transfer(link: LinkOptions): number {
  return simulateSync({ seed: 3, link }, function* (sim) {
    const sink = sim.host("sink");
    const counted = sink.go(function* () {
      using listener = yield* listen("tcp", ":1");
      using conn = yield* listener.accept();
      const buf = new Uint8Array(65_536);
      let count = 0;
      for (let n; (n = yield* conn.read(buf)) !== null; count += n) {
        if (buf[0] !== (count & 0xff)) throw new Error("bytes in a wrong order");
      }
      return count;
    });
    const conn = yield* dial("tcp", "sink:1");
    const data = Uint8Array.from({ length: 1 << 20 }, (_, i) => i);
    const began = sim.now;
    yield* conn.write(data);
    conn.closeWrite();
    assert.equal(yield* counted.join(), data.length);
    return sim.now - began;
  }).value;
}

test("a stream is limited by the window and the bandwidth of its link", () => {
  // 8 Mbit take a second at 8 Mbit/s, and 4 % more with headers.
  assert.ok(transfer({ latency: 1, bandwidth: "8Mbit" }) > 1000);
  assert.ok(transfer({ latency: 1, bandwidth: "8Mbit" }) < 1200);
  // A window of 128 KiB a round trip of 100 ms: 8 of them.
  const wide = transfer({ latency: 50 });
  assert.ok(wide > 700 && wide < 1100, `${wide} ms`);
  assert.ok(transfer({ latency: 1 }) < 100);
});

test("packet loss shows as delay, never as missing data", () => {
  const clean = transfer({ latency: 5 });
  for (
    const link of [
      { loss: 0.02 },
      { loss: { good: 0.001, bad: 0.5, toBad: 0.01, toGood: 0.2 } },
      { duplicate: 0.2, reorder: 0.2 },
      { jitter: 20, correlation: 0.5 },
      { bandwidth: "10Mbit", queue: 20_000 },
      { mtu: 1280 },
    ] satisfies LinkOptions[]
  ) {
    const ms = transfer({ latency: 5, ...link });
    assert.ok(ms >= clean * 0.7 && ms < 600_000, `${JSON.stringify(link)}: ${ms} ms`);
  }
  assert.ok(transfer({ latency: 5, loss: 0.05 }) > clean * 1.2);
});

test("datagrams are lost, duplicated and reordered as the link is configured", () => {
  const received = (link: LinkOptions) =>
    simulateSync({ seed: 2, link: { latency: 1, ...link } }, function* (sim) {
      const sink = sim.host("sink");
      const got = sink.go(function* () {
        using conn = yield* listenPacket("udp", ":1");
        conn.setReadDeadline(Date.now() + 500);
        const all: number[] = [];
        const buf = new Uint8Array(4000);
        try {
          for (;;) {
            yield* conn.readFrom(buf);
            all.push(buf[0]);
          }
        } catch {
          return all;
        }
      });
      yield* sleep(1);
      using conn = yield* dial("udp", "sink:1");
      for (let i = 0; i < 200; i++) {
        yield* conn.write(new Uint8Array(3000).fill(i));
        yield* sleep(0.1);
      }
      return yield* got.join();
    }).value;
  const inOrder = (all: number[]) => all.every((n, i) => i === 0 || all[i - 1] <= n);
  assert.equal(received({}).length, 200);
  assert.ok(inOrder(received({ jitter: 5 })));
  // Of three pieces one is lost: 27 % at 10 %.
  const lost = 200 - received({ loss: 0.1 }).length;
  assert.ok(lost > 30 && lost < 80, `${lost} lost`);
  const doubled = received({ duplicate: 0.5 }).length;
  assert.ok(doubled > 260 && doubled < 340, `${doubled} received`);
  assert.ok(!inOrder(received({ reorder: 0.2 })));
});

test("multicast reaches the members of a group on every host", () => {
  simulateSync({}, function* (sim) {
    const heard: string[] = [];
    for (const name of ["a", "b", "c"]) {
      sim.host(name, {
        *main() {
          using conn: UDPConn = yield* listenPacket("udp4", "0.0.0.0:5000");
          if (name !== "c") conn.joinGroup("239.1.2.3");
          const buf = new Uint8Array(9);
          const { n } = yield* conn.readFrom(buf);
          heard.push(`${name} ${new TextDecoder().decode(buf.subarray(0, n))}`);
        },
      });
    }
    yield* sleep(10);
    using conn = yield* dial("udp4", "239.1.2.3:5000");
    yield* conn.write(new TextEncoder().encode("all"));
    yield* sleep(10);
    assert.deepEqual(heard.sort(), ["a all", "b all"]);
  });
});

test("a stream stalls in a partition and continues after it, also one-way", () => {
  withEcho(function* (sim, server) {
    using conn = yield* dial("tcp", "server:7");
    for (const oneWay of [false, true]) {
      const cut = sim.partition(server, sim.test, { oneWay });
      const called = go(() => trip(conn));
      yield* sleep(60_000);
      assert.equal(called.status, "waiting");
      cut.heal();
      assert.equal(yield* called.join(), "hello");
    }
  });
});

test("a peer with a zero window that answers probes is waited for indefinitely", () => {
  const SIZE = 16 << 20;
  simulateSync({ seed: 1, link: { latency: 1 } }, function* (sim) {
    const counted = sim.host("sink").go(function* () {
      using listener = yield* listen("tcp", ":1");
      using conn = yield* listener.accept();
      yield* sleep(6 * 3_600_000);
      const buf = new Uint8Array(65_536);
      let count = 0;
      for (let n; (n = yield* conn.read(buf)) !== null;) count += n;
      return count;
    });
    yield* sleep(1);
    const conn = yield* dial("tcp", "sink:1");
    yield* conn.write(new Uint8Array(SIZE));
    conn.closeWrite();
    assert.equal(yield* counted.join(), SIZE);
    // The last probe was sent up to two minutes before: its answer tells of the room, and no other wait.
    assert.ok(sim.now < 6 * 3_600_000 + 60_000, `${sim.now} ms`);
    conn.close();
  });
});

test("a segment is retransmitted after one round trip time, the first one too", () => {
  withEcho(function* (sim) {
    using conn = yield* dial("tcp", "server:7");
    yield* trip(conn);
    const cut = sim.partition(sim.test, sim.hosts[0], { oneWay: true });
    const began = sim.now;
    const called = go(trip, conn);
    yield* sleep(1);
    cut.heal();
    yield* called.join();
    // Linux's least RTO beyond the round trip of 20 ms.
    assertAbout(sim.now - began, 240, 60);
  });
});

test("a permanent partition ends a stream with ETIMEDOUT, by keep-alive or userTimeout", () => {
  withEcho(function* (sim, server) {
    using idle = yield* dial("tcp", "server:7");
    using busy = yield* dial("tcp", "server:7", { userTimeout: 10_000 });
    yield* trip(idle);
    yield* trip(busy);
    sim.partition(server, sim.test);
    yield* busy.write("x");
    const [ms, code] = yield* timed(sim, busy.read(new Uint8Array(1)));
    assert.equal(code, "ETIMEDOUT");
    assert.ok(ms >= 10_000 && ms < 30_000, `${ms} ms`);
    const [kept, why] = yield* timed(sim, idle.read(new Uint8Array(1)));
    assert.equal(why, "ETIMEDOUT");
    // 15 s of silence and nine probes, 15 s apart.
    assert.ok(ms + kept > 140_000 && ms + kept < 170_000, `${ms + kept} ms`);
  });
});

test("a crash is silent, and after the restart the connection is reset and main runs again", () => {
  const starts: number[] = [];
  simulateSync({ link: { latency: 10 } }, function* (sim) {
    const server = sim.host("server", {
      *main(host) {
        host.kept.set("starts", (host.kept.get("starts") as number ?? 0) + 1);
        starts.push(host.kept.get("starts") as number);
        try {
          yield* echoServer();
        } finally {
          // Not at the crash, but at the end of the simulation.
          starts.push(-1);
        }
      },
    });
    using conn = yield* dial("tcp", "server:7");
    yield* trip(conn);
    server.crash();
    assert.equal(server.up, false);
    assert.equal(server.descriptors, 0);
    assert.deepEqual(starts, [1]);
    assert.throws(() => server.go(function* () {}), /the host is down/);
    conn.setReadDeadline(Date.now() + 5000);
    const [ms] = yield* timed(sim, trip(conn));
    assertAbout(ms, 5000);
    conn.setReadDeadline(null);
    server.restart();
    const [, code] = yield* timed(sim, conn.read(new Uint8Array(1)));
    assert.equal(code, "ECONNRESET");
    using again = yield* dial("tcp", "server:7");
    assert.equal(yield* trip(again), "hello");
  });
  assert.deepEqual(starts, [1, 2, -1]);
});

test("a paused host answers in its kernel, but not in its program", () => {
  withEcho(function* (sim, server) {
    server.pause();
    using conn = yield* dial("tcp", "server:7");
    yield* conn.write("hello");
    conn.setReadDeadline(Date.now() + 1000);
    const [ms] = yield* timed(sim, conn.read(new Uint8Array(5)));
    assertAbout(ms, 1000);
    conn.setReadDeadline(null);
    server.resume();
    const buf = new Uint8Array(5);
    yield* conn.readFull(buf);
    assert.equal(new TextDecoder().decode(buf), "hello");
  });
});

test("a limit of descriptors makes calls fail with EMFILE, and accept back off", () => {
  withEcho(function* (_sim, server) {
    server.limit({ descriptors: server.descriptors + 2 });
    const conns: Conn[] = [];
    for (let i = 0; i < 2; i++) {
      conns.push(yield* dial("tcp", "server:7"));
      yield* trip(conns[i]);
    }
    const denied = server.go(() => thrown(dial("tcp", "server:7")));
    assert.equal((yield* denied.join() as Routine<OpError>).code, "EMFILE");
    // What waits is refused, rather than left waiting.
    using refused = yield* dial("tcp", "server:7");
    const answer = yield* thrown(trip(refused));
    assert.ok(answer instanceof Error);
    conns.forEach((conn) => conn.close());
    yield* sleep(5000);
    using again = yield* dial("tcp", "server:7");
    assert.equal(yield* trip(again), "hello");
  });
});

test("reset ends the connections between hosts, isolate cuts a host off", () => {
  withEcho(function* (sim, server) {
    using conn = yield* dial("tcp", "server:7");
    yield* trip(conn);
    sim.reset(server, sim.test);
    assert.equal((yield* timed(sim, conn.read(new Uint8Array(1))))[1], "ECONNRESET");
    sim.isolate(server, [sim.test]);
    const [ms] = yield* timed(sim, dial("tcp", "server:7", { timeout: 500 }));
    assertAbout(ms, 500);
    sim.quiet();
    using again = yield* dial("tcp", "server:7");
    assert.equal(yield* trip(again), "hello");
  });
});

/** By host, the hosts that it hears under a fault, itself included. */
function heardUnder(count: number, fault: (sim: Simulation) => unknown): string[] {
  return simulateSync({ seed: 4 }, function* (sim) {
    const hosts = Array.from({ length: count }, (_, i) => sim.host(`h${i}`));
    const heard = hosts.map((host) => new Set([host.name]));
    hosts.forEach((host, i) =>
      host.go(function* () {
        using conn = yield* listenPacket("udp4", ":9");
        const buf = new Uint8Array(9);
        for (;;) {
          const { n } = yield* conn.readFrom(buf);
          heard[i].add(new TextDecoder().decode(buf.subarray(0, n)));
        }
      })
    );
    yield* sleep(1);
    fault(sim);
    for (const host of hosts) {
      for (const other of hosts) {
        if (host === other) continue;
        yield* host.go(function* () {
          using conn = yield* dial("udp4", `${other.name}:9`);
          yield* conn.write(new TextEncoder().encode(host.name));
        }).join();
      }
    }
    yield* sleep(100);
    return heard.map((names) => [...names].sort().join(","));
  }).value;
}

test("the shapes of partitions are Jepsen's", () => {
  const sizes = (all: string[]) => all.map((names) => names.split(",").length).sort().join();
  assert.equal(sizes(heardUnder(5, (sim) => sim.halves())), "2,2,3,3,3");
  assert.equal(sizes(heardUnder(5, (sim) => sim.bridge())), "3,3,3,3,5");
  const ring = heardUnder(5, (sim) => sim.majoritiesRing());
  assert.equal(sizes(ring), "3,3,3,3,3");
  assert.equal(new Set(ring).size, 5);
  assert.equal(sizes(heardUnder(4, (sim) => sim.isolate(sim.hosts[0]))), "1,3,3,3");
});

test("faults of system calls are drawn from the seed, and end in quiet times", () => {
  const run = (seed: number, swarm: boolean) =>
    simulateSync({ seed, swarm, faults: "storm", record: true }, function* (sim) {
      sim.host("server", {
        *main() {
          for (;;) {
            try {
              yield* echoServer();
            } catch (error) {
              assert.ok(error instanceof OpError, String(error));
            }
          }
        },
      });
      let failures = 0;
      for (let i = 0; i < 50; i++) {
        try {
          using conn = yield* dial("tcp", "server:7", { timeout: 1000 });
          conn.setDeadline(Date.now() + 1000);
          for (let j = 0; j < 5; j++) {
            const answer = yield* trip(conn, "0123456789");
            if (answer === "") break; // The server's end was reset.
            assert.equal(answer, "0123456789");
          }
        } catch (error) {
          assert.ok(error instanceof OpError, String(error));
          failures++;
          yield* sleep(1);
        }
      }
      sim.quiet();
      yield* sleep(2000);
      using conn = yield* dial("tcp", "server:7");
      assert.equal(yield* trip(conn), "hello");
      return failures;
    });
  const all = run(1, false);
  assert.ok(all.value > 0 && all.value < 50, `${all.value} failures`);
  assert.equal(run(1, false).hash, all.hash);
  const calls = all.events.filter(({ kind }) => kind === "call");
  for (const result of [-4, -24]) assert.ok(calls.some((call) => call.result === result));
  // Of a swarm each seed has other kinds.
  const kinds = [1, 2, 3, 4, 5, 6].map((seed) => run(seed, true).value === 0);
  assert.equal(new Set(kinds).size, 2);
});

test("a host that crashes returns the memory into which it has read ahead", () => {
  const lent = () => {
    const state = exchangeState();
    const { lent } = state.get("batches to read ahead") as { lent: number };
    exchangeState(state);
    return lent;
  };
  const { value } = simulateSync({ seed: 3, link: { latency: 1 } }, function* (sim) {
    const server = sim.host("server", {
      ip: "10.0.0.1",
      *main() {
        using conn = yield* listenPacket("udp4", ":7");
        yield* sleep(50);
        const buf = new Uint8Array(8);
        // The second one reads ahead.
        for (let i = 0; i < 2; i++) yield* conn.readFrom(buf);
        yield* sleep(1e9);
      },
    });
    const client = sim.host("client");
    const counts: number[] = [];
    for (let i = 0; i < 3; i++) {
      yield* client.go(function* () {
        using conn: UDPConn = yield* dial("udp4", "10.0.0.1:7");
        for (let k = 0; k < 8; k++) yield* conn.write(Uint8Array.of(k));
        yield* sleep(100);
      }).join();
      counts.push(lent());
      server.restart();
      yield* sleep(1);
    }
    return counts;
  });
  assert.deepEqual(value, [1, 1, 1]);
});

test("a connection whose last handshake step found the queue full is accepted later", () => {
  const { value } = simulateSync({ seed: 1, link: { latency: 10 } }, function* (sim) {
    sim.host("server", {
      *main() {
        using listener = yield* listen("tcp", ":7", { backlog: 1 });
        yield* sleep(500);
        for (;;) {
          using conn = yield* listener.accept();
          yield* conn.write("hello");
        }
      },
    });
    yield* sleep(10);
    const clients = Array.from({ length: 5 }, () =>
      go(function* () {
        // It sends nothing: the server must repeat its reply, long before the first keep-alive probe.
        using conn = yield* dial("tcp", "server:7");
        conn.setReadDeadline(Date.now() + 5000);
        return yield* conn.readFull(new Uint8Array(5));
      }));
    const read: unknown[] = [];
    for (const client of clients) read.push(yield* client.join());
    return read;
  });
  assert.deepEqual(value, [5, 5, 5, 5, 5]);
});
