// SPDX-License-Identifier: MIT
// Node's own way: the stream events of node:net. Plain JavaScript, as Node 20 does not read types.
import { createServer } from "node:net";
import process from "node:process";

/** A full write buffer stops the reading until it has drained. */
function echo(socket) {
  socket.setNoDelay(true);
  socket.on("data", (chunk) => {
    if (!socket.write(chunk)) socket.pause();
  });
  socket.on("drain", () => socket.resume());
  socket.on("end", () => socket.end());
  // A vanished peer is the end of its connection only.
  socket.on("error", () => {});
}

const server = createServer({ allowHalfOpen: true }, echo);
server.listen({ host: "127.0.0.1", port: Number(process.env.PORT ?? 0), backlog: 4096 }, () => {
  const { port } = server.address();
  console.log(`listening on 127.0.0.1:${port} (Node ${process.version}, node:net)`);
});
