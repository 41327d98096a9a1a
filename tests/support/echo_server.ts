// SPDX-License-Identifier: MIT
/** The echo example as a child, and what may be asked about it from outside. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { type Child, eventually, isDeno, startProgram } from "./child.ts";
import { descriptors, internetSockets } from "./open_files.ts";

/** A server that is up. */
export interface EchoServer extends AsyncDisposable {
  readonly child: Child;
  readonly port: number;
  /** Connections that it has open. */
  connections(): number;
  /** Its resident memory, in bytes. */
  memory(): number;
}

/** Longest life of a server, in milliseconds; it is there to end a hang. */
const LIFETIME_MS = 50_000;

/** Connections of the server `pid`: its sockets but for the listener. */
function connectionsOf(pid: number): number {
  return internetSockets(descriptors(pid)).length - 1;
}

function memoryOf(pid: number): number {
  const [, kib] = readFileSync(`/proc/${pid}/status`, "utf8").match(/^VmRSS:\s+(\d+) kB$/m)!;
  return Number(kib) * 1024;
}

/** Returns when the server has served one echo, and so has done all that it does at its start. */
async function warmUp(child: Child, port: number): Promise<void> {
  const socket = await connectTo(port);
  await roundTrip(socket, Buffer.from("are you there?"));
  socket.destroy();
  await eventually("the first is gone", () => connectionsOf(child.pid) === 0);
}

/** Starts the example and waits until it serves. */
export async function startEcho(): Promise<EchoServer> {
  const env = { HOST: "127.0.0.1", PORT: "0" };
  const child = startProgram("examples/echo.ts", [], { env, lifetime: LIFETIME_MS });
  const who = isDeno ? "deno" : "bun";
  const line = new RegExp(`^listening on 127\\.0\\.0\\.1:(\\d+) \\(${who}, epoll\\)\n`);
  let port: number;
  try {
    port = Number((await child.stdout.match(line))[1]);
    await warmUp(child, port);
  } catch (error) {
    await child[Symbol.asyncDispose]();
    throw error;
  }
  return {
    child,
    port,
    connections: () => connectionsOf(child.pid),
    memory: () => memoryOf(child.pid),
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}

/** A connection by `node:net`, which is not ours. */
export function connectTo(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      socket.on("error", () => {}); // Who cares looks at "close".
      resolve(socket);
    });
  });
}

/** Reads until `length` bytes have come, or to the end of the stream; throws if it breaks. */
export function receive(socket: Socket, length: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let had = 0;
    const over = (error?: Error) => {
      socket.off("data", more).off("end", over).off("close", broken);
      if (error) reject(error);
      else resolve(Buffer.concat(parts));
    };
    const broken = () => over(new Error(`the connection broke after ${had} of ${length} bytes`));
    const more = (part: Buffer) => {
      parts.push(part);
      had += part.length;
      if (had >= length) over();
    };
    socket.on("data", more).on("end", over).on("close", broken);
  });
}

/** Sends `message` and waits for its echo. */
export async function roundTrip(socket: Socket, message: Buffer): Promise<Buffer> {
  const answer = receive(socket, message.length);
  socket.write(message);
  return await answer;
}

/** Tries to connect: returns the code of the error, or null. */
function knock(port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.once("error", (error) => resolve((error as unknown as { code: string }).code));
    socket.once("connect", () => {
      socket.destroy();
      resolve(null);
    });
  });
}

/** Waits until connections to `port` are refused. */
export async function refusing(port: number): Promise<void> {
  // One that was in the listener's queue when it was closed is reset.
  for (let code; code !== "ECONNREFUSED"; code = await knock(port)) {
    assert.ok(code === undefined || code === null || code === "ECONNRESET", String(code));
  }
}
