// SPDX-License-Identifier: MIT
/**
 * A statsd agent: receives counters, gauges, timers and sets over UDP, adds them up, and sends the sums
 * to Graphite over TCP every few seconds. Runs in an empty folder:
 *
 *   npm install @netpoll/netpoll
 *   bun statsd.ts                                            # or: deno run -A statsd.ts
 *   echo 'logins:1|c' > /dev/udp/127.0.0.1/8125              # bash
 *
 * From the environment: LISTEN (127.0.0.1:8125), GRAPHITE ("127.0.0.1:2003"; without it the sums are
 * printed), FLUSH (milliseconds, 10000), MAX_METRICS (100000; further names are bad lines). SIGINT or
 * SIGTERM ends it after a last flush.
 */
import {
  type Conn,
  type Context,
  dial,
  isCanceled,
  listenPacket,
  notify,
  PacketBatch,
  type Routine,
  run,
  scope,
  select,
  Ticker,
  type UDPConn,
} from "@netpoll/netpoll";
import process from "node:process";

const { LISTEN = "127.0.0.1:8125", GRAPHITE, FLUSH = "10000" } = process.env;
const MAX_METRICS = Number(process.env.MAX_METRICS ?? 100_000);
/** Values of timers and members of sets between two flushes: senders choose how many there are. */
const MAX_VALUES = 1_000_000;
/** The length of a name, or of a member of a set. */
const MAX_TEXT = 250;
const DIAL_MS = 3_000;
/** Lines kept while Graphite does not answer; the oldest are dropped. */
const MOST_KEPT = 100_000;
const PERCENTILES = [50, 95, 99];

/** What has come since the last flush; gauges stay. */
class Metrics {
  readonly #counters = new Map<string, number>();
  readonly #gauges = new Map<string, number>();
  readonly #timers = new Map<string, { values: number[]; count: number }>();
  readonly #sets = new Map<string, Set<string>>();
  /** Values of timers and members of sets. */
  #values = 0;
  #bad = 0;

  /** Takes a datagram: a metric a line. */
  add(datagram: string): void {
    for (const line of datagram.split("\n")) if (line !== "" && !this.#take(line)) this.#bad++;
  }

  /** Takes "name:value|type|@rate"; several values may stand between colons. */
  #take(line: string): boolean {
    const colon = line.indexOf(":");
    const [values = "", type, ...options] = line.slice(colon + 1).split("|");
    const rate = Number(options.find((option) => option.startsWith("@"))?.slice(1) ?? 1);
    if (colon < 1 || colon > MAX_TEXT || !(rate > 0 && rate <= 1)) return false;
    const name = line.slice(0, colon).replace(/[^\w.-]+/g, "_");
    return values.split(":").every((value) => this.#put(name, value, type, rate));
  }

  #put(name: string, value: string, type: string | undefined, rate: number): boolean {
    if (type === "s") return this.#putMember(name, value);
    const number = value === "" ? NaN : Number(value);
    const part = type === "c" ? this.#counters : type === "g" ? this.#gauges : this.#timers;
    if (!Number.isFinite(number) || !this.#hasRoom(part, name)) return false;
    switch (type) {
      case "c":
        this.#counters.set(name, (this.#counters.get(name) ?? 0) + number / rate);
        return true;
      case "g":
        // With a sign it is a change.
        this.#gauges.set(name, (/^[+-]/.test(value) ? this.#gauges.get(name) ?? 0 : 0) + number);
        return true;
      case "ms":
      case "h": {
        if (this.#values === MAX_VALUES) return false;
        const timer = this.#timers.get(name) ?? { values: [], count: 0 };
        timer.values.push(number);
        timer.count += 1 / rate;
        this.#timers.set(name, timer);
        this.#values++;
        return true;
      }
    }
    return false;
  }

  #putMember(name: string, member: string): boolean {
    if (member.length > MAX_TEXT || !this.#hasRoom(this.#sets, name)) return false;
    const set = this.#sets.get(name) ?? new Set();
    if (set.has(member)) return true;
    if (this.#values === MAX_VALUES) return false;
    this.#sets.set(name, set.add(member));
    this.#values++;
    return true;
  }

  /** Whether `part` has a metric of this name, or one more may be held. */
  #hasRoom(part: Map<string, unknown>, name: string): boolean {
    const { size } = this.#counters;
    const all = size + this.#gauges.size + this.#timers.size + this.#sets.size;
    return all < MAX_METRICS || part.has(name);
  }

  /** Returns the sums, as Graphite wants them, and begins anew. */
  flush(seconds: number, at: number): string[] {
    const lines: string[] = [];
    const put = (name: string, value: number) => lines.push(`${name} ${value} ${at}`);
    if (this.#bad > 0) put("statsd.bad_lines", this.#bad);
    for (const [name, sum] of this.#counters) {
      put(`${name}.count`, sum);
      put(`${name}.rate`, sum / seconds);
    }
    for (const [name, value] of this.#gauges) put(name, value);
    for (const [name, set] of this.#sets) put(`${name}.count`, set.size);
    for (const [name, { values, count }] of this.#timers) {
      const n = values.sort((a, b) => a - b).length;
      put(`${name}.count`, count);
      put(`${name}.mean`, values.reduce((sum, value) => sum + value, 0) / n);
      put(`${name}.upper`, values[n - 1]);
      for (const p of PERCENTILES) put(`${name}.p${p}`, values[Math.ceil(n * p / 100) - 1]);
    }
    for (const part of [this.#counters, this.#timers, this.#sets]) part.clear();
    this.#values = 0;
    this.#bad = 0;
    return lines;
  }
}

/** Receives until the end. Many datagrams come in one system call. */
function* receive(socket: UDPConn, metrics: Metrics, context: Context): Routine<void> {
  const batch = new PacketBatch(64, 9000);
  const decoder = new TextDecoder();
  try {
    for (;;) {
      const count = yield* socket.readBatch(batch, context);
      for (let i = 0; i < count; i++) metrics.add(decoder.decode(batch.bytes(i)));
    }
  } catch (error) {
    if (!isCanceled(error)) throw error;
  }
}

/** Sends lines to Graphite, over a connection that is kept, and keeps those that did not go out. */
class Graphite {
  #conn: Conn | null = null;
  #kept: string[] = [];

  *send(lines: string[]): Routine<void> {
    this.#kept = [...this.#kept, ...lines].slice(-MOST_KEPT);
    if (this.#kept.length === 0) return;
    try {
      this.#conn ??= yield* dial("tcp", GRAPHITE!, { timeout: DIAL_MS });
      this.#conn.setWriteDeadline(Date.now() + DIAL_MS);
      yield* this.#conn.write(`${this.#kept.join("\n")}\n`);
      this.#kept = [];
    } catch (error) {
      console.error(`statsd: ${this.#kept.length} lines wait: ${error}`);
      this.#conn?.abort();
      this.#conn = null;
    }
  }

  [Symbol.dispose](): void {
    this.#conn?.close();
  }
}

/** Flushes at every tick, and once more at the end. */
function* flush(metrics: Metrics, context: Context): Routine<void> {
  const interval = Number(FLUSH);
  using ticker = new Ticker(interval);
  using graphite = new Graphite();
  for (let over = false; !over;) {
    over = (yield* select(ticker.c.onRecv(), context.done.onRecv())).index === 1;
    const lines = metrics.flush(interval / 1000, Math.round(Date.now() / 1000));
    if (GRAPHITE !== undefined) yield* graphite.send(lines);
    else if (lines.length > 0) console.log(lines.join("\n"));
  }
}

await run(function* main() {
  using signals = notify("SIGINT", "SIGTERM");
  using socket = yield* listenPacket("udp", LISTEN);
  console.log(`listening on ${socket.localAddr}`);
  const metrics = new Metrics();
  yield* scope(function* (s) {
    s.go(receive, socket, metrics, signals.context);
    yield* flush(metrics, signals.context);
  });
});
