// SPDX-License-Identifier: MIT
/**
 * HTTP/1.1, a goroutine a connection: keep-alive, pipelining, chunked bodies both ways. HOST and PORT
 * come from the environment; SIGINT or SIGTERM ends it in order. routes.ts says what it answers.
 */
import { handle } from "./http/routes.ts";
import { serveHttp } from "./http/serve.ts";
import { ending, serveUntilStopped } from "./serving.ts";

await serveUntilStopped({
  name: "http",
  port: 8080,
  serve: (conn) => serveHttp(conn, handle, ending),
});
