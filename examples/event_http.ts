// SPDX-License-Identifier: MIT
/**
 * A tiny HTTP server by callbacks: keep-alive, pipelining, and a time-out for those who say nothing.
 * HOST and PORT come from the environment.
 */
import process from "node:process";
import { run } from "../mod.ts";
import { type EventConn, serve } from "../event.ts";
import { parseRequest, type Request, response } from "./protocols/http1.ts";

const { HOST = "127.0.0.1", PORT = "8080" } = process.env;
const HELLO = response("200 OK", "Hello, World!\n");
const NOT_FOUND = response("404 Not Found", "Nothing here\n");
const BAD_REQUEST = response("400 Bad Request", "That is no request\n");

function answer({ method, path, body }: Request): Uint8Array {
  if (path === "/") return HELLO;
  if (path === "/echo" && method === "POST") {
    return response("200 OK", new TextDecoder().decode(body));
  }
  return NOT_FOUND;
}

/** Answers the requests that are whole; what is left of `input` comes again. */
function data(conn: EventConn, input: Uint8Array) {
  for (let taken = 0; taken < input.length;) {
    const request = parseRequest(input.subarray(taken));
    if (request === undefined) return { out: BAD_REQUEST, action: "close" } as const;
    if (request === null) return void conn.discard(taken);
    taken += request.length;
    conn.write(answer(request));
    if (!request.keepAlive) return "close";
  }
}

await run(() =>
  serve({
    idleTimeout: 30_000,
    serving: ({ addrs }) => console.log(`listening on ${addrs[0]}`),
    data,
  }, `tcp://${HOST}:${PORT}`)
);
