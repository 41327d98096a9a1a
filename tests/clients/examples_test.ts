// SPDX-License-Identifier: MIT
/** The example programs against their real peers: HAProxy, nginx, memcached, clients of statsd. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { test } from "node:test";
import { StatsD } from "hot-shots";
import { dial, go, OpError, type Routine, run, wait } from "../../mod.ts";
import { connect, type Memcached, MemcachedError } from "../../examples/memcached.ts";
import { type Child, eventually, startProgram } from "../support/child.ts";
import { connectTo, receive } from "../support/echo_clients.ts";
import { freePort } from "../support/free_port.ts";
import { Folder, haproxy, nginx } from "./proxies.ts";
import { memcached } from "./servers.ts";

const TIMEOUT = { timeout: 120_000 };

/** Starts a program of examples; its `address` is where it listens. */
async function example(
  name: string,
  env: Record<string, string>,
  args: string[] = [],
): Promise<{ child: Child; port: number } & AsyncDisposable> {
  const child = startProgram(`examples/${name}.ts`, args, {
    env: { LISTEN: "127.0.0.1:0", ...env },
    lifetime: 100_000,
  });
  const [, port] = await child.stdout.match(/^listening on 127\.0\.0\.1:(\d+)/m);
  return { child, port: Number(port), [Symbol.asyncDispose]: () => child[Symbol.asyncDispose]() };
}

async function ended(child: Child): Promise<void> {
  child.kill("SIGTERM");
  assert.deepEqual(await child.exit, { code: 0, signal: null }, child.stderr.text);
}

test(
  "examples/proxy.ts: from HAProxy to nginx, with the client's address",
  TIMEOUT,
  async () => {
    using folder = new Folder();
    const [front, web, ready] = [await freePort(), await freePort(), await freePort()];
    await using _nginx = await nginx(
      folder,
      `http {
  access_log off;
  client_max_body_size 64m;
  client_body_temp_path ${folder.path};
  server { listen 127.0.0.1:${ready}; }
  server { listen 127.0.0.1:${web} proxy_protocol; return 200 "$proxy_protocol_addr"; }
}
`,
      ready,
    );
    const down = await freePort();
    await using proxy = await example("proxy", {
      BACKENDS: `127.0.0.1:${down},127.0.0.1:${web}`,
      PROXY_PROTOCOL: "2",
      TRUSTED: "127.0.0.1",
    });
    const config = `
listen front
  bind 127.0.0.1:${front}
  server s 127.0.0.1:${proxy.port} send-proxy-v2
`;
    await using _haproxy = await haproxy(folder, config, await freePort());
    for (let i = 0; i < 4; i++) {
      const response = await fetch(`http://127.0.0.1:${front}/`, {
        headers: { connection: "close" },
      });
      assert.equal(await response.text(), "127.0.0.1");
    }
    // The backend that is down is tried once, and the others go on.
    assert.match(proxy.child.stderr.text, /^proxy: dial tcp 127\.0\.0\.1:\d+: .*refused/m);
    await ended(proxy.child);
    assert.match(proxy.child.stdout.text, /\n4 connections, 0 failed\n$/);
  },
);

test("examples/proxy.ts forwards every byte, and each end separately", TIMEOUT, async () => {
  const echo = createServer({ allowHalfOpen: true }, (socket) => void socket.pipe(socket));
  await new Promise<void>((resolve) => echo.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = echo.address() as AddressInfo;
    await using proxy = await example("proxy", { BACKENDS: `127.0.0.1:${port}` });
    const socket = await connectTo(proxy.port);
    const bytes = randomBytes(8 << 20);
    socket.end(bytes);
    assert.ok((await receive(socket)).equals(bytes));
    const cut = await connectTo(proxy.port);
    cut.write("x");
    await receive(cut, 1);
    cut.resetAndDestroy();
    const after = await connectTo(proxy.port);
    after.end("still here");
    assert.equal(String(await receive(after)), "still here");
    await ended(proxy.child);
  } finally {
    echo.close();
  }
});

test(
  "examples/proxy.ts without a reachable backend closes the connection",
  TIMEOUT,
  async () => {
    const port = await freePort();
    await using proxy = await example("proxy", { BACKENDS: `127.0.0.1:${port}` });
    const socket = await connectTo(proxy.port);
    assert.equal((await receive(socket)).length, 0);
    await ended(proxy.child);
    assert.match(proxy.child.stdout.text, /1 connections, 1 failed/);
  },
);

function text(bytes: Uint8Array | undefined): string | undefined {
  return bytes && new TextDecoder().decode(bytes);
}

function* failure(call: Routine<unknown>): Routine<unknown> {
  try {
    yield* call;
  } catch (error) {
    return error;
  }
  assert.fail("it did not fail");
}

function* calls(client: Memcached): Routine<void> {
  assert.match(yield* client.version(), /^\d+\.\d+/);
  assert.equal(yield* client.set("a", "één"), true);
  assert.equal(yield* client.set("b", new Uint8Array([0, 13, 10, 255]), { expires: 60 }), true);
  const found = yield* client.get("a", "b", "none");
  assert.deepEqual([...found.keys()], ["a", "b"]);
  assert.equal(text(found.get("a")), "één");
  assert.deepEqual([...found.get("b")!], [0, 13, 10, 255]);
  assert.equal(yield* client.set("a", "no", { verb: "add" }), false);
  assert.equal(yield* client.set("a", "!", { verb: "append" }), true);
  assert.equal(text((yield* client.get("a")).get("a")), "één!");
  assert.equal(yield* client.delete("a"), true);
  assert.equal(yield* client.delete("a"), false);
  assert.equal(yield* client.increment("n"), null);
  yield* client.set("n", "10");
  assert.equal(yield* client.increment("n", 5), 15);
  assert.equal(yield* client.increment("n", -20), 0);
  yield* client.delete("n");
}

test("examples/memcached.ts: all commands against memcached", TIMEOUT, async () => {
  await using server = await memcached();
  await run(function* () {
    using client = yield* connect(`127.0.0.1:${server.port}`);
    yield* calls(client);
    // What the server refuses is an error of that call, and the others go on.
    const large = yield* failure(client.set("large", new Uint8Array(2 << 20)));
    assert.ok(large instanceof MemcachedError, String(large));
    assert.match(large.message, /^SERVER_ERROR object too large/);
    const noNumber = yield* client.set("word", "x");
    assert.equal(noNumber, true);
    assert.match(String(yield* failure(client.increment("word"))), /CLIENT_ERROR/);
    assert.match(String(yield* failure(client.get("two words"))), /a key has 1 to 250 bytes/);
    yield* calls(client);
  });
});

test("examples/memcached.ts: concurrent commands get their own responses", TIMEOUT, async () => {
  await using server = await memcached();
  await run(function* () {
    using client = yield* connect(`127.0.0.1:${server.port}`);
    const values = Array.from({ length: 200 }, (_, i) => `${i} `.repeat(i * 20));
    const workers = values.map((value, i) =>
      go(function* worker() {
        for (let round = 0; round < 20; round++) {
          yield* client.set(`key${i}`, value);
          assert.equal(text((yield* client.get(`key${i}`)).get(`key${i}`)), value);
        }
      })
    );
    for (const worker of workers) yield* worker.join();
  });
});

test(
  "examples/memcached.ts: commands fail when the server ends, and work again when it is back",
  TIMEOUT,
  async () => {
    await using server = await memcached();
    await run(function* () {
      const address = `127.0.0.1:${server.port}`;
      using client = yield* connect(address);
      yield* client.set("a", "1");
      yield* wait(server.kill());
      yield* failure(client.get("a"));
      yield* failure(client.get("a"));
      assert.ok((yield* failure(dial("tcp", address))) instanceof OpError);
      yield* wait(server.restart());
      assert.equal((yield* client.get("a")).size, 0);
      using again = yield* connect(address);
      assert.equal((yield* again.get("a")).size, 0);
    });
  },
);

test(
  "examples/memcached.ts drops a connection whose response is malformed",
  TIMEOUT,
  async () => {
    const responses = [
      "VALUE a 0 1\r\n1!!END\r\n",
      "VALUE a 0 1\r\n1\r!END\r\n",
      "VALUE a 0\r\n1\r\nEND\r\n",
      "VALUE a 0 -1\r\n1\r\nEND\r\n",
      "VALUE other 0 1\r\n1\r\nEND\r\n",
      "STORED\r\n",
    ];
    let connections = 0;
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket.on("error", () => {}));
      // The last connection responds well.
      const response = responses[connections++] ?? "VALUE a 0 1\r\n1\r\nEND\r\n";
      socket.on("data", (request) => {
        socket.write(String(request).startsWith("version") ? "VERSION 1.6\r\n" : response);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      await run(function* () {
        const { port } = server.address() as AddressInfo;
        using client = yield* connect(`127.0.0.1:${port}`);
        for (const response of responses) {
          const error = yield* failure(client.get("a"));
          assert.ok(!(error instanceof MemcachedError), response);
          assert.match(String(error), /^Error: memcached: unexpected answer: /, response);
        }
        assert.equal(text((yield* client.get("a")).get("a")), "1");
      });
      assert.equal(connections, responses.length + 1);
    } finally {
      for (const socket of sockets) socket.destroy();
      server.close();
    }
  },
);

test("examples/memcached.ts as a program", TIMEOUT, async () => {
  await using server = await memcached();
  const call = async (...args: string[]) => {
    const env = { MEMCACHED: `127.0.0.1:${server.port}` };
    await using child = startProgram("examples/memcached.ts", args, { env });
    assert.deepEqual(await child.exit, { code: 0, signal: null }, child.stderr.text);
    return child.stdout.text;
  };
  assert.equal(await call("set", "greeting", "hello", "60"), "true\n");
  assert.equal(await call("get", "greeting"), "hello\n");
  assert.equal(await call("get", "none"), "not found\n");
  assert.match(await call(), /^memcached 1\./);
});

/** A Graphite that keeps the lines it gets. */
async function graphite(): Promise<{ port: number; lines: string[] } & Disposable> {
  const lines: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let rest = "";
    socket.setEncoding("utf8").on("data", (part: string) => {
      const parts = (rest + part).split("\n");
      rest = parts.pop()!;
      lines.push(...parts);
    });
    socket.on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    lines,
    port: (server.address() as AddressInfo).port,
    [Symbol.dispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** The sum of all values that Graphite has of a metric. */
function total(lines: string[], name: string): number {
  const own = lines.filter((line) => line.startsWith(`${name} `));
  return own.reduce((sum, line) => sum + Number(line.split(" ")[1]), 0);
}

test(
  "examples/statsd.ts aggregates the metrics of hot-shots, and sends the sums to Graphite",
  TIMEOUT,
  async () => {
    using sink = await graphite();
    await using agent = await example("statsd", {
      GRAPHITE: `127.0.0.1:${sink.port}`,
      FLUSH: "100",
    });
    const client = new StatsD({
      host: "127.0.0.1",
      port: agent.port,
      maxBufferSize: 1000,
      errorHandler: (error) => assert.fail(error),
    });
    for (let i = 1; i <= 500; i++) {
      client.increment("app.requests");
      client.decrement("app.balance", 2);
    }
    client.increment("app.rare", 3, 1);
    client.gauge("app.queue", 42);
    client.gaugeDelta("app.queue", -2);
    for (const value of ["a", "b", "a"]) client.set("app.users", value);
    for (let i = 1; i <= 100; i++) client.timing("app.latency", i);
    await new Promise<void>((resolve) => client.close(() => resolve()));
    const { lines } = sink;
    await eventually(
      "all of it",
      () =>
        total(lines, "app.requests.count") === 500 && total(lines, "app.balance.count") === -1000 &&
        total(lines, "app.latency.count") === 100 && total(lines, "app.users.count") >= 2,
      30_000,
    );
    assert.equal(total(lines, "app.rare.count"), 3);
    await eventually("the gauge", () =>
      / 40 \d+$/.test(
        lines.findLast((line) => line.startsWith("app.queue ")) ?? "",
      ));
    assert.equal(total(lines, "statsd.bad_lines"), 0);
    await ended(agent.child);
  },
);

test(
  "examples/statsd.ts keeps its lines while Graphite is down, and flushes at the end",
  TIMEOUT,
  async () => {
    const port = await freePort();
    await using agent = await example("statsd", { GRAPHITE: `127.0.0.1:${port}`, FLUSH: "50" });
    const client = new StatsD({ host: "127.0.0.1", port: agent.port });
    client.increment("kept");
    await agent.child.stderr.match(/\d+ lines wait: .*refused/);
    const lines: string[] = [];
    const server = createServer((socket) =>
      void socket.setEncoding("utf8").on("data", (part: string) => lines.push(...part.split("\n")))
    );
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    await eventually("the kept line", () => total(lines, "kept.count") === 1, 30_000);
    await new Promise<void>((resolve) => client.close(() => resolve()));
    await ended(agent.child);
    server.close();
  },
);

test(
  "examples/statsd.ts prints without Graphite, and counts invalid lines",
  TIMEOUT,
  async () => {
    await using agent = await example("statsd", { FLUSH: "50" });
    const client = new StatsD({ host: "127.0.0.1", port: agent.port });
    const socket = createSocket("udp4");
    socket.send("no metric at all", agent.port, "127.0.0.1", () => socket.close());
    client.increment("printed");
    await Promise.all([
      agent.child.stdout.match(/^statsd\.bad_lines 1 \d+$/m),
      agent.child.stdout.match(/^printed\.count 1 \d+$/m),
    ]);
    await new Promise<void>((resolve) => client.close(() => resolve()));
    await ended(agent.child);
  },
);

test("examples/statsd.ts holds a bounded number of metrics", TIMEOUT, async () => {
  await using agent = await example("statsd", { FLUSH: "50", MAX_METRICS: "3" });
  const socket = createSocket("udp4");
  const lines = ["a:1|c", "b:1|g", "c:x|s", "d:1|ms", "e:1|g", "a:1|c", `${"n".repeat(300)}:1|c`];
  socket.send(lines.join("\n"), agent.port, "127.0.0.1", () => socket.close());
  await Promise.all([
    agent.child.stdout.match(/^statsd\.bad_lines 3 \d+$/m),
    agent.child.stdout.match(/^a\.count 2 \d+$/m),
    agent.child.stdout.match(/^b 1 \d+$/m),
    agent.child.stdout.match(/^c\.count 1 \d+$/m),
  ]);
  await ended(agent.child);
  assert.doesNotMatch(agent.child.stdout.text, /^[den]/m);
});
