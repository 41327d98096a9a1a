// SPDX-License-Identifier: MIT
/**
 * Go's nettest on simulated networks, under what networks and system calls may do: packets are lost,
 * doubled and overtaken, reads and writes are short, readiness is late or false. Each schedule has twenty
 * seeds, ten on each runtime, for runs are the same on both; the poller plays no part, so where others are
 * tested two are enough. NETPOLL_SIM_SEEDS sets another number.
 */
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { dial, listen, listenPacket, type Routine } from "../../mod.ts";
import { type SimOptions, simulateSync, SimulationError } from "../../sim.ts";
import { casesOf, type Pair } from "../support/nettest.ts";

const EPOLL = process.platform === "linux" && process.env.NETPOLL_POLLER === undefined;
const SEEDS = Number(process.env.NETPOLL_SIM_SEEDS ?? (EPOLL ? 10 : 2));
const FIRST = "Bun" in globalThis ? 1 : 1 + SEEDS;

/** What is lost is sent again after 200 ms at least: the suite's own time-outs bear that. */
const ROUGH: SimOptions = {
  faults: "mild",
  // Its writers write without end until a time-out ends them: dear turns make that short.
  turn: [0.05, 0.2],
  loopback: { latency: [0.01, 0.5], jitter: 0.5, loss: 0.01, duplicate: 0.02, reorder: 0.05 },
};

/** A connected pair by way of a listener, which is closed with it. */
function pairs(network: "tcp" | "tcp6" | "unix" | "unixpacket", address: string) {
  return function* (): Routine<Pair> {
    const listener = yield* listen(network, address);
    const c1 = yield* dial(network, String(listener.addr));
    const c2 = yield* listener.accept();
    const all = [c1, c2, listener];
    return { c1, c2, stop: () => all.forEach((each) => each[Symbol.dispose]()) };
  };
}

for (
  const [network, makePair] of [
    ["tcp", pairs("tcp", "127.0.0.1:0")],
    ["tcp6", pairs("tcp6", "[::1]:0")],
    ["unix", pairs("unix", "")],
    ["unixpacket", pairs("unixpacket", "")],
  ] as const
) {
  for (const schedule of ["fifo", "random"] as const) {
    test(`${network}, ${schedule}: nettest passes on an unreliable network`, () => {
      for (const { name, body } of casesOf(makePair)) {
        for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
          try {
            simulateSync({ ...ROUGH, seed, schedule }, () => body());
          } catch (error) {
            assert.ok(error instanceof SimulationError, String(error));
            throw new Error(`${name}: ${error.message}`, { cause: error.cause });
          }
        }
      }
    });
  }
}

test("udp on an unreliable network: no datagram is corrupted, cut or delivered to another socket", () => {
  for (const schedule of ["fifo", "random"] as const) {
    for (let seed = FIRST; seed < FIRST + 4 * SEEDS; seed++) {
      const { value } = simulateSync({ ...ROUGH, seed, schedule, faults: "storm" }, datagrams);
      // Some are lost and some doubled.
      assert.ok(value > 60 && value < 140, `${value} of 100, seed ${seed}`);
    }
  }
});

/** Sends a hundred datagrams. Returns how many come. */
function* datagrams(): Routine<number> {
  using server = yield* persistent(() => listenPacket("udp", "127.0.0.1:0"));
  using client = yield* persistent(() => dial("udp", String(server.localAddr)));
  for (let i = 0; i < 100; i++) {
    const data = new Uint8Array(1 + i * 7).fill(i);
    yield* persistent(() => client.write(data));
  }
  server.setReadDeadline(Date.now() + 1000);
  const buf = new Uint8Array(2000);
  for (let came = 0;; came++) {
    let n: number;
    try {
      ({ n } = yield* server.readFrom(buf));
    } catch (error) {
      assert.ok((error as { timeout?: boolean }).timeout, String(error));
      return came;
    }
    const i = buf[0];
    assert.equal(n, 1 + i * 7);
    assert.ok(buf.subarray(0, n).every((byte) => byte === i));
  }
}

/** Calls `f` until it has what it needs: the system may be short of descriptors or buffers. */
function* persistent<T>(f: () => Routine<T>): Routine<T> {
  for (;;) {
    try {
      return yield* f();
    } catch (error) {
      assert.ok(["EMFILE", "ENOBUFS"].includes((error as { code?: string }).code!), String(error));
    }
  }
}
