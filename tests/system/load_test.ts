// SPDX-License-Identifier: MIT
/**
 * A server among others in its thread: under full load the host's timers go on, and with nothing to
 * do it uses no CPU. What is measured is printed. Needs gcc.
 */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { start, startProgram } from "../support/child.ts";
import { buildLoad } from "../support/load.ts";

const TIMEOUT_MS = 150_000;
const LOAD_MS = 3000;
/** Bounds that a noisy machine with two cores keeps. */
const MEDIAN_LATE_MS = 3;
const LEAST_CALLS = 0.8;
/** Of a CPU, so much is a full load; with less the measurement is made again, so often at most. */
const FULL = 0.3;
const TRIES = 3;
/** What an idle server may use of the CPU: 10 ms in 10 s. */
const IDLE_MS = 5000;
const IDLE_CPU_MS = 5;
/** A runtime goes on compiling and collecting for a while after its start, on a busy machine for long. */
const WINDOWS = 8;

interface Loaded {
  rate: number;
  /** How much of a CPU the server had. */
  serverCpu: number;
  /** The server's report on its interval. */
  calls: number;
  dueWithoutStolen: number;
  lateByItself: { p50: number };
}

/** A fresh server under load. */
async function loaded(program: string, conns: number, size: number): Promise<Loaded> {
  await using server = startProgram("tests/system/fixtures/echo_with_interval.ts");
  const [, port] = await server.stdout.match(/^listening on .*:(\d+)$/m);
  const args = ["--port", port, "--conns", String(conns), "--size", String(size)];
  const time = ["--warmup", "500", "--time", String(LOAD_MS)];
  await using load = start(program, [...args, ...time, "--pid", String(server.pid)]);
  server.send("measure\n");
  const exit = await load.exit;
  server.kill("SIGTERM");
  assert.deepEqual(await server.exit, { code: 0, signal: null }, server.stderr.text);
  assert.deepEqual(exit, { code: 0, signal: null }, load.stdout.text + load.stderr.text);
  const { rate, server_cpu: serverCpu } = JSON.parse(load.stdout.text);
  const [line] = server.stdout.text.match(/^\{.*\}$/m)!;
  console.log(`  ${rate} round trips a second at ${serverCpu} CPUs; lateness in ms: ${line}`);
  return { rate, serverCpu, ...JSON.parse(line) };
}

for (const [conns, size] of [[50, 64], [500, 64], [50, 16384]]) {
  const name = `a setInterval of 10 ms keeps its time beside ${conns} connections of ${size} bytes`;
  test(name, { timeout: TIMEOUT_MS }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "netpoll-load-"));
    try {
      const program = await buildLoad(folder);
      let seen: Loaded;
      let tries = 0;
      // A server that others leave hardly any CPU is under no load of ours.
      do seen = await loaded(program, conns, size); while (
        seen.serverCpu < FULL && ++tries < TRIES
      );
      // CPU time that other processes used is not the library's fault.
      const { rate, calls, dueWithoutStolen: due, lateByItself: { p50 } } = seen;
      assert.ok(rate > 1000, "that was no load");
      assert.ok(p50 < MEDIAN_LATE_MS, `the median lateness is ${p50} ms`);
      assert.ok(calls > LEAST_CALLS * due, `called ${calls} times of ${due}`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

/** CPU time that each thread of `pid` has used, in milliseconds: to the nanosecond, where `utime`
 * and `stime` of /proc/PID/stat count in steps of 10 ms. */
function cpuTimes(pid: number): Map<string, number> {
  const threads = readdirSync(`/proc/${pid}/task`);
  return new Map(threads.map((tid) => {
    const [ns] = read(`/proc/${pid}/task/${tid}/schedstat`).split(" ");
    return [tid, Number(ns) / 1e6];
  }));
}

/** What a file of /proc says; nothing if its thread has ended since it was listed. */
function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "0";
  }
}

/** CPU time that `pid` uses in the next IDLE_MS; of a thread that ends, what it had used is lost. */
async function cpuUsed(pid: number): Promise<number> {
  const before = cpuTimes(pid);
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
  let used = 0;
  for (const [tid, ms] of cpuTimes(pid)) used += ms - (before.get(tid) ?? 0);
  return used;
}

for (const driver of ["run", "runSync"]) {
  test(`an idle server uses no CPU (${driver})`, { timeout: TIMEOUT_MS }, async () => {
    await using server = startProgram("tests/system/fixtures/idle.ts", [driver]);
    await server.stdout.match(/^idle$/m);
    const used: number[] = [];
    do {
      used.push(await cpuUsed(server.pid));
    } while (used[used.length - 1] >= IDLE_CPU_MS && used.length < WINDOWS);
    console.log(`  CPU time in ms for each ${IDLE_MS} ms: ${used.map((ms) => ms.toFixed(2))}`);
    assert.ok(used[used.length - 1] < IDLE_CPU_MS, `${used} ms`);
  });
}
