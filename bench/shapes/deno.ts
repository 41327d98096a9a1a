// SPDX-License-Identifier: MIT
// The shapes of bench:shapes by Deno's own API.
import process from "node:process";
import { count, printed } from "./measure.mjs";
import { deadlines, pipe } from "./streams.mjs";

/** The part of Deno used here: the repository is checked with Bun's types. */
declare const Deno: {
  listen(options: { transport: "unix"; path: string }): AsyncIterable<Conn>;
  connect(options: { hostname: string; port: number }): Promise<Conn>;
};

interface Conn {
  read(into: Uint8Array): Promise<number | null>;
  write(from: Uint8Array): Promise<number>;
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  closeWrite(): Promise<void>;
  close(): void;
}

const MESSAGE = 64;
const HEAD = 16;
const BUFFER = 4096;

async function unix(path: string): Promise<void> {
  const listener = Deno.listen({ transport: "unix", path });
  console.log(`listening on ${path}`);
  for await (const conn of listener) void echo(conn);
}

async function echo(conn: Conn): Promise<void> {
  const buf = new Uint8Array(BUFFER);
  for (let n; (n = await conn.read(buf)) !== null;) await writeAll(conn, buf.subarray(0, n));
  conn.close();
}

async function writeAll(conn: Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
}

async function connect(peer: string, word?: string): Promise<Conn> {
  const [hostname, port] = peer.split(":");
  const conn = await Deno.connect({ hostname, port: Number(port) });
  if (word !== undefined) await writeAll(conn, new TextEncoder().encode(word.padEnd(HEAD)));
  return conn;
}

async function copy(length: string, peer: string): Promise<void> {
  const [to, from] = [await connect(peer, "d"), await connect(peer, `s${length}`)];
  const timing = count(Infinity);
  const reader = from.readable.getReader();
  const { value } = await reader.read();
  reader.releaseLock();
  await writeAll(to, value!.subarray(HEAD));
  await from.readable.pipeTo(to.writable, { preventClose: true });
  await to.closeWrite();
  const buf = new Uint8Array(HEAD);
  const received = Number(new TextDecoder().decode(buf.subarray(0, (await to.read(buf))!)));
  if (received !== Number(length) - HEAD) throw new Error(`${received} bytes arrived`);
  printed(timing.resultOf(received));
  process.exit(0);
}

async function dial(ms: string, peer: string, concurrent: string): Promise<void> {
  const timing = count(Number(ms));
  const message = new Uint8Array(MESSAGE);
  async function one(): Promise<void> {
    const reply = new Uint8Array(MESSAGE);
    while (timing.goOn()) {
      const conn = await connect(peer);
      await writeAll(conn, message);
      for (let got = 0; got < MESSAGE;) got += (await conn.read(reply.subarray(got))) ?? NaN;
      conn.close();
    }
  }
  await Promise.all(Array.from({ length: Number(concurrent) }, one));
  printed(timing.result());
}

const SHAPES: Record<string, (...args: string[]) => Promise<void>> = {
  unix,
  pipe,
  copy,
  dial,
  deadlines,
};

const [shape, ...args] = process.argv.slice(2);
await SHAPES[shape](...args);
