// SPDX-License-Identifier: MIT
/** The echo example as a child, and what may be asked about it from outside. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { type Child, eventually, isDeno, startProgram } from "./child.ts";

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

/** Sockets of the process `pid`. */
function socketsOf(pid: number): number {
  const links = readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      return ""; // Closed since.
    }
  });
  return links.filter((link) => link.startsWith("socket:")).length;
}

function memoryOf(pid: number): number {
  const [, kib] = readFileSync(`/proc/${pid}/status`, "utf8").match(/^VmRSS:\s+(\d+) kB$/m)!;
  return Number(kib) * 1024;
}

/** Sockets that have nothing to do with the clients: the listener, and some that Deno has. */
async function socketsAtRest(child: Child, port: number): Promise<number> {
  // With one echo served it has done all that it does at its start.
  const socket = await connectTo(port);
  await roundTrip(socket, Buffer.from("are you there?"));
  const count = socketsOf(child.pid) - 1;
  socket.destroy();
  await eventually("the first is gone", () => socketsOf(child.pid) === count);
  return count;
}

/** Starts `file` (the example if left out) and waits until it listens. */
export async function startEcho(file = "examples/echo.ts"): Promise<EchoServer> {
  const env = { HOST: "127.0.0.1", PORT: "0" };
  const child = startProgram(file, [], { env, lifetime: LIFETIME_MS });
  const who = isDeno ? "deno" : "bun";
  const line = new RegExp(`^listening on 127\\.0\\.0\\.1:(\\d+) \\(${who}, epoll\\)\n`);
  const [, port] = await child.stdout.match(line);
  const atRest = await socketsAtRest(child, Number(port));
  return {
    child,
    port: Number(port),
    connections: () => socketsOf(child.pid) - atRest,
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
