// SPDX-License-Identifier: MIT
// The shapes of bench:shapes by Bun's own API: callbacks of Bun.listen and Bun.connect.
import type { Socket } from "bun";
import process from "node:process";
import { count, printed } from "./measure.mjs";
import { deadlines, pipe } from "./streams.mjs";

const MESSAGE = 64;
const HEAD = 16;

/** Sends what can be sent at once; the messages are short and each waits for its reply. */
function unix(path: string): void {
  Bun.listen({
    unix: path,
    socket: {
      data(socket, bytes) {
        if (socket.write(bytes) !== bytes.length) throw new Error("a full socket");
      },
      error() {},
    },
  });
  console.log(`listening on ${path}`);
}

function address(peer: string): { hostname: string; port: number } {
  const [hostname, port] = peer.split(":");
  return { hostname, port: Number(port) };
}

/** The destination: bytes that it did not accept stop the source until it has. */
class Sink {
  readonly socket: Promise<Socket>;
  readonly reply: Promise<string>;
  source: Socket | null = null;
  #unsent: Uint8Array = new Uint8Array(0);
  #ended = false;

  constructor(peer: string) {
    const { promise, resolve } = Promise.withResolvers<string>();
    this.reply = promise;
    this.socket = Bun.connect({
      ...address(peer),
      allowHalfOpen: true,
      socket: {
        data: (_, bytes) => resolve(new TextDecoder().decode(bytes)),
        drain: (socket) => this.#drain(socket),
      },
    });
  }

  write(socket: Socket, bytes: Uint8Array): void {
    const sent = Math.max(0, socket.write(bytes));
    if (sent === bytes.length) return;
    // Copy: Bun may reuse the memory of a chunk after the callback.
    this.#unsent = bytes.slice(sent);
    this.source?.pause();
  }

  end(socket: Socket): void {
    this.#ended = true;
    if (this.#unsent.length === 0) socket.shutdown();
  }

  #drain(socket: Socket): void {
    if (this.#unsent.length === 0) return;
    this.#unsent = this.#unsent.subarray(Math.max(0, socket.write(this.#unsent)));
    if (this.#unsent.length > 0) return;
    if (this.#ended) socket.shutdown();
    else this.source?.resume();
  }
}

async function copy(length: string, peer: string): Promise<void> {
  const sink = new Sink(peer);
  const to = await sink.socket;
  to.write("d".padEnd(HEAD));
  let head = true;
  const timing = count(Infinity);
  await Bun.connect({
    ...address(peer),
    allowHalfOpen: true,
    socket: {
      open(socket) {
        sink.source = socket;
        socket.write(`s${length}`.padEnd(HEAD));
      },
      data(_, bytes) {
        sink.write(to, head ? bytes.subarray(HEAD) : bytes);
        head = false;
      },
      end: () => sink.end(to),
    },
  });
  const received = Number(await sink.reply);
  if (received !== Number(length) - HEAD) throw new Error(`${received} bytes arrived`);
  printed(timing.resultOf(received));
  process.exit(0);
}

async function dial(ms: string, peer: string, concurrent: string): Promise<void> {
  const timing = count(Number(ms));
  const message = new Uint8Array(MESSAGE);
  const to = address(peer);
  const { promise, resolve } = Promise.withResolvers<void>();
  let open = Number(concurrent);
  function one(): void {
    let received = 0;
    void Bun.connect({
      ...to,
      socket: {
        open: (socket) => void socket.write(message),
        data(socket, bytes) {
          received += bytes.length;
          if (received === MESSAGE) socket.end();
        },
        close() {
          if (timing.goOn()) one();
          else if (--open === 0) resolve();
        },
      },
    });
  }
  for (let i = 0; i < Number(concurrent); i++) one();
  await promise;
  printed(timing.result());
  process.exit(0);
}

const SHAPES: Record<string, (...args: string[]) => void | Promise<void>> = {
  unix,
  pipe,
  copy,
  dial,
  deadlines,
};

const [shape, ...args] = process.argv.slice(2);
await SHAPES[shape](...args);
