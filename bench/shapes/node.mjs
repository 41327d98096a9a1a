// SPDX-License-Identifier: MIT
// The shapes of bench:shapes by node:net. Plain JavaScript, because Node 20 does not run TypeScript.
import { once } from "node:events";
import { createServer, Socket } from "node:net";
import process from "node:process";
import { count, printed } from "./measure.mjs";
import { deadlines, pipe } from "./streams.mjs";

const MESSAGE = 64;
const HEAD = 16;

function unix(path) {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("data", (chunk) => socket.write(chunk) || socket.pause());
    socket.on("drain", () => socket.resume());
    socket.on("end", () => socket.end());
    socket.on("error", () => {});
  });
  server.listen(path, () => console.log(`listening on ${path}`));
}

async function connect(peer, options) {
  const [host, port] = peer.split(":");
  const socket = new Socket(options).connect(Number(port), host);
  await once(socket, "connect");
  return socket;
}

async function copy(length, peer) {
  const [to, from] = [await connect(peer, { allowHalfOpen: true }), await connect(peer)];
  to.write("d".padEnd(HEAD));
  from.write(`s${length}`.padEnd(HEAD));
  const timing = count(Infinity);
  await once(from, "readable");
  if (from.read(HEAD) === null) throw new Error("no head");
  from.pipe(to);
  let reply = "";
  to.setEncoding("utf8").on("data", (text) => reply += text);
  await once(to, "end");
  if (Number(reply) !== Number(length) - HEAD) throw new Error(`${reply} bytes arrived`);
  printed(timing.resultOf(Number(reply)));
  process.exit(0);
}

async function dial(ms, peer, concurrent) {
  const timing = count(Number(ms));
  const message = new Uint8Array(MESSAGE);
  async function one() {
    while (timing.goOn()) {
      const socket = await connect(peer);
      socket.write(message);
      await new Promise((resolve) => {
        let received = 0;
        socket.on("data", (chunk) => {
          received += chunk.length;
          if (received === MESSAGE) resolve();
        });
      });
      socket.destroy();
    }
  }
  await Promise.all(Array.from({ length: Number(concurrent) }, one));
  printed(timing.result());
  process.exit(0);
}

const [shape, ...args] = process.argv.slice(2);
await { unix, pipe, copy, dial, deadlines }[shape](...args);
