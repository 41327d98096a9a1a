// SPDX-License-Identifier: MIT
/** The parser of the HTTP example: what it accepts, what it refuses, and input cut anywhere. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { HttpError } from "../../examples/http/error.ts";
import { checkHead, framingOf } from "../../examples/http/exchange.ts";
import { type BodySource, Incoming } from "../../examples/http/incoming.ts";
import { RequestParser } from "../../examples/http/parser.ts";
import { readHead } from "../../examples/http/read_head.ts";

const bytes = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

const NO_BODY: BodySource = {
  *read() {
    return null;
  },
};

interface Seen {
  method: string;
  target: string;
  headers: [string, string][];
  keepAlive: boolean;
  body: string;
}

/** The requests in the pieces, and the status by which the rest is refused; 0 if it is not. */
function parse(pieces: string[]): { seen: Seen[]; status: number; begun: boolean } {
  const parser = new RequestParser();
  const seen: Seen[] = [];
  const memory = new Uint8Array(64 * 1024);
  try {
    for (const piece of pieces) {
      // As a server's buffer, it holds something else once the piece is parsed.
      memory.fill(0x58);
      memory.set(bytes(piece));
      parser.load(memory.subarray(0, piece.length));
      while (!parser.empty) {
        parser.parse();
        if (parser.head !== null) checkHead(parser.head);
        if (!parser.complete) continue;
        const { method, targetText: target, keepAlive } = parser.head!;
        const headers = [...parser.head!.fields()];
        const body = parser.body.map((part) => String.fromCharCode(...part)).join("");
        seen.push({ method, target, headers, keepAlive, body });
        parser.next();
      }
    }
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    return { seen, status: error.status, begun: parser.begun };
  }
  return { seen, status: 0, begun: parser.begun };
}

const GET = "GET /a?b=c HTTP/1.1\r\nHost: x\r\nAccept:\t */* \r\nEmpty:\r\n\r\n";
const POST = "POST / HTTP/1.1\r\nhost: x\r\nContent-Length: 5\r\n\r\nhello";
const CHUNKS = "PUT * HTTP/1.1\r\nhost: x:1\r\nTransfer-Encoding: Chunked\r\n\r\n" +
  '5\r\nhello\r\n00A;a=b;c="d e"\r\n, world!!!\r\n0\r\nTrailer: x\r\n\r\n';

test("requests are parsed, whole and cut at each byte", () => {
  const said = `\r\n${GET}${POST}${CHUNKS}${GET}`;
  const whole = parse([said]);
  assert.equal(whole.status, 0);
  assert.equal(whole.begun, false);
  const headers = [["Host", "x"], ["Accept", "*/*"], ["Empty", ""]];
  const get = { method: "GET", target: "/a?b=c", headers, keepAlive: true, body: "" };
  assert.deepEqual(whole.seen[0], get);
  assert.deepEqual(whole.seen[3], get);
  assert.deepEqual(whole.seen.map(({ body }) => body), ["", "hello", "hello, world!!!", ""]);
  assert.deepEqual(parse([...said]), whole);
  for (let at = 1; at < said.length; at++) {
    assert.deepEqual(parse([said.slice(0, at), said.slice(at)]), whole, `cut at ${at}`);
  }
});

test("what may be another request to another server is refused, whole and byte by byte", () => {
  const line = "POST / HTTP/1.1\r\n";
  const begin = `${line}host: x\r\n`;
  const chunked = `${begin}transfer-encoding: chunked\r\n\r\n`;
  const refused: [said: string, status: number][] = [
    ["\x16\x03\x01\x02\x00\x01\x00", 400],
    ["nonsense\r\n\r\n", 400],
    ["GET /\r\n\r\n", 400],
    ["GET  / HTTP/1.1\r\nhost: x\r\n\r\n", 400],
    ["GET / HTTP/1.1 \r\nhost: x\r\n\r\n", 400],
    ["GET @other/ HTTP/1.1\r\nhost: x\r\n\r\n", 400],
    ["GET .other/ HTTP/1.1\r\nhost: x\r\n\r\n", 400],
    ["GET :81@other/ HTTP/1.1\r\nhost: x\r\n\r\n", 400],
    ["GET ?query HTTP/1.1\r\nhost: x\r\n\r\n", 400],
    ["GET *.other HTTP/1.1\r\nhost: x\r\n\r\n", 400],
    ["GET http:other HTTP/1.1\r\nhost: x\r\n\r\n", 400],
    ["GET ftp://other/ HTTP/1.1\r\nhost: x\r\n\r\n", 400],
    ["CONNECT other:443 HTTP/1.1\r\nhost: x\r\n\r\n", 400],
    ["GET / http/1.1\r\nhost: x\r\n\r\n", 400],
    ["GET / HTTP/2.0\r\nhost: x\r\n\r\n", 400],
    ["GET / HTTP/1.2\r\nhost: x\r\n\r\n", 505],
    ["GET / HTTP/1.1\nhost: x\n\n", 400],
    ["GET /\0 HTTP/1.1\r\nhost: x\r\n\r\n", 400],
    [`${line}\r\n`, 400],
    [`${begin}host: x\r\n\r\n`, 400],
    [`${line}host: x/y\r\n\r\n`, 400],
    [`${line}host: a b\r\n\r\n`, 400],
    [`${begin}a: b\n\r\n`, 400],
    [`${begin}a: b\rc\r\n\r\n`, 400],
    [`${begin}a: b\0c\r\n\r\n`, 400],
    [`${begin}a: b\r\n folded\r\n\r\n`, 400],
    [`${line} host: x\r\n\r\n`, 400],
    [`${begin}a : b\r\n\r\n`, 400],
    [`${begin}: b\r\n\r\n`, 400],
    [`${begin}a\r\n\r\n`, 400],
    [`${begin}content-length: 3\r\ncontent-length: 4\r\n\r\nabcd`, 400],
    [`${begin}content-length: 3\r\ncontent-length: 3\r\n\r\nabc`, 400],
    [`${begin}content-length: 3, 3\r\n\r\nabc`, 400],
    [`${begin}content-length: +3\r\n\r\nabc`, 400],
    [`${begin}content-length: -3\r\n\r\nabc`, 400],
    [`${begin}content-length: 0x3\r\n\r\nabc`, 400],
    [`${begin}content-length:\r\n\r\nabc`, 400],
    [`${begin}content-length: ${"9".repeat(400)}\r\n\r\n`, 413],
    [`${begin}content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
    [`${begin}transfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n0\r\n\r\n`, 400],
    [`${begin}transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
    [`${begin}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`, 501],
    [`${begin}transfer-encoding: not-chunked\r\n\r\n0\r\n\r\n`, 501],
    ["POST / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", 400],
    [`${begin}expect: much\r\n\r\n`, 417],
    [`${chunked}\r\n`, 400],
    [`${chunked}g\r\n`, 400],
    [`${chunked}-1\r\n`, 400],
    [`${chunked}0x1\r\n`, 400],
    [`${chunked}1 \r\na\r\n`, 400],
    [`${chunked}1\na\r\n`, 400],
    [`${chunked}1\r\nab\r\n`, 400],
    [`${chunked}1\r\na\n0\r\n\r\n`, 400],
    [`${chunked}${"0".repeat(13)}\r\n\r\n`, 400],
    [`${chunked}1;${"a".repeat(2000)}\r\na\r\n`, 400],
    [`${chunked}0\r\na b\r\n\r\n`, 400],
    [`${chunked}0\r\n${"a: b\r\n".repeat(4000)}\r\n`, 431],
    [`${begin}a: ${"b".repeat(20_000)}\r\n\r\n`, 431],
    [`GET /${"b".repeat(20_000)}`, 431],
  ];
  for (const [said, status] of refused) {
    const shown = JSON.stringify(said.slice(0, 80));
    assert.deepEqual(parse([said]).seen, [], shown);
    assert.equal(parse([said]).status, status, shown);
    if (said.length < 1000) assert.equal(parse([...said, ..."\r\n"]).status, status, shown);
  }
});

test("Connection and the version decide whether the connection goes on", () => {
  const goesOn = (version: string, ...lines: string[]) => {
    const head = [`GET / HTTP/${version}`, "host: x", ...lines, "", ""].join("\r\n");
    return parse([head]).seen[0].keepAlive;
  };
  assert.equal(goesOn("1.1"), true);
  assert.equal(goesOn("1.1", "connection: Close"), false);
  assert.equal(goesOn("1.1", "connection: upgrade, close"), false);
  assert.equal(goesOn("1.1", "connection: close", "connection: keep-alive"), false);
  assert.equal(goesOn("1.1", "connection: closed"), true);
  assert.equal(goesOn("1.0"), false);
  assert.equal(goesOn("1.0", "connection: x,Keep-Alive"), true);
  assert.equal(goesOn("1.0", "connection: close, keep-alive"), false);
});

test("a URL has the host of its header, unless the target is a URL itself", () => {
  const url = (target: string, host = "x:1") => {
    const head = readHead(bytes(`OPTIONS ${target} HTTP/1.1\r\nhost: ${host}\r\n\r\n`), 0);
    return new Incoming(head!, NO_BODY).url;
  };
  assert.equal(url("/a?b"), "http://x:1/a?b");
  assert.equal(url("//other/a"), "http://x:1//other/a");
  assert.equal(url("*"), "http://x:1/");
  assert.equal(url("/other/a", ""), "http://localhost/other/a");
  assert.equal(url("http://other/a"), "http://other/a");
  assert.equal(url("HTTPS://other/a"), "HTTPS://other/a");
});

test("the length of a response is that of its body; to HEAD, also that of a body not made", () => {
  const framing = (method: string, body: string | null, told?: string) => {
    const head = readHead(bytes(`${method} / HTTP/1.1\r\nhost: x\r\n\r\n`), 0)!;
    const headers: [string, string][] = told === undefined ? [] : [["content-length", told]];
    return framingOf(new Response(body, { headers }), head);
  };
  assert.deepEqual(framing("HEAD", null, "1234"), { length: 1234, chunked: false });
  assert.deepEqual(framing("HEAD", null), { length: 0, chunked: false });
  assert.deepEqual(framing("GET", null, "1234"), { length: 0, chunked: false });
  assert.deepEqual(framing("GET", "abc", "3"), { length: 3, chunked: false });
  assert.deepEqual(framing("GET", "abc"), { length: undefined, chunked: true });
  for (const none of ["many", "1e999", "-3", ""]) {
    assert.deepEqual(framing("GET", "abc", none), { length: undefined, chunked: true }, none);
  }
});

test("a request that was not copied cannot be read after its answer", () => {
  const parser = new RequestParser();
  parser.load(bytes(GET));
  parser.parse();
  const request = new Incoming(parser.head!, NO_BODY);
  assert.equal(request.path, "/a");
  assert.equal(request.url, "http://x/a?b=c");
  parser.next();
  assert.throws(() => request.path, TypeError);
});

test("short chunks of one input are one piece of the body, in order with long ones", () => {
  const long = "x".repeat(5000);
  const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;
  const parser = new RequestParser();
  parser.load(bytes("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"));
  parser.parse();
  parser.load(bytes(chunk("a").repeat(1000) + chunk(long) + chunk("b").repeat(10)));
  while (!parser.empty) parser.parse();
  const pieces = parser.body.map((piece) => String.fromCharCode(...piece));
  assert.deepEqual(pieces, ["a".repeat(1000), long, "b".repeat(10)]);
});
