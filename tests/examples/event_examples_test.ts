// SPDX-License-Identifier: MIT
/** The servers of callbacks, as programs, against clients that are not ours. */
import assert from "node:assert/strict";
import { request } from "node:http";
import { test } from "node:test";
import { checkEcho, connectTo, receive, serveExample } from "./echo_clients.ts";

test("examples/event_echo.ts echoes", async () => {
  await using served = await serveExample("examples/event_echo.ts");
  await checkEcho(served.port);
});

/** Sends a text byte by byte or whole, and reads as many bytes as `expected` has. */
async function talk(port: number, said: string[], expected: string): Promise<void> {
  const socket = await connectTo(port);
  for (const part of said) {
    socket.write(part);
    if (said.length > 1) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const answer = String(await receive(socket, expected.length));
  assert.equal(answer.slice(0, expected.length), expected);
  socket.destroy();
}

test("examples/event_redis.ts answers commands, in pieces and pipelined", async () => {
  await using served = await serveExample("examples/event_redis.ts");
  const command = (...words: string[]) =>
    `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join("")}`;
  const said = [
    ["PING"],
    ["SET", "key", "value"],
    ["get", "key"],
    ["GET", "none"],
    ["INCR", "n"],
    ["INCR", "n"],
    ["GET", "n"],
    ["INCR", "key"],
    ["DEL", "key"],
    ["GET", "key"],
    ["ECHO", "\r\n$5\r\n"],
    ["GET"],
    ["NONE"],
  ].map((words) => command(...words)).join("");
  const replies = "+PONG\r\n+OK\r\n$5\r\nvalue\r\n$-1\r\n:1\r\n:2\r\n$1\r\n2\r\n" +
    "-ERR value is not an integer or out of range\r\n:1\r\n$-1\r\n$6\r\n\r\n$5\r\n\r\n" +
    "-ERR wrong number of arguments\r\n-ERR unknown command\r\n";
  await talk(served.port, [said], replies);
  await talk(served.port, [command("DEL", "n")], ":1\r\n");
  await talk(served.port, [...said], replies);
  await talk(served.port, ["GET key\r\n"], "-ERR Protocol error: expected '*'\r\n");
});

/** The status and the body of one request. */
function ask(port: number, method: string, path: string, body = ""): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request({ port, host: "127.0.0.1", method, path, agent: false }, (answer) => {
      let text = `${answer.statusCode} `;
      answer.on("data", (part) => text += part).on("end", () => resolve(text));
    });
    sent.on("error", reject).end(body);
  });
}

test("examples/event_http.ts answers requests", async () => {
  await using served = await serveExample("examples/event_http.ts");
  const { port } = served;
  assert.equal(await ask(port, "GET", "/"), "200 Hello, World!\n");
  assert.equal(await ask(port, "GET", "/nowhere"), "404 Nothing here\n");
  const great = "x".repeat(200_000);
  assert.ok(await ask(port, "POST", "/echo", great) === `200 ${great}`);
  const hello =
    "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 14\r\n\r\nHello, World!\n";
  await talk(port, ["GET / HTTP/1.1\r\nhost: x\r\n\r\n".repeat(3)], hello.repeat(3));
  await talk(port, [..."GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"], hello);
  await talk(port, ["nonsense\r\n\r\n"], "HTTP/1.1 400 Bad Request");
});
