// SPDX-License-Identifier: MIT
// Node's own API: stream events of node:net. Plain JavaScript, because Node 20 does not run
// TypeScript.
import { createServer } from "node:net";
import process from "node:process";

/** Stops reading while the write buffer is full. */
function echo(socket) {
  socket.setNoDelay(true);
  socket.on("data", (chunk) => {
    if (!socket.write(chunk)) socket.pause();
  });
  socket.on("drain", () => socket.resume());
  socket.on("end", () => socket.end());
  // An error ends only its own connection.
  socket.on("error", () => {});
}

const server = createServer({ allowHalfOpen: true }, echo);
server.listen({ host: "127.0.0.1", port: Number(process.env.PORT ?? 0), backlog: 4096 }, () => {
  const { port } = server.address();
  console.log(`listening on 127.0.0.1:${port} (Node ${process.version}, node:net)`);
});
