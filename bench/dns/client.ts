// SPDX-License-Identifier: MIT
// Looks names up by one resolver, for both IP versions: arguments are its name, numbers of concurrent
// lookups, milliseconds, a prefix of the names, and milliseconds of warm-up. Prints a line for each
// number: lookups per second, and in microseconds their median and the processor time of one.
import * as dns from "node:dns";
import process from "node:process";
import { go, lookupHost, type Routine, run, runSync } from "../../mod.ts";

const [way, counts, milliseconds, prefix, warmUp] = process.argv.slice(2);
const lanesOf = (concurrency: number) => Array.from({ length: concurrency });
let number = 0;
const nextName = () => `${prefix}${++number}.bench.test.`;

interface Sample {
  readonly seconds: number;
  readonly latencies: number[];
}

function check(found: readonly unknown[]): void {
  if (found.length !== 1) throw new Error(`${found.length} addresses`);
}

function* own(concurrency: number, ms: number): Routine<Sample> {
  const latencies: number[] = [];
  const start = performance.now();
  const all = lanesOf(concurrency).map(() =>
    go(function* lane() {
      for (;;) {
        const began = performance.now();
        if (began - start >= ms) return;
        check(yield* lookupHost(nextName(), { resolver: "own" }));
        latencies.push(performance.now() - began);
      }
    })
  );
  for (const lane of all) yield* lane.join();
  return { seconds: (performance.now() - start) / 1000, latencies };
}

async function host(
  lookup: (name: string) => Promise<unknown[]>,
  concurrency: number,
  ms: number,
): Promise<Sample> {
  const latencies: number[] = [];
  const start = performance.now();
  await Promise.all(
    lanesOf(concurrency).map(async () => {
      for (;;) {
        const began = performance.now();
        if (began - start >= ms) return;
        check(await lookup(nextName()));
        latencies.push(performance.now() - began);
      }
    }),
  );
  return { seconds: (performance.now() - start) / 1000, latencies };
}

/** c-ares reports a name without an IPv6 address as an error. */
async function cares(name: string): Promise<unknown[]> {
  const v6 = resolver.resolve6(name).catch(() => []);
  return [...await resolver.resolve4(name), ...await v6];
}
const resolver = new dns.promises.Resolver();
resolver.setServers(dns.getServers());

const WAYS: Record<string, (concurrency: number, ms: number) => Sample | Promise<Sample>> = {
  runSync: (concurrency, ms) => runSync(() => own(concurrency, ms)),
  run: (concurrency, ms) => run(() => own(concurrency, ms)),
  lookup: (concurrency, ms) =>
    host((name) => dns.promises.lookup(name, { all: true }), concurrency, ms),
  resolver: (concurrency, ms) => host(cares, concurrency, ms),
};

const measure = WAYS[way];
// The JIT compilers share the client's core, and take seconds.
await measure(50, Number(warmUp));
for (const concurrency of counts.split(",")) {
  const before = process.cpuUsage();
  const { seconds, latencies } = await measure(Number(concurrency), Number(milliseconds));
  const used = process.cpuUsage(before);
  latencies.sort((a, b) => a - b);
  const middle = latencies[latencies.length >> 1];
  const each = (used.user + used.system) / latencies.length;
  console.log(`${latencies.length / seconds} ${middle * 1000} ${each}`);
}
process.exit(0);
