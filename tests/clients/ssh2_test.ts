// SPDX-License-Identifier: MIT
/** The client ssh2 against OpenSSH, over streams of the library. */
import assert from "node:assert/strict";
import { once } from "node:events";
import type { Duplex } from "node:stream";
import { test } from "node:test";
import ssh2, { type Client, type ClientChannel } from "ssh2";
import { openssh, type RealServer } from "./servers.ts";
import { BIG, dialStream, TIMEOUT_MS } from "./streams.ts";

/** A client that is connected, by `stream`. */
async function client(server: RealServer & { clientKey: string }, stream: Duplex): Promise<Client> {
  const one = new ssh2.Client();
  const ready = once(one, "ready");
  one.connect({ sock: stream as never, username: "postgres", privateKey: server.clientKey });
  await ready;
  return one;
}

function exec(one: Client, command: string): Promise<ClientChannel> {
  return new Promise((resolve, reject) =>
    one.exec(command, (error, channel) => error ? reject(error) : resolve(channel))
  );
}

/** All that a command prints, once it has ended. */
async function outputOf(channel: ClientChannel): Promise<Buffer> {
  const pieces: Buffer[] = [];
  channel.on("data", (piece: Buffer) => pieces.push(piece));
  await once(channel, "close");
  return Buffer.concat(pieces);
}

/** Stops the client; resolves when its stream has closed. */
async function end(one: Client, stream: Duplex): Promise<void> {
  const closed = stream.closed ? null : once(stream, "close");
  one.end();
  await closed;
}

test(
  "ssh2: hundreds of commands, and 20 MB in each direction",
  { timeout: TIMEOUT_MS },
  async () => {
    await using server = await openssh();
    const stream = await dialStream(server.port);
    const one = await client(server, stream);
    for (let i = 0; i < 200; i++) {
      assert.equal(String(await outputOf(await exec(one, `echo ${i}`))), `${i}\n`);
    }
    const channel = await exec(one, "cat");
    const output = outputOf(channel);
    const sent = Buffer.alloc(BIG, "0123456789");
    channel.end(sent);
    assert.ok(sent.equals(await output));
    await end(one, stream);
  },
);

test("ssh2 detects that its server was killed, and connects again", {
  timeout: TIMEOUT_MS,
}, async () => {
  await using server = await openssh();
  const stream = await dialStream(server.port);
  const one = await client(server, stream);
  one.on("error", () => {});
  const closed = Promise.all([once(one, "close"), once(stream, "close")]);
  // The parent of the shell is the process that serves this connection.
  await exec(one, "kill -9 $PPID");
  await closed;
  await server.kill();
  await server.restart();
  const second = await dialStream(server.port);
  const two = await client(server, second);
  assert.equal(String(await outputOf(await exec(two, "echo back"))), "back\n");
  await end(two, second);
});
