// SPDX-License-Identifier: MIT
// Both ends of an echo in one process, over node:net. Same arguments and output as netpoll.ts.
import { connect, createServer } from "node:net";
import process from "node:process";

const BYTES = 64;
const [connections, trips, warmUp] = process.argv.slice(3).map(Number);
let left = connections;
let all = 0;
let start = 0;

function ask(port, fill) {
  const socket = connect(port, "127.0.0.1");
  socket.setNoDelay(true);
  const message = new Uint8Array(BYTES).fill(fill);
  let answered = 0;
  let have = 0;
  socket.on("connect", () => socket.write(message));
  socket.on("data", (chunk) => {
    if (chunk[chunk.length - 1] !== fill) throw new Error("another's answer");
    have += chunk.length;
    if (have < BYTES) return;
    have = 0;
    if (++all === connections * warmUp) start = performance.now();
    if (++answered < warmUp + trips) return void socket.write(message);
    socket.destroy();
    if (--left === 0) end();
  });
}

function end() {
  const seconds = (performance.now() - start) / 1000;
  console.log(`${Math.round(connections * trips / seconds)} round trips/s`);
  process.exit(0);
}

const server = createServer((socket) => {
  socket.setNoDelay(true);
  socket.on("data", (chunk) => socket.write(chunk));
  socket.on("error", () => {});
});
server.listen(0, "127.0.0.1", () => {
  for (let i = 0; i < connections; i++) ask(server.address().port, i + 1);
});
