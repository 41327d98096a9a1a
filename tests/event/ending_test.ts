// SPDX-License-Identifier: MIT
/** Every way in which a connection ends: `closed` is called once, with the reason. */
import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  cancellable,
  type Conn,
  dial,
  go,
  listen,
  type OpError,
  type Routine,
  run,
  runSync,
  sleep,
  stats,
} from "../../mod.ts";
import { type EventConn, type Events, serve } from "../../event.ts";
import { assertNothingLeft, both, openSockets, until, wineGap } from "../support/harness.ts";
import { bytes, pattern, readAll, readText, serving, text } from "../support/serving.ts";
import { test } from "node:test";

/** A way to end: what happens, and the argument of `closed`, by the code or the name of the error. */
interface Way {
  events?: Events;
  end: (client: Conn, conn: EventConn) => Routine<void> | void;
  told: string;
}

const ways: Record<string, Way> = {
  "the peer closes": { end: (client) => client.close(), told: "" },
  "the peer ends its side": { end: (client) => client.closeWrite(), told: "" },
  "the peer resets": { end: (client) => client.abort(), told: "ECONNRESET" },
  "a handler answers close": {
    events: { data: () => "close" },
    *end(client) {
      yield* client.write(bytes("x"));
    },
    told: "",
  },
  "opened answers close": { events: { opened: () => "close" }, end: () => {}, told: "" },
  "a handler throws": {
    events: {
      data: () => {
        throw new RangeError("boom");
      },
      onError: () => {},
    },
    *end(client) {
      yield* client.write(bytes("x"));
    },
    told: "RangeError",
  },
  "close, twice": {
    end(_client, conn) {
      conn.close();
      conn.close();
    },
    told: "",
  },
  "close, then abort": {
    end(_client, conn) {
      conn.close();
      conn.abort();
    },
    told: "",
  },
  "abort": { end: (_client, conn) => conn.abort(), told: "" },
  "close within closed": {
    events: {
      closed: (conn) => conn.close(),
    },
    end: (_client, conn) => conn.close(),
    told: "",
  },
  "detach without a handler for it": { end: (_client, conn) => conn.detach(), told: "" },
  "the deadline passes": {
    end: (_client, conn) => conn.setDeadline(Date.now() + 2),
    told: "ETIMEDOUT",
  },
  "the deadline has passed": { end: (_client, conn) => conn.setDeadline(1), told: "ETIMEDOUT" },
  "it is idle for too long": { end: (_client, conn) => conn.setIdleTimeout(2), told: "ETIMEDOUT" },
  "it is idle for too long, as the server's setting": {
    events: { idleTimeout: 5 },
    end: () => {},
    told: "ETIMEDOUT",
  },
  "too much waits": {
    events: { highWaterMark: 1, lowWaterMark: 0, maxPending: 1 },
    end: (_client, conn) => void conn.write(bytes("xx")),
    told: "ERR_SLOW_CONSUMER",
  },
};

for (const [name, { events = {}, end, told }] of Object.entries(ways)) {
  both(`closed is called once: ${name}`, function* () {
    const errors: (Error | null)[] = [];
    let conn: EventConn | undefined;
    yield* serving({
      ...events,
      opened(opened) {
        conn = opened;
        return events.opened?.(opened);
      },
      closed(closed, error) {
        errors.push(error);
        return events.closed?.(closed, error);
      },
    }, function* ({ connect, server }) {
      using client = yield* connect();
      yield* until(() => conn !== undefined);
      yield* end(client, conn!) ?? nothing();
      yield* until(() => errors.length > 0);
      assert.equal(conn!.fd, -1);
      assert.equal(server.connections, 0);
      yield* readAll(client);
      yield* sleep(5);
    });
    assert.equal(errors.length, 1);
    const [error] = errors as ({ code?: string; name: string } | null)[];
    assert.equal(error === null ? "" : error.code ?? error.name, told);
  });
}

function* nothing(): Routine<void> {}

/** A server with three connections: each way to end the server must close each of them once. */
function* three(seen: { open: number; closed: number }): Routine<void> {
  let address = "";
  go(() =>
    serve({
      serving: ({ addrs }) => void (address = String(addrs[0])),
      opened: () => void seen.open++,
      closed: () => void seen.closed++,
    }, "tcp://127.0.0.1:0")
  );
  yield* until(() => address !== "");
  yield* serving({}, function* ({ server }) {
    for (let i = 0; i < 3; i++) yield* server.dial(`tcp://${address}`);
    yield* until(() => seen.open === 3);
  });
  yield* until(() => seen.closed === 3);
  yield* serving({ opened: () => void seen.open++, closed: () => void seen.closed++ }, dialThree);

  function* dialThree({ server }: { server: Parameters<NonNullable<Events["serving"]>>[0] }) {
    for (let i = 0; i < 3; i++) yield* server.dial(`tcp://${address}`);
    yield* until(() => seen.open === 3 + 3 + 3);
  }
}

for (const driver of ["run", "runSync"] as const) {
  test(`closed is called once: the run ends (${driver})`, async () => {
    const before = openSockets();
    const seen = { open: 0, closed: 0 };
    if (driver === "run") await run(() => three(seen));
    else runSync(() => three(seen));
    assert.deepEqual(seen, { open: 9, closed: 9 });
    assertNothingLeft(before);
  });
}

both("a signal ends serve, and closes everything at once", function* () {
  const stop = new AbortController();
  let open = 0;
  let closed = 0;
  let address = "";
  const events: Events = {
    serving: ({ addrs }) => void (address = String(addrs[0])),
    opened: () => void open++,
    closed: () => void closed++,
  };
  const server = go(function* () {
    try {
      yield* cancellable(serve(events, "tcp://127.0.0.1:0"), stop.signal);
    } catch (error) {
      assert.equal((error as Error).name, "CanceledError");
    }
  });
  yield* until(() => address !== "");
  yield* serving({}, function* ({ server: clients }) {
    for (let i = 0; i < 3; i++) yield* clients.dial(address);
    yield* until(() => open === 3);
    stop.abort();
    yield* server.join();
    assert.equal(closed, 3);
  });
});

both("close sends pending data, abort does not", function* () {
  const great = pattern(8 << 20);
  yield* serving({
    maxPending: great.length + 1,
    data(conn, input) {
      conn.write(great);
      if (text(input) === "close") conn.close();
      else conn.abort();
    },
  }, function* ({ connect }) {
    using patient = yield* connect();
    yield* patient.write(bytes("close"));
    yield* sleep(10);
    const back = new Uint8Array(great.length);
    yield* patient.readFull(back);
    assert.deepEqual(back, great);
    assert.equal(yield* readAll(patient), "");
    using cut = yield* connect();
    yield* cut.write(bytes("abort"));
    assert.match(yield* readAll(cut), /\[ECONNRESET\]$/);
  });
});

both("data is also sent to a peer that has ended its side", function* () {
  yield* serving({ data: (_conn, input) => input }, function* ({ connect }) {
    using client = yield* connect();
    const great = pattern(1 << 20);
    const back = new Uint8Array(great.length);
    const writing = go(function* () {
      yield* client.write(great);
      client.closeWrite();
    });
    yield* client.readFull(back);
    assert.deepEqual(back, great);
    assert.equal(yield* readAll(client), "");
    yield* writing.join();
  });
});

both("ended keeps the connection open for further output", function* () {
  let ends = 0;
  const great = new Uint8Array(6 << 20).fill(0x2e);
  yield* serving({
    ended(conn) {
      ends++;
      conn.write(great);
      go(function* () {
        yield* until(() => conn.pending === 0);
        conn.write(bytes("bye"));
        conn.close();
      });
      return bytes("still here, ");
    },
  }, function* ({ connect }) {
    using client = yield* connect();
    yield* client.write(bytes("x"));
    client.closeWrite();
    yield* sleep(5);
    yield* client.readFull(new Uint8Array(great.length));
    assert.equal(yield* readAll(client), "still here, bye");
  });
  assert.equal(ends, 1);
});

both("bytes in either direction restart the idle timeout", function* () {
  let closed = 0;
  yield* serving({
    idleTimeout: 400,
    data: (_conn, input) => input,
    closed: () => void closed++,
  }, function* ({ connect }) {
    using client = yield* connect();
    const start = performance.now();
    while (performance.now() - start < 1000) {
      yield* client.write(bytes("x"));
      yield* readText(client, 1);
      yield* sleep(5);
    }
    assert.equal(closed, 0);
    yield* until(() => closed === 1);
    assert.equal(yield* readAll(client), "");
  });
});

both("a close resets a peer that reads nothing", function* () {
  const closed: string[] = [];
  yield* serving({
    closeTimeout: 20,
    opened: () => ({ out: new Uint8Array(8 << 20), action: "close" }),
    closed: (_conn, error) => void closed.push(`${error?.name}`),
  }, function* ({ connect }) {
    using client = yield* connect();
    yield* until(() => closed.length === 1);
    assert.match(yield* readAll(client), /\[ECONNRESET\]$/);
  });
  assert.deepEqual(closed, ["IdleTimeoutError"]);
});

function* sendAsMuchAsIsTaken(client: Conn): Routine<void> {
  try {
    yield* client.write(new Uint8Array(8 << 20));
  } catch {
    // The server reads none of it, and some is thrown away.
  }
}

both("data reaches a peer that is still sending at the close", function* () {
  const great = pattern(1 << 20);
  yield* serving({ data: () => ({ out: great, action: "close" }) }, function* ({ connect }) {
    for (let round = 0; round < 5; round++) {
      using client = yield* connect();
      const sending = go(sendAsMuchAsIsTaken, client);
      const back = new Uint8Array(great.length);
      yield* client.readFull(back);
      assert.deepEqual(back, great);
      client.abort();
      yield* sending.join();
    }
  });
});

both("a shutdown sends pending data, but not for ever", function* () {
  const closed: (Error | null)[] = [];
  const great = pattern(64 << 20);
  yield* serving({
    closeTimeout: 300,
    highWaterMark: 1 << 27,
    maxPending: 1 << 27,
    opened: () => great,
    closed: (_conn, error) => void closed.push(error),
  }, function* ({ connect, server, goroutine }) {
    using slow = yield* connect();
    slow.setReadBuffer(1 << 16);
    yield* until(() => server.connections === 1);
    server.shutdown();
    assert.equal(server.closing, true);
    // It reads a little all the time, and would be done in a few seconds.
    const buf = new Uint8Array(1 << 16);
    let got = 0;
    const reading = go(function* () {
      try {
        for (let n; (n = yield* slow.read(buf)) !== null; got += n) yield* sleep(2);
      } catch (error) {
        assert.match((error as OpError).code, /ECONNRESET|ETIMEDOUT/);
      }
    });
    yield* goroutine.join();
    slow.setReadDeadline(1);
    yield* reading.join();
    assert.ok(got > 0 && got < great.length, `${got}`);
  });
  assert.equal(closed.length, 1);
  assert.equal((closed[0] as OpError).code, "ETIMEDOUT");
});

both("a shutdown sends everything to peers that read", function* () {
  const great = pattern(8 << 20);
  yield* serving({ maxPending: 1 << 26, opened: () => great }, function* ({ connect, server }) {
    using client = yield* connect();
    yield* until(() => server.connections === 1);
    server.shutdown();
    const back = new Uint8Array(great.length);
    yield* client.readFull(back);
    assert.deepEqual(back, great);
    assert.equal(yield* readAll(client), "");
  });
});

/** Writes a byte again and again until the connection has ended. Returns by which error. */
function* trickle(client: Conn): Routine<string> {
  try {
    for (;; yield* sleep(2)) yield* client.write(bytes("x"));
  } catch (error) {
    return (error as OpError).code;
  }
}

both("a close resets a peer that reads too slowly", function* () {
  const closed: string[] = [];
  const great = new Uint8Array(64 << 20);
  yield* serving({
    closeTimeout: 200,
    maxPending: great.length,
    highWaterMark: great.length,
    opened: () => ({ out: great, action: "close" }),
    closed: (_conn, error) => void closed.push(`${error?.name}`),
  }, function* ({ connect }) {
    using client = yield* connect();
    const trickling = go(trickle, client);
    const reading = go(function* () {
      // Reading all of it needs more than a second, but it never pauses for closeTimeout.
      const buf = new Uint8Array(64 * 1024);
      try {
        for (;; yield* sleep(1)) if ((yield* client.read(buf)) === null) return "an orderly end";
      } catch (error) {
        return (error as OpError).code;
      }
    });
    yield* until(() => closed.length === 1);
    // What it has is a part, and must not look like the whole. The kernel says so to one of the two.
    const told = [yield* reading.join(), yield* trickling.join()];
    assert.ok(told.includes("ECONNRESET"), told.join());
  });
  assert.deepEqual(closed, ["IdleTimeoutError"]);
});

both("closeTimeout bounds the kernel's delivery, counted from the close", function* () {
  let closed = 0;
  yield* serving({
    closeTimeout: 200,
    data: () => ({ out: new Uint8Array(100_000), action: "close" }),
    closed: () => void closed++,
  }, function* ({ connect, server, goroutine }) {
    const client = yield* connect();
    client.setReadBuffer(1024);
    yield* client.write(bytes("x"));
    const trickling = go(trickle, client);
    yield* until(() => closed === 1);
    const start = performance.now();
    server.shutdown();
    yield* goroutine.join();
    // This end's own, and nothing of the server any more.
    yield* until(() => stats().descriptors === 1);
    assert.ok(performance.now() - start < 4_000);
    client.abort();
    yield* trickling.join();
  });
});

both("a shutdown frees the address at once", function* () {
  yield* serving({}, function* ({ server }) {
    const address = String(server.addrs[0]);
    yield* sleep(1);
    server.shutdown();
    (yield* listen("tcp", address)).close();
  });
});

for (const [way, length] of [["a little", 6], ["much", 100_000]] as const) {
  both(`a Unix client reads an orderly end after a reply of ${way}`, function* () {
    const path = join(tmpdir(), `netpoll-event-${crypto.randomUUID()}`);
    let sent = false;
    yield* serving({
      // Most of the data is never read.
      opened(conn) {
        conn.pause();
        go(function* () {
          yield* until(() => sent);
          conn.write(new Uint8Array(length).fill(0x2e));
          conn.close();
        });
      },
    }, function* ({ server }) {
      const client = yield* dial("unix", String(server.addrs[0]));
      yield* client.write(new Uint8Array(10_000));
      sent = true;
      assert.equal(yield* readAll(client), ".".repeat(length));
      client.close();
    }, `unix://${path}`);
  }, wineGap("AF_UNIX"));
}
