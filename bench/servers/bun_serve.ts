// SPDX-License-Identifier: MIT
// Bun's own HTTP server.
import process from "node:process";

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.env.PORT),
  fetch: () => new Response("Hello, World!\n"),
});
console.log(`listening on 127.0.0.1:${server.port} (Bun ${Bun.version}, Bun.serve)`);
