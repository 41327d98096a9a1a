// SPDX-License-Identifier: MIT
/** The debug handler: access to it, and its output in each of its formats. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import {
  chan,
  dial,
  go,
  listen,
  Mutex,
  type Routine,
  run,
  startTrace,
  stopTrace,
  wait,
} from "../../mod.ts";
import {
  type DebugHandler,
  debugHandler,
  type DebugPeerInfo,
  type DebugSnapshot,
} from "../../debug.ts";
import { limit, type Reactor } from "../../reactor.ts";
import { platform } from "../../platforms/platform.ts";
import { only, pair, parked, thrown, until } from "../support/harness.ts";
import { checkPageSource } from "../support/page_source.ts";

const TOKEN = "a-token-of-the-tests";
const URL_ = "http://127.0.0.1:9090/debug";

/** A request with the token, unless `headers` has another. */
function ask(
  handler: DebugHandler,
  query: string,
  headers: Record<string, string> = {},
  info?: DebugPeerInfo,
): Response {
  const all = { authorization: `Bearer ${TOKEN}`, ...headers };
  return handler(new Request(`${URL_}${query}`, { headers: all }), info);
}

/** The snapshot that the handler answers. */
function* snapshotOf(handler: DebugHandler, query = ""): Routine<DebugSnapshot> {
  const response = ask(handler, `?format=json${query}`);
  assert.equal(response.status, 200);
  return yield* wait(response.json());
}

const handler = () => debugHandler({ token: TOKEN });

test("without the token nothing is shown", async () => {
  const debug = handler();
  for (const format of ["json", "prometheus", "dump", "trace", "page"]) {
    for (const authorization of ["", "Bearer", `Bearer ${TOKEN}x`, `Basic ${TOKEN}`, "Bearer x"]) {
      const response = ask(debug, `?format=${format}`, { authorization });
      assert.equal(response.status, 401, `${format}: ${authorization}`);
      assert.match(response.headers.get("www-authenticate")!, /^Bearer/);
      assert.doesNotMatch(await response.text(), /goroutine \d|traceEvents|netpoll_/);
    }
  }
  assert.equal(debug(new Request(`${URL_}?format=json&token=${TOKEN}`)).status, 200);
  assert.equal(ask(debug, "?format=json").status, 200);
});

test("a generated token is printed once, and grants access", () => {
  const printed: string[] = [];
  const { log } = console;
  console.log = (line: string) => printed.push(line);
  let debug: DebugHandler;
  try {
    debug = debugHandler();
  } finally {
    console.log = log;
  }
  assert.deepEqual(printed, [`netpoll debug token: ${debug.token}`]);
  assert.match(debug.token, /^[\w-]{32}$/);
  const headers = { authorization: `Bearer ${debug.token}` };
  assert.equal(debug(new Request(`${URL_}?format=dump`, { headers })).status, 200);
  assert.notEqual(debug.token, handler().token);
});

test("an unknown host name is refused, an address is not", () => {
  const debug = debugHandler({ token: TOKEN, hosts: ["Debug.example"] });
  const statusOf = (url: string, headers: Record<string, string> = {}) =>
    debug(new Request(url, { headers: { authorization: `Bearer ${TOKEN}`, ...headers } })).status;
  const good = [
    "localhost",
    "app.localhost:80",
    "127.0.0.1:9",
    "[::1]:9",
    "192.0.2.1",
    "debug.example",
  ];
  for (const host of good) assert.equal(statusOf(`http://${host}/?format=json`), 200, host);
  for (const host of ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example"]) {
    assert.equal(statusOf(`http://${host}/?format=json`), 421, host);
    assert.equal(statusOf("http://localhost/?format=json", { host }), 421, `Host: ${host}`);
  }
  assert.equal(statusOf("http://localhost/", { host: "a b" }), 421);
});

test("forwarded requests are refused unless allowed", () => {
  const open = debugHandler({ token: TOKEN, allowForwarded: true });
  for (const name of ["Forwarded", "Via", "X-Forwarded-For", "X-Real-IP", "CF-Connecting-IP"]) {
    assert.equal(ask(handler(), "?format=json", { [name]: "for=192.0.2.1" }).status, 403, name);
    assert.equal(ask(open, "?format=json", { [name]: "for=192.0.2.1" }).status, 200, name);
  }
});

test("a client on another machine is refused where the host reports its address", () => {
  const bun = (address: string): DebugPeerInfo => ({ requestIP: () => ({ address }) });
  const deno = (hostname?: string): DebugPeerInfo => ({ remoteAddr: { hostname } });
  const open = debugHandler({ token: TOKEN, allowRemote: true });
  for (const  of of[bun, deno]) {
    for (const local of ["127.0.0.1", "::1", "::ffff:127.0.0.1"]) {
      assert.equal(ask(handler(), "?format=json", {}, of(local)).status, 200, local);
    }
    for (const remote of ["192.0.2.1", "fe80::1", "::ffff:192.0.2.1"]) {
      assert.equal(ask(handler(), "?format=json", {}, of(remote)).status, 403, remote);
      assert.equal(ask(open, "?format=json", {}, of(remote)).status, 200, remote);
    }
  }
  // A Unix socket has no address.
  assert.equal(ask(handler(), "?format=json", {}, deno()).status, 200);
  assert.equal(ask(handler(), "?format=json", {}, { requestIP: () => null }).status, 200);
});

test("cross-site scripts and other methods are refused", () => {
  const headers = { authorization: `Bearer ${TOKEN}` };
  const cross = { "sec-fetch-site": "cross-site" };
  assert.equal(ask(handler(), "?format=json", { ...cross, "sec-fetch-mode": "cors" }).status, 403);
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
    assert.equal(handler()(new Request(URL_, { method, headers })).status, 405, method);
  }
  const head = handler()(new Request(`${URL_}?format=trace`, { method: "HEAD", headers }));
  assert.equal(head.status, 200);
  assert.throws(stopTrace, /not enabled/);
});

test("the page is complete, and its policy allows its own style and script alone", async () => {
  const response = ask(handler(), "", { accept: "text/html,*/*" });
  const page = await response.text();
  const policy = response.headers.get("content-security-policy")!;
  for (const [name, directive] of [["style", "style-src"], ["script", "script-src"]]) {
    const [, text] = new RegExp(`<${name}>([\\s\\S]*?)</${name}>`).exec(page)!;
    const hash = createHash("sha256").update(text).digest("base64");
    assert.ok(text.length > 1000);
    assert.ok(policy.includes(`${directive} 'sha256-${hash}'`), directive);
  }
  assert.match(policy, /^default-src 'none'; /);
  assert.doesNotMatch(policy, /unsafe|\*|https?:/);
  assert.doesNotMatch(page, /(src|href)="(?!data:)/);
  assert.equal(response.headers.get("cache-control"), "no-store");
  assert.equal(response.headers.get("x-content-type-options"), "nosniff");
});

test("the Accept header selects the format, and an unknown one is refused", () => {
  const typeOf = (accept: string) =>
    ask(handler(), "", { accept }).headers.get("content-type")!.split(";")[0];
  assert.equal(typeOf("application/json"), "application/json");
  assert.equal(typeOf("text/html,application/xhtml+xml,*/*;q=0.8"), "text/html");
  const prometheus = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5";
  assert.equal(typeOf(prometheus), "text/plain");
  assert.equal(ask(handler(), "?format=xml").status, 400);
});

for (
  const [options, said] of [
    [{ token: "short" }, /token: must have 16/],
    [{ token: "with a space inside" }, /token/],
    [{ hosts: "localhost" }, /hosts/],
    [{ reactors: { a: 1 } }, /reactors\.a/],
    [{ tokens: "" }, /tokens/],
    [{ allowRemote: "yes" }, /allowRemote/],
  ] as const
) {
  test(`an invalid option is named in the error: ${JSON.stringify(options)}`, () => {
    // deno-lint-ignore no-explicit-any
    assert.throws(() => debugHandler(options as any), (error) => {
      assert.ok(error instanceof TypeError);
      assert.match(error.message, /^Cannot make a debug handler/);
      assert.match(error.message, said);
      return true;
    });
  });
}

only("run", "goroutines are listed by state, by function and by wait reason", function* () {
  const debug = handler();
  const jobs = chan<number>(2);
  const receivers = [1, 2, 3].map(() =>
    go(function* receiver() {
      yield* jobs.recv();
    })
  );
  const lock = new Mutex();
  yield* lock.lock();
  const locker = go(() => lock.lock());
  for (const g of [...receivers, locker]) yield* parked(g);
  const { states, groups, goroutines, waits } = yield* snapshotOf(debug);
  assert.equal(states.waiting, goroutines.total - states.runnable - states.running);
  const group = groups.find(({ name }) => name === "receiver")!;
  assert.deepEqual([group.count, group.state], [3, "chan receive"]);
  const wait = waits.find(({ reason }) => reason === "chan receive")!;
  assert.match(wait.on, /^chan \d+, 0 of 2$/);
  assert.equal(wait.count, 3);
  assert.ok(waits.some(({ on, count }) => /^lock \d+$/.test(on) && count === 1));
  const row = goroutines.rows.find(({ name }) => name === "receiver")!;
  assert.equal(row.on, wait.on);
  assert.ok(row.waited >= 0);
  // The search and the state choose, the limit cuts.
  const found = yield* snapshotOf(debug, "&search=RECEIVER&limit=2");
  assert.deepEqual([found.goroutines.total, found.goroutines.rows.length], [3, 2]);
  const receiving = yield* snapshotOf(debug, "&state=chan%20receive");
  assert.equal(receiving.goroutines.total, 3);
  jobs.close();
  lock.unlock();
});

test("with debug mode, source lines are shown", () =>
  run(function* () {
    const g = go(function* placed() {
      yield* chan().recv();
    });
    yield* parked(g);
    const { groups } = yield* snapshotOf(handler());
    const group = groups.find(({ name }) => name === "placed")!;
    assert.match(group.place, /handler_test\.ts:\d+:\d+$/);
  }, { debug: true, detectDeadlock: false }));

only("run", "connections are listed with both ends, bytes, age and deadlines", function* () {
  const [a, b] = yield* pair();
  yield* a.write(new Uint8Array(1000));
  yield* b.readFull(new Uint8Array(1000));
  b.setReadDeadline(Date.now() + 60_000);
  const reader = go(() => thrown(b.read(new Uint8Array(1))));
  yield* parked(reader);
  const { connections } = yield* snapshotOf(handler());
  assert.ok(connections.total >= 2, JSON.stringify(connections));
  const row = connections.rows.find(({ fd }) => fd === b.fd)!;
  assert.deepEqual([row.network, row.local, row.remote], [
    "tcp",
    String(b.localAddr),
    String(b.remoteAddr),
  ]);
  assert.ok(row.readDeadline! > 50_000 && row.readDeadline! <= 60_100, `${row.readDeadline}`);
  assert.equal(row.writeDeadline, null);
  assert.ok(row.age >= 0 && row.idle !== null, JSON.stringify(row));
  const other = connections.rows.find(({ fd }) => fd === a.fd)!;
  assert.equal(other.readDeadline, null);
  const counts = platform().sockets.traffic !== undefined;
  assert.deepEqual([row.received, other.sent], counts ? [1000, 1000] : [null, null]);
  const found = yield* snapshotOf(handler(), `&search=${encodeURIComponent(row.remote)}`);
  assert.equal(found.connections.total, 2);
  assert.equal((yield* snapshotOf(handler(), "&search=nothing")).connections.total, 0);
  b.setReadDeadline(1);
  yield* reader.join();
  assert.equal(
    (yield* snapshotOf(handler())).connections.rows.find(({ fd }) => fd === b.fd)!
      .readDeadline,
    0,
  );
  a.close();
  b.close();
});

only("run", "refusals by limits are counted, and exported to Prometheus", function* () {
  const debug = handler();
  const before = (yield* snapshotOf(debug)).shed.refused.connections ?? 0;
  using listener = limit(yield* listen("tcp", "127.0.0.1:0"), {
    connections: { most: 1, policy: "refuse" },
  });
  go(function* () {
    for (;;) yield* listener.accept();
  });
  using _first = yield* dial("tcp", String(listener.addr));
  using _second = yield* dial("tcp", String(listener.addr));
  yield* until(() => listener.counters.refused.connections === 1);
  const { shed } = yield* snapshotOf(debug);
  assert.equal(shed.refused.connections, before + 1);
  const text = yield* wait(ask(debug, "?format=prometheus").text());
  assert.match(
    text,
    new RegExp(`^netpoll_shed_total{limit="connections",action="refused"} ${before + 1}$`, "m"),
  );
});

/** Lines of Prometheus' text format, version 0.0.4. */
const LINES = [
  /^# HELP [a-z_]+ .+$/,
  /^# TYPE [a-z_]+ (counter|gauge)$/,
  /^[a-z_]+({[a-z]+="(?:[^"\\\n]|\\["\\n])*"(,[a-z]+="(?:[^"\\\n]|\\["\\n])*")*})? -?[\d.]+(e[+-]\d+)?$/,
];

only("run", "the Prometheus text is well formed, and includes the counters", function* () {
  const workers = [{ id: 0, state: "serving", connections: 3 }, {
    id: 1,
    state: "serving",
    connections: 1,
  }];
  const none = { connections: 0, perAddress: 0, goroutines: 0, acceptRate: 0, firstBytes: 0 };
  const counters = { open: 4, accepted: 9, refused: none, closed: none, stopped: none };
  const reactor: Pick<Reactor, "counters"> = { counters };
  const debug = debugHandler({
    token: TOKEN,
    reactors: { 'a "name"': { workers, counters: reactor.counters } },
  });
  const response = ask(debug, "", { accept: "text/plain;version=0.0.4" });
  assert.match(response.headers.get("content-type")!, /^text\/plain; version=0\.0\.4/);
  const text = yield* wait(response.text());
  assert.ok(text.endsWith("\n"));
  for (const line of text.trimEnd().split("\n")) {
    assert.ok(LINES.some((pattern) => pattern.test(line)), line);
  }
  assert.match(text, /^netpoll_goroutines\{state="running"\} 1$/m);
  assert.match(text, /^netpoll_reactor_connections\{reactor="a \\"name\\"",worker="0"\} 3$/m);
  const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
  assert.equal(new Set(names).size, names.length);
  const { reactors } = yield* snapshotOf(debug);
  assert.deepEqual(reactors[0].workers.map(({ share }) => share), [0.75, 0.25]);
});

only("run", "the dump and the trace are downloads", function* () {
  const debug = handler();
  const dump = ask(debug, "?format=dump");
  assert.match(
    dump.headers.get("content-disposition")!,
    /^attachment; filename="netpoll-dump\.txt"/,
  );
  assert.match(yield* wait(dump.text()), /^goroutine \d+ \[running\]: /m);
  const trace = ask(debug, "?format=trace&seconds=0");
  // One trace at a time, and it says so.
  assert.equal(ask(debug, "?format=trace").status, 409);
  const { traceEvents } = yield* wait(trace.json());
  assert.ok(traceEvents.some(({ name }: { name: string }) => name === "process_name"));
  startTrace();
  assert.equal(ask(debug, "?format=trace").status, 409);
  stopTrace();
});

only("run", "a trace ends with the client that requested it", function* () {
  const trace = ask(handler(), "?format=trace&seconds=60");
  yield* wait(trace.body!.cancel());
  startTrace();
  stopTrace();
});

// The connections that fetch keeps are the runtime's: so not by `only`, which finds them.
test("the page works over the host's own server, with the peer's address", async () => {
  const host = serveByHost(handler());
  const url = `http://127.0.0.1:${host.port}/`;
  const authorization = `Bearer ${TOKEN}`;
  const get = async (query: string, headers: Record<string, string>) => {
    const response = await fetch(`${url}${query}`, {
      headers: { connection: "close", ...headers },
    });
    return { status: response.status, text: await response.text() };
  };
  try {
    assert.equal((await get("?format=json", {})).status, 401);
    const { status, text } = await get("?format=json", { authorization });
    assert.equal(status, 200);
    const snapshot: DebugSnapshot = JSON.parse(text);
    assert.equal(snapshot.goroutines.total, 0);
    const forwarded = await get("", { authorization, "x-forwarded-for": "192.0.2.1" });
    assert.equal(forwarded.status, 403);
  } finally {
    await host.close();
  }
});

/** What of the two hosts is used here: each has no types for the other. */
interface Hosts {
  readonly Bun?: {
    serve(options: object): { readonly port: number; stop(all: boolean): Promise<void> };
  };
  readonly Deno?: {
    serve(options: object, handler: DebugHandler): {
      readonly addr: { readonly port: number };
      shutdown(): Promise<void>;
    };
  };
}

/** Serves `debug` by `Bun.serve` or `Deno.serve`, which pass on the peer's address. */
function serveByHost(debug: DebugHandler): { port: number; close(): Promise<void> } {
  const { Bun, Deno } = globalThis as Hosts;
  const at = { hostname: "127.0.0.1", port: 0 };
  if (Deno !== undefined) {
    const server = Deno.serve({ ...at, onListen: () => {} }, debug);
    return { port: server.addr.port, close: () => server.shutdown() };
  }
  const server = Bun!.serve({ ...at, fetch: debug });
  return { port: server.port, close: async () => await server.stop(true) };
}

test("the page's module is up to date with its sources", () => checkPageSource("src/debug"));
