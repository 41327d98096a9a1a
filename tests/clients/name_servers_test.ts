// SPDX-License-Identifier: MIT
/**
 * The resolver and real name servers, unbound, dnsmasq, Knot and BIND; and Go's own resolver beside it, on
 * the same servers and the same files. Needs root, and Go.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, test } from "node:test";
import { DNSError, Resolver, type Routine } from "../../mod.ts";
import { isDeno, ROOT } from "../support/child.ts";
import { both, thrown } from "../support/harness.ts";
import { succeed } from "../support/tools.ts";
import {
  BIND,
  DNSMASQ,
  KNOT,
  type NameServers,
  startNameServers,
  UNBOUND,
} from "./name_servers.ts";

const FIXTURES = join(ROOT, "tests", "clients", "fixtures");
const GO_PROGRAM = join(mkdtempSync(join(tmpdir(), "netpoll-names-go-")), "names");

let servers: NameServers;

before(async () => {
  servers = await startNameServers();
  const source = join(FIXTURES, "names.go");
  // A single file of the standard library only; nothing is to be fetched.
  const script = 'GO111MODULE=off GOTOOLCHAIN=local GOFLAGS= go build -o "$0" "$1"';
  await succeed("sh", ["-c", script, GO_PROGRAM, source]);
});

after(async () => {
  await servers[Symbol.asyncDispose]();
  rmSync(join(GO_PROGRAM, ".."), { recursive: true });
});

function resolverOf(server: string): Resolver {
  const files = { hosts: { text: "" }, nsswitch: { text: "" } };
  return new Resolver({ ...files, servers: [server], resolvConf: { text: "options timeout:2" } });
}

function* codeOf(call: Routine<unknown>): Routine<string> {
  const error = yield* thrown(call);
  assert.ok(error instanceof DNSError, String(error));
  return error.code;
}

const SERVERS = [
  ["Knot", KNOT],
  ["dnsmasq", DNSMASQ],
  ["unbound", UNBOUND],
  ["BIND on IPv6", BIND],
];

/** Servers that know the zone and ask no others. */
const AUTHORITATIVE: readonly string[] = [KNOT, BIND];

for (const [title, server] of SERVERS) {
  both(`${title}: addresses, aliases, wildcards and missing names`, function* () {
    const resolver = resolverOf(server);
    const host = function* (name: string): Routine<string> {
      return (yield* resolver.lookupHost(`${name}.names.test`)).sort().join(" ");
    };
    assert.equal(yield* host("one"), "192.0.2.1");
    assert.equal(yield* host("both"), "192.0.2.2 2001:db8::2");
    assert.equal(yield* host("six"), "2001:db8::6");
    assert.equal(yield* host("alias"), "192.0.2.2 2001:db8::2");
    assert.equal(yield* host("anything.wild"), "192.0.2.3");
    assert.equal(yield* resolver.lookupCNAME("alias.names.test"), "both.names.test.");
    assert.equal(yield* codeOf(host("nowhere")), "ENOTFOUND");
    assert.equal(yield* codeOf(host("dangling")), "ENOTFOUND");
    assert.equal(yield* codeOf(host("text")), "ENODATA");
    // Two of them find the circle themselves.
    const circle = server === UNBOUND || server === BIND ? "ESERVFAIL" : "ELOOP";
    assert.equal(yield* codeOf(host("round")), circle);
  });

  both(`${title}: a response too long for a datagram`, function* () {
    const found = yield* resolverOf(server).lookupHost("many.names.test");
    assert.equal(new Set(found).size, 120);
  });

  both(`${title}: a delegated part of the zone`, function* () {
    const resolver = resolverOf(server);
    for (const name of ["x.sub.names.test", "away.names.test"]) {
      if (AUTHORITATIVE.includes(server)) {
        assert.equal(yield* codeOf(resolver.lookupHost(name)), "EBADRESP");
      } else assert.deepEqual(yield* resolver.lookupHost(name), ["192.0.2.77"]);
    }
    if (AUTHORITATIVE.includes(server)) {
      assert.equal(yield* codeOf(resolver.lookupHost("x.example")), "EREFUSED");
    }
  });

  both(`${title}: records of every type`, function* () {
    const resolver = resolverOf(server);
    assert.deepEqual(yield* resolver.lookupMX("names.test"), [
      { host: "mail1.names.test.", pref: 10 },
      { host: "mail2.names.test.", pref: 20 },
    ]);
    assert.deepEqual(yield* resolver.lookupNS("names.test"), [{ host: "ns.names.test." }]);
    const targets = (yield* resolver.lookupSRV("im", "tcp", "names.test")).map((each) => each.port);
    assert.deepEqual(targets, [5222, 5223]);
    assert.equal(yield* codeOf(resolver.lookupSRV("none", "tcp", "names.test")), "ENOTFOUND");
    const texts = (yield* resolver.lookupTXT("text.names.test")).sort();
    assert.deepEqual(texts, [`${"a".repeat(255)}${"b".repeat(255)}end`, "second"]);
    const [caa] = yield* resolver.lookupCAA("names.test");
    assert.deepEqual(caa, { critical: false, tag: "issue", value: "ca.example" });
    const [web] = yield* resolver.lookupHTTPS("web.names.test");
    assert.deepEqual([web.target, web.alpn], [".", ["h2", "h3"]]);
    const names = (yield* resolver.lookupAddr("192.0.2.2")).sort();
    assert.deepEqual(names, ["both.names.test.", "other.names.test."]);
  });
}

/**
 * What is looked up, with the final dot or by the search list. DIVERGENCES.md names where the two differ;
 * those are left out here.
 */
const LOOKUPS: readonly string[] = [
  ...["one", "both", "six", "alias", "any.wild", "nowhere", "dangling", "text", "x.sub", "away"]
    .flatMap(
      (name) => [`host:${name}`, `host:${name}.names.test`, `host:${name}.names.test.`],
    ),
  "host:ONE.names.test",
  "host:many",
  "host:table",
  "host:table.names.test",
  "host:other.table",
  "host:192.0.2.9",
  "host:a..b",
  "host:-a",
  `host:${"a".repeat(64)}`,
  "host:",
  "cname:alias",
  "cname:one.names.test.",
  "mx:names.test",
  "mx:one",
  "ns:names.test.",
  "srv:_im._tcp",
  "srv:_im._tcp.names.test",
  "txt:text",
  "txt:one",
  "addr:192.0.2.1",
  "addr:192.0.2.2",
  "addr:192.0.2.99",
  "addr:203.0.113.1",
];

const HOSTS = `
192.0.2.9 table Other.table
2001:db8::9 table
203.0.113.1 first second.names.test
`;

/** Files of the system, by name, each with settings that the two must understand alike. */
const SETTINGS: readonly (readonly [title: string, resolvConf: string, nsswitch: string])[] = [
  ["one server, a search list", `nameserver ${UNBOUND}\nsearch names.test`, "hosts: files dns"],
  [
    "a search list of two, ndots",
    `nameserver ${UNBOUND}\nsearch sub.names.test names.test\noptions ndots:2`,
    "hosts: files dns",
  ],
  [
    "TCP, names from servers first",
    `nameserver ${UNBOUND}\nsearch names.test\noptions use-vc`,
    "hosts: dns files",
  ],
  [
    "two servers, of which one only refers",
    `nameserver ${KNOT}\nnameserver ${UNBOUND}\nsearch names.test`,
    "hosts: files dns",
  ],
  [
    "a server on IPv6, where the aliases end elsewhere",
    `nameserver ${BIND}\nsearch names.test`,
    "hosts: files dns",
  ],
  [
    "a server that is not there first",
    `nameserver 127.83.41.13\nnameserver ${UNBOUND}\noptions timeout:1 attempts:1`,
    "hosts: files dns",
  ],
];

/** Runs a program in a mount namespace with files of its own. */
async function withFiles(files: readonly string[], command: readonly string[]): Promise<string[]> {
  const binds = ["resolv.conf", "hosts", "nsswitch.conf"]
    .map((name, i) => `mount --bind "$${i + 1}" /etc/${name}`);
  const script = `${binds.join(" && ")} && shift 3 && exec "$@"`;
  const args = ["--mount", "sh", "-c", script, "sh", ...files, ...command];
  return (await succeed("unshare", args)).trimEnd().split("\n");
}

for (const [title, ...texts] of SETTINGS) {
  test(`Go's resolver returns the same: ${title}`, { timeout: 120_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "netpoll-names-"));
    try {
      const files = [texts[0], HOSTS, texts[1]].map((text, i) => {
        const path = join(folder, String(i));
        writeFileSync(path, `${text}\n`);
        return path;
      });
      // An alias whose end is another server's: Go leaves it at that, as DIVERGENCES.md says.
      const lookups = LOOKUPS.filter((each) =>
        !AUTHORITATIVE.some((one) => texts[0].includes(one)) || !each.includes("away")
      );
      const expected = await withFiles(files, [GO_PROGRAM, ...lookups]);
      assert.equal(expected.length, lookups.length);
      const flags = isDeno ? ["run", "-A", "--no-check", "--quiet"] : ["run"];
      for (const driver of ["run", "runSync"]) {
        const program = [process.execPath, ...flags, join(FIXTURES, "names.ts"), driver];
        assert.deepEqual(await withFiles(files, [...program, ...lookups]), expected);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}
