// SPDX-License-Identifier: MIT
/** The files of the system, and what follows from them: parsing, order, search list, changes. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { dial, go, parseIP, Resolver, type ResolverOptions, type Routine } from "../../mod.ts";
import { formatIP } from "../../src/net/addr/ip.ts";
import { sortAddresses } from "../../src/resolver/address_order.ts";
import { lookupOrder, type OrderFacts, ownOrder } from "../../src/resolver/lookup_order.ts";
import { searchNames, toASCII } from "../../src/resolver/name.ts";
import { parseNsswitch } from "../../src/resolver/nsswitch.ts";
import { parseResolvConf } from "../../src/resolver/resolv_conf.ts";
import { setClock } from "../../src/sched/clock.ts";
import { scheduler } from "../../src/sched/thread.ts";
import { addresses, dnsServer, zone } from "../support/dns_server.ts";
import { both, only, thrown, until } from "../support/harness.ts";

test("resolv.conf is parsed as in resolv.conf(5)", () => {
  const conf = parseResolvConf(`
# nameserver 192.0.2.9
; nameserver 192.0.2.9
nameserver 192.0.2.1 # the first
nameserver  2001:db8::1
nameserver fe80::1%lo
nameserver not-an-address
domain old.test
search a.test. b.test .
options ndots:3 timeout:7 attempts:4 rotate single-request use-vc trust-ad edns0 no-aaaa
`);
  assert.deepEqual(conf.servers, ["192.0.2.1", "2001:db8::1", "fe80::1%lo"]);
  assert.deepEqual(conf.search, ["a.test", "b.test", "."]);
  const { ndots, timeout, attempts } = conf;
  assert.deepEqual([ndots, timeout, attempts], [3, 7000, 4]);
  const { rotate, singleRequest, useTCP, trustAD, noAAAA, noReload } = conf;
  assert.deepEqual([rotate, singleRequest, useTCP, trustAD, noAAAA], [
    true,
    true,
    true,
    true,
    true,
  ]);
  assert.equal(noReload, false);
  assert.deepEqual(conf.unknown, []);
});

test("settings missing from resolv.conf have defaults, and numbers are clamped", () => {
  const empty = parseResolvConf("");
  assert.deepEqual(empty.servers, ["127.0.0.1", "::1"]);
  assert.deepEqual(empty.search, []);
  const { ndots, timeout, attempts, rotate } = empty;
  assert.deepEqual([ndots, timeout, attempts, rotate], [1, 5000, 2, false]);
  assert.deepEqual(parseResolvConf("", "host.example.test").search, ["example.test"]);
  assert.deepEqual(parseResolvConf("domain x.test", "host.example.test").search, ["x.test"]);
  const large = parseResolvConf("options ndots:99 timeout:0 attempts:77");
  assert.deepEqual([large.ndots, large.timeout, large.attempts], [15, 1000, 5]);
  const odd = parseResolvConf("options ndots:x frobnicate\nsortlist 192.0.2.0\nlookup file\n");
  assert.deepEqual(odd.unknown, ["ndots:x", "frobnicate", "sortlist", "lookup"]);
  const inherited = parseResolvConf("options toString:5 constructor");
  assert.deepEqual(inherited.unknown, ["toString:5", "constructor"]);
  assert.equal(parseResolvConf(`search ${"x.test ".repeat(100)}`).search.length, 64);
});

test("the hosts line of nsswitch.conf is parsed with its conditions", () => {
  assert.equal(parseNsswitch("passwd: files\n# hosts: files\n"), null);
  const plain = (line: string) =>
    parseNsswitch(line)!.map(({ name, standard }) => [name, standard]);
  assert.deepEqual(plain("hosts:\tfiles dns # comment"), [["files", true], ["dns", true]]);
  assert.deepEqual(plain("hosts: files [NOTFOUND=continue SUCCESS=return] dns [NOTFOUND=return]"), [
    ["files", true],
    ["dns", true],
  ]);
  assert.deepEqual(plain("hosts: files [NOTFOUND=return] dns"), [["files", false], ["dns", true]]);
  assert.deepEqual(plain("hosts: resolve [!UNAVAIL=return] dns"), [["resolve", false], [
    "dns",
    true,
  ]]);
});

const FACTS: OrderFacts = {
  os: "linux",
  sources: null,
  unknown: [],
  hostname: "box",
  variables: [],
  mdnsAllow: false,
};

/** Lines of nsswitch.conf, a name, and who looks it up: sources, or a part of the reason. */
const ORDERS: readonly (readonly [line: string, host: string, expected: string])[] = [
  ["hosts: files dns", "x.test", "files,dns"],
  ["hosts: dns files", "x.test", "dns,files"],
  ["hosts: files", "x.test", "files"],
  ["passwd: files", "x.test", "files,dns"],
  ["hosts:", "x.test", "files,dns"],
  ["hosts: files mdns4_minimal [NOTFOUND=return] dns", "x.test", "files,dns"],
  ["hosts: files mdns4_minimal [NOTFOUND=return] dns", "x.local", ".local"],
  ["hosts: files dns", "printer.LOCAL.", ".local"],
  ["hosts: files dns myhostname", "x.test", "files,dns"],
  ["hosts: files dns myhostname", "BOX", "myhostname"],
  ["hosts: files dns myhostname", "_gateway", "myhostname"],
  ["hosts: files resolve [!UNAVAIL=return] dns", "x.test", '"resolve"'],
  ["hosts: files ldap dns", "x.test", '"ldap"'],
  ["hosts: files [NOTFOUND=return] dns", "x.test", 'after "files"'],
];

test("the lookup order follows from nsswitch.conf and the name, as in Go", () => {
  for (const [line, host, expected] of ORDERS) {
    const order = lookupOrder(host, { ...FACTS, sources: parseNsswitch(line) });
    if (order.by === "own") assert.equal(order.sources.join(), expected, `${line}, ${host}`);
    else assert.ok(order.reason.includes(expected), `${line}, ${host}: ${order.reason}`);
  }
});

test("other settings that send a name to the host's resolver are explained", () => {
  const reason = (facts: Partial<OrderFacts>) => {
    const order = lookupOrder("x.test", { ...FACTS, ...facts });
    return order.by === "host" ? order.reason : "own";
  };
  assert.equal(reason({}), "own");
  assert.match(reason({ os: "windows" }), /Windows/);
  assert.match(reason({ os: "darwin" }), /macOS/);
  assert.match(reason({ variables: ["LOCALDOMAIN"] }), /LOCALDOMAIN/);
  assert.match(reason({ unknown: ["sortlist"] }), /sortlist/);
  const sources = parseNsswitch("hosts: files mdns dns");
  assert.match(reason({ sources, mdnsAllow: true }), /mdns\.allow/);
  assert.equal(reason({ sources }), "own");
  assert.deepEqual(ownOrder(parseNsswitch("hosts: ldap dns")).sources, ["dns"]);
  assert.deepEqual(ownOrder(parseNsswitch("hosts: ldap")).sources, ["files", "dns"]);
});

test("names of the search list are fully qualified, and never too long", () => {
  assert.deepEqual(searchNames("x", ["a.test", "."], 1), ["x.a.test.", "x."]);
  assert.deepEqual(searchNames("x.y", ["a.test"], 1), ["x.y.", "x.y.a.test."]);
  assert.deepEqual(searchNames("x.y.", ["a.test"], 5), ["x.y."]);
  assert.deepEqual(searchNames("x.onion", ["a.test"], 1), ["x.onion."]);
  const long = "a.".repeat(124) + "b";
  assert.deepEqual(searchNames(long, ["test"], 1), [`${long}.`]);
});

test("names are converted to ASCII, or are invalid", () => {
  assert.equal(toASCII("Ex_ample.Test."), "Ex_ample.Test.");
  assert.equal(toASCII("fa\u00df.test"), "xn--fa-hia.test");
  for (
    const bad of [
      "",
      "a b",
      "a..b",
      "127.1",
      "\uff11\uff12\uff17.1",
      "\u00fc:1",
      "\u00fc%41",
      "x\u200dy\u0000",
    ]
  ) {
    assert.equal(toASCII(bad), null, JSON.stringify(bad));
  }
});

const sorted = (ips: readonly string[], sources: Readonly<Record<string, string>>) =>
  sortAddresses(
    ips.map((ip) => parseIP(ip)!).map((ip) =>
      ip.length === 16 && formatIP(ip).includes(".") ? ip.subarray(12) : ip
    ),
    (ip) => {
      const source = sources[formatIP(ip)];
      return source === undefined ? null : parseIP(source);
    },
  ).map(formatIP);

// The examples of RFC 6724, section 10.2.
test("addresses are sorted as in the examples of RFC 6724", () => {
  assert.deepEqual(
    sorted(["198.51.100.121", "2001:db8:1::1"], {
      "2001:db8:1::1": "2001:db8:1::2",
      "198.51.100.121": "169.254.13.78",
    }),
    ["2001:db8:1::1", "198.51.100.121"],
  );
  assert.deepEqual(
    sorted(["2001:db8:1::1", "198.51.100.121"], {
      "2001:db8:1::1": "fe80::1",
      "198.51.100.121": "198.51.100.117",
    }),
    ["198.51.100.121", "2001:db8:1::1"],
  );
  assert.deepEqual(
    sorted(["10.1.2.3", "2001:db8:1::1"], {
      "2001:db8:1::1": "2001:db8:1::2",
      "10.1.2.3": "10.1.2.4",
    }),
    ["2001:db8:1::1", "10.1.2.3"],
  );
  assert.deepEqual(
    sorted(["2001:db8:1::1", "fe80::1"], {
      "2001:db8:1::1": "2001:db8:1::2",
      "fe80::1": "fe80::2",
    }),
    ["fe80::1", "2001:db8:1::1"],
  );
  assert.deepEqual(
    sorted(["2001:db8:1::1", "2001:db8:3ffe::1"], {
      "2001:db8:1::1": "2001:db8:3f44::2",
      "2001:db8:3ffe::1": "2001:db8:3f44::2",
    }),
    ["2001:db8:3ffe::1", "2001:db8:1::1"],
  );
  assert.deepEqual(
    sorted(["2002:c633:6401::1", "2001:db8:1::1"], {
      "2002:c633:6401::1": "2002:c633:6401::2",
      "2001:db8:1::1": "2002:c633:6401::2",
    }),
    ["2002:c633:6401::1", "2001:db8:1::1"],
  );
});

test("unreachable addresses sort last, and equal ones keep their order", () => {
  assert.deepEqual(sorted(["2001:db8::1", "192.0.2.1"], { "192.0.2.1": "192.0.2.9" }), [
    "192.0.2.1",
    "2001:db8::1",
  ]);
  const many = Array.from({ length: 200 }, (_, i) => `192.0.2.${(i * 7) % 200}`);
  const sources = Object.fromEntries(many.map((ip) => [ip, "192.0.2.250"]));
  assert.deepEqual(sorted(many, sources), many);
});

test("invalid Resolver options are a TypeError that names the field", () => {
  const bad: readonly (readonly [unknown, RegExp])[] = [
    [{ mode: "go" }, /mode/],
    [{ servers: [] }, /servers/],
    [{ servers: ["ns.test"] }, /servers/],
    [{ servers: ["127.0.0.1:dns"] }, /servers/],
    [{ dial: 7 }, /dial/],
    [{ cache: { size: 0 } }, /cache/],
    [{ resolvConf: 7 }, /resolvConf/],
    [{ nameservers: [] }, /nameservers/],
  ];
  for (const [options, field] of bad) {
    assert.throws(() => new Resolver(options as ResolverOptions), (error: Error) => {
      assert.ok(error instanceof TypeError);
      assert.match(error.message, field);
      return true;
    });
  }
});

/** Runs `body` with a folder for files, and a clock that it moves. */
function withFiles(body: (folder: string, later: () => void) => Routine<void>): Routine<void> {
  return function* () {
    const folder = mkdtempSync(join(tmpdir(), "netpoll-resolver-"));
    let ahead = 0;
    const clock = performance.now.bind(performance);
    setClock({ now: () => clock() + ahead });
    try {
      yield* body(folder, () => ahead += 2000);
    } finally {
      setClock(null);
      rmSync(folder, { recursive: true });
    }
  }();
}

both(
  "changed configuration files take effect at run time",
  () =>
    withFiles(function* (folder, later) {
      using first = yield* dnsServer(zone({ "x.test": addresses("x.test", "192.0.2.1") }));
      using second = yield* dnsServer(zone({ "x.a.test": addresses("x.a.test", "192.0.2.2") }));
      const [conf, hosts] = ["resolv.conf", "hosts"].map((name) => join(folder, name));
      const write = (path: string, text: string) => {
        writeFileSync(`${path}.new`, text);
        renameSync(`${path}.new`, path);
      };
      write(conf, "options no-aaaa");
      write(hosts, "");
      const dialed: string[] = [];
      let server = first;
      const resolver = new Resolver({
        resolvConf: conf,
        hosts,
        nsswitch: { text: "" },
        cache: true,
        dial: function* (network, address) {
          dialed.push(address);
          return yield* dial(network, server.address);
        },
      });
      const [one] = yield* resolver.lookupHost("x.test");
      server = second;
      const [kept] = yield* resolver.lookupHost("x.test");
      write(conf, "nameserver 192.0.2.53\nsearch a.test\noptions no-aaaa");
      later();
      const [two] = yield* resolver.lookupHost("x");
      write(hosts, "192.0.2.3 x");
      later();
      const [three] = yield* resolver.lookupHost("x");
      rmSync(hosts);
      later();
      const [again] = yield* resolver.lookupHost("x");
      assert.deepEqual(
        [one, kept, two, three, again],
        ["192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.2"],
      );
      assert.deepEqual([...new Set(dialed)], ["127.0.0.1:53", "192.0.2.53:53"]);
    }),
);

both(
  "a lookup does not wait for a query to a former server, nor use its answer",
  () =>
    withFiles(function* (folder, later) {
      const answer = addresses("x.test", "192.0.2.1");
      using former = yield* dnsServer(() => ({ answers: answer, delay: 300 }));
      using present = yield* dnsServer(zone({ "x.test": addresses("x.test", "192.0.2.2") }));
      const conf = join(folder, "resolv.conf");
      writeFileSync(conf, "nameserver 192.0.2.51\noptions no-aaaa");
      const resolver = new Resolver({
        resolvConf: conf,
        hosts: { text: "" },
        nsswitch: { text: "" },
        cache: true,
        dial: (network, address) => {
          const { address: actual } = address.startsWith("192.0.2.51") ? former : present;
          return dial(network, actual);
        },
      });
      const first = go(() => resolver.lookupHost("x.test"));
      yield* until(() => former.asked.length > 0);
      writeFileSync(conf, "nameserver 192.0.2.52\noptions no-aaaa");
      later();
      assert.deepEqual(yield* resolver.lookupHost("x.test"), ["192.0.2.2"]);
      assert.deepEqual(yield* first.join(), ["192.0.2.1"]);
      assert.deepEqual(yield* resolver.lookupHost("x.test"), ["192.0.2.2"]);
    }),
);

both(
  "a hosts file that cannot be opened for a while keeps its names",
  () =>
    withFiles(function* (folder, later) {
      const hosts = join(folder, "hosts");
      writeFileSync(hosts, "192.0.2.7 x.test");
      const resolver = new Resolver({
        servers: ["127.0.0.1:1"],
        resolvConf: { text: "options attempts:1 timeout:1" },
        hosts,
        nsswitch: { text: "" },
      });
      const [first] = yield* resolver.lookupHost("x.test");
      // A directory in its place cannot be read either, and exists.
      rmSync(hosts);
      mkdirSync(hosts);
      later();
      assert.deepEqual(yield* resolver.lookupHost("x.test"), [first]);
      rmSync(hosts, { recursive: true });
      later();
      assert.ok(yield* thrown(resolver.lookupHost("x.test")));
    }),
);

const ELSEWHERE = process.platform === "win32" || process.platform === "darwin"
  ? "this system leaves all names to the host"
  : false;

only("run", "explain() and debug say why a name is left to the host", function* () {
  const lines: string[] = [];
  const resolver = new Resolver({
    resolvConf: { text: "" },
    hosts: { text: "192.0.2.1 here.test" },
    nsswitch: { text: "hosts: files myhostname dns" },
    debug: (line) => lines.push(line),
  });
  assert.equal(resolver.explain("here.test"), "own: files, dns");
  assert.deepEqual(yield* resolver.lookupHost("here.test"), ["192.0.2.1"]);
  assert.deepEqual(lines, []);
  assert.equal(resolver.explain("x.local"), "host: .local is multicast DNS");
  const reason = 'nsswitch.conf has "myhostname"';
  assert.equal(resolver.explain("localhost.localdomain"), `host: ${reason}`);
  // As lookupHost(), but without the host's lookup, which would ask the system's servers.
  assert.equal(yield* resolver.own("localhost.localdomain", "auto", "ip", null), null);
  assert.deepEqual(lines, [`lookup localhost.localdomain: by the host, as ${reason}`]);
}, ELSEWHERE);

both("under runSync, and with mode own, no name is left to the host", function* () {
  const options = { resolvConf: { text: "" }, hosts: { text: "192.0.2.1 x.local" } };
  const own = new Resolver({ ...options, nsswitch: { text: "hosts: ldap" }, mode: "own" });
  assert.equal(own.explain("x.local"), "own: files, dns");
  assert.deepEqual(yield* own.lookupHost("x.local"), ["192.0.2.1"]);
  const host = new Resolver({ ...options, nsswitch: { text: "" }, mode: "host" });
  const expected = scheduler.blocking ? "own: files, dns" : 'host: the mode is "host"';
  assert.equal(host.explain("x.local"), expected);
});
