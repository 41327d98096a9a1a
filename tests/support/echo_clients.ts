// SPDX-License-Identifier: MIT
/** What every echo server must stand, by clients of `node:net`, which are not ours. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type Child, startProgram } from "./child.ts";

/** More than the buffers of both ends hold, so that the server must wait to write. */
const FLOOD = 8 << 20;

/** An example that serves: where, and how to end it. */
export interface Served extends AsyncDisposable {
  readonly child: Child;
  readonly port: number;
}

/** Starts `file` and waits until it says where it listens. */
export async function serveExample(file: string, ...args: string[]): Promise<Served> {
  const child = startProgram(file, args, { env: { HOST: "127.0.0.1", PORT: "0" } });
  const end = () => child[Symbol.asyncDispose]();
  try {
    const [, port] = await child.stdout.match(/^listening on 127\.0\.0\.1:(\d+)/m);
    return { child, port: Number(port), [Symbol.asyncDispose]: end };
  } catch (error) {
    await end();
    throw new Error(`${file} did not listen: ${child.stderr.text}`, { cause: error });
  }
}

/** A connection, which stays open when the peer ends its side. */
export async function connectTo(port: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
  await once(socket, "connect");
  return socket;
}

/** Reads so many bytes, or to the end. */
export async function receive(socket: Socket, length = Infinity): Promise<Buffer> {
  const parts: Buffer[] = [];
  let had = 0;
  while (had < length) {
    const part: Buffer | null = socket.read();
    if (part !== null) {
      parts.push(part);
      had += part.length;
    } else if (socket.readableEnded || socket.destroyed) {
      break;
    } else {
      await more(socket);
    }
  }
  return Buffer.concat(parts);
}

/** Resolves when there is more to read, or nothing more to come. */
function more(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const names = ["readable", "end", "close"];
    const told = () => {
      names.forEach((name) => socket.off(name, told));
      resolve();
    };
    names.forEach((name) => socket.on(name, told));
  });
}

/** Many clients at once, one that reads late, one that vanishes; then the server still serves. */
export async function checkEcho(port: number): Promise<void> {
  const many = await Promise.all(Array.from({ length: 50 }, () => connectTo(port)));
  await Promise.all(many.map(async (socket, i) => {
    for (let round = 0; round < 3; round++) {
      const message = `${i} says ${round}`;
      socket.write(message);
      assert.equal(String(await receive(socket, message.length)), message);
    }
  }));
  many.slice(0, 25).forEach((socket) => socket.resetAndDestroy());
  many.slice(25).forEach((socket) => socket.destroy());

  const late = await connectTo(port);
  const flood = Buffer.alloc(FLOOD, "0123456789abcde");
  const sent = new Promise((resolve) => late.write(flood, resolve));
  await new Promise((resolve) => setTimeout(resolve, 50));
  const echoed = await receive(late, FLOOD);
  await sent;
  assert.ok(echoed.equals(flood), "the flood came back as it went");
  late.end();
  await receive(late);
  late.destroy();
}
