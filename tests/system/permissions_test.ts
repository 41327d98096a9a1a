// SPDX-License-Identifier: MIT
/**
 * What Deno's permissions grant and refuse: a call by FFI goes round Deno's own checks, so the
 * library makes them itself, and needs none but `--allow-ffi` and `--allow-net`. Needs socat.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import process, { arch } from "node:process";
import { test } from "node:test";
import packet from "dns-packet";
import { isDeno, start } from "../support/child.ts";
import { connectTo, roundTrip } from "../support/echo_server.ts";

const TIMEOUT_MS = 60_000;
const LIBC_FLAG = `--allow-ffi=/lib/${arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu/libc.so.6`;
/** Permission for what the library's own resolver reads. */
const FILES = "--allow-read=/etc/resolv.conf,/etc/hosts,/etc/nsswitch.conf";
/** An address of this machine that nothing else uses. */
const NAME_SERVER = "127.83.41.7";
const FIXTURE = "tests/system/fixtures/permissions.ts";

/** Outcome of one action: a value or an error. */
interface Outcome {
  value?: string;
  name?: string;
  message?: string;
  code?: string;
  missing?: string;
}

/** Outcome of each of `actions` under these flags. */
async function under(
  flags: string[],
  actions: string[],
  env: Record<string, string> = {},
): Promise<Outcome[]> {
  const args = ["run", "--no-prompt", ...flags, FIXTURE, ...actions];
  await using child = start(process.execPath, args, { lifetime: 20_000, env });
  const exit = await child.exit;
  assert.deepEqual(exit, { code: 0, signal: null }, child.stdout.text + child.stderr.text);
  assert.equal(child.stderr.text, "");
  return child.stdout.text.trim().split("\n").map((line) => JSON.parse(line));
}

/** Fails unless it is Deno's own refusal of network access to `host`. */
function assertRefused(outcome: Outcome, host: string): void {
  assert.equal(outcome.name, "NotCapable", JSON.stringify(outcome));
  assert.equal(
    outcome.message,
    `Requires net access to "${host}", run again with the --allow-net flag`,
  );
}

/** Runs `body` while something that is not ours listens on 127.0.0.1. */
async function withServer(body: (port: number) => Promise<void>): Promise<void> {
  const server = createServer((socket) => socket.on("error", () => {}).end());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await body((server.address() as { port: number }).port);
  } finally {
    server.close();
  }
}

/** Runs `body` while a name server on an address of its own says that every name is 127.0.0.1. */
async function withNameServer(
  port: number,
  body: (address: string, port: number) => Promise<void>,
): Promise<void> {
  const server = createSocket("udp4");
  server.on("message", (query, { port, address }) => {
    const { id, questions } = packet.decode(query);
    const [{ name, type }] = questions!;
    const answers = type === "A" ? [{ type, name, ttl: 1, data: "127.0.0.1" } as const] : [];
    const flags = packet.RECURSION_AVAILABLE;
    server.send(packet.encode({ type: "response", id, flags, questions, answers }), port, address);
  });
  await new Promise<void>((resolve) => server.bind(port, NAME_SERVER, resolve));
  try {
    await body(NAME_SERVER, server.address().port);
  } finally {
    server.close();
  }
}

function deno(name: string, body: () => Promise<void>): void {
  test(name, { timeout: TIMEOUT_MS }, body);
}

function register(): void {
  for (const driver of [[], ["runSync"]]) {
    const how = driver[0] ?? "run";

    deno(`importing needs no permission (${how})`, async () => {
      assert.deepEqual(await under([], [...driver, "import"]), [{ value: "imported" }]);
    });

    deno(`without --allow-ffi the error names the missing flag (${how})`, async () => {
      const actions = ["listen 127.0.0.1:0", "dial 127.0.0.1:1"];
      const outcomes = await under(["--allow-net"], [...driver, ...actions]);
      for (const { name, message, missing } of outcomes) {
        assert.equal(name, "PlatformError");
        assert.equal(missing, LIBC_FLAG);
        assert.equal(
          message,
          `Cannot call the C library without permission: run Deno with --allow-ffi, or ${missing}`,
        );
      }
      // And it does help.
      const [outcome] = await under(["--allow-net", outcomes[0].missing!], [
        ...driver,
        "echo 127.0.0.1:0",
      ]);
      assert.deepEqual(outcome, { value: "echoed" });
    });

    deno(`OpenSSL without the runtime's authorities names the flag (${how})`, async () => {
      await withServer(async (port) => {
        const actions = [...driver, `trust 127.0.0.1:${port} openssl`];
        const [refused] = await under(["--allow-ffi", "--allow-net"], actions);
        assert.equal(refused.name, "PlatformError");
        assert.equal(refused.missing, "--allow-sys");
        assert.match(refused.message!, /run Deno with --allow-sys, or pass ca/);
        // With it the handshake begins, and fails as nothing there speaks TLS.
        const [helped] = await under(["--allow-ffi", "--allow-net", refused.missing!], actions);
        assert.match(helped.message!, /^handshake tcp 127\.0\.0\.1:/);
        if (how === "runSync") return;
        // The host's engine needs no permission for its authorities.
        const auto = [`trust 127.0.0.1:${port} auto`];
        const [host] = await under(["--allow-ffi", "--allow-net"], auto);
        assert.match(host.message!, /^handshake tcp 127\.0\.0\.1:/);
      });
    });

    deno(`a sleep without --allow-ffi works, or explains why not (${how})`, async () => {
      const [{ value, missing }] = await under([], [...driver, "sleep"]);
      if (value === undefined) assert.equal(missing, LIBC_FLAG);
      else assert.equal(value, "slept");
    });

    deno(`with one permitted library, traffic and errno work (${how})`, async () => {
      const actions = ["echo 127.0.0.1:0", "dial 127.0.0.1:1", "listen 203.0.113.1:0", "sleep"];
      const outcomes = await under([LIBC_FLAG, "--allow-net"], [...driver, ...actions]);
      assert.deepEqual(outcomes[0], { value: "echoed" });
      assert.equal(outcomes[1].message, "dial tcp 127.0.0.1:1: connect: connection refused");
      assert.equal(outcomes[1].code, "ECONNREFUSED");
      assert.equal(outcomes[2].code, "EADDRNOTAVAIL");
      assert.deepEqual(outcomes[3], { value: "slept" });
    });

    for (const ffi of ["--allow-ffi", LIBC_FLAG]) {
      deno(`${ffi} does not bypass --allow-net (${how})`, async () => {
        const actions = [
          "listen 127.0.0.1:0",
          "dial 127.0.0.1:1",
          "dial localhost:1",
          "listen :80",
        ];
        const outcomes = await under([ffi], [...driver, ...actions]);
        assertRefused(outcomes[0], "127.0.0.1:0");
        assertRefused(outcomes[1], "127.0.0.1:1");
        assertRefused(outcomes[2], "localhost:1");
        assertRefused(outcomes[3], "[::]:80");
      });
    }
  }

  deno("a permitted address grants no other", async () => {
    const actions = [
      "echo 127.0.0.1:0",
      "dial 127.0.0.2:1",
      "listen 127.0.0.2:0",
      "listen 0.0.0.0:0",
      "listen :0",
      "dial [::1]:1",
      "dial localhost:1",
      "dial-from 127.0.0.2:0 127.0.0.1:1",
    ];
    const outcomes = await under(["--allow-ffi", "--allow-net=127.0.0.1"], actions);
    assert.deepEqual(outcomes[0], { value: "echoed" });
    assertRefused(outcomes[1], "127.0.0.2:1");
    assertRefused(outcomes[2], "127.0.0.2:0");
    // Of "tcp", all addresses are those of both versions of IP.
    assertRefused(outcomes[3], "0.0.0.0:0");
    assertRefused(outcomes[4], "[::]:0");
    assertRefused(outcomes[5], "[::1]:1");
    assertRefused(outcomes[6], "localhost:1");
    assertRefused(outcomes[7], "127.0.0.2:0");
  });

  deno("a permitted port grants no other", () =>
    withServer(async (port) => {
      const flags = ["--allow-ffi", `--allow-net=127.0.0.1:${port}`];
      const actions = [`dial 127.0.0.1:${port}`, "dial 127.0.0.1:1", "listen 127.0.0.1:0"];
      const outcomes = await under(flags, actions);
      assert.deepEqual(outcomes[0], { value: `dialled 127.0.0.1:${port}` });
      assertRefused(outcomes[1], "127.0.0.1:1");
      assertRefused(outcomes[2], "127.0.0.1:0");
    }));

  deno("a permitted name covers the addresses it resolves to", () =>
    withServer(async (port) => {
      const flags = ["--allow-ffi", "--allow-net=localhost"];
      const actions = [`dial localhost:${port}`, "listen localhost:0", `dial 127.0.0.1:${port}`];
      const outcomes = await under(flags, actions);
      assert.deepEqual(outcomes[0], { value: `dialled 127.0.0.1:${port}` });
      assert.match(outcomes[1].value!, /^listened on 127\.0\.0\.1:\d+$/);
      assertRefused(outcomes[2], `127.0.0.1:${port}`);
    }));

  deno("a name permitted with its port alone is refused, with the missing flag", async () => {
    // Not localhost, which needs no look-up.
    const host = hostname();
    const flags = ["--allow-ffi", `--allow-net=${host}:1`];
    const action = `dial-in host ${host}:1`;
    const [{ name, code, message }] = await under(flags, [action]);
    assert.equal(name, "OpError", String(message));
    assert.equal(code, "EPERM", String(message));
    assert.match(String(message), /run Deno with --allow-net for this host, without a port/);
    const helped = await under(["--allow-ffi", `--allow-net=${host}`], [action]);
    assert.notEqual(helped[0].code, "EPERM", String(helped[0].message));
    // The library's own resolver needs no more than that.
    const [own] = await under([...flags, FILES], [`dial ${host}:1`]);
    assert.notEqual(own.code, "EPERM", String(own.message));
  });

  deno("without permission for the files of the resolver the error names the flag", async () => {
    for (const driver of [[], ["runSync"]]) {
      const flags = ["--allow-ffi", "--allow-net", "--allow-read=/etc/hosts"];
      const [refused] = await under(flags, [...driver, "lookup x.test"]);
      assert.equal(refused.name, "DNSError");
      assert.equal(refused.code, "EPERM");
      assert.match(
        refused.message!,
        /run Deno with --allow-read=\/etc\/resolv\.conf,\/etc\/nsswitch\.conf, or /,
      );
    }
  });

  deno("a permitted name is resolved without permission for the name servers", async () => {
    const action = "lookup-in system x.test";
    // Whatever the servers of this machine say: they are asked.
    const [asked] = await under(["--allow-ffi", FILES, "--allow-net=x.test"], [action]);
    assert.notEqual(asked.name, "NotCapable", JSON.stringify(asked));
    for (const net of ["--allow-net=127.0.0.1", "--allow-net=x.test:80"]) {
      const [refused] = await under(["--allow-ffi", FILES, net], [action]);
      assertRefused(refused, "x.test");
    }
  });

  deno(
    "a server of the program's own resolv.conf needs its own permission",
    () =>
      withNameServer(53, async (server) => {
        const folder = mkdtempSync(join(tmpdir(), "netpoll-permissions-"));
        try {
          const file = join(folder, "resolv.conf");
          writeFileSync(file, `nameserver ${server}\n`);
          const actions = [`lookup-in conf=${server} x.test`, `lookup-in file=${file} x.test`];
          const flags = ["--allow-ffi", `--allow-read=${file}`];
          const refused = await under([...flags, "--allow-net=x.test"], actions);
          for (const outcome of refused) assertRefused(outcome, `${server}:53`);
          const granted = await under([...flags, `--allow-net=x.test,${server}:53`], actions);
          assert.deepEqual(granted, [{ value: "127.0.0.1" }, { value: "127.0.0.1" }]);
        } finally {
          rmSync(folder, { recursive: true });
        }
      }),
  );

  deno(
    "a server named by the program needs its own permission",
    () =>
      withNameServer(0, async (server, port) => {
        const action = `lookup-in named=${server}:${port} x.test`;
        const granted = await under(["--allow-ffi", `--allow-net=x.test,${server}:${port}`], [
          action,
        ]);
        assert.deepEqual(granted, [{ value: "127.0.0.1" }]);
        const [refused] = await under(["--allow-ffi", `--allow-net=x.test,${server}:1`], [action]);
        assertRefused(refused, `${server}:${port}`);
      }),
  );

  deno(
    "after a permission is revoked, no name is looked up",
    () =>
      withNameServer(0, async (server, port) => {
        const action = `lookup-in named=${server}:${port} x.test`;
        const [granted, state, refused] = await under(["--allow-ffi", "--allow-net"], [
          action,
          "revoke net",
          action,
        ]);
        assert.deepEqual([granted, state], [{ value: "127.0.0.1" }, { value: "prompt" }]);
        assertRefused(refused, "x.test");
      }),
  );

  deno("after another thread has revoked the permission, no call reaches the network", async () => {
    const actions = ["listen 127.0.0.1:0", "revoke-in-worker net", "listen 127.0.0.1:0"];
    const [granted, state, refused] = await under(["--allow-ffi", "--allow-net"], actions);
    assert.match(granted.value ?? "", /^listened on 127\.0\.0\.1:/, JSON.stringify(granted));
    assert.deepEqual(state, { value: "prompt" });
    assertRefused(refused, "127.0.0.1:0");
  });

  deno(
    "the results of a custom resolver are checked individually",
    () =>
      withNameServer(0, (server, dns) =>
        withServer(async (port) => {
          const action = `dial-in named=${server}:${dns} x.test:${port}`;
          const net = `--allow-net=x.test,${server}`;
          const [refused] = await under(["--allow-ffi", net], [action]);
          assertRefused(refused, `127.0.0.1:${port}`);
          const granted = await under(["--allow-ffi", `${net},127.0.0.1`], [action]);
          assert.deepEqual(granted, [{ value: `dialled 127.0.0.1:${port}` }]);
        })),
  );

  deno(
    "a denied address is refused, in every spelling",
    () =>
      withServer(async (port) => {
        const deny = "--deny-net=127.0.0.1";
        const hosts = [
          "127.0.0.1",
          "localhost",
          "LOCALHOST",
          "localhost.",
          "127.1",
          "2130706433",
          "0x7f000001",
          "0177.0.0.1",
          "0.0.0.0",
          "",
          "[::ffff:127.0.0.1]",
          "[::ffff:7f00:1]",
          "[::ffff:0.0.0.0]",
        ];
        const actions = hosts.map((host) => `dial ${host}:${port}`);
        const outcomes = await under(["--allow-ffi", "--allow-net", deny], actions);
        const reached = hosts.filter((_, i) => outcomes[i].value !== undefined);
        assert.deepEqual(reached, [], "these reach what is denied");
        const named = await under(["--allow-ffi", "--allow-net=localhost", deny], [
          `dial localhost:${port}`,
          "listen localhost:0",
        ]);
        assertRefused(named[0], `127.0.0.1:${port}`);
        assertRefused(named[1], "127.0.0.1:0");
      }),
  );

  deno("an unreadable services table counts as missing", async () => {
    const actions = ["dial 127.0.0.1:tcpmux", "dial 127.0.0.1:gopher"];
    const without = await under(["--allow-ffi", "--allow-net"], actions);
    assert.equal(without[0].message, "dial tcp: address tcp/tcpmux: unknown port");
    assert.match(without[1].message!, /^dial tcp 127\.0\.0\.1:70: /);
    const flags = ["--allow-ffi", "--allow-net", "--allow-read=/etc/services"];
    const permitted = await under(flags, actions);
    assert.match(permitted[0].message!, /^dial tcp 127\.0\.0\.1:1: /);
    assert.match(permitted[1].message!, /^dial tcp 127\.0\.0\.1:70: /);
  });

  deno(
    "unreadable variables name no proxy, and the proxy's address needs permission",
    async () => {
      const env = { ALL_PROXY: "http://127.0.0.1:1/", HTTPS_PROXY: "http://127.0.0.2:1/" };
      const actions = ["proxy-of https://192.0.2.1", "proxy-of tcp://192.0.2.1:5"];
      const values = async (flags: string[]) =>
        (await under(["--allow-ffi", ...flags], actions, env)).map(({ value }) => value);
      assert.deepEqual(await values([]), ["none", "none"]);
      assert.deepEqual(await values(["--allow-env=ALL_PROXY"]), [env.ALL_PROXY, env.ALL_PROXY]);
      assert.deepEqual(await values(["--allow-env"]), [env.HTTPS_PROXY, env.ALL_PROXY]);
      const through = ["dial-through http://127.0.0.1:1 192.0.2.1:80"];
      const [refused] = await under(["--allow-ffi", "--allow-net=192.0.2.1"], through);
      assertRefused(refused, "127.0.0.1:1");
      const [reached] = await under(["--allow-ffi", "--allow-net=127.0.0.1:1"], through);
      assert.match(reached.message!, /^dial tcp 127\.0\.0\.1:1: /);
    },
  );

  deno("datagrams are sent to permitted addresses only, in every spelling", async () => {
    const flags = ["--allow-ffi", "--allow-net", "--deny-net=127.0.0.1,[::1]"];
    const from = "127.0.0.2:0";
    const denied = ["127.0.0.1", "[::ffff:127.0.0.1]", "0.0.0.0", "", "[::ffff:0.0.0.0]"];
    const actions = [...denied.map((host) => `send ${from} ${host}:9`), `send ${from} 127.0.0.3:9`];
    const outcomes = await under(flags, actions);
    assert.deepEqual(outcomes.pop(), { value: "sent" });
    for (const outcome of outcomes) assertRefused(outcome, "127.0.0.1:9");
    const [six, any] = await under(flags, ["send [::]:0 [::1]:9", "send [::]:0 [::]:9"]);
    assertRefused(six, "[::1]:9");
    assertRefused(any, "[::1]:9");
    const [listening] = await under(["--allow-ffi"], ["send 127.0.0.1:0 127.0.0.1:9"]);
    assertRefused(listening, "127.0.0.1:0");
  });

  deno("every way to send a datagram, and an event server, ask as writeTo and listen", async () => {
    const ways = ["writeMsg", "writeSegments", "writeBatch", "coalesce"];
    const actions = ways.map((how) => `send-by ${how} 127.0.0.1:9`);
    const servers = ["event tcp://127.0.0.1:0", "event udp://127.0.0.1:0"];
    const outcomes = await under(["--allow-ffi", "--allow-net=127.0.0.2"], [
      ...actions,
      ...servers,
    ]);
    for (const outcome of outcomes.slice(0, ways.length)) assertRefused(outcome, "127.0.0.1:9");
    for (const outcome of outcomes.slice(ways.length)) assertRefused(outcome, "127.0.0.1:0");
    const granted = await under(["--allow-ffi", "--allow-net=127.0.0.2,127.0.0.1"], [
      ...actions,
      ...servers,
    ]);
    const values = [...ways.map(() => "sent"), ...servers.map(() => "served")];
    assert.deepEqual(granted, values.map((value) => ({ value })));
  });

  deno("multicast, and descriptors opened elsewhere, ask for nothing more", async () => {
    const folder = mkdtempSync(join(tmpdir(), "netpoll-permissions-"));
    try {
      const pipe = join(folder, "pipe");
      execFileSync("mkfifo", [pipe]);
      const flags = [`--allow-read=${pipe}`, `--allow-write=${pipe}`];
      const outcomes = await under(["--allow-ffi", "--allow-net=127.0.0.2", ...flags], [
        "join-group",
        `file-conn ${pipe}`,
      ]);
      assert.deepEqual(outcomes, [{ value: "joined" }, { value: "adopted" }]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  deno("the interfaces of the machine need Deno's own permission for them", async () => {
    const [refused] = await under(["--allow-ffi", "--allow-net"], ["interfaces"]);
    assert.equal(refused.name, "NotCapable");
    assert.match(refused.message!, /Requires sys access to "networkInterfaces"/);
    const granted = await under(["--allow-sys=networkInterfaces"], ["interfaces"]);
    assert.deepEqual(granted, [{ value: "interfaces" }]);
  });

  deno(
    "a worker has the permissions of the thread that opened it",
    () =>
      withServer(async (port) => {
        const actions = [`job 127.0.0.1:${port}`, "job 127.0.0.2:1"];
        const flags = ["--allow-ffi", "--allow-net=127.0.0.1", "--allow-read=."];
        const [reached, refused] = await under(flags, actions);
        assert.deepEqual(reached, { value: `reached 127.0.0.1:${port}` });
        assert.match(refused.message!, /Requires net access to "127\.0\.0\.2:1"/);
        const [unread] = await under(flags.slice(0, 2), [actions[0]]);
        assert.match(unread.message!, /Requires read access/);
      }),
  );

  deno("calls that open neither network nor files need --allow-ffi alone", async () => {
    const outcomes = await under(["--allow-ffi"], ["nothing-opened"]);
    assert.deepEqual(outcomes, [{ value: "deno, 0" }]);
  });

  deno("with one permitted library, structures with pointers work", async () => {
    const path = "/tmp/netpoll-permissions.sock";
    const files = [`--allow-read=${path}`, `--allow-write=${path}`];
    const flags = [LIBC_FLAG, "--allow-net", ...files];
    const outcomes = await under(flags, ["batch", `listen-unix ${path}`]);
    assert.deepEqual(outcomes, [{ value: "batch of 2" }, { value: `${path} passed 1` }]);
  });

  deno(
    "a socket that was never bound listens on all addresses, and needs their permission",
    async () => {
      const actions = ["sys-listen ip4", "sys-listen ip6"];
      const refused = await under(["--allow-ffi", "--allow-net=127.0.0.1"], actions);
      assertRefused(refused[0], "0.0.0.0:0");
      assertRefused(refused[1], "[::]:0");
      const granted = await under(["--allow-ffi", "--allow-net=0.0.0.0:0,[::]:0"], actions);
      assert.deepEqual(granted, [{ value: "sys-listen" }, { value: "sys-listen" }]);
    },
  );

  deno(
    "connect requires permission for the address that it reaches",
    () =>
      withServer(async (port) => {
        const deny = ["--allow-ffi", "--allow-net", "--deny-net=127.0.0.1,[::1]"];
        const hosts = ["127.0.0.1", "0.0.0.0", "[::ffff:127.0.0.1]", "[::ffff:0.0.0.0]"];
        const four = await under(deny, hosts.map((host) => `sys-connect ${host}:${port}`));
        for (const outcome of four) assertRefused(outcome, `127.0.0.1:${port}`);
        const six = await under(deny, [`sys-connect [::1]:${port}`, `sys-connect [::]:${port}`]);
        for (const outcome of six) assertRefused(outcome, `[::1]:${port}`);
        const granted = await under(["--allow-ffi", "--allow-net=127.0.0.1"], [
          `sys-connect 0.0.0.0:${port}`,
        ]);
        assert.deepEqual(granted, [{ value: "sys-connect" }]);
      }),
  );

  deno(
    "addresses of a custom lookup are checked individually",
    () =>
      withServer(async (port) => {
        const dial = [`dial-by 127.0.0.1 name.example:${port}`];
        const named = await under(["--allow-ffi", "--allow-net=name.example"], dial);
        assertRefused(named[0], `127.0.0.1:${port}`);
        const both = await under(["--allow-ffi", "--allow-net=name.example,127.0.0.1"], dial);
        assert.deepEqual(both, [{ value: `dialled 127.0.0.1:${port}` }]);
      }),
  );

  deno("with 0.0.0.0 permitted and [::] not, all addresses means those of IPv4", async () => {
    const actions = ["listen 0.0.0.0:0", "listen :0", "send 0.0.0.0:0 127.0.0.1:9"];
    const flags = ["--allow-ffi", "--allow-net=0.0.0.0,127.0.0.1"];
    const [tcp, both, udp] = await under(flags, actions);
    assert.match(tcp.value!, /^listened on 0\.0\.0\.0:\d+$/);
    assertRefused(both, "[::]:0");
    assert.deepEqual(udp, { value: "sent" });
    const [all] = await under(["--allow-ffi", "--allow-net"], [actions[0]]);
    assert.match(all.value!, /^listened on \[::\]:\d+$/);
  });

  deno("a symbolic link does not reach a Unix socket that is not permitted", async () => {
    const folder = mkdtempSync(join(tmpdir(), "netpoll-permissions-"));
    try {
      const [open, closed] = [join(folder, "open"), join(folder, "closed")];
      for (const each of [open, closed]) mkdirSync(each);
      symlinkSync(closed, join(open, "link"));
      symlinkSync(join(closed, "s"), join(open, "file"));
      const files = [`--allow-read=${open}`, `--allow-write=${open}`];
      const outcomes = await under(["--allow-ffi", "--allow-net", ...files], [
        `listen-unix ${open}/s`,
        `listen-unix ${open}/link/s`,
        `listen-unix ${open}/../closed/s`,
        `dial-unix ${open}/link/s`,
        `listen-unix ${open}/link/../s`,
      ]);
      // By its text that path is the permitted one, and that is where the socket is.
      assert.deepEqual(outcomes.pop(), { value: `${open}/s passed 1` });
      assert.deepEqual(outcomes[0], { value: `${open}/s passed 1` });
      for (const { name, message = "" } of outcomes.slice(1)) {
        assert.equal(name, "NotCapable", message);
        assert.match(message, /Requires read access to ".*closed/);
      }
      const everywhere = ["--allow-read", "--allow-write"];
      const granted = await under(["--allow-ffi", "--allow-net", ...everywhere], [
        `listen-unix ${open}/link/s`,
      ]);
      assert.deepEqual(granted, [{ value: `${open}/link/s passed 1` }]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  deno(
    "a datagram from a stranger raises no prompt, and replying to it requires permission",
    async () => {
      const stranger = createSocket("udp4");
      await new Promise<void>((resolve) => stranger.bind(0, "127.0.0.2", resolve));
      try {
        const text = await shown(
          "--allow-ffi --allow-net=127.0.0.1",
          "answer 127.0.0.1:0",
          (ready) => {
            stranger.send("?", Number(ready), "127.0.0.1");
          },
        );
        assert.doesNotMatch(text, /Allow\?/);
        assert.match(text, /Requires net access to .*127\.0\.0\.2:\d+/);
      } finally {
        stranger.close();
      }
    },
  );

  deno("a Unix socket needs the same permissions as Deno's own", async () => {
    const path = "/tmp/netpoll-permissions.sock";
    const net = `--allow-net=unix:${path}`;
    const files = [`--allow-read=${path}`, `--allow-write=${path}`];
    const actions = [`listen-unix ${path}`, `dial-unix ${path}`];
    const granted = await under(["--allow-ffi", net, ...files], [actions[0]]);
    assert.deepEqual(granted, [{ value: `${path} passed 1` }]);
    for (
      const [flags, missing] of [
        [files, `Requires net access to "unix:${path}", run again with the --allow-net flag`],
        [
          [net, files[0]],
          `Requires write access to "${path}", run again with the --allow-write flag`,
        ],
        [
          [net, files[1]],
          `Requires read access to "${path}", run again with the --allow-read flag`,
        ],
      ] as const
    ) {
      for (const { name, message } of await under(["--allow-ffi", ...flags], actions)) {
        assert.deepEqual([name, message], ["NotCapable", missing]);
      }
    }
    const abstract = await under(["--allow-ffi", "--allow-net"], [
      "listen-unix @netpoll-permissions",
    ]);
    assert.deepEqual(abstract, [{ value: "@netpoll-permissions passed 1" }]);
    const [refused] = await under(["--allow-ffi", net], ["listen-unix @netpoll-permissions"]);
    assertRefused(refused, "unix:@netpoll-permissions");
  });

  deno("at a terminal, only required permissions are prompted for", async () => {
    const imported = await shown("", "import");
    assert.match(imported, /"imported"/);
    assert.doesNotMatch(imported, /Allow\?/);
    const echoed = await shown("--allow-ffi --allow-net", "echo 127.0.0.1:0");
    assert.match(echoed, /"echoed"/);
    assert.doesNotMatch(echoed, /Allow\?/);
    // The tables of services and hosts are read only where that is permitted already.
    const named = await shown("--allow-ffi --allow-net", "dial 127.0.0.1:gopher");
    assert.match(named, /dial tcp 127\.0\.0\.1:70: connect: connection refused/);
    assert.doesNotMatch(named, /Allow\?/);
    // Where a permission is missing it is asked for, and "no" is a refusal.
    const asked = await shown("--allow-ffi", "listen 127.0.0.1:0");
    assert.match(asked, /Deno requests net access to "127\.0\.0\.1:0"/);
    assert.match(asked, /"NotCapable"/);
  });

  deno("the example needs no more permissions than its script in package.json grants", async () => {
    const flags = ["--allow-ffi", "--allow-net", "--allow-env=HOST,PORT"];
    const env = { HOST: "127.0.0.1", PORT: "0" };
    await using child = start(
      process.execPath,
      ["run", "--no-prompt", ...flags, "examples/echo.ts"],
      { env },
    );
    const [, port] = await child.stdout.match(/^listening on .*:(\d+) \(deno, epoll\)$/m);
    const socket = await connectTo(Number(port));
    await roundTrip(socket, Buffer.from("hello"));
    socket.destroy();
    child.kill("SIGTERM");
    assert.deepEqual(await child.exit, { code: 0, signal: null });
    assert.equal(child.stderr.text, "");
  });
}

/** What is shown at a pseudo-terminal; a question is answered with "no". */
async function shown(
  flags: string,
  action: string,
  onReady: (port: string) => void = () => {},
): Promise<string> {
  const command = quote(`${process.execPath} run ${flags} ${FIXTURE} '${action}'`);
  const address = `SYSTEM:${command},pty,ctty,setsid,stderr`;
  await using child = start("socat", ["-t0.2", "-", address], { lifetime: 20_000 });
  // Again and again: Deno throws away what is typed before it is ready, as long as there is any.
  let answering: ReturnType<typeof setInterval> | undefined;
  const answer = () => answering = setInterval(() => child.send("n\n"), 200);
  child.stdout.match(/Allow\?/).then(answer, () => {});
  child.stdout.match(/^ready at .*:(\d+)\r?$/m).then(([, port]) => onReady(port), () => {});
  await child.stdout.match(/^\{.*\}/m).finally(() => clearInterval(answering));
  await child.exit;
  return child.stdout.text;
}

/** Escapes commas, colons and quotes, which are syntax of socat. */
function quote(command: string): string {
  return command.replaceAll(/[,:!'\\]/g, (sign) => `\\${sign}`);
}

if (isDeno) register();
else {
  test("Bun has no permissions to grant or refuse", async () => {
    const { jsRuntime } = await import("../../platforms/shared/js_runtime.ts");
    // The calls by which the library would ask are there and let everything pass.
    jsRuntime().requireNet("203.0.113.1", 1);
    jsRuntime().refuseDeniedNet("203.0.113.1", 1);
  });
}
