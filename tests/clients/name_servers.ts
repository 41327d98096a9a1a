// SPDX-License-Identifier: MIT
/**
 * Real name servers from Debian, each on port 53 of an address of its own, for this machine only: Knot with
 * the zone, signed, that delegates a part; dnsmasq with that part, which forwards all else; unbound,
 * which resolves through both; BIND on IPv6 with the zone, unsigned. Started as root.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Child, start } from "../support/child.ts";

/** Longest life of a server, in milliseconds. */
const LIFETIME_MS = 120_000;

/** Addresses of the servers. */
export const KNOT = "127.83.41.10", DNSMASQ = "127.83.41.11", UNBOUND = "127.83.41.12";

/** The address of BIND, which listens on addresses of interfaces only. */
export const BIND = "::1";

/** All that run. */
export interface NameServers extends AsyncDisposable {
  /** A folder that is removed with them. */
  readonly folder: string;
}

const MANY = Array.from({ length: 120 }, (_, i) => `many A 198.51.100.${i + 1}`);

const ZONE = `$ORIGIN names.test.
$TTL 300
@ SOA ns admin 1 3600 600 86400 60
@ NS ns
ns A ${KNOT}
sub NS ns.sub
ns.sub A ${DNSMASQ}
one A 192.0.2.1
both A 192.0.2.2
both AAAA 2001:db8::2
six AAAA 2001:db8::6
alias CNAME middle
middle CNAME both
away CNAME x.sub
dangling CNAME nowhere
round CNAME about
about CNAME round
*.wild A 192.0.2.3
@ MX 20 mail2
@ MX 10 mail1
@ CAA 0 issue "ca.example"
_im._tcp SRV 10 5 5222 one
_im._tcp SRV 20 5 5223 both
_none._tcp SRV 0 0 0 .
text TXT "${"a".repeat(255)}" "${"b".repeat(255)}" "end"
text TXT "second"
web HTTPS 1 . alpn=h2,h3 ipv4hint=192.0.2.1
${MANY.join("\n")}
`;

const REVERSE = `$ORIGIN 2.0.192.in-addr.arpa.
@ 300 SOA ns.names.test. admin.names.test. 1 3600 600 86400 60
@ 300 NS ns.names.test.
1 300 PTR one.names.test.
2 300 PTR both.names.test.
2 300 PTR other.names.test.
`;

/** Starts them all, in the order in which they need each other. */
export async function startNameServers(): Promise<NameServers> {
  const folder = mkdtempSync(join(tmpdir(), "netpoll-names-"));
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const children: Child[] = [];
  const begin = async (program: string, args: string[], ready: RegExp) => {
    const child = start(program, args, { lifetime: LIFETIME_MS });
    children.push(child);
    await Promise.race([child.stdout, child.stderr].map((output) => output.match(ready)));
  };
  file("names.zone", ZONE);
  file("reverse.zone", REVERSE);
  await begin("knotd", ["-c", file("knot.conf", knotConf(folder))], /server started/);
  await begin("dnsmasq", dnsmasqArgs(), /started, version/);
  await begin(
    "unbound",
    ["-d", "-c", file("unbound.conf", unboundConf(folder))],
    /start of service/,
  );
  await begin("named", ["-g", "-c", file("named.conf", namedConf(folder))], / running$/m);
  return {
    folder,
    async [Symbol.asyncDispose]() {
      for (const child of children.reverse()) await child[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function knotConf(folder: string): string {
  return `server:
    rundir: "${folder}"
    user: root
    listen: ${KNOT}@53
log:
  - target: stderr
    any: info
database:
    storage: "${folder}"
template:
  - id: default
    storage: "${folder}"
zone:
  - domain: names.test
    file: names.zone
    zonefile-sync: -1
    dnssec-signing: on
  - domain: 2.0.192.in-addr.arpa
    file: reverse.zone
`;
}

function dnsmasqArgs(): string[] {
  return [
    "--keep-in-foreground",
    "--log-facility=-",
    "--user=root",
    "--conf-file=/dev/null",
    "--no-resolv",
    // What it keeps of a reverse look-up is one name only.
    "--cache-size=0",
    "--no-hosts",
    "--no-daemon",
    "--bind-interfaces",
    `--listen-address=${DNSMASQ}`,
    "--host-record=x.sub.names.test,192.0.2.77",
    `--server=/names.test/${KNOT}`,
    `--server=/2.0.192.in-addr.arpa/${KNOT}`,
  ];
}

function unboundConf(folder: string): string {
  return `server:
  interface: ${UNBOUND}
  access-control: 127.0.0.0/8 allow
  do-daemonize: no
  use-syslog: no
  logfile: ""
  verbosity: 1
  username: ""
  chroot: ""
  directory: "${folder}"
  pidfile: "${folder}/unbound.pid"
  do-not-query-localhost: no
  module-config: "iterator"
  local-zone: "." static
  local-zone: "names.test." transparent
  local-zone: "2.0.192.in-addr.arpa." transparent
remote-control:
  control-enable: no
stub-zone:
  name: "names.test"
  stub-addr: ${KNOT}
stub-zone:
  name: "2.0.192.in-addr.arpa"
  stub-addr: ${KNOT}
`;
}

function namedConf(folder: string): string {
  return `options {
  directory "${folder}";
  listen-on { none; };
  listen-on-v6 { ${BIND}; };
  pid-file none;
  session-keyfile none;
  recursion no;
  dnssec-validation no;
  check-integrity no;
  max-records-per-type 0;
};
controls { };
zone "names.test" { type primary; file "names.zone"; };
zone "2.0.192.in-addr.arpa" { type primary; file "reverse.zone"; };
`;
}
