// SPDX-License-Identifier: MIT
// Node's own HTTP server.
import { createServer } from "node:http";

const BODY = "Hello, World!\n";

const server = createServer((_request, response) => {
  const headers = { "content-type": "text/plain;charset=UTF-8", "content-length": BODY.length };
  response.writeHead(200, headers).end(BODY);
});
server.listen(Number(process.env.PORT), "127.0.0.1", () => {
  console.log(
    `listening on 127.0.0.1:${server.address().port} (Node ${process.version}, node:http)`,
  );
});
