// SPDX-License-Identifier: MIT
// cspell:ignore nosuch
/** Dialling and listening: names, families, options, and what goes wrong with them, in Go's words. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  type Conn,
  dial,
  type DialOptions,
  DNSError,
  go,
  gosched,
  listen,
  type Listener,
  type ListenOptions,
  OpError,
  type Routine,
  sleep,
  type TCPAddr,
  type TCPNetwork,
} from "../../mod.ts";
import { platform } from "../../platforms/platform.ts";
import {
  type IntOption,
  POLL_READ,
  POLL_WRITE,
  type RawAddress,
} from "../../platforms/contract/platform.ts";
import type { SocketHandle } from "../../platforms/windows/iocp/socket_handle.ts";
import { CompletionPoller } from "../../platforms/windows/iocp/poller.ts";
import type { WindowsSockets } from "../../platforms/windows/socket/sockets.ts";
import { netpoll } from "../../src/netpoll/netpoll.ts";
import { lacking } from "../support/libkqueue_limits.ts";
import { failingWith, realCalls, withCalls } from "../fixtures/syscalls_fixture.ts";
import {
  assertCalls,
  both,
  type Driver,
  errnoOf,
  hasErrno,
  noProc,
  only,
  onWindows,
  opError,
  option,
  pairOn,
  portOf,
  runBy,
  thrown,
  until,
} from "../support/harness.ts";

/** A port of the loopback without a listener. */
function* freePort(): Routine<number> {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  return portOf(listener);
}

const NO_PORT = "missing port in address";
const UNSUITABLE = "no suitable address found";

/** What neither can be dialled nor listened on, and what Go 1.19 says after "dial" or "listen". */
const BAD: readonly (readonly [network: string, address: string, text: string])[] = [
  ["foo", "127.0.0.1:80", " foo: unknown network foo"],
  ["tcp5", "127.0.0.1:80", " tcp5: unknown network tcp5"],
  ["TCP", "127.0.0.1:80", " TCP: unknown network TCP"],
  ["", "127.0.0.1:80", ": unknown network "],
  ["tcp", "x", ` tcp: address x: ${NO_PORT}`],
  ["tcp", "127.0.0.1", ` tcp: address 127.0.0.1: ${NO_PORT}`],
  ["tcp4", "[::1]", ` tcp4: address [::1]: ${NO_PORT}`],
  ["tcp", "::1:80", " tcp: address ::1:80: too many colons in address"],
  ["tcp", "127.0.0.1:nosuch", " tcp: address tcp/nosuch: unknown port"],
  ["tcp6", "[::1]:0x1", " tcp6: address tcp6/0x1: unknown port"],
  ["tcp", "127.0.0.1:1 ", " tcp: address tcp/1 : unknown port"],
  ["tcp", "127.0.0.1:65536", " tcp: address 65536: invalid port"],
  ["tcp", "127.0.0.1:-1", " tcp: address -1: invalid port"],
  ["tcp4", "[::1]:1", ` tcp4: address ::1: ${UNSUITABLE}`],
  ["tcp6", "127.0.0.1:1", ` tcp6: address 127.0.0.1: ${UNSUITABLE}`],
  ["tcp6", "[::ffff:127.0.0.1]:1", ` tcp6: address ::ffff:127.0.0.1: ${UNSUITABLE}`],
];

for (const [network, address, text] of BAD) {
  both(`"${network}" "${address}" is rejected with Go's message`, function* () {
    const dialled = opError(yield* thrown(dial(network as TCPNetwork, address)), `dial${text}`);
    assert.equal(dialled.op, "dial");
    assert.equal(dialled.net, network);
    assert.equal(dialled.addr, null);
    assert.equal(dialled.timeout, false);
    assert.equal(dialled.temporary, false);
    const listened = yield* thrown(listen(network as TCPNetwork, address));
    assert.equal(opError(listened, `listen${text}`).op, "listen");
  });
}

both("an empty address cannot be dialed, with Go's message", function* () {
  opError(yield* thrown(dial("tcp", "")), "dial tcp: missing address");
});

/** Addresses without a listener, and the address that Go 1.19 names. */
const REFUSED: readonly (readonly [network: TCPNetwork, address: string, named: string])[] = [
  ["tcp", "127.0.0.1:1", "127.0.0.1:1"],
  ["tcp4", "127.0.0.1:1", "127.0.0.1:1"],
  ["tcp", "[::1]:1", "[::1]:1"],
  ["tcp6", "[::1]:1", "[::1]:1"],
  ["tcp", "localhost:1", "127.0.0.1:1"],
  ["tcp6", "localhost:1", "[::1]:1"],
  ["tcp", "[localhost]:1", "127.0.0.1:1"],
  ["tcp", "127.0.0.1:+1", "127.0.0.1:1"],
  ["tcp", "127.0.0.1:00001", "127.0.0.1:1"],
  ["tcp", "[::ffff:127.0.0.1]:1", "127.0.0.1:1"],
  ["tcp4", "[::ffff:127.0.0.1]:1", "127.0.0.1:1"],
  ["tcp", "127.0.0.1:", "127.0.0.1:0"],
];

for (const [network, address, named] of REFUSED) {
  both(`"${network}" "${address}" without a listener is refused with Go's message`, function* () {
    const error = opError(
      yield* thrown(dial(network, address)),
      `dial ${network} ${named}: connect: connection refused`,
    );
    assert.equal(error.code, "ECONNREFUSED");
    assert.equal(error.source, null);
    assert.equal(String(error.addr), named);
    assert.equal(error.timeout, false);
    assert.equal(error.temporary, false);
  });
}

/** What may be listened on, and the host that Go 1.19 then shows. */
const LISTENABLE: readonly (readonly [network: TCPNetwork, address: string, host: string])[] = [
  ["tcp", "", "::"],
  ["tcp", ":0", "::"],
  ["tcp", ":", "::"],
  ["tcp", "[::]:0", "::"],
  ["tcp", "0.0.0.0:0", "::"],
  ["tcp", "[::ffff:0.0.0.0]:0", "::"],
  ["tcp4", ":0", "0.0.0.0"],
  ["tcp4", "0.0.0.0:0", "0.0.0.0"],
  ["tcp6", ":0", "::"],
  ["tcp6", "[::]:0", "::"],
  ["tcp", "127.0.0.1:0", "127.0.0.1"],
  ["tcp", "127.0.0.1:", "127.0.0.1"],
  ["tcp", "[::1]:0", "::1"],
  ["tcp", "[::ffff:127.0.0.1]:0", "127.0.0.1"],
  ["tcp", "localhost:0", "127.0.0.1"],
  ["tcp6", "localhost:0", "::1"],
];

for (const [network, address, host] of LISTENABLE) {
  both(`listen "${network}" "${address}" prints the host as Go does`, function* () {
    using listener = yield* listen(network, address);
    const { addr } = listener;
    assert.equal((addr as TCPAddr).ip, host);
    assert.ok(portOf(listener) > 0);
    assert.equal(addr.network, "tcp");
    assert.equal(String(addr), `${host.includes(":") ? `[${host}]` : host}:${portOf(listener)}`);
  });
}

/** Listeners, and over which versions of IP they are reached. */
const REACHED: readonly (readonly [network: TCPNetwork, address: string, by: string])[] = [
  ["tcp", "", "4 6"],
  ["tcp", ":0", "4 6"],
  ["tcp", "[::]:0", "4 6"],
  ["tcp", "0.0.0.0:0", "4 6"],
  ["tcp4", ":0", "4"],
  ["tcp6", ":0", "6"],
  ["tcp", "127.0.0.1:0", "4"],
  ["tcp", "[::1]:0", "6"],
];

/** Reserves `port` of the other IP version, so that no process listens there; null if one does. */
function reserved(by: string, port: number): number | null {
  const { sockaddr, sockets } = platform();
  const other = by === "4" ? "ip6" : "ip4";
  const fd = sockets.streamSocket(other);
  if (other === "ip6") sockets.setOption(fd, "IPV6_V6ONLY", 1);
  const ip = new Uint8Array(other === "ip4" ? 4 : 16);
  if (sockets.bind(fd, sockaddr.encode({ ip, port, scope: 0 })) >= 0) return fd;
  sockets.close(fd);
  return null;
}

/** A listener whose port is free under the other IP version, and the socket that reserves it. */
function* listenAlone(
  network: TCPNetwork,
  address: string,
  by: string,
): Routine<[Listener, number | null]> {
  for (;;) {
    const listener = yield* listen(network, address);
    if (by === "4 6") return [listener, null];
    const kept = reserved(by, portOf(listener));
    if (kept !== null) return [listener, kept];
    listener.close();
  }
}

for (const [network, address, by] of REACHED) {
  both(
    `listen "${network}" "${address}" is reached over IPv${by.replace(" ", " and ")}`,
    function* () {
      const [alone, kept] = yield* listenAlone(network, address, by);
      using listener = alone;
      const reached: string[] = [];
      for (const [version, host] of [["4", "127.0.0.1"], ["6", "[::1]"]]) {
        const there = `${host}:${portOf(listener)}`;
        const dialling = go(function* () {
          try {
            return yield* dial("tcp", there);
          } catch (error) {
            assert.equal((error as OpError).code, "ECONNREFUSED");
            return null;
          }
        });
        using conn = yield* dialling.join();
        if (conn === null) continue;
        using accepted = yield* listener.accept();
        reached.push(version);
        // Each version is shown as what it is, whatever the family of the socket.
        assert.equal(String(conn.remoteAddr), there);
        assert.equal(String(accepted.localAddr), there);
        assert.equal(String(accepted.remoteAddr), String(conn.localAddr));
        assert.ok(String(accepted.remoteAddr).startsWith(`${host}:`));
      }
      assert.equal(reached.join(" "), by);
      if (kept !== null) platform().sockets.close(kept);
    },
  );
}

both("one port may have an IPv4 and an IPv6 listener", function* () {
  using four = yield* listen("tcp4", ":0");
  using six = yield* listen("tcp6", `:${portOf(four)}`);
  assert.equal(portOf(six), portOf(four));
});

both(
  "a port in use and a foreign address are rejected with Go's messages",
  function* () {
    for (const network of ["tcp", "tcp4", "tcp6"] as const) {
      using listener = yield* listen(network, network === "tcp6" ? "[::1]:0" : "127.0.0.1:0");
      const address = String(listener.addr);
      const error = opError(
        yield* thrown(listen(network, address)),
        `listen ${network} ${address}: bind: address already in use`,
      );
      assert.equal(error.code, "EADDRINUSE");
      assert.equal(String(error.addr), address);
    }
    // An address that is reserved for documentation. RFC 5737.
    const error = opError(
      yield* thrown(listen("tcp", "192.0.2.1:0")),
      "listen tcp 192.0.2.1:0: bind: cannot assign requested address",
    );
    assert.equal(error.code, "EADDRNOTAVAIL");
  },
);

both("dial() tries each address of a name until one connects", function* () {
  for (const host of ["127.0.0.1", "[::1]"]) {
    using listener = yield* listen("tcp", `${host}:0`);
    using conn = yield* dial("tcp", `localhost:${portOf(listener)}`);
    assert.equal(String(conn.remoteAddr), String(listener.addr));
  }
});

/** No name: every resolver knows that without asking another. */
const NO_NAME = "a..b";

only("run", "an unknown name is rejected with Go's message", function* () {
  for (const call of [dial, listen]) {
    const op = call.name;
    const error = opError(
      yield* thrown<unknown>((call as typeof dial)("tcp", `${NO_NAME}:1`)),
      `${op} tcp: lookup ${NO_NAME}: no such host`,
    );
    assert.ok(error.cause instanceof DNSError);
    assert.equal(error.cause.host, NO_NAME);
    assert.equal(error.code, "ENOTFOUND");
    assert.equal(error.timeout, false);
  }
});

both("dial() of no host, or of the unspecified one, connects to this machine", function* () {
  using listener = yield* listen("tcp", ":0");
  for (const host of ["", "0.0.0.0", "[::]"]) {
    for (const network of ["tcp", host === "0.0.0.0" ? "tcp4" : "tcp6"] as const) {
      using conn = yield* dial(network, `${host}:${portOf(listener)}`);
      assert.match(String(conn.remoteAddr), /^(127\.0\.0\.1|\[::1\]):/);
    }
  }
});

both("hundreds connect at once, each to its own peer", function* () {
  const N = 200;
  using listener = yield* listen("tcp", "127.0.0.1:0");
  const server = go(function* () {
    for (let i = 0; i < N; i++) {
      const conn = yield* listener.accept();
      go(function* echo() {
        using _ = conn;
        const buf = new Uint8Array(4);
        yield* conn.write(buf.subarray(0, (yield* conn.readFull(buf))!));
      });
    }
  });
  const clients = Array.from({ length: N }, (_, i) =>
    go(function* client() {
      using conn = yield* dial("tcp", String(listener.addr));
      const message = Uint8Array.of(i >> 8, i, 7, 9);
      yield* conn.write(message);
      const answer = new Uint8Array(4);
      assert.equal(yield* conn.readFull(answer), 4);
      assert.deepEqual(answer, message);
    }));
  for (const client of clients) yield* client.join();
  yield* server.join();
});

both("connections queue until they are accepted, in order", function* () {
  const N = 150;
  using listener = yield* listen("tcp", "127.0.0.1:0");
  const dialled: Conn[] = [];
  for (let i = 0; i < N; i++) {
    dialled.push(yield* dial("tcp", String(listener.addr), { timeout: 20_000 }));
  }
  for (const conn of dialled) {
    using accepted = yield* listener.accept();
    assert.equal(String(accepted.remoteAddr), String(conn.localAddr));
    conn.close();
  }
});

both("waiting accepts are served in FIFO order", function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  const accepting = [0, 1, 2, 3].map(() => go(() => listener.accept()));
  yield* until(() => accepting.every((g) => g.status === "waiting"));
  for (const each of accepting) {
    using conn = yield* dial("tcp", String(listener.addr));
    using accepted = yield* each.join();
    assert.equal(String(accepted.remoteAddr), String(conn.localAddr));
  }
});

both("an accept that never has to wait lets others run", function* () {
  const QUEUED = 200;
  using listener = yield* listen("tcp", "127.0.0.1:0");
  const address = String(listener.addr);
  for (let i = 0; i < QUEUED; i++) (yield* dial("tcp", address)).close();
  let others = 0;
  const other = go(function* () {
    for (;; others++) yield* gosched();
  });
  const before = others;
  for (let i = 0; i < QUEUED; i++) (yield* listener.accept()).close();
  assert.ok(others - before >= 3, `the other ran ${others - before} times`);
  assert.equal(other.status, "runnable");
});

const UNSPECIFIED_ENDS = [":0", "0.0.0.0:0", ":"];

for (const localAddress of UNSPECIFIED_ENDS) {
  both(`localAddress "${localAddress}" lets the system choose`, function* () {
    using listener = yield* listen("tcp", "127.0.0.1:0");
    using conn = yield* dial("tcp", String(listener.addr), { localAddress });
    assert.match(String(conn.localAddr), /^127\.0\.0\.1:[1-9]/);
  });
}

both('localAddress ":0" lets the system choose over IPv6 as well', function* () {
  using listener = yield* listen("tcp", "[::1]:0");
  using conn = yield* dial("tcp", String(listener.addr), { localAddress: ":0" });
  assert.match(String(conn.localAddr), /^\[::1\]:[1-9]/);
});

both("localAddress sets the local address and port", function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  const port = yield* freePort();
  for (const localAddress of ["127.0.0.2:0", `127.0.0.3:${port}`]) {
    using conn = yield* dial("tcp", String(listener.addr), { localAddress });
    using accepted = yield* listener.accept();
    assert.equal(String(accepted.remoteAddr), String(conn.localAddr));
    const [host, wanted] = localAddress.split(":");
    assert.equal((conn.localAddr as TCPAddr).ip, host);
    if (wanted !== "0") assert.equal((conn.localAddr as TCPAddr).port, port);
  }
});

both("a localAddress that cannot be bound is rejected with Go's message", function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  const to = String(listener.addr);
  const foreign = opError(
    yield* thrown(dial("tcp", to, { localAddress: "192.0.2.1:0" })),
    `dial tcp 192.0.2.1:0->${to}: bind: cannot assign requested address`,
  );
  assert.equal(foreign.code, "EADDRNOTAVAIL");
  assert.equal(String(foreign.source), "192.0.2.1:0");
  const taken = opError(
    yield* thrown(dial("tcp", to, { localAddress: to })),
    `dial tcp ${to}->${to}: bind: address already in use`,
  );
  assert.equal(taken.code, "EADDRINUSE");
  const refused = yield* thrown(dial("tcp", "127.0.0.1:1", { localAddress: "127.0.0.2:0" }));
  opError(refused, "dial tcp 127.0.0.2:0->127.0.0.1:1: connect: connection refused");
});

both("a localAddress of the other IP version is rejected with Go's message", function* () {
  const error = yield* thrown(dial("tcp", "127.0.0.1:1", { localAddress: "[::1]:0" }));
  opError(error, "dial tcp: address [::1]:0: no suitable address found");
});

/** Wrong options, and the field that the error must name. */
const BAD_DIAL_OPTIONS: readonly (readonly [options: unknown, field: RegExp])[] = [
  [{ timeout: "1" }, /timeout/],
  [{ timeout: -1 }, /timeout/],
  [{ timeout: NaN }, /timeout/],
  [{ deadline: "tomorrow" }, /deadline/],
  [{ deadline: new Date(NaN) }, /deadline/],
  [{ localAddress: 80 }, /localAddress/],
  [{ keepAlive: "yes" }, /keepAlive/],
  [{ keepAlive: { idle: -1 } }, /keepAlive/],
  [{ timeOut: 5 }, /timeOut/],
  [null, /object/],
  ["tcp", /object/],
];

const BAD_LISTEN_OPTIONS: readonly (readonly [options: unknown, field: RegExp])[] = [
  [{ backlog: 0 }, /backlog/],
  [{ backlog: -1 }, /backlog/],
  [{ backlog: 1.5 }, /backlog/],
  [{ backlog: "128" }, /backlog/],
  [{ reusePort: 1 }, /reusePort/],
  [{ keepAlive: 1 }, /keepAlive/],
  [{ keepAlive: { interval: "5" } }, /keepAlive/],
  [{ reuseport: true }, /reuseport/],
  [null, /object/],
];

both("invalid options are a TypeError that names the field", function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  const cases: [Routine<unknown>, RegExp, unknown][] = [];
  for (const [options, field] of BAD_DIAL_OPTIONS) {
    cases.push([dial("tcp", String(listener.addr), options as DialOptions), field, options]);
  }
  for (const [options, field] of BAD_LISTEN_OPTIONS) {
    cases.push([listen("tcp", "127.0.0.1:0", options as ListenOptions), field, options]);
  }
  for (const [call, field, options] of cases) {
    const error = yield* thrown(call);
    assert.ok(error instanceof TypeError, `${JSON.stringify(options)}: ${error}`);
    assert.match(error.message, field);
  }
});

both(
  "a keep-alive time below a millisecond is an error of the option, not of the dial",
  function* () {
    using listener = yield* listen("tcp", "127.0.0.1:0");
    const options = { keepAlive: { idle: 0.5 } };
    const dialled = yield* thrown(dial("tcp", String(listener.addr), options));
    assert.ok(!(dialled instanceof OpError), String(dialled));
    const listened = yield* thrown(listen("tcp", "127.0.0.1:0", options));
    assert.ok(!(listened instanceof OpError), String(listened));
  },
);

both("keepAlive of dial() applies to the connection", function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  const to = String(listener.addr);
  using off = yield* dial("tcp", to, { keepAlive: false });
  assert.equal(option(off, "SO_KEEPALIVE"), 0);
  using on = yield* dial("tcp", to, { keepAlive: true });
  assert.equal(option(on, "SO_KEEPALIVE"), 1);
  assert.equal(option(on, "TCP_KEEPIDLE"), 15);
  using timed = yield* dial("tcp", to, { keepAlive: { idle: 30_000, interval: 7_000, count: 4 } });
  assert.equal(option(timed, "SO_KEEPALIVE"), 1);
  assert.equal(option(timed, "TCP_KEEPIDLE"), 30);
  assert.equal(option(timed, "TCP_KEEPINTVL"), 7);
  assert.equal(option(timed, "TCP_KEEPCNT"), 4);
});

both("keepAlive of listen() applies to accepted connections", function* () {
  using off = yield* listen("tcp", "127.0.0.1:0", { keepAlive: false });
  const keepAlive = { idle: 20_000, interval: 9_000, count: 2 };
  using timed = yield* listen("tcp", "[::1]:0", { keepAlive });
  for (let i = 0; i < 2; i++) {
    const [a, b] = yield* pairOn(off);
    using _a = a, accepted = b;
    assert.equal(option(accepted, "SO_KEEPALIVE"), 0);
    assert.equal(option(accepted, "TCP_NODELAY"), 1);
    const [c, d] = yield* pairOn(timed);
    using _c = c, probed = d;
    assert.equal(option(probed, "SO_KEEPALIVE"), 1);
    assert.equal(option(probed, "TCP_KEEPIDLE"), 20);
    assert.equal(option(probed, "TCP_KEEPINTVL"), 9);
    assert.equal(option(probed, "TCP_KEEPCNT"), 2);
    assert.equal(option(probed, "TCP_NODELAY"), 1);
  }
});

both("a port in use on all addresses is rejected", function* () {
  for (const host of ["", "0.0.0.0", "[::]"]) {
    using listener = yield* listen("tcp", `${host}:0`);
    const taken = yield* thrown(listen("tcp", `${host}:${portOf(listener)}`));
    // Windows forbids an address that another socket has exclusively.
    assert.equal((taken as OpError).code, onWindows ? "EACCES" : "EADDRINUSE");
  }
});

both("reusePort lets two listeners share a port and its connections", function* () {
  using one = yield* listen("tcp", "127.0.0.1:0", { reusePort: true });
  using two = yield* listen("tcp", String(one.addr), { reusePort: true });
  const taken = yield* thrown(listen("tcp", String(one.addr)));
  assert.equal((taken as OpError).code, "EADDRINUSE");
  const accepted = [0, 0];
  const servers = [one, two].map((listener, i) =>
    go(function* () {
      try {
        for (;; accepted[i]++) (yield* listener.accept()).close();
      } catch (error) {
        assert.equal((error as OpError).code, "ERR_SOCKET_CLOSED");
      }
    })
  );
  const N = 64;
  for (let i = 0; i < N; i++) (yield* dial("tcp", String(one.addr))).close();
  yield* until(() => accepted[0] + accepted[1] === N);
  one.close();
  two.close();
  for (const server of servers) yield* server.join();
  assert.ok(accepted[0] > 0 && accepted[1] > 0, String(accepted));
}, onWindows && "Windows has no SO_REUSEPORT");

for (const name of ["EINTR", "EALREADY", "EISCONN"] as const) {
  both(`a connect that returns ${name} is in progress, or complete`, function* () {
    const errno = platform().errno[name];
    const real = realCalls();
    using listener = yield* listen("tcp", "127.0.0.1:0");
    let calls = 0;
    const connect = (fd: number, raw: RawAddress) => {
      calls++;
      real.connect(fd, raw);
      return -errno;
    };
    yield* withCalls({ connect }, function* () {
      using conn = yield* dial("tcp", String(listener.addr));
      assert.equal(String(conn.remoteAddr), String(listener.addr));
    });
    assert.equal(calls, 1);
  });
}

/** Has the waiter of a socket woken that is not connecting yet: epoll does it by itself. */
function wakeEarly(fd: number): void {
  const poller = netpoll.init();
  if (!(poller instanceof CompletionPoller)) return;
  const socket = (platform().sockets as WindowsSockets).find(fd);
  poller.report(socket as SocketHandle, POLL_READ | POLL_WRITE);
}

for (const told of ["by SO_ERROR", "by the missing name of the peer"]) {
  both(`a spurious wake-up during a connect is ignored, reported ${told}`, function* () {
    const { EINPROGRESS, ENOTCONN } = platform().errno;
    const real = realCalls();
    using listener = yield* listen("tcp", "127.0.0.1:0");
    let begin = () => {};
    let looks = 0;
    const connect = (fd: number, raw: RawAddress) => {
      begin = () => void real.connect(fd, raw);
      wakeEarly(fd);
      return -EINPROGRESS;
    };
    const getOption = (fd: number, option: IntOption) => {
      if (option !== "SO_ERROR" || looks++ > 0 || told !== "by SO_ERROR") {
        return real.getOption(fd, option);
      }
      begin();
      return EINPROGRESS;
    };
    const remoteAddress = (fd: number) => {
      const name = real.remoteAddress(fd);
      if (name === -ENOTCONN) begin();
      return name;
    };
    yield* withCalls({ connect, getOption, remoteAddress }, function* () {
      using conn = yield* dial("tcp", String(listener.addr), { timeout: 20_000 });
      assert.equal(String(conn.remoteAddr), String(listener.addr));
    });
    assert.equal(looks, 2);
  });
}

both("a dial whose errno was overwritten after connect(2) still connects", function* () {
  const { EAGAIN } = platform().errno;
  const real = realCalls();
  using listener = yield* listen("tcp", "127.0.0.1:0");
  const results: number[] = [];
  const connect = (fd: number, raw: RawAddress) => {
    results.push(real.connect(fd, raw));
    return results.length === 1 ? -EAGAIN : results[results.length - 1];
  };
  yield* withCalls({ connect }, function* () {
    using conn = yield* dial("tcp", String(listener.addr), { timeout: 20_000 });
    assert.equal(String(conn.remoteAddr), String(listener.addr));
    using accepted = yield* listener.accept();
    assert.equal(String(accepted.remoteAddr), String(conn.localAddr));
  });
  assert.equal(results.length, 2);
});

both("accept() skips errors of connections that are already gone", function* () {
  const { EINTR, ECONNABORTED, EPROTO } = platform().errno;
  using listener = yield* listen("tcp", "127.0.0.1:0");
  using conn = yield* dial("tcp", String(listener.addr));
  const network = ["ENETDOWN", "ENETUNREACH", "ENONET", "ENOPROTOOPT", "EHOSTDOWN", "EHOSTUNREACH"];
  const passing = [
    EINTR,
    ECONNABORTED,
    EINTR,
    EPROTO,
    ...network.filter(hasErrno).map(errnoOf),
  ];
  const calls = yield* failingWith("accept", passing, function* () {
    using accepted = yield* listener.accept();
    assert.equal(String(accepted.remoteAddr), String(conn.localAddr));
  });
  assertCalls(calls, passing.length + 1);
});

both("an unexpected error is thrown unchanged, with Go's message", function* () {
  const { EINVAL, EMFILE } = platform().errno;
  using listener = yield* listen("tcp", "127.0.0.1:0");
  const address = String(listener.addr);
  yield* failingWith("streamSocket", [EMFILE, EMFILE], function* () {
    const dialled = opError(
      yield* thrown(dial("tcp", address)),
      `dial tcp ${address}: socket: too many open files`,
    );
    assert.equal(dialled.code, "EMFILE");
    assert.equal(dialled.temporary, true);
    const listened = yield* thrown(listen("tcp", "127.0.0.1:0"));
    opError(listened, "listen tcp 127.0.0.1:0: socket: too many open files");
  });
  yield* failingWith("listen", [EINVAL], function* () {
    const listened = yield* thrown(listen("tcp", "127.0.0.1:0"));
    opError(listened, "listen tcp 127.0.0.1:0: listen: invalid argument");
  });
});

both("an error of accept() names the failed system call, as in Go", function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  yield* failingWith("accept", [platform().errno.EINVAL], function* () {
    const error = yield* thrown(listener.accept());
    const { acceptName } = platform().sockets;
    opError(error, `accept tcp ${listener.addr}: ${acceptName}: invalid argument`);
  });
});

both("a self-connect is dialed again", function* () {
  const port = yield* freePort();
  const real = realCalls();
  let calls = 0;
  // The system assigns the socket the very port that it dials, as it may on a busy loopback.
  const connect = (fd: number, raw: RawAddress) => {
    if (calls++ === 0) assert.equal(real.bind(fd, raw), 0);
    return real.connect(fd, raw);
  };
  yield* withCalls({ connect }, function* () {
    const error = yield* thrown(dial("tcp", `127.0.0.1:${port}`));
    opError(error, `dial tcp 127.0.0.1:${port}: connect: connection refused`);
  });
  assert.equal(calls, 2);
});

both("a dial without a free port is retried twice", function* () {
  const { EADDRNOTAVAIL } = platform().errno;
  using listener = yield* listen("tcp", "127.0.0.1:0");
  const address = String(listener.addr);
  yield* failingWith("connect", [EADDRNOTAVAIL, EADDRNOTAVAIL], function* () {
    (yield* dial("tcp", address)).close();
  });
  const calls = yield* failingWith("connect", Array(9).fill(EADDRNOTAVAIL), function* () {
    const error = yield* thrown(dial("tcp", address));
    opError(error, `dial tcp ${address}: connect: cannot assign requested address`);
  });
  assert.equal(calls, 3);
});

/** The errors that say that the system has no more of something. */
const EXHAUSTED = ["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"] as const;

for (const name of EXHAUSTED) {
  both(
    `accept() at ${name} backs off, and then serves the queue`,
    function* () {
      const errno = platform().errno[name];
      using listener = yield* listen("tcp", "127.0.0.1:0");
      using conn = yield* dial("tcp", String(listener.addr));
      const start = performance.now();
      // At each try one more call is made with the spare descriptor, to refuse what has queued.
      const calls = yield* failingWith("accept", Array(6).fill(errno), function* () {
        using accepted = yield* listener.accept();
        assert.equal(String(accepted.remoteAddr), String(conn.localAddr));
      });
      assertCalls(calls, 7);
      const took = performance.now() - start;
      assert.ok(took >= 5 + 10 + 20, `three waits took ${took} ms`);
    },
  );
}

both("a deadline and a close end accept() while it waits for descriptors", function* () {
  const { EMFILE } = platform().errno;
  const listener = yield* listen("tcp", "127.0.0.1:0");
  const address = String(listener.addr);
  using _conn = yield* dial("tcp", address);
  const accept = () => -EMFILE;
  yield* withCalls({ accept }, function* () {
    listener.setDeadline(Date.now() + 20);
    opError(yield* thrown(listener.accept()), `accept tcp ${address}: i/o timeout`);
    listener.setDeadline(null);
    const accepting = go(() => thrown(listener.accept()));
    yield* until(() => accepting.status === "waiting");
    listener.close();
    const error = yield* accepting.join();
    opError(error, `accept tcp ${address}: use of closed network connection`);
  });
});

/** Descriptors of the child below, and connections to it: more than it can have. */
const DESCRIPTORS = 64;
const CONNECTIONS = 150;

/** A child process that echoes with few descriptors. */
async function withPoorServer(
  driver: Driver | "events",
  body: (address: string, pid: number) => Promise<void>,
): Promise<void> {
  const file = fileURLToPath(new URL("../fixtures/emfile_fixture.ts", import.meta.url));
  const runtime = "Deno" in globalThis ? [process.execPath, "run", "-A"] : [process.execPath];
  const script = `ulimit -n ${DESCRIPTORS}; exec "$@"`;
  const child = spawn("sh", ["-c", script, "sh", ...runtime, file, driver], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, DENO_NO_UPDATE_CHECK: "1" },
  });
  const exited = once(child, "exit");
  try {
    const [line] = await Promise.race([once(child.stdout, "data"), exited]);
    assert.match(String(line), /^127\.0\.0\.1:\d+\n$/, "the child did not start");
    await body(String(line).trim(), child.pid!);
    assert.equal(child.exitCode, null, "the child ended");
  } finally {
    child.kill("SIGKILL");
    await exited;
  }
}

/** Seconds of processor time that a process has used. proc(5), fields 14 and 15 of stat. */
function cpuTime(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /s, "").split(" ");
  const TICKS_PER_SECOND = 100;
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/**
 * Waits until a process opens nothing more for itself: with nothing to do for the first time, Bun
 * starts the thread that waits beside its loop, and dies if it has no descriptors for that (1.4.5).
 */
function* settled(pid: number): Routine<void> {
  let seen = "";
  for (let same = 0; same < 20; yield* sleep(10)) {
    const now = `${readdirSync(`/proc/${pid}/task`)} ${readdirSync(`/proc/${pid}/fd`)}`;
    same = now === seen ? same + 1 : 0;
    seen = now;
  }
}

/** Dials, says something and hears it back, or tells what became of it. */
function* tryEcho(address: string): Routine<{ conn: Conn; fate: string }> {
  const conn = yield* dial("tcp", address);
  conn.setDeadline(Date.now() + 2000);
  const buf = new Uint8Array(2);
  try {
    yield* conn.write(buf);
    const n = yield* conn.readFull(buf);
    return { conn, fate: n === null ? "refused" : "served" };
  } catch (error) {
    return { conn, fate: (error as OpError).timeout ? "queued" : "refused" };
  }
}

for (const driver of ["run", "runSync", "events"] as const) {
  const name =
    `a server without descriptors does not spin, and serves when it has some (${driver})`;
  test(
    name,
    onWindows
      ? { skip: "Windows has no limit of handles that a process could be given" }
      : noProc
      ? { skip: noProc }
      : lacking("two filters of a descriptor"),
    () =>
      withPoorServer(driver, (address, pid) =>
        runBy("run", function* () {
          (yield* tryEcho(address)).conn.close();
          yield* settled(pid);
          // A flood: some are served, the rest refused or left in the queue.
          const flood = Array.from({ length: CONNECTIONS }, () => go(() => tryEcho(address)));
          const all: { conn: Conn; fate: string }[] = [];
          for (const each of flood) all.push(yield* each.join());
          const count = (fate: string) => all.filter((each) => each.fate === fate).length;
          assert.ok(count("served") >= 10, `${count("served")} were served`);
          assert.ok(count("served") < DESCRIPTORS, `${count("served")} were served`);
          assert.ok(count("refused") > 0, "those that were not served were not told");
          // With its descriptors gone and new connections all the time it is to do next to nothing.
          const before = cpuTime(pid);
          const late: Conn[] = [];
          for (const end = performance.now() + 1000; performance.now() < end; yield* sleep(20)) {
            late.push(yield* dial("tcp", address));
          }
          const used = cpuTime(pid) - before;
          assert.ok(used < 0.5, `it used ${used} s of processor time in a second`);
          for (const conn of [...late, ...all.map((each) => each.conn)]) conn.close();
          for (let fate = ""; fate !== "served";) {
            const again = yield* tryEcho(address);
            again.conn.close();
            fate = again.fate;
          }
        })),
  );
}
