// SPDX-License-Identifier: MIT
// Faults while other clients are served: a worker dies, descriptors run out, peers are slow or
// hostile.
import { type Conn, go, type Routine, run, sleep } from "../../mod.ts";
import { ask, Talkers, tryDial } from "./clients.ts";
import { type Runtime, type Served, startServer } from "./served.ts";

/** Results of a scenario, by name; a name ends with its unit. */
export type Figures = Record<string, number>;

const TALKERS = 20;
const MESSAGE = "a message of the others";
/** Duration of rate measurements, in milliseconds. */
const RATE_MS = 500;

/** Waits until `condition` holds; throws after ten seconds. Returns the time in milliseconds. */
export function* until(what: string, condition: () => Routine<boolean>): Routine<number> {
  const start = performance.now();
  while (!(yield* condition())) {
    if (performance.now() - start > 10_000) throw new Error(`10 s went by without: ${what}`);
    yield* sleep(2);
  }
  return performance.now() - start;
}

/** One of two workers dies while both are busy. */
export async function workerKilled(runtime: Runtime): Promise<Figures> {
  using served = await startServer(runtime, { workers: 2 });
  return await run(function* () {
    const talkers = new Talkers(served, TALKERS, MESSAGE);
    const before = yield* talkers.rate(RATE_MS);
    const killer = (yield* tryDial(served))!;
    yield* killer.write(new TextEncoder().encode("x"));
    const told = yield* until("the death", function* () {
      return (yield* served.stats()).deaths === 1;
    });
    const back = yield* until("both serve again", () => bothServe(served));
    const after = yield* talkers.rate(RATE_MS);
    killer[Symbol.dispose]();
    const { broken } = talkers;
    yield* talkers.stop();
    return {
      connections: TALKERS,
      lost: broken,
      "told, ms": told,
      "both serve again, ms": told + back,
      "rounds before, 1/s": before,
      "rounds of those left, 1/s": after,
    };
  });
}

/** Whether two consecutive connections are served by different workers. */
function* bothServe(served: Served): Routine<boolean> {
  const seen = new Set<number>();
  for (let i = 0; i < 2; i++) {
    const conn = yield* tryDial(served);
    if (conn === null) return false;
    using _ = conn;
    const buf = new Uint8Array(1);
    yield* conn.write(new TextEncoder().encode("?"));
    if ((yield* conn.readFull(buf)) === null) return false;
    seen.add(buf[0]);
  }
  return seen.size === 2;
}

/** More connections than the process may have descriptors. */
export async function emfile(runtime: Runtime): Promise<Figures> {
  const files = 128;
  const clients = 300;
  using served = await startServer(runtime, {}, { plain: true, files });
  return await run(function* () {
    const talkers = new Talkers(served, TALKERS, MESSAGE);
    const before = yield* talkers.rate(RATE_MS);
    const cpuBefore = served.cpu;
    const conns: Conn[] = [];
    for (let i = 0; i < clients; i++) {
      const conn = yield* tryDial(served);
      if (conn !== null) conns.push(conn);
    }
    let answered = 0;
    const asking = conns.map((conn) =>
      go(function* () {
        conn.setReadDeadline(Date.now() + 3000);
        if (yield* ask(conn, MESSAGE)) answered++;
      })
    );
    const during = yield* talkers.rate(RATE_MS);
    for (const one of asking) yield* one.join();
    const cpu = served.cpu - cpuBefore;
    for (const conn of conns) conn[Symbol.dispose]();
    const again = yield* until("a new client is served", function* () {
      const conn = yield* tryDial(served, 1000);
      if (conn === null) return false;
      using _ = conn;
      conn.setReadDeadline(Date.now() + 1000);
      return yield* ask(conn, MESSAGE);
    });
    const { broken } = talkers;
    yield* talkers.stop();
    return {
      "descriptors allowed": files,
      clients: conns.length,
      "clients served": answered,
      "others lost": broken,
      "processor, ms": cpu,
      "served again after, ms": again,
      "rounds before, 1/s": before,
      "rounds during, 1/s": during,
    };
  });
}

/** A client that sends as much as possible and never reads. */
export async function slowReader(runtime: Runtime): Promise<Figures> {
  using served = await startServer(runtime, { workers: 1 });
  return await run(function* () {
    const talkers = new Talkers(served, TALKERS, MESSAGE);
    const before = yield* talkers.rate(RATE_MS);
    const memory = served.memory;
    const conns: Conn[] = [];
    let sent = 0;
    for (let i = 0; i < 10; i++) {
      const conn = (yield* tryDial(served))!;
      conns.push(conn);
      conn.setWriteDeadline(Date.now() + 1000);
      const flood = new Uint8Array(64 << 20).fill(32);
      go(function* () {
        try {
          sent += yield* conn.write(flood);
        } catch (error) {
          sent += (error as { bytesWritten?: number }).bytesWritten ?? 0;
        }
      });
    }
    const during = yield* talkers.rate(1500);
    const grown = served.memory - memory;
    for (const conn of conns) conn.abort();
    yield* talkers.stop();
    return {
      "slow readers": conns.length,
      "taken from them, MiB": sent / 2 ** 20,
      "memory grown, MiB": grown,
      "rounds before, 1/s": before,
      "rounds during, 1/s": during,
    };
  });
}

/** Clients that connect and send nothing. */
export async function slowSender(runtime: Runtime): Promise<Figures> {
  const within = 1000;
  using served = await startServer(runtime, { workers: 1, limits: { firstBytes: { within } } });
  return await run(function* () {
    const talkers = new Talkers(served, TALKERS, MESSAGE);
    const before = yield* talkers.rate(RATE_MS);
    const conns: Conn[] = [];
    for (let i = 0; i < 200; i++) conns.push((yield* tryDial(served))!);
    const start = performance.now();
    const during = yield* talkers.rate(RATE_MS);
    for (const conn of conns) {
      try {
        yield* conn.read(new Uint8Array(1));
      } catch {
        // Reset.
      }
    }
    const took = performance.now() - start;
    for (const conn of conns) conn[Symbol.dispose]();
    yield* until("the reports", function* () {
      return (yield* served.stats()).counters.closed.firstBytes >= conns.length;
    });
    const { counters } = yield* served.stats();
    const { broken } = talkers;
    yield* talkers.stop();
    return {
      "slow senders": conns.length,
      "time to send, ms": within,
      "all closed after, ms": took,
      closed: counters.closed.firstBytes,
      "others lost": broken,
      "rounds before, 1/s": before,
      "rounds during, 1/s": during,
    };
  });
}

/** Clients that send data and reset the connection, many per second. */
export async function resetStorm(runtime: Runtime): Promise<Figures> {
  const storm = 3000;
  using served = await startServer(runtime, { workers: 1 });
  return await run(function* () {
    const talkers = new Talkers(served, TALKERS, MESSAGE);
    const before = yield* talkers.rate(RATE_MS);
    const [memory, descriptors] = [served.memory, served.descriptors];
    const start = performance.now();
    let left = storm;
    const crowd = Array.from({ length: 30 }, () =>
      go(function* () {
        while (left-- > 0) {
          const conn = yield* tryDial(served);
          if (conn === null) continue;
          try {
            yield* conn.write(new TextEncoder().encode(MESSAGE));
          } catch {
            // It was faster.
          }
          conn.abort();
        }
      }));
    const during = yield* talkers.rate(RATE_MS);
    for (const one of crowd) yield* one.join();
    const took = performance.now() - start;
    yield* until("all are gone", function* () {
      return (yield* served.stats()).counters.open === TALKERS;
    });
    const { broken } = talkers;
    const after = yield* talkers.rate(RATE_MS);
    yield* talkers.stop();
    return {
      resets: storm,
      "resets, 1/s": storm * 1000 / took,
      "others lost": broken,
      "descriptors left over": Math.max(0, served.descriptors - descriptors),
      "memory grown, MiB": served.memory - memory,
      "rounds before, 1/s": before,
      "rounds during, 1/s": during,
      "rounds after, 1/s": after,
    };
  });
}
