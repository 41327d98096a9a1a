// SPDX-License-Identifier: MIT
// node:tls, as in its documentation.
import { readFileSync } from "node:fs";
import tls from "node:tls";

const { PORT, CERT, KEY } = process.env;
tls.createServer({ cert: readFileSync(CERT), key: readFileSync(KEY) }, (socket) => {
  socket.setNoDelay(true);
  socket.on("error", () => {});
  socket.pipe(socket);
}).on("tlsClientError", () => {}).listen(Number(PORT), "127.0.0.1");
