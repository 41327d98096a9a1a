// SPDX-License-Identifier: MIT
// cspell:ignore averylongnameofaninterface badport nosuch
/**
 * From texts to addresses: ports, services, zones, names. Where nothing else is said, the answers in
 * the tables are those of Go 1.19's package net on this very system.
 */
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import {
  AddrError,
  background,
  CanceledError,
  dial,
  DNSError,
  formatIP,
  fromSignal,
  go,
  listen,
  listenPacket,
  lookupHost,
  type LookupOptions,
  lookupPort,
  OpError,
  parseIP,
  parseIPZone,
  resolveTCPAddr,
  resolveUDPAddr,
  type Routine,
  TCPAddr,
  UDPAddr,
  UnknownNetworkError,
  wait,
  withCancel,
} from "../../mod.ts";
import { endpointOf } from "../../src/net/addr/addr.ts";
import { platform } from "../../platforms/platform.ts";
import { exchangeState } from "../../src/sched/thread_state.ts";
import { both, only, onWindows, thrown, until } from "../support/harness.ts";

/** The index of the loopback interface. */
const LO = 1;

const PORTS: readonly (readonly [network: string, service: string, port: number])[] = [
  ["tcp", "", 0],
  ["tcp", "0", 0],
  ["tcp", "-0", 0],
  ["tcp", "+080", 80],
  ["tcp", "65535", 65535],
  ["tcp", "http", 80],
  ["tcp4", "HTTP", 80],
  ["tcp6", "https", 443],
  ["tcp", "ssh", 22],
  ["tcp", "domain", 53],
  ["udp", "domain", 53],
  ["udp6", "Domain", 53],
  // A number needs no network.
  ["unix", "80", 80],
  // Go 1.19 does not find this one; later versions do.
  ["", "domain", 53],
  ["", "https", 443],
];

test("lookupPort() accepts numbers and services", () => {
  for (const [network, service, port] of PORTS) {
    assert.equal(lookupPort(network, service), port, `${network}/${service}`);
  }
});

const NO_PORTS: readonly (readonly [network: string, service: string, text: string])[] = [
  ["tcp", "nosuch", "address tcp/nosuch: unknown port"],
  ["udp4", "telnet7", "address udp4/telnet7: unknown port"],
  ["", "nosuch", "address ip/nosuch: unknown port"],
  ["tcp", "9pfs-none", "address tcp/9pfs-none: unknown port"],
  ["tcp", "123badport", "address tcp/123badport: unknown port"],
  ["tcp", "http ", "address tcp/http : unknown port"],
  ["tcp", "http/tcp", "address tcp/http/tcp: unknown port"],
  ["tcp", "0x50", "address tcp/0x50: unknown port"],
  ["tcp", "1e3", "address tcp/1e3: unknown port"],
  ["tcp", "-1", "address -1: invalid port"],
  ["tcp", "65536", "address 65536: invalid port"],
  ["tcp", "99999999999999999999", "address 99999999999999999999: invalid port"],
  ["tcp", "-99999999999999999999", "address -99999999999999999999: invalid port"],
  ["ip", "http", "address ip: unknown network"],
  ["unix", "http", "address unix: unknown network"],
];

test("lookupPort() rejects what Go rejects, with Go's messages", () => {
  for (const [network, service, message] of NO_PORTS) {
    assert.throws(() => lookupPort(network, service), { name: "AddrError", message });
  }
});

test("services and hosts missing in the system's tables have well-known defaults", () => {
  // Of a table that cannot be read nothing is known, and that is no error.
  assert.equal(platform().runtime.readText("/etc/nosuch/table"), null);
  assert.equal(platform().runtime.readText("/etc"), null);
  assert.match(platform().runtime.readText("/etc/hosts") ?? "localhost", /localhost/);
});

const ZONES: readonly (readonly [text: string, ip: string, zone: string])[] = [
  ["fe80::1%lo", "fe80::1", "lo"],
  ["fe80::1%911", "fe80::1", "911"],
  ["::1%eth0.7", "::1", "eth0.7"],
  ["fe80::1", "fe80::1", ""],
  ["192.0.2.1", "192.0.2.1", ""],
  ["::ffff:192.0.2.1", "192.0.2.1", ""],
];

test("parseIPZone() parses an address and its zone", () => {
  for (const [text, ip, zone] of ZONES) {
    const parsed = parseIPZone(text);
    assert.ok(parsed !== null, text);
    assert.equal(formatIP(parsed.ip), ip);
    assert.equal(parsed.zone, zone);
  }
  const none = ["fe80::1%", "%lo", "%", "", "192.0.2.1%lo", "::ffff:192.0.2.1%lo", "lo%fe80::1"];
  for (const text of none) assert.equal(parseIPZone(text), null, text);
});

test("formatIP() reverses parseIP()", () => {
  assert.equal(formatIP(parseIP("2001:DB8:0:0:1:0:0:1")!), "2001:db8::1:0:0:1");
  for (const length of [1, 3, 5, 15, 17]) {
    assert.throws(() => formatIP(new Uint8Array(length)), RangeError);
  }
});

/** What both kinds of addresses mean; "PROTO" stands for either. */
const RESOLVED: readonly (readonly [network: string, address: string, text: string])[] = [
  ["PROTO", "127.0.0.1:0", "127.0.0.1:0"],
  ["PROTO4", "127.0.0.1:65535", "127.0.0.1:65535"],
  ["PROTO", "[::1]:0", "[::1]:0"],
  ["PROTO6", "[::1]:65535", "[::1]:65535"],
  ["PROTO", "[::1%lo]:1", "[::1%lo]:1"],
  ["PROTO6", "[::1%911]:2", "[::1%911]:2"],
  ["", "127.0.0.1:0", "127.0.0.1:0"],
  ["", "[::1]:0", "[::1]:0"],
  ["PROTO", ":12345", ":12345"],
  ["PROTO", "", ":0"],
  ["PROTO", ":", ":0"],
  ["PROTO", "127.0.0.1:domain", "127.0.0.1:53"],
  ["PROTO", "[::ffff:127.0.0.1]:domain", "127.0.0.1:53"],
  ["PROTO", "[2001:db8::1]:DOMAIN", "[2001:db8::1]:53"],
  ["PROTO4", "[::ffff:127.0.0.1]:domain", "127.0.0.1:53"],
  ["PROTO6", "[2001:DB8::1]:domain", "[2001:db8::1]:53"],
  ["PROTO", "[::]:80", "[::]:80"],
  ["PROTO4", "[::]:80", "0.0.0.0:80"],
  ["PROTO6", "[::]:80", "[::]:80"],
  ["PROTO", "0.0.0.0:80", "0.0.0.0:80"],
  ["PROTO", "localhost:80", "127.0.0.1:80"],
  ["PROTO4", "LOCALHOST:+080", "127.0.0.1:80"],
  // Here localhost is always both; to Go it is what the system's table says.
  ["PROTO6", "localhost:80", "[::1]:80"],
  ["PROTO", "[localhost]:80", "[::1]:80"],
];

both("resolveTCPAddr() and resolveUDPAddr() resolve as Go does", function* () {
  for (const [network, address, text] of RESOLVED) {
    for (const protocol of ["tcp", "udp"] as const) {
      const on = network.replace("PROTO", protocol);
      const addr = protocol === "tcp"
        ? yield* resolveTCPAddr(on as "tcp", address)
        : yield* resolveUDPAddr(on as "udp", address);
      assert.equal(String(addr), text, `${on} ${address}`);
      assert.equal(addr.network, protocol);
      assert.ok(addr instanceof (protocol === "tcp" ? TCPAddr : UDPAddr));
      assert.ok(!(addr instanceof (protocol === "tcp" ? UDPAddr : TCPAddr)));
      // And its text resolves to itself.
      const again = yield* resolveTCPAddr("tcp", String(addr));
      assert.equal(String(again), text);
    }
  }
}, onWindows && "Linux's name of the loopback");

const UNRESOLVED: readonly (readonly [network: string, address: string, text: string])[] = [
  ["http", "127.0.0.1:0", "unknown network http"],
  ["udp", "127.0.0.1:0", "unknown network udp"],
  ["tcp4", "[2001:db8::1]:http", "address 2001:db8::1: no suitable address found"],
  ["tcp6", "127.0.0.1:http", "address 127.0.0.1: no suitable address found"],
  ["tcp6", "[::ffff:127.0.0.1]:http", "address ::ffff:127.0.0.1: no suitable address found"],
  ["tcp6", "0.0.0.0:80", "address 0.0.0.0: no suitable address found"],
  ["tcp", "x", "address x: missing port in address"],
  ["tcp", "127.0.0.1:9pfs-none", "address tcp/9pfs-none: unknown port"],
  ["tcp", "[fe80::1%lo%x]:80", "address [fe80::1%lo%x]:80: unknown IPv6 zone"],
  ["tcp", "1.2.3.4%lo:80", "lookup 1.2.3.4%lo: no such host"],
  ["tcp", "127.1:80", "lookup 127.1: no such host"],
  ["tcp", "2130706433:80", "lookup 2130706433: no such host"],
  ["tcp", "0x7f.1:80", "lookup 0x7f.1: no such host"],
  ["tcp", "0X7F000001:80", "lookup 0X7F000001: no such host"],
  ["tcp", "0x7f.0.0.0x1.:80", "lookup 0x7f.0.0.0x1.: no such host"],
  ["tcp", "0177.0x0.1:80", "lookup 0177.0x0.1: no such host"],
  ["tcp", "0x.0x.0x.0x:80", "lookup 0x.0x.0x.0x: no such host"],
  ["tcp", "\uff10x7f\u30021:80", "lookup \uff10x7f\u30021: no such host"],
  ["tcp", "256.1.1.1:80", "lookup 256.1.1.1: no such host"],
  ["tcp", "a..b:80", "lookup a..b: no such host"],
  ["tcp", "-a:80", "lookup -a: no such host"],
  ["tcp", "a-:80", "lookup a-: no such host"],
  ["tcp", "a_b!:80", "lookup a_b!: no such host"],
  ["tcp", "a b:80", "lookup a b: no such host"],
  ["tcp", `${"a".repeat(64)}.b:80`, `lookup ${"a".repeat(64)}.b: no such host`],
  ["tcp", `${"a.".repeat(127)}b:80`, `lookup ${"a.".repeat(127)}b: no such host`],
];

both("resolveTCPAddr() rejects what Go rejects, with Go's messages", function* () {
  for (const [network, address, text] of UNRESOLVED) {
    const error = yield* thrown(function* () {
      return yield* resolveTCPAddr(network as "tcp", address);
    }());
    assert.equal((error as Error).message, text, `${network} ${address}`);
    const kinds = [AddrError, DNSError, UnknownNetworkError];
    assert.equal(kinds.filter((kind) => error instanceof kind).length, 1);
  }
});

// Go ignores an unknown zone, and the kernel then reports "invalid argument".
both("a zone without an interface is an AddrError", function* () {
  for (
    const address of ["[fe80::1%nosuch]:1", "[::1%averylongnameofaninterface]:1", "[::1%l\0]:1"]
  ) {
    const message = `address ${address}: unknown IPv6 zone`;
    for (const call of [resolveTCPAddr("tcp", address), resolveUDPAddr("udp", address)]) {
      const error = yield* thrown<unknown>(call);
      assert.ok(error instanceof AddrError);
      assert.equal(error.message, message);
    }
    const dialled = yield* thrown(dial("tcp", address));
    assert.ok(dialled instanceof OpError);
    assert.equal(dialled.message, `dial tcp: ${message}`);
    assert.ok((yield* thrown(listen("tcp", address))) instanceof OpError);
  }
});

both("a zone is an interface's name or index, and is printed as its name", function* () {
  for (const zone of ["lo", String(LO)]) {
    using listener = yield* listen("tcp", `[::1%${zone}]:0`);
    const { port } = listener.addr as TCPAddr;
    const dialling = go(() => dial("tcp6", `[::1%${zone}]:${port}`));
    using accepted = yield* listener.accept();
    using conn = yield* dialling.join();
    assert.equal(String(accepted.remoteAddr), String(conn.localAddr));
  }
  const addr = yield* resolveTCPAddr("tcp", `[fe80::1%${LO}]:1`);
  assert.equal(addr.zone, "lo");
  assert.equal(endpointOf(addr).scope, LO);
  assert.equal(endpointOf(yield* resolveTCPAddr("tcp", "[fe80::1%911]:1")).scope, 911);
  const error = yield* thrown(dial("tcp", "[fe80::1%lo]:1"));
  assert.match((error as Error).message, /^dial tcp \[fe80::1%lo\]:1: connect: /);
}, onWindows && "Linux's name of the loopback");

/** A look-up that knows a few names. */
function table(names: Record<string, string[]>): LookupOptions["lookup"] {
  return (host) => names[host] ?? [];
}

both("a name resolves to its address of the right IP version", function* () {
  const lookup = table({ "both.test": ["2001:db8::1", "192.0.2.1", "fe80::1%lo"] });
  const resolved = [];
  for (const network of ["tcp", "tcp4", "tcp6"] as const) {
    resolved.push(String(yield* resolveTCPAddr(network, "both.test:80", { lookup })));
  }
  assert.deepEqual(resolved, ["192.0.2.1:80", "192.0.2.1:80", "[2001:db8::1]:80"]);
  assert.equal(
    String(yield* resolveUDPAddr("udp", "[both.test]:80", { lookup })),
    "[2001:db8::1]:80",
  );
  assert.deepEqual(yield* lookupHost("both.test", { lookup }), [
    "2001:db8::1",
    "192.0.2.1",
    "fe80::1%lo",
  ]);
}, onWindows && "Linux's name of the loopback");

both("lookupHost() returns a literal unchanged and resolves localhost", function* () {
  for (const literal of ["127.0.0.1", "::1", "fe80::1%lo", "::ffff:192.0.2.1"]) {
    assert.deepEqual(yield* lookupHost(literal), [literal]);
  }
  for (const name of ["localhost", "LocalHost", "localhost."]) {
    assert.deepEqual(yield* lookupHost(name), ["127.0.0.1", "::1"]);
  }
});

both("a name without addresses is reported as not found", function* () {
  const lookup = table({});
  for (const [host, options] of [["", {}], ["a..b", {}], ["x.test", { lookup }]] as const) {
    const error = yield* thrown(lookupHost(host, options));
    assert.ok(error instanceof DNSError, String(error));
    assert.equal(error.message, `lookup ${host}: no such host`);
    assert.equal(error.err, "no such host");
    assert.equal(error.host, host);
    assert.equal(error.server, "");
    assert.equal(error.code, "ENOTFOUND");
    assert.deepEqual([error.isNotFound, error.isTimeout, error.isTemporary], [true, false, false]);
    assert.deepEqual([error.timeout, error.temporary], [false, false]);
  }
  const dialled = yield* thrown(dial("tcp", "x.test:1", { lookup }));
  assert.equal((dialled as Error).message, "dial tcp: lookup x.test: no such host");
  const none = yield* thrown(dial("tcp6", "x.test:1", { lookup: () => ["192.0.2.1"] }));
  assert.equal((none as Error).message, "dial tcp6: address x.test: no suitable address found");
});

/** What a resolver may say, and what becomes of it. */
const FAILURES: readonly (readonly [code: string, err: string, flags: string])[] = [
  ["ENOTFOUND", "no such host", "isNotFound"],
  ["ENODATA", "no such host", "isNotFound"],
  ["DNS_ENOTFOUND", "no such host", "isNotFound"],
  ["EAI_AGAIN", "server misbehaving", "isTemporary temporary"],
  ["ESERVFAIL", "server misbehaving", "isTemporary temporary"],
  ["ETIMEOUT", "i/o timeout", "isTimeout timeout temporary"],
  ["EOTHER", "it broke", ""],
];

both("a resolver failure is a DNSError with its properties", function* () {
  for (const [code, err, flags] of FAILURES) {
    const reason = Object.assign(new Error("it broke"), { code });
    const lookup = () => {
      throw reason;
    };
    const error = yield* thrown(lookupHost("x.test", { lookup }));
    assert.ok(error instanceof DNSError);
    assert.equal(error.message, `lookup x.test: ${err}`);
    assert.equal(error.cause, reason);
    const set = (["isNotFound", "isTimeout", "isTemporary", "timeout", "temporary"] as const)
      .filter((flag) => error[flag]);
    assert.equal(set.join(" "), flags, code);
    const dialled = yield* thrown(dial("tcp", "x.test:1", { lookup }));
    assert.ok(dialled instanceof OpError);
    assert.equal(dialled.timeout, error.timeout);
    assert.equal(dialled.temporary, error.temporary);
  }
});

both("a lookup that returns no IP addresses is a TypeError", function* () {
  for (const answer of [["x.test"], [""], [7], [null]]) {
    const lookup = () => answer as unknown as string[];
    for (const call of [lookupHost("x.test", { lookup }), dial("tcp", "x.test:1", { lookup })]) {
      const error = yield* thrown<unknown>(call);
      assert.ok(error instanceof TypeError, String(error));
      assert.match(error.message, /^Cannot look up x\.test as /);
    }
  }
});

only("run", "a lookup that times out, or is cancelled, has Go's message", function* () {
  let asked = 0;
  const lookup = () => {
    asked++;
    return new Promise<string[]>(() => {});
  };
  const late = yield* thrown(lookupHost("x.test", { lookup, timeout: 50 }));
  assert.ok(late instanceof DNSError);
  assert.equal(late.message, "lookup x.test: i/o timeout");
  assert.deepEqual([late.isTimeout, late.temporary], [true, true]);
  const dialled = yield* thrown(dial("tcp", "x.test:1", { lookup, deadline: Date.now() + 50 }));
  assert.equal((dialled as OpError).message, "dial tcp: lookup x.test: i/o timeout");
  assert.equal((dialled as OpError).timeout, true);
  const controller = new AbortController();
  go(function* () {
    yield* until(() => asked === 3);
    controller.abort(new Error("enough"));
  });
  const ended = yield* thrown(dial("tcp", "x.test:1", { lookup, signal: controller.signal }));
  assert.ok(ended instanceof OpError);
  assert.equal(ended.message, "dial tcp: lookup x.test: operation was canceled");
  assert.equal(ended.code, "ABORT_ERR");
  assert.ok((ended.cause as DNSError).cause instanceof CanceledError);
  assert.equal(asked, 3);
  const listened = yield* thrown(listen("tcp", "x.test:0", { lookup, timeout: 50 }));
  assert.equal((listened as OpError).message, "listen tcp: lookup x.test: i/o timeout");
  const [ctx, cancel] = withCancel(background());
  go(function* () {
    yield* until(() => asked === 5);
    cancel();
  });
  const packets = yield* thrown(listenPacket("udp", "x.test:0", { lookup, context: ctx }));
  const text = "listen udp: lookup x.test: operation was canceled";
  assert.equal((packets as OpError).message, text);
  assert.equal(asked, 5);
  // One that is over before it begins sends no query.
  const context = fromSignal(controller.signal);
  const over = yield* thrown(resolveTCPAddr("tcp", "x.test:1", { lookup, context }));
  assert.equal((over as Error).message, "lookup x.test: operation was canceled");
  assert.equal(asked, 5);
});

only(
  "run",
  "a lookup that fails after its call has ended leaves no unhandled rejection",
  function* () {
    const rejected: unknown[] = [];
    const listener = (reason: unknown) => void rejected.push(reason);
    process.on("unhandledRejection", listener);
    try {
      const [context, cancel] = withCancel(background());
      const lookup = () => {
        cancel();
        return Promise.reject(new Error("late"));
      };
      const error = yield* thrown(lookupHost("x.test", { lookup, context }));
      assert.equal((error as Error).message, "lookup x.test: operation was canceled");
      // The host reports a rejection before its timers run.
      yield* wait(new Promise((resolve) => setTimeout(resolve, 1)));
    } finally {
      process.off("unhandledRejection", listener);
    }
    assert.deepEqual(rejected, []);
  },
);

only("run", "a lookup may complete through the host's loop", function* () {
  const lookup = (host: string) =>
    new Promise<string[]>((resolve) => setTimeout(resolve, 1, [`127.0.0.${host.length}`]));
  assert.deepEqual(yield* lookupHost("x.test", { lookup }), ["127.0.0.6"]);
  using listener = yield* listen("tcp", "x.test:0", { lookup });
  assert.match(String(listener.addr), /^127\.0\.0\.6:/);
});

only(
  "runSync",
  "a look-up that needs the host's loop is refused, and its failure is nobody's",
  function* () {
    const lookup = () => Promise.reject(new Error("late"));
    const error = yield* thrown(lookupHost("x.test", { lookup }));
    assert.ok(error instanceof DNSError);
    assert.match(error.message, /^lookup x\.test: cannot look up names under runSync/);
  },
);

test("the system's hosts file works under runSync", async () => {
  const { runSync } = await import("../../mod.ts");
  const { runtime } = platform();
  const real = runtime.readText;
  runtime.readText = (path) =>
    /[/\\]hosts$/.test(path)
      ? "# a comment\n192.0.2.7 one.test Two.test # one.test\n\n2001:db8::7\tone.test.\nx bad.test\n"
      : /resolv\.conf$/.test(path)
      ? "nameserver 127.0.0.1\noptions timeout:1 attempts:1"
      : real(path);
  const state = exchangeState();
  try {
    const found = (host: string) => runSync(() => lookupHost(host));
    assert.deepEqual(found("one.test"), ["192.0.2.7", "2001:db8::7"]);
    assert.deepEqual(found("TWO.test."), ["192.0.2.7"]);
  } finally {
    runtime.readText = real;
    exchangeState(state);
  }
});

/** Wrong options of a look-up, and the field that the error names. */
const BAD_OPTIONS: readonly (readonly [options: unknown, field: RegExp])[] = [
  [{ timeout: -1 }, /timeout/],
  [{ lookup: "8.8.8.8" }, /lookup/],
  [{ signal: {} }, /signal/],
  [{ context: null }, /context/],
  [{ server: "8.8.8.8" }, /server/],
];

both("invalid options of a lookup are a TypeError that names the field", function* () {
  for (const [options, field] of BAD_OPTIONS) {
    const given = options as LookupOptions;
    for (
      const call of [
        () => lookupHost("localhost", given),
        () => resolveTCPAddr("tcp", "localhost:1", given),
        () => resolveUDPAddr("udp", "localhost:1", given),
      ]
    ) {
      const error = yield* thrown<unknown>(call());
      assert.ok(error instanceof TypeError, String(error));
      assert.match(error.message, field);
    }
  }
});

both("a lookup that returns no array, or throws no Error, is explained", function* () {
  for (const answer of [undefined, null, "127.0.0.1", { 0: "127.0.0.1" }, 7, new Set()]) {
    const lookup = () => answer as unknown as string[];
    for (
      const call of [
        () => lookupHost("x.test", { lookup }),
        () => dial("tcp", "x.test:1", { lookup }),
        () => listen("tcp", "x.test:0", { lookup }),
      ] as (() => Routine<unknown>)[]
    ) {
      const error = (yield* thrown(call())) as Error;
      assert.ok(error instanceof TypeError, String(error));
      assert.match(
        error.message,
        /^Cannot look up x\.test as the result of lookup must be an array/,
      );
    }
  }
  for (const odd of [null, undefined, "out of order"]) {
    const lookup = () => {
      throw odd;
    };
    const error = yield* thrown(lookupHost("x.test", { lookup }));
    assert.ok(error instanceof DNSError);
    assert.equal(error.err, String(odd));
  }
});
