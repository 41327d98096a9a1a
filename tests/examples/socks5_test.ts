// SPDX-License-Identifier: MIT
/** The SOCKS5 proxy, as a program: what it says to whom, byte by byte, and that it passes on ends. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { test } from "node:test";
import { startProgram } from "../support/child.ts";
import { connectTo, receive, serveExample } from "../support/echo_clients.ts";

const FILE = "examples/socks5.ts";

/** An echo that keeps its side open until the other has ended. */
async function echoServer(host = "127.0.0.1"): Promise<Server & AsyncDisposable> {
  const server = createServer({ allowHalfOpen: true }, (socket) => void socket.pipe(socket));
  server.listen(0, host);
  await once(server, "listening");
  return Object.assign(server, {
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  });
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

function portBytes(port: number): number[] {
  return [port >> 8, port & 255];
}

/** The address that a request asks for: its kind, the address, the port. */
const KINDS: [name: string, host: string, address: number[]][] = [
  ["IPv4", "127.0.0.1", [1, 127, 0, 0, 1]],
  ["IPv6", "::1", [4, ...Array(15).fill(0), 1]],
  ["a name", "127.0.0.1", [3, 9, ...Buffer.from("localhost")]],
];

async function exchange(socket: Socket, said: number[], expected: number[]): Promise<void> {
  socket.write(Uint8Array.from(said));
  assert.deepEqual([...await receive(socket, expected.length)], expected);
}

const REPLY = [0, 1, 0, 0, 0, 0, 0, 0];

for (const [name, host, address] of KINDS) {
  test(`${FILE} connects to ${name}, and forwards each end`, async () => {
    await using target = await echoServer(host);
    await using served = await serveExample(FILE);
    const socket = await connectTo(served.port);
    await exchange(socket, [5, 2, 0, 1], [5, 0]);
    await exchange(socket, [5, 1, 0, ...address, ...portBytes(portOf(target))], [5, 0, ...REPLY]);
    const bytes = Buffer.alloc(1 << 20, "through the proxy ");
    const all = receive(socket);
    // Our end reaches the target, whose last bytes and end come back.
    socket.end(bytes);
    assert.ok((await all).equals(bytes));
    socket.destroy();
  });
}

test(`${FILE} reports failures to the client`, async () => {
  await using served = await serveExample(FILE);
  const nobody = await echoServer();
  const free = portOf(nobody);
  await nobody[Symbol.asyncDispose]();
  const ask = async (request: number[], answer: number[]) => {
    const socket = await connectTo(served.port);
    await exchange(socket, [5, 1, 0], [5, 0]);
    await exchange(socket, request, answer);
    assert.equal((await receive(socket)).length, 0);
    socket.destroy();
  };
  const to = [0, 1, 127, 0, 0, 1, ...portBytes(free)];
  await ask([5, 1, ...to], [5, 5, ...REPLY]);
  await ask([5, 2, ...to], [5, 7, ...REPLY]);
  await ask([5, 1, 0, 9, 0, 0], [5, 8, ...REPLY]);
  const name = Buffer.from("no.such.host.invalid");
  await ask([5, 1, 0, 3, name.length, ...name, 0, 80], [5, 4, ...REPLY]);
  const socket = await connectTo(served.port);
  await exchange(socket, [5, 1, 2], [5, 255]);
  socket.destroy();
  const stranger = await connectTo(served.port);
  // The proxy closes before it has read all of the request, which resets the connection.
  stranger.on("error", () => {});
  stranger.write("GET / HTTP/1.1\r\n\r\n");
  assert.equal((await receive(stranger)).length, 0);
  stranger.destroy();
});

test(`${FILE} requires a user and a password, if configured`, async () => {
  await using target = await echoServer();
  const env = { HOST: "127.0.0.1", PORT: "0", SOCKS_USER: "ann", SOCKS_PASSWORD: "secret" };
  await using child = startProgram(FILE, [], { env });
  const [, port] = await child.stdout.match(/^listening on 127\.0\.0\.1:(\d+)/m);
  const login = (password: string) => [
    ...[1, 3, ...Buffer.from("ann")],
    ...[password.length, ...Buffer.from(password)],
  ];
  const right = await connectTo(Number(port));
  await exchange(right, [5, 2, 0, 2], [5, 2]);
  await exchange(right, login("secret"), [1, 0]);
  const address = [1, 127, 0, 0, 1, ...portBytes(portOf(target))];
  await exchange(right, [5, 1, 0, ...address], [5, 0, ...REPLY]);
  const wrong = await connectTo(Number(port));
  await exchange(wrong, [5, 1, 2], [5, 2]);
  await exchange(wrong, login("guess"), [1, 1]);
  assert.equal((await receive(wrong)).length, 0);
  const without = await connectTo(Number(port));
  await exchange(without, [5, 1, 0], [5, 255]);
  for (const socket of [right, wrong, without]) socket.destroy();
});

test(`${FILE} closes both connections when one breaks`, async () => {
  await using served = await serveExample(FILE);
  const reached: Socket[] = [];
  const target = createServer((socket) => void reached.push(socket.on("error", () => {})));
  target.listen(0, "127.0.0.1");
  await once(target, "listening");
  const socket = await connectTo(served.port);
  socket.on("error", () => {});
  await exchange(socket, [5, 1, 0], [5, 0]);
  const address = [1, 127, 0, 0, 1, ...portBytes(portOf(target))];
  await exchange(socket, [5, 1, 0, ...address], [5, 0, ...REPLY]);
  while (reached.length === 0) await once(target, "connection");
  const over = new Promise((resolve) => reached[0].on("close", resolve));
  reached[0].resume();
  socket.resetAndDestroy();
  await over;
  target.close();
});
