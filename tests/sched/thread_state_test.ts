// SPDX-License-Identifier: MIT
/** State of the library in a thread: all of it is registered, and can be exchanged as a whole. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import {
  background,
  dial,
  dump,
  go,
  gosched,
  listen,
  numGoroutine,
  pipe,
  type Routine,
  run,
  runSync,
  sleep,
  stats,
  wait,
  withTimeout,
} from "../../mod.ts";
import { exchangePlatform, platform } from "../../platforms/platform.ts";
import { epoch, now, setClock } from "../../src/sched/clock.ts";
import type { G } from "../../src/sched/goroutine.ts";
import { Run } from "../../src/sched/run.ts";
import { spawn } from "../../src/sched/spawn.ts";
import { scheduler } from "../../src/sched/thread.ts";
import { exchangeState, registeredState, registerState } from "../../src/sched/thread_state.ts";
import { assertNothingLeft, both, openSockets, wineGap } from "../support/harness.ts";

const SOURCES = new URL("../../src/", import.meta.url);

/** Tests that read the sources. */
const READS_FOLDERS = { skip: "Bun" in globalThis && wineGap("folders for Bun to read") };

/** All files of src, with their text. */
function sources(): [file: string, text: string][] {
  return (readdirSync(SOURCES, { recursive: true }) as string[])
    .map((file) => file.replaceAll("\\", "/"))
    .filter((file) => file.endsWith(".ts"))
    .map((file) => [file, readFileSync(new URL(file, SOURCES), "utf8")]);
}

/**
 * Variables of modules that need not be registered, by file, each with its reason. A constant that
 * happens to be a collection is "constant": filled where it is declared and never changed.
 */
const EXEMPT: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "bufio/write_buffer.ts": { NO_BYTES: "constant" },
  "bufio/scanner.ts": { NO_BYTES: "constant", KEYS: "constant" },
  "bufio/buffered_reader.ts": { OPTIONS: "constant" },
  "bufio/options.ts": { READ_KEYS: "constant" },
  "bufio/delimited.ts": { KEYS: "constant" },
  "bufio/utf8.ts": {
    REPLACEMENT: "constant",
    LEAST_SECOND: "constant",
    GREATEST_SECOND: "constant",
  },
  "bufio/read_buffer.ts": { NO_BYTES: "constant" },
  "bufio/length_prefixed.ts": { KEYS: "constant" },
  "bufio/buffered_writer.ts": { OPTIONS: "constant" },
  "net/options/call_options.ts": { NONE: "constant" },
  "resolver/query_socket.ts": {
    received: "bytes of one receive, copied before anything else runs",
    joined: "bytes of one send, filled right before it",
  },
  "tls/client_hello.ts": { NO_BYTES: "constant" },
  "tls/openssl/context_cache.ts": { kept: "contexts of C by their options, equal for all" },
  "tls/openssl/run_conns.ts": { byRun: "by run" },
  "tls/openssl/wire.ts": { shared: "bytes on their way within one turn" },
  "tls/openssl/trust.ts": { kept: "the trust roots of the process" },
  "tls/openssl/ssl_handle.ts": { one: "memory of one call" },
  "tls/openssl/callbacks.ts": {
    current: "set for the length of one call",
    thrown: "set for the length of one call",
    secret: "set for the length of one call",
    alert: "set by one call and taken right after it",
    message: "set by one call and taken right after it",
    made: "C callbacks, which hold no state",
  },
  "tls/openssl/operation.ts": { NO_BYTES: "constant" },
  "tls/openssl/library.ts": {
    loaded: "the library of the process",
    failures: "why the process has no library",
  },
  "sim/simulate.ts": { last: "the queue of simulations, which is outside of each" },
  "sim/link_options.ts": { KEYS: "constant" },
  "debug/goroutines.ts": {
    places: "lines of stacks, which never change",
    ELSEWHERE: "constant",
  },
  "debug/page.ts": { policy: "a text that is always the same" },
  "sched/thread_state.ts": { parts: "the registry itself" },
  "sched/noted_methods.ts": { declared: "methods of classes" },
  "net/resolve/lookup.ts": { ownLookup: "a function, set once when it is loaded" },
  "resolver/resolv_conf.ts": { WITHOUT_EFFECT: "constant" },
  "net/resolve/resolve.ts": { NO_HOST: "constant", UNSPECIFIED4: "constant" },
  "net/udp/udp_conn.ts": { NO_OFFLOAD: "constant" },
  "net/socket/lossless_close.ts": { scratch: "bytes that are read and dropped" },
  "net/errors.ts": { PEER_GONE: "constant" },
  "net/io/pipe.ts": { NO_BYTES: "constant" },
  "net/io/virtual_read.ts": { NO_BYTES: "constant" },
  "event/conn/conn_reader.ts": { NOTHING: "constant" },
  "event/udp/datagram_conn.ts": { NOTHING: "constant" },
  "bridge/duplex_conn.ts": { NO_BYTES: "constant" },
  "bridge/pipe_signal.ts": { aborts: "a cache by stream, which belongs to the host" },
  "worker/error_codec.ts": { OWN: "constant" },
  "fd/deno_errors.ts": { prototypes: "a cache by class, the same for all" },
  "fd/read_write.ts": { NO_BYTES: "constant" },
  "fd/send_file.ts": { UNSUPPORTED: "constant" },
  "fd/chunks.ts": { NOTHING_YET: "constant" },
  "fd/accepting.ts": { OF_THE_NETWORK: "constant" },
  "fd/fd.ts": { PEER_GONE: "constant" },
  "fd/writev.ts": { scratch: "bytes that a call fills and sends before anything else runs" },
  "fd/errors.ts": { TEMPORARY: "constant" },
  "serve/error_log.ts": { PEER_GONE: "constant" },
  "sync/object_pool.ts": { watching: "belongs to the registry of finalizers, one a thread" },
  "pool/job.ts": {
    words: "of a worker thread, which a simulation has none of",
    current: "of a worker thread, which a simulation has none of",
  },
  "chan/select.ts": { NO_ARMS: "constant" },
  "net/proxyproto/info.ts": { infos: "held weakly by descriptors, which belong to one simulation" },
  "resolver/resolver.ts": { NO_OPTIONS: "constant" },
  "reactor/acceptor.ts": { HANDED: "a marker that is compared by identity" },
};

/** The variables of a module that may hold state: every `let`, and every collection. */
function variablesOf(text: string): string[] {
  const lets = text.matchAll(/^(?:export )?let (\w+)/gm);
  const collections = text.matchAll(
    /^(?:export )?const (\w+)(?:: [^=]+?)? =\s*(?:new (?:Map|Set|WeakMap|WeakSet|Array|\w+Array|DataView)\b|\[\];|\{\};)/gm,
  );
  return [...lets, ...collections].map(([, name]) => name);
}

/** What is written between the brackets of a module's calls of registerState. */
function registeredIn(text: string): string {
  return [...text.matchAll(/^registerState(?:<[^]*?>)?\([^]*?^\}\);/gm)].map(([call]) => call)
    .join();
}

/** The variables of `text`, the source of `file`, that are neither registered nor exempt. */
function unregistered(file: string, text: string): string[] {
  const registered = registeredIn(text);
  return variablesOf(text).filter((name) =>
    !new RegExp(`\\b${name}\\b`).test(registered) && EXEMPT[file]?.[name] === undefined
  );
}

test("every module variable is registered, or exempt with a reason", READS_FOLDERS, () => {
  const found = sources().flatMap(([file, text]) =>
    unregistered(file, text).map((name) => `src/${file}: ${name}`)
  );
  assert.deepEqual(found, [], "register it by registerState of src/sched/thread_state.ts");
});

test("every exemption has a variable", READS_FOLDERS, () => {
  const texts = new Map(sources());
  for (const [file, names] of Object.entries(EXEMPT)) {
    const variables = variablesOf(texts.get(file) ?? "");
    for (const name of Object.keys(names)) assert.ok(variables.includes(name), `${file}: ${name}`);
  }
});

test("an unregistered variable is found", () => {
  const planted = [
    "let last = 0;",
    "const seen = new Map<string, number>();",
    "const all: string[] = [];",
    "export const places = new Int32Array(4);",
    "const by: Readonly<Record<string, number>> = {};",
  ];
  for (const line of planted) {
    assert.equal(unregistered("a.ts", `${line}\n`).length, 1, line);
    const name = variablesOf(line)[0];
    const call = `registerState("a", {\n  fresh: () => 0,\n  save: () => ${name},\n});\n`;
    assert.deepEqual(unregistered("a.ts", `${line}\n${call}`), [], line);
  }
});

/** Files that may read the runtime's own clocks, chance and timers, and why. */
const OWN_TIME: Readonly<Record<string, string>> = {
  "sched/clock.ts": "the one place that reads them for the others",
  "sched/host_loop.ts": "drives the scheduler in the host's loop, which a simulation does without",
  "poll/host_watch.ts": "waits in the host's loop for users of the raw poller",
  "sim/globals.ts": "puts virtual ones in their place",
  "sim/simulate.ts": "lets promises settle in turns of the host's loop",
  "sched/deadline.ts": "names the clock in an error's advice, and does not read it",
  "fd/wake_words.ts": "waits a moment for another thread",
  "debug/lateness.ts": "measures how late the timers of the host's loop are",
  "debug/page_source.ts": "the script of a page, for a browser",
  "debug/trace_body.ts": "a download goes on outside any run",
  "bridge/idle_timer.ts": "a stream's time-out goes on outside any run",
  "bridge/net_socket_methods.ts": "has a method of that name, as sockets of node:net do",
  "bridge/socket_pump.ts": "the host's TLS above a stream goes on outside any run",
  "event/api/balance.ts": "chance of a balance, which a simulation replaces with Math.random",
  "retry/retry_dial.ts": "chance of a wait, which a simulation replaces with Math.random",
  "reactor/balance.ts": "chance of a balance, which a simulation replaces with Math.random",
  "tls/tls_conn.ts": "turns of the host's loop, in which the engine of node:tls works",
};

test(
  "no module uses a clock, random numbers or timers of the runtime directly",
  READS_FOLDERS,
  () => {
    const own =
      /\b(performance\.now|Date\.now|new Date\(\)|Math\.random|setTimeout|setInterval|setImmediate)\b/;
    const found = sources().flatMap(([file, text]) =>
      OWN_TIME[file] !== undefined ? [] : text.split("\n")
        .filter((line) => own.test(line) && !/^\s*(\*|\/\*\*|\/\/)/.test(line))
        .map((line) => `src/${file}: ${line.trim()}`)
    );
    assert.deepEqual(found, [], "ask now() or epoch() of src/sched/clock.ts");
  },
);

test("the names of state are unique", () => {
  assert.throws(
    () => registerState("clock", { fresh: () => 0, save: () => 0, restore: () => {} }),
    /clock is registered twice/,
  );
  assert.ok(registeredState().includes("scheduler"));
});

/** Runs `body` on fresh state, and puts back what was there before. */
function onFreshState<T>(body: () => T): T {
  const before = exchangeState();
  try {
    return body();
  } finally {
    exchangeState(before);
  }
}

function* echoOnce(): Routine<string> {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  const served = go(function* serve() {
    using conn = yield* listener.accept();
    const buf = new Uint8Array(16);
    const n = yield* conn.read(buf);
    yield* conn.write(buf.subarray(0, n!));
  });
  using conn = yield* dial("tcp", String(listener.addr));
  yield* conn.write(new TextEncoder().encode("hello"));
  const buf = new Uint8Array(5);
  yield* conn.readFull(buf);
  yield* served.join();
  return new TextDecoder().decode(buf);
}

both("a run with separate state works inside a goroutine of another run", function* () {
  const outer = scheduler;
  const bytes = stats().bytesRead;
  const ids: number[] = [];
  for (let i = 0; i < 3; i++) {
    const answer = onFreshState(() => {
      assert.notEqual(scheduler, outer);
      assert.equal(numGoroutine(), 0);
      assert.equal(stats().bytesRead, 0);
      const text = runSync(function* () {
        ids.push(go(gosched).id);
        return yield* echoOnce();
      });
      assert.equal(stats().bytesRead, 10);
      return text;
    });
    assert.equal(answer, "hello");
  }
  assert.deepEqual(ids, [2, 2, 2], "goroutine numbers begin anew");
  assert.equal(scheduler, outer);
  assert.equal(stats().bytesRead, bytes);
  assert.equal(yield* echoOnce(), "hello");
});

test("the remains of a failed run are dropped with its state", async () => {
  await run(function* () {
    const sockets = openSockets();
    onFreshState(() => {
      assert.throws(
        () =>
          runSync(function* () {
            withTimeout(background(), 60_000);
            throw new Error("on purpose");
          }),
        /on purpose/,
      );
      assert.equal(scheduler.timers.size, 1, "the context's timer is left");
    });
    assert.equal(numGoroutine(), 1);
    assert.equal(openSockets(), sockets);
    yield* gosched();
  });
  assertNothingLeft(openSockets());
});

test("clocks are exchanged as well", () => {
  const real = [now(), epoch()];
  onFreshState(() => {
    let at = 5000;
    setClock({ now: () => at, epoch: () => 1_000_000 + at });
    assert.deepEqual([now(), epoch()], [5000, 1_005_000]);
    at += 10_000;
    assert.deepEqual([now(), epoch()], [15_000, 1_015_000]);
  });
  assert.ok(now() >= real[0] && now() < real[0] + 60_000);
  assert.ok(epoch() >= real[1]);
});

test("the platform is exchanged until it is restored", () => {
  const real = platform();
  const other = { ...real, pollerName: "another" };
  const before = exchangePlatform(() => other);
  try {
    assert.equal(platform().pollerName, "another");
  } finally {
    exchangePlatform(before);
  }
  assert.equal(platform(), real);
});

test("without a replacement the platform is the process's", () => {
  const before = exchangePlatform(() => assert.fail("asked"));
  exchangePlatform();
  assert.equal(platform().os, before().os);
  exchangePlatform(before);
});

/** The order in which goroutines 0 to 4 take two turns each, by `picker`. */
function orderBy(picker: (runnable: readonly G[]) => number): number[] {
  return onFreshState(() => {
    scheduler.picker = picker;
    const order: number[] = [];
    runSync(function* () {
      const all = [0, 1, 2, 3, 4].map((i) =>
        go(function* () {
          order.push(i);
          yield* gosched();
          order.push(i);
        })
      );
      for (const g of all) yield* g.join();
    });
    return order;
  });
}

test("a picker chooses the next goroutine, and its first choice is FIFO order", () => {
  assert.deepEqual(orderBy(() => 0), [0, 1, 2, 3, 4, 0, 1, 2, 3, 4]);
  assert.deepEqual(orderBy((all) => all.length - 1), [4, 4, 3, 3, 2, 2, 1, 1, 0, 0]);
});

test("a picker is called only when there is a choice, and never with an ended goroutine", () => {
  const asked: number[] = [];
  onFreshState(() => {
    scheduler.picker = (all) => {
      asked.push(all.length);
      assert.ok(all.every((g) => g.status === "runnable"));
      return 0;
    };
    assert.throws(
      () =>
        runSync(function* () {
          go(function* thrower() {
            yield* gosched();
            throw new Error("ends the others");
          });
          go(function* spinner() {
            for (;;) yield* gosched();
          });
          for (;;) yield* gosched();
        }),
      /ends the others/,
    );
  });
  assert.ok(asked.length > 0 && asked.every((n) => n > 1));
});

/** Starts goroutines in a run of their own on fresh state, crashes it, and says what went on. */
function crashed(
  start: (log: string[]) => (() => Routine<void>)[],
): { log: string[]; after: string } {
  return onFreshState(() => {
    const log: string[] = [];
    scheduler.timers.owner = () => scheduler.current?.run ?? null;
    const machine = new Run(scheduler, { whenEmpty: "end", detectDeadlock: false });
    for (const body of start(log)) spawn(machine, body.name, body());
    runSync(function* () {
      yield* sleep(1);
      machine.crash();
      yield* sleep(20);
    });
    assert.ok(machine.over);
    assert.equal(numGoroutine(), 0);
    assert.equal(scheduler.timers.size, 0, "timers left");
    assert.equal(scheduler.promises, 0);
    assert.equal(scheduler.waiters, 0);
    return { log, after: dump() };
  });
}

test("a crash runs no finally block, and stops the timers of its goroutines", () => {
  const { log } = crashed((log) => [
    function* sleeper() {
      try {
        log.push("asleep");
        yield* sleep(60_000);
        log.push("awake");
      } finally {
        log.push("finally");
      }
    },
    function* busy() {
      try {
        for (;;) yield* sleep(0.1);
      } finally {
        log.push("finally");
      }
    },
  ]);
  assert.deepEqual(log, ["asleep"]);
});

test("a crash removes waits for descriptors, channels and deadlines", () => {
  const held: number[] = [];
  crashed(() => [
    function* reader() {
      const [a] = pipe();
      a.setReadDeadline(epoch() + 10);
      yield* a.read(new Uint8Array(1));
    },
    function* accepter() {
      const listener = yield* listen("tcp", "127.0.0.1:0");
      held.push(listener.fd);
      listener.setDeadline(epoch() + 10);
      yield* listener.accept();
    },
  ]);
  // No kernel crashed along with the machine.
  held.forEach((fd) => platform().sockets.close(fd));
});

test("a crashed goroutine that waits for a promise is no longer counted", async () => {
  await run(function* () {
    const machine = new Run(scheduler, { whenEmpty: "end", detectDeadlock: false });
    spawn(machine, "waiter", wait(new Promise<void>(() => {})));
    yield* gosched();
    yield* gosched();
    assert.equal(scheduler.promises, 1);
    machine.crash();
    assert.equal(scheduler.promises, 0);
  });
});

test("a run cannot crash itself", () => {
  assert.throws(
    () =>
      runSync(function* () {
        (scheduler.current!.run as Run).crash();
      }),
    /a run crashes itself/,
  );
});
