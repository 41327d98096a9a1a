// SPDX-License-Identifier: MIT
// Bun.listen with TLS, as in its documentation.
import { readFileSync } from "node:fs";
import process from "node:process";

const { PORT, CERT, KEY } = process.env as Record<string, string>;

Bun.listen<{ rest: Uint8Array[] }>({
  hostname: "127.0.0.1",
  port: Number(PORT),
  tls: { cert: readFileSync(CERT), key: readFileSync(KEY) },
  socket: {
    open(socket) {
      socket.data = { rest: [] };
    },
    data(socket, bytes) {
      const { rest } = socket.data;
      const n = rest.length > 0 ? 0 : socket.write(bytes);
      if (n < bytes.length) rest.push(bytes.slice(Math.max(n, 0)));
    },
    drain(socket) {
      const { rest } = socket.data;
      while (rest.length > 0) {
        const n = socket.write(rest[0]);
        if (n < rest[0].length) return void (rest[0] = rest[0].subarray(Math.max(n, 0)));
        rest.shift();
      }
    },
    error() {},
  },
});
