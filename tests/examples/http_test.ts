// SPDX-License-Identifier: MIT
/** The two servers of HTTP, as programs, by `node:http` and by words of ours. */
import assert from "node:assert/strict";
import { request } from "node:http";
import type { Socket } from "node:net";
import { test } from "node:test";
import { onWindows } from "../support/harness.ts";
import { QuickResponse } from "../../examples/http/outgoing.ts";
import { connectTo, receive, serveExample } from "../support/echo_clients.ts";
import { talkToTheEnd } from "../support/talk.ts";

interface Asked {
  method?: string;
  path: string;
  headers?: Record<string, string>;
  body?: string | string[];
}

/** The status, a space and the body. */
function ask(port: number, { method = "GET", path, headers, body }: Asked): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { port, host: "127.0.0.1", method, path, headers, agent: false };
    const sent = request(options, (answer) => {
      let text = `${answer.statusCode} `;
      answer.on("data", (part) => text += part).on("end", () => resolve(text)).on("error", reject);
    });
    sent.on("error", reject);
    // In pieces it is sent in chunks.
    if (Array.isArray(body)) body.forEach((piece) => sent.write(piece));
    else if (body !== undefined) sent.setHeader("content-length", body.length).write(body);
    sent.end();
  });
}

/** Returns the next chunk. Throws at the end of the connection. */
async function more(socket: Socket): Promise<string> {
  const text = String(await receive(socket, 1));
  assert.notEqual(text, "", "the connection has ended");
  return text;
}

/** An answer without its date. */
function undated(answer: string): string {
  return answer.replaceAll(/date: [^\r]*GMT\r\n/g, "");
}

const TYPE = "content-type: text/plain;charset=UTF-8\r\n";
const HELLO = `HTTP/1.1 200 OK\r\n${TYPE}content-length: 14\r\n\r\nHello, World!\n`;
const LAST = HELLO.replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n");
const GET = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";
const LAST_GET = "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

for (const file of ["examples/http.ts", "examples/event_http.ts"]) {
  test(`${file} answers requests with each kind of handler`, async () => {
    await using served = await serveExample(file);
    const { port } = served;
    assert.equal(await ask(port, { path: "/?x=1" }), "200 Hello, World!\n");
    assert.equal(await ask(port, { path: "/nowhere" }), "404 Nothing here\n");
    assert.equal(await ask(port, { path: "/echo" }), "405 POST something\n");
    assert.equal(await ask(port, { path: "/slow" }), "200 At last\n");
    const upper = { method: "POST", path: "/upper", body: "shout" };
    assert.equal(await ask(port, upper), "200 SHOUT");
    const numbers = Array.from({ length: 1000 }, (_, i) => `${i}\n`).join("");
    assert.equal(await ask(port, { path: "/count" }), `200 ${numbers}`);
    const asked = { path: "/request", headers: { "x-empty": "", "x-more": "a, b" } };
    const { method, headers } = JSON.parse((await ask(port, asked)).slice(4));
    assert.equal(method, "GET");
    assert.equal(new Map(headers).get("x-empty"), "");
    assert.equal(new Map(headers).get("x-more"), "a, b");
  });

  test(`${file} accepts bodies with a length and in chunks, and sends them back`, async () => {
    await using served = await serveExample(file);
    const great = "0123456789".repeat(100_000);
    const pieces = Array.from({ length: 30 }, (_, i) => `${i} `.repeat(i * 100 + 1));
    for (const body of [great, "", pieces]) {
      const answer = await ask(served.port, { method: "POST", path: "/echo", body });
      assert.ok(answer === `200 ${[body].flat().join("")}`, `${answer.length} bytes`);
    }
  });

  test(`${file} answers pipelined requests in order, whole or byte by byte`, async () => {
    await using served = await serveExample(file);
    const slow = "GET /slow HTTP/1.1\r\nhost: x\r\n\r\n";
    const post = "POST /upper HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nabc";
    const chunks =
      "POST /upper HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    const said = GET + slow + post + GET + chunks + LAST_GET + GET;
    const at = `HTTP/1.1 200 OK\r\n${TYPE}content-length: 8\r\n\r\nAt last\n`;
    const abc = `HTTP/1.1 200 OK\r\n${TYPE}content-length: 3\r\n\r\nABC`;
    const expected = HELLO + at + abc + HELLO + abc + LAST;
    assert.equal(undated(await talkToTheEnd(served.port, said)), expected);
    assert.equal(undated(await talkToTheEnd(served.port, [...said])), expected);
    const many = await talkToTheEnd(served.port, GET.repeat(5000) + LAST_GET);
    assert.ok(undated(many) === HELLO.repeat(5000) + LAST, `${many.length} bytes`);
  });

  test(`${file} follows the rules of HTTP`, async () => {
    await using served = await serveExample(file);
    const say = async (said: string) => undated(await talkToTheEnd(served.port, said));
    const line = async (said: string) => (await say(said)).split("\r\n")[0].slice(9);
    // HEAD has the head of GET; HTTP/1.0 ends, unless it asks to go on.
    const head = await say(GET.replace("GET", "HEAD") + LAST_GET);
    assert.equal(head, HELLO.replace("Hello, World!\n", "") + LAST);
    assert.equal(await say("GET / HTTP/1.0\r\n\r\n"), LAST);
    const again = "GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n";
    const kept = HELLO.replace("\r\n\r\n", "\r\nconnection: keep-alive\r\n\r\n");
    assert.equal(await say(`${again}GET / HTTP/1.0\r\n\r\n`), kept + LAST);
    const count = await say("GET /count HTTP/1.0\r\n\r\n");
    assert.match(count, /^HTTP\/1\.1 200 OK\r\ncontent-type: text\/plain\r\nconnection: close\r\n/);
    assert.ok(count.endsWith("\n998\n999\n"), "it ends with the connection, without chunks");
    assert.match(
      await say("GET / HTTP/1.1\r\nhost: x\r\nupgrade: h2c\r\n\r\n" + LAST_GET),
      /200 OK/,
    );
    // What is no request.
    assert.equal(await line("nonsense\r\n\r\n"), "400 Bad Request");
    assert.equal(await line("GET / HTTP/1.1\r\n\r\n" + LAST_GET), "400 Bad Request");
    assert.equal(
      await line("GET / HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n" + LAST_GET),
      "400 Bad Request",
    );
    const both = "host: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n";
    assert.equal(await line(`POST / HTTP/1.1\r\n${both}\r\n0\r\n\r\n`), "400 Bad Request");
    assert.equal(await line("GET / HTTP/1.1\nhost: x\n\n"), "400 Bad Request");
    const lengths = "host: x\r\ncontent-length: 3\r\ncontent-length: 4\r\n";
    assert.equal(await line(`POST / HTTP/1.1\r\n${lengths}\r\nabcd`), "400 Bad Request");
    assert.equal(
      await line("GET / HTTP/1.1\r\nhost: x\r\na: b\r\n folded\r\n\r\n"),
      "400 Bad Request",
    );
    assert.equal(
      await line(`GET / HTTP/1.1\r\nhost: x\r\na: ${"b".repeat(20_000)}\r\n\r\n`),
      "431 Request Header Fields Too Large",
    );
    assert.equal(
      await line("POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999\r\n\r\n"),
      "413 Payload Too Large",
    );
    assert.equal(
      await line("POST /echo HTTP/1.1\r\nhost: x\r\nexpect: much\r\ncontent-length: 9\r\n\r\n"),
      "417 Expectation Failed",
    );
  });

  test(`${file} sends 100 Continue on request`, async () => {
    await using served = await serveExample(file);
    const socket = await connectTo(served.port);
    const goOn = "HTTP/1.1 100 Continue\r\n\r\n";
    for (const [path, answer] of [["/upper", "\r\n\r\nABC"], ["/echo", "\r\nabc\r\n0\r\n\r\n"]]) {
      const head = "host: x\r\nexpect: 100-continue\r\ncontent-length: 3\r\n";
      socket.write(`POST ${path} HTTP/1.1\r\n${head}\r\n`);
      const first = String(await receive(socket, goOn.length));
      assert.equal(first.slice(0, goOn.length), goOn);
      socket.write("abc");
      // An answer that does not wait for all of the body may have begun.
      let text = first.slice(goOn.length);
      while (!text.endsWith(answer)) text += await more(socket);
      assert.match(text, /^HTTP\/1\.1 200 OK\r\n/);
    }
    socket.destroy();
  });

  test(`${file} continues when clients vanish in the middle`, async () => {
    await using served = await serveExample(file);
    const { port, child } = served;
    const post = "POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\nabc";
    const upper = post.replace("echo", "upper");
    for (const said of [post, upper, "GET /slow HTTP/1.1\r\nhost: x\r\n\r\n", "GET /co", GET]) {
      const socket = await connectTo(port);
      await new Promise((resolve) => socket.write(said, resolve));
      socket.resetAndDestroy();
    }
    const socket = await connectTo(port);
    socket.end("GET / HTT");
    assert.equal(String(await receive(socket)), "");
    socket.destroy();
    assert.equal(await ask(port, { path: "/" }), "200 Hello, World!\n");
    assert.equal(child.stderr.text, "");
  });
}

test("a quick response refuses a header that would inject another", () => {
  const make = (headers: Record<string, string>) => new QuickResponse("", { headers });
  make({ "x-good": "a \t\xe9" });
  const bad: Record<string, string>[] = [
    { "x": "a\r\nb: c" },
    { "x y": "a" },
    { "": "a" },
    { "x": "\u0161" },
  ];
  for (const wrong of bad) {
    assert.throws(() => make(wrong), TypeError);
  }
});

/** Resolves when connections are no longer accepted. */
async function refusing(port: number): Promise<void> {
  for (;;) {
    try {
      (await connectTo(port)).destroy();
    } catch {
      return;
    }
  }
}

const skip = onWindows && "Windows has no signals of other processes";

test(
  "examples/http.ts ends in order: active requests are answered, and are the last",
  { skip },
  async () => {
    await using served = await serveExample("examples/http.ts");
    const [idle, half] = await Promise.all([connectTo(served.port), connectTo(served.port)]);
    idle.write(GET);
    for (let text = ""; !text.endsWith("World!\n");) text += await more(idle);
    half.write(
      "POST /upper HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 3\r\n\r\n",
    );
    await receive(half, 25);
    served.child.kill("SIGTERM");
    await refusing(served.port);
    half.write("abc");
    let rest = "";
    for (let part = "?"; part !== "" && !rest.endsWith("ABC"); rest += part) {
      part = String(await receive(half, 1));
    }
    // On a machine that is busy the time of grace may have passed; else this was the last answer.
    if (rest !== "") assert.match(rest, /\r\nconnection: close\r\n\r\nABC$/);
    assert.equal(String(await receive(idle)), "");
    assert.deepEqual(await served.child.exit, { code: 0, signal: null });
    idle.destroy();
    half.destroy();
  },
);
