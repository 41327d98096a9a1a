// SPDX-License-Identifier: MIT
/** The chat of the examples, by clients of openssl(1). */
import assert from "node:assert/strict";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { type Child, start, startProgram } from "../support/child.ts";

const TIMEOUT = { timeout: 90_000 };

function fixture(name: string): string {
  return fileURLToPath(new URL(`../fixtures/tls/${name}.pem`, import.meta.url));
}

async function chat(): Promise<{ child: Child; port: string } & AsyncDisposable> {
  const child = startProgram("examples/chat.ts", [], {
    env: { LISTEN: "127.0.0.1:0", CERT: fixture("server.cert"), KEY: fixture("server.key") },
  });
  const [, port] = await child.stdout.match(/^listening on 127\.0\.0\.1:(\d+)/m);
  return { child, port, [Symbol.asyncDispose]: () => child[Symbol.asyncDispose]() };
}

/** A member, whose client verifies the certificate. */
async function member(port: string, name: string): Promise<Child> {
  const verify = ["-verify_return_error", "-CAfile", fixture("server.cert")];
  const to = ["-connect", `127.0.0.1:${port}`, "-servername", "localhost"];
  const client = start("openssl", ["s_client", "-quiet", ...verify, ...to]);
  await client.stdout.match(/Your name\?/);
  client.send(`${name}\n`);
  await client.stdout.match(/\* welcome, /);
  return client;
}

test("examples/chat.ts: members with openssl chat over TLS", TIMEOUT, async () => {
  await using served = await chat();
  await using ann = await member(served.port, "ann");
  await using bob = await member(served.port, "bob");
  await ann.stdout.match(/\* bob has come\n/);
  ann.send("hello, bob\n");
  await bob.stdout.match(/<ann> hello, bob\n/);
  bob.send(`${"long ".repeat(100)}end\n/who\n`);
  await ann.stdout.match(/<bob> (long ){100}end\n/);
  await bob.stdout.match(/\* ann, bob\n/);
  // Control characters do not reach the terminals of others.
  ann.send("over\r* bob has left\x1b[2J\x9b2J\n");
  await bob.stdout.match(/<ann> over \* bob has left \[2J/);
  assert.doesNotMatch(bob.stdout.text, /[^\P{Cc}\n]/u);
  assert.doesNotMatch(ann.stdout.text, /<ann>/, "no echo of one's own lines");
  // A name is taken once.
  const verify = ["-CAfile", fixture("server.cert")];
  await using third = start("openssl", [
    ...["s_client", "-quiet", ...verify, "-connect", `127.0.0.1:${served.port}`],
  ]);
  await third.stdout.match(/Your name\?/);
  third.send("ann\n");
  await third.stdout.match(/There is a ann/);
  third.send("two words\n");
  await third.stdout.match(/A name has 1 to 20/);
  third.kill("SIGKILL");
  bob.send("/quit\n");
  await ann.stdout.match(/\* bob has left\n/);
  assert.equal((await bob.exit).code, 0);
  // At the shutdown every member receives a message, and its connection is closed in order.
  served.child.kill("SIGTERM");
  await ann.stdout.match(/\* the chat is over\n/);
  assert.equal((await ann.exit).code, 0);
  assert.deepEqual(await served.child.exit, { code: 0, signal: null });
  // That of the client that was killed, which sent no end of TLS.
  assert.match(served.child.stderr.text, /^chat: 127\.0\.0\.1:\d+: .*unexpected EOF\n$/);
});

test(
  "examples/chat.ts continues after a client without TLS, and after a reset",
  TIMEOUT,
  async () => {
    await using served = await chat();
    await using ann = await member(served.port, "ann");
    for (const said of ["GET / HTTP/1.1\r\n\r\n", "\x16\x03"]) {
      const socket = connect(Number(served.port), "127.0.0.1");
      socket.on("error", () => {});
      await new Promise<void>((resolve) => socket.write(said, () => resolve()));
      socket.resetAndDestroy();
    }
    await using bob = await member(served.port, "bob");
    bob.send("still here\n");
    await ann.stdout.match(/<bob> still here\n/);
    served.child.kill("SIGTERM");
    assert.deepEqual(await served.child.exit, { code: 0, signal: null });
  },
);

test("examples/chat.ts without a certificate explains how to make one", TIMEOUT, async () => {
  await using child = startProgram("examples/chat.ts", [], { env: { CERT: "/nowhere.pem" } });
  assert.equal((await child.exit).code, 1);
  assert.match(child.stderr.text, /CERT must be a file; the head of chat\.ts has the command/);
});
