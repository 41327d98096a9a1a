// SPDX-License-Identifier: MIT
// cspell:ignore averylonginterface idel nosuch
/** Each option of a socket, read back from the kernel or seen at work. */
import assert from "node:assert/strict";
import {
  type Conn,
  type Control,
  dial,
  type DialOptions,
  go,
  listen,
  type Listener,
  type ListenOptions,
  OpError,
  type Routine,
  SyscallError,
  type TCPAddr,
} from "../../mod.ts";
import { libc } from "../../platforms/linux/libc.ts";
import { platform } from "../../platforms/platform.ts";
import type { IntOption } from "../../platforms/contract/platform.ts";
import { winsock } from "../../platforms/windows/abi/winsock.ts";
import { realCalls, withCalls } from "../fixtures/syscalls_fixture.ts";
import { both, onWindows, openSockets, option, thrown, wineGap } from "../support/harness.ts";

const SOL_SOCKET = onWindows ? 0xffff : 1;
const IPPROTO_TCP = 6;
const SO_LINGER = onWindows ? 0x80 : 13;
const SO_BINDTODEVICE = 25;
const TCP_INFO = 11;

interface HasDescriptor {
  readonly fd: number;
}

/** An option that is more than a number. */
function rawOption({ fd }: HasDescriptor, level: number, name: number): DataView {
  const value = new Uint8Array(new ArrayBuffer(256));
  const length = Int32Array.of(value.length);
  const { getsockopt } = onWindows ? winsock().ws2 : libc().symbols;
  assert.equal(getsockopt(fd, level, name, value, length), 0);
  return new DataView(value.buffer, 0, length[0]);
}

function text(view: DataView): string {
  return new TextDecoder().decode(view).replace(/\0.*$/s, "");
}

/** Seconds to linger, or null if it does not. */
function linger(socket: HasDescriptor): number | null {
  const value = rawOption(socket, SOL_SOCKET, SO_LINGER);
  // There both fields have 16 bits.
  if (onWindows) return value.getUint16(0, true) === 0 ? null : value.getUint16(2, true);
  return value.getInt32(0, true) === 0 ? null : value.getInt32(4, true);
}

/** A connection of these options, and the one that a listener of these options accepted. */
function* connect(
  host: string,
  listening: ListenOptions,
  dialling: DialOptions,
): Routine<{ listener: Listener; conn: Conn; accepted: Conn } & Disposable> {
  const listener = yield* listen("tcp", `${host}:0`, listening);
  const pending = go(() => dial("tcp", String(listener.addr), dialling));
  const accepted = yield* listener.accept();
  const conn = yield* pending.join();
  return {
    listener,
    conn,
    accepted,
    [Symbol.dispose]() {
      for (const each of [conn, accepted, listener]) each[Symbol.dispose]();
    },
  };
}

/** Options of either end, and what the kernel then says. */
const PLAIN:
  readonly (readonly [given: DialOptions & ListenOptions, name: IntOption, is: number])[] = [
    [{}, "TCP_NODELAY", 1],
    [{ noDelay: true }, "TCP_NODELAY", 1],
    [{ noDelay: false }, "TCP_NODELAY", 0],
    [{}, "SO_KEEPALIVE", 1],
    [{ keepAlive: false }, "SO_KEEPALIVE", 0],
    [{ keepAlive: { idle: 21_000 } }, "TCP_KEEPIDLE", 21],
    [{ keepAlive: { interval: 1_500 } }, "TCP_KEEPINTVL", 2],
    [{ keepAlive: { count: 3 } }, "TCP_KEEPCNT", 3],
    [{ userTimeout: 12_345 }, "TCP_USER_TIMEOUT", 12_345],
    [{ userTimeout: 0 }, "TCP_USER_TIMEOUT", 0],
    [{ trafficClass: 0x28 }, "IP_TOS", 0x28],
    [{ reusePort: true }, "SO_REUSEPORT", 1],
    [{ reuseAddr: true }, "SO_REUSEADDR", 1],
  ];

/** Why an option cannot be read back here. */
function missing(name: IntOption): string | false {
  if (name === "TCP_USER_TIMEOUT") return wineGap("TCP_MAXRT");
  const unknown = name === "SO_REUSEPORT" || name === "SO_REUSEADDR";
  return onWindows && unknown && `Windows has no ${name} that means the same`;
}

for (const [given, name, is] of PLAIN) {
  both(`${JSON.stringify(given)} is ${name} ${is} at both ends and the listener`, function* () {
    using ends = yield* connect("127.0.0.1", given, given);
    for (const end of [ends.listener, ends.conn, ends.accepted]) {
      assert.equal(option(end, name), is);
    }
  }, missing(name));
}

both("options that are not set keep the system's defaults", function* () {
  using ends = yield* connect("127.0.0.1", {}, {});
  assert.equal(option(ends.listener, "SO_REUSEADDR"), 1);
  assert.equal(option(ends.conn, "SO_REUSEADDR"), 0);
  for (const end of [ends.listener, ends.conn, ends.accepted]) {
    for (const name of ["SO_REUSEPORT", "TCP_USER_TIMEOUT", "IP_TOS", "SO_MARK"] as const) {
      assert.equal(option(end, name), 0, name);
    }
    assert.equal(linger(end), null);
    assert.equal(text(rawOption(end, SOL_SOCKET, SO_BINDTODEVICE)), "");
  }
  assert.equal(option(ends.conn, "TCP_FASTOPEN_CONNECT"), 0);
  assert.equal(option(ends.listener, "TCP_DEFER_ACCEPT"), 0);
}, onWindows && "Linux's own numbers are read back");

both("reuseAddr can be switched off for a listener", function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0", { reuseAddr: false });
  assert.equal(option(listener, "SO_REUSEADDR"), 0);
});

both("trafficClass applies to IPv6, and to IPv4 through IPv6", function* () {
  const given = { trafficClass: 0x88 };
  using six = yield* connect("[::1]", given, given);
  for (const end of [six.listener, six.conn, six.accepted]) {
    assert.equal(option(end, "IPV6_TCLASS"), 0x88);
  }
  using every = yield* listen("tcp", ":0", given);
  assert.equal(option(every, "IP_TOS"), 0x88);
}, wineGap("IPV6_TCLASS"));

both("readBuffer and writeBuffer are set before the connection is made", function* () {
  const given = { readBuffer: 20_000, writeBuffer: 30_000 };
  const order: string[] = [];
  const real = realCalls();
  const noting =
    <A extends unknown[]>(name: string, call: (...args: A) => number) => (...args: A) => {
      order.push(name === "setOption" ? String(args[1]) : name);
      return call(...args);
    };
  yield* withCalls({
    connect: noting("connect", real.connect),
    listen: noting("listen", real.listen),
    setOption: noting("setOption", real.setOption),
  }, function* () {
    using ends = yield* connect("127.0.0.1", given, given);
    for (const end of [ends.listener, ends.conn, ends.accepted]) {
      // Linux doubles what it is asked for, for its own needs. socket(7)
      assert.equal(option(end, "SO_RCVBUF"), onWindows ? 20_000 : 40_000);
      assert.equal(option(end, "SO_SNDBUF"), onWindows ? 30_000 : 60_000);
    }
  });
  const asked = order.flatMap((call, i) => call === "SO_RCVBUF" ? [i] : []);
  assert.equal(asked.length, 2);
  const [listened, connected] = ["listen", "connect"].map((call) => order.indexOf(call));
  assert.ok(asked[0] < listened && listened < asked[1] && asked[1] < connected, String(order));
});

both(
  "linger applies to dialed and accepted connections, and to close()",
  function* () {
    for (const seconds of [null, 0, 7]) {
      using ends = yield* connect("127.0.0.1", { linger: seconds }, { linger: seconds });
      assert.equal(linger(ends.conn), seconds);
      assert.equal(linger(ends.accepted), seconds);
    }
    const buf = new Uint8Array(8);
    for (const [dialled, accepted] of [[0, undefined], [undefined, 0]]) {
      if (dialled === 0 && wineGap("a reset before the first receive")) continue;
      using ends = yield* connect("127.0.0.1", { linger: accepted }, { linger: dialled });
      const [resetting, reset] = dialled === 0
        ? [ends.conn, ends.accepted]
        : [ends.accepted, ends.conn];
      resetting.close();
      const error = yield* thrown(reset.read(buf));
      assert.equal((error as OpError).code, "ECONNRESET");
    }
  },
);

both("backlog limits the number of queued connections", function* () {
  // Of a listener, what TCP_INFO calls "sacked" is its backlog. linux/tcp.c, tcp_get_info
  const backlog = (listener: Listener) =>
    rawOption(listener, IPPROTO_TCP, TCP_INFO).getUint32(28, true);
  using few = yield* listen("tcp", "127.0.0.1:0", { backlog: 3 });
  assert.equal(backlog(few), 3);
  using many = yield* listen("tcp", "127.0.0.1:0");
  assert.ok(backlog(many) >= 128, String(backlog(many)));
}, onWindows && "Windows does not tell the backlog");

both("ipv6Only overrides the network's default", function* () {
  const CASES = [
    ["tcp", ":0", undefined, 0],
    ["tcp", ":0", true, 1],
    // To the kernel an address that is not all of them is deaf in any case.
    ["tcp", "[::1]:0", undefined, 1],
    ["tcp", "[::1]:0", true, 1],
    ["tcp6", ":0", undefined, 1],
    ["tcp6", ":0", false, 0],
  ] as const;
  for (const [network, address, ipv6Only, is] of CASES) {
    using listener = yield* listen(network, address, { ipv6Only });
    assert.equal(option(listener, "IPV6_V6ONLY"), is, `${network} ${address} ${ipv6Only}`);
  }
  // And it is heeded.
  using six = yield* listen("tcp", ":0", { ipv6Only: true });
  const { port } = six.addr as TCPAddr;
  assert.equal(((yield* thrown(dial("tcp", `127.0.0.1:${port}`))) as OpError).code, "ECONNREFUSED");
  const four = yield* thrown(listen("tcp4", ":0", { ipv6Only: true }));
  assert.equal((four as OpError).code, "ENOPROTOOPT");
});

both("bindToDevice selects the interface of all traffic", function* () {
  const given = { bindToDevice: "lo" };
  using ends = yield* connect("127.0.0.1", given, given);
  for (const end of [ends.listener, ends.conn, ends.accepted]) {
    assert.equal(text(rawOption(end, SOL_SOCKET, SO_BINDTODEVICE)), "lo");
  }
  const sockets = openSockets();
  const device = { bindToDevice: "nosuch0" };
  const dialled = yield* thrown(dial("tcp", String(ends.listener.addr), device));
  assert.ok(dialled instanceof OpError);
  assert.equal(dialled.message, `dial tcp ${ends.listener.addr}: setsockopt: no such device`);
  assert.ok(dialled.cause instanceof SyscallError);
  const listened = yield* thrown(listen("tcp", "127.0.0.1:0", device));
  assert.equal((listened as Error).message, "listen tcp 127.0.0.1:0: setsockopt: no such device");
  assert.equal(openSockets(), sockets);
}, onWindows && "Windows has no SO_BINDTODEVICE");

both("mark is set, or rejected without the privilege", function* () {
  for (const mark of [7, 0xfffffffe]) {
    let listener: Listener;
    try {
      listener = yield* listen("tcp", "127.0.0.1:0", { mark });
    } catch (error) {
      assert.equal((error as OpError).code, "EPERM");
      return;
    }
    using _ = listener;
    assert.equal(rawOption(listener, SOL_SOCKET, 36).getUint32(0, true), mark);
  }
}, onWindows && "Windows has no SO_MARK");

both("fastOpen: a listener accepts data with the SYN, which a dial sends", function* () {
  using plain = yield* listen("tcp", "127.0.0.1:0", { fastOpen: true });
  assert.equal(option(plain, "TCP_FASTOPEN"), 256);
  using short = yield* listen("tcp", "127.0.0.1:0", { fastOpen: 5 });
  assert.equal(option(short, "TCP_FASTOPEN"), 5);
  using off = yield* listen("tcp", "127.0.0.1:0", { fastOpen: false });
  assert.equal(option(off, "TCP_FASTOPEN"), 0);
  // The first asks for a cookie, the second may use it: either way the bytes arrive.
  for (let i = 0; i < 2; i++) {
    using conn = yield* dial("tcp", String(plain.addr), { fastOpen: true });
    assert.equal(option(conn, "TCP_FASTOPEN_CONNECT"), 1);
    assert.equal(String(conn.remoteAddr), String(plain.addr));
    yield* conn.write(Uint8Array.of(1, 2, 3));
    using accepted = yield* plain.accept();
    const buf = new Uint8Array(8);
    assert.equal(yield* accepted.read(buf), 3);
    yield* accepted.write(buf.subarray(0, 2));
    assert.equal(yield* conn.readFull(buf.subarray(0, 2)), 2);
    assert.deepEqual(buf.subarray(0, 3), Uint8Array.of(1, 2, 3));
    assert.equal((conn.localAddr as TCPAddr).port, (accepted.remoteAddr as TCPAddr).port);
  }
}, wineGap("TCP_FASTOPEN"));

both("deferAccept hides a connection until its peer has sent data", function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0", { deferAccept: 30_000 });
  assert.ok(option(listener, "TCP_DEFER_ACCEPT") >= 30);
  using silent = yield* dial("tcp", String(listener.addr));
  using talking = yield* dial("tcp", String(listener.addr));
  yield* talking.write(Uint8Array.of(7));
  using first = yield* listener.accept();
  assert.equal(String(first.remoteAddr), String(talking.localAddr));
  listener.setDeadline(Date.now() + 20);
  assert.equal(((yield* thrown(listener.accept())) as OpError).timeout, true);
  listener.setDeadline(null);
  yield* silent.write(Uint8Array.of(7));
  using second = yield* listener.accept();
  assert.equal(String(second.remoteAddr), String(silent.localAddr));
}, onWindows && "Windows has no TCP_DEFER_ACCEPT");

both("userTimeout drops a peer that does not acknowledge", function* () {
  // Nothing is acknowledged by a peer whose window is shut for good. golang issue 31490
  using ends = yield* connect("127.0.0.1", { readBuffer: 2_048 }, { userTimeout: 50 });
  const writing = go(() => thrown(ends.conn.write(new Uint8Array(8 << 20))));
  const error = yield* writing.join();
  assert.ok(error instanceof OpError);
  assert.equal(error.code, "ETIMEDOUT");
  assert.equal(error.timeout, true);
  assert.ok(error.bytesWritten! > 0 && error.bytesWritten! < 8 << 20);
}, wineGap("TCP_MAXRT"));

/** Networks and addresses, and the arguments of `control` for each. */
const CONTROLLED:
  readonly (readonly [network: string, host: string, told: string, shown: string])[] = [
    ["tcp", "127.0.0.1", "tcp4", "127.0.0.1"],
    ["tcp4", "127.0.0.1", "tcp4", "127.0.0.1"],
    ["tcp", "[::1]", "tcp6", "[::1]"],
    ["tcp6", "[::1]", "tcp6", "[::1]"],
    ["tcp", "localhost", "tcp4", "127.0.0.1"],
    ["tcp", "[::ffff:127.0.0.1]", "tcp4", "127.0.0.1"],
  ];

for (const [network, host, told, shown] of CONTROLLED) {
  both(`control is called for "${network}" "${host}" before bind and before connect`, function* () {
    const calls: string[] = [];
    const control: Control = (fd, on, address) => {
      const { sockaddr, sockets } = platform();
      // A socket without a port: neither bound nor connected.
      const raw = sockets.localAddress(fd);
      // Windows has no address for a socket that is not bound.
      if (typeof raw === "number") assert.ok(onWindows && raw === -platform().errno.EINVAL);
      else assert.equal(sockaddr.decode(raw).port, 0);
      assert.equal(sockets.remoteAddress(fd), -platform().errno.ENOTCONN);
      assert.equal(sockets.setOption(fd, "SO_RCVBUF", 11_000), 0);
      calls.push(`${on} ${address}`);
    };
    using listener = yield* listen(network as "tcp", `${host}:0`, { control });
    assert.deepEqual(calls, [`${told} ${shown}:0`]);
    const { port } = listener.addr as TCPAddr;
    using conn = yield* dial(network as "tcp", `${host}:${port}`, { control });
    assert.deepEqual(calls.slice(1), [`${told} ${shown}:${port}`]);
    assert.equal(option(conn, "SO_RCVBUF"), onWindows ? 11_000 : 22_000);
    assert.equal(option(listener, "SO_RCVBUF"), onWindows ? 11_000 : 22_000);
  });
}

both("control of a listener on all addresses receives that network, as in Go", function* () {
  const calls: string[] = [];
  const control: Control = (_, network, address) => void calls.push(`${network} ${address}`);
  for (const [network, address] of [["tcp", ":0"], ["tcp4", ":0"], ["tcp", "0.0.0.0:0"]] as const) {
    (yield* listen(network, address, { control })).close();
  }
  assert.deepEqual(calls, ["tcp6 :0", "tcp4 :0", "tcp6 0.0.0.0:0"]);
});

both("an error of control is the cause of an OpError, and leaves no descriptor", function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  const to = String(listener.addr);
  const sockets = openSockets();
  const refusal = new Error("not this one");
  const throwing: Control = () => {
    throw refusal;
  };
  const dialled = yield* thrown(
    dial("tcp", to, { control: throwing, localAddress: "127.0.0.2:0" }),
  );
  assert.ok(dialled instanceof OpError);
  assert.equal(dialled.message, `dial tcp 127.0.0.2:0->${to}: not this one`);
  assert.equal(dialled.cause, refusal);
  const listened = yield* thrown(listen("tcp", "127.0.0.1:0", { control: throwing }));
  assert.ok(listened instanceof OpError);
  assert.equal(listened.message, "listen tcp 127.0.0.1:0: not this one");
  assert.equal(listened.cause, refusal);
  const text = (() => {
    throw "a text";
  }) as Control;
  const odd = yield* thrown(dial("tcp", to, { control: text }));
  assert.equal((odd as OpError).message, `dial tcp ${to}: a text`);
  for (const control of [async () => {}, function* () {}] as unknown as Control[]) {
    const error = yield* thrown(dial("tcp", to, { control }));
    assert.match((error as Error).message, /Cannot call control as it must not be async/);
    assert.ok((error as OpError).cause instanceof TypeError);
  }
  assert.equal(openSockets(), sockets);
});

both("control is called for every address that is tried", function* () {
  const calls: string[] = [];
  const control: Control = (_, network, address) => void calls.push(`${network} ${address}`);
  const lookup = () => ["127.0.0.2", "127.0.0.3"];
  yield* thrown(dial("tcp", "x.test:1", { control, lookup }));
  assert.deepEqual(calls, ["tcp4 127.0.0.2:1", "tcp4 127.0.0.3:1"]);
});

both("an option that the kernel refuses is an OpError that names the call", function* () {
  const { EINVAL } = platform().errno;
  const real = realCalls();
  const refused = [
    "TCP_USER_TIMEOUT",
    "SO_RCVBUF",
    "IP_TOS",
    "TCP_FASTOPEN_CONNECT",
    "TCP_FASTOPEN",
  ];
  const setOption = (fd: number, name: IntOption, value: number) =>
    refused.includes(name) ? -EINVAL : real.setOption(fd, name, value);
  using listener = yield* listen("tcp", "127.0.0.1:0");
  const to = String(listener.addr);
  const sockets = openSockets();
  yield* withCalls({ setOption }, function* () {
    for (
      const options of [{ userTimeout: 1 }, { readBuffer: 1 }, { trafficClass: 1 }, {
        fastOpen: true,
      }]
    ) {
      const dialled = yield* thrown(dial("tcp", to, options));
      assert.equal((dialled as Error).message, `dial tcp ${to}: setsockopt: invalid argument`);
      const listened = yield* thrown(listen("tcp", "127.0.0.1:0", options));
      assert.equal(
        (listened as Error).message,
        "listen tcp 127.0.0.1:0: setsockopt: invalid argument",
      );
    }
  });
  assert.equal(openSockets(), sockets);
});

/** Wrong options of either call, and the field that the error must name. */
const WRONG: readonly (readonly [options: object, field: RegExp])[] = [
  [{ reuseAddr: 1 }, /reuseAddr/],
  [{ reusePort: "yes" }, /reusePort/],
  [{ readBuffer: 0 }, /readBuffer/],
  [{ readBuffer: 2 ** 30 }, /readBuffer/],
  [{ writeBuffer: 1.5 }, /writeBuffer/],
  [{ bindToDevice: "" }, /bindToDevice/],
  [{ bindToDevice: "averylonginterface" }, /bindToDevice/],
  [{ bindToDevice: "l\0o" }, /bindToDevice/],
  [{ trafficClass: 256 }, /trafficClass/],
  [{ trafficClass: -1 }, /trafficClass/],
  [{ mark: 2 ** 32 }, /mark/],
  [{ control: "hook" }, /control: must be a function/],
  [{ keepAlive: { idle: 0 } }, /keepAlive\.idle/],
  [{ keepAlive: { interval: NaN } }, /keepAlive\.interval/],
  [{ keepAlive: { count: 1.5 } }, /keepAlive\.count/],
  [{ keepAlive: { idel: 5 } }, /idel/],
  [{ noDelay: 0 }, /noDelay/],
  [{ linger: -1 }, /linger/],
  [{ linger: 1.5 }, /linger/],
  [{ userTimeout: -1 }, /userTimeout/],
  [{ userTimeout: Infinity }, /userTimeout/],
];

const WRONG_OF_DIAL: typeof WRONG = [
  [{ fastOpen: 5 }, /fastOpen/],
  [{ fallbackDelay: "300" }, /fallbackDelay/],
  [{ fallbackDelay: NaN }, /fallbackDelay/],
  [{ lookup: {} }, /lookup: must be a function/],
  [{ signal: new AbortController() }, /signal/],
  [{ context: new AbortController().signal }, /context/],
  [{ backlog: 5 }, /backlog/],
  [{ ipv6Only: true }, /ipv6Only/],
];

const WRONG_OF_LISTEN: typeof WRONG = [
  [{ fastOpen: 0 }, /fastOpen/],
  [{ fastOpen: "yes" }, /fastOpen/],
  [{ deferAccept: 0 }, /deferAccept/],
  [{ deferAccept: true }, /deferAccept/],
  [{ ipv6Only: 1 }, /ipv6Only/],
  [{ timeout: -1 }, /timeout/],
  [{ localAddress: ":0" }, /localAddress/],
];

both("an invalid option is a TypeError that names the field, and opens nothing", function* () {
  const sockets = openSockets();
  const cases: [call: Routine<unknown>, field: RegExp][] = [
    ...[...WRONG, ...WRONG_OF_DIAL].map(([options, field]): [Routine<unknown>, RegExp] => [
      dial("tcp", "127.0.0.1:1", options),
      field,
    ]),
    ...[...WRONG, ...WRONG_OF_LISTEN].map(([options, field]): [Routine<unknown>, RegExp] => [
      listen("tcp", "127.0.0.1:0", options),
      field,
    ]),
  ];
  for (const [call, field] of cases) {
    const error = yield* thrown(call);
    assert.ok(error instanceof TypeError, `${field}: ${error}`);
    assert.match(error.message, field);
    assert.match(error.message, /^Cannot (dial|listen) with these options: /);
  }
  assert.equal(openSockets(), sockets);
});
