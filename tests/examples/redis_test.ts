// SPDX-License-Identifier: MIT
/** The two servers of the Redis protocol, as programs: what is answered to what, to the byte. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { LONGEST_COMMAND } from "../../examples/redis/protocol.ts";
import { connectTo, receive, serveExample } from "../support/echo_clients.ts";
import { talk, talkToTheEnd } from "../support/talk.ts";

function command(...words: string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join("")}`;
}

const WRONG_TYPE = "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n";

/** Commands and what Redis 7 answers to them. */
const CONVERSATION: [said: string[], reply: string][] = [
  [["PING"], "+PONG\r\n"],
  [["ping", "hi"], "$2\r\nhi\r\n"],
  [["ECHO", "\r\n$5\r\n"], "$6\r\n\r\n$5\r\n\r\n"],
  [["SET", "key", "value"], "+OK\r\n"],
  [["gEt", "key"], "$5\r\nvalue\r\n"],
  [["GET", "none"], "$-1\r\n"],
  [["GET"], "-ERR wrong number of arguments for 'get' command\r\n"],
  [["GETTER", "a", "b"], "-ERR unknown command 'GETTER', with args beginning with: 'a' 'b' \r\n"],
  [["SET", "key", "other", "NX"], "$-1\r\n"],
  [["SET", "new", "1", "XX"], "$-1\r\n"],
  [["SET", "key", "other", "EX", "100"], "+OK\r\n"],
  [["TTL", "key"], ":100\r\n"],
  [["SET", "key", "again", "KEEPTTL"], "+OK\r\n"],
  [["TTL", "key"], ":100\r\n"],
  [["SET", "key", "value"], "+OK\r\n"],
  [["TTL", "key"], ":-1\r\n"],
  [["SET", "key", "value", "EX"], "-ERR syntax error\r\n"],
  [["SET", "key", "value", "EX", "0"], "-ERR invalid expire time in 'set' command\r\n"],
  [["INCR", "n"], ":1\r\n"],
  [["INCR", "n"], ":2\r\n"],
  [["GET", "n"], "$1\r\n2\r\n"],
  [["INCR", "key"], "-ERR value is not an integer or out of range\r\n"],
  [["SET", "most", "9223372036854775806"], "+OK\r\n"],
  [["INCR", "most"], ":9223372036854775807\r\n"],
  [["INCR", "most"], "-ERR increment or decrement would overflow\r\n"],
  [["MSET", "a", "1", "b", "2"], "+OK\r\n"],
  [["MSET", "a", "1", "b"], "-ERR wrong number of arguments for 'mset' command\r\n"],
  [["GET", "b"], "$1\r\n2\r\n"],
  [["DEL", "a", "b", "none"], ":2\r\n"],
  [["EXISTS", "a", "n", "n"], ":2\r\n"],
  [["LPUSH", "list", "x", "y", "z"], ":3\r\n"],
  [["LRANGE", "list", "0", "-1"], "*3\r\n$1\r\nz\r\n$1\r\ny\r\n$1\r\nx\r\n"],
  [["LRANGE", "list", "-2", "1"], "*1\r\n$1\r\ny\r\n"],
  [["LRANGE", "list", "5", "9"], "*0\r\n"],
  [["LRANGE", "list", "a", "9"], "-ERR value is not an integer or out of range\r\n"],
  [["GET", "list"], WRONG_TYPE],
  [["LPUSH", "n", "x"], WRONG_TYPE],
  [["EXPIRE", "list", "100"], ":1\r\n"],
  [["EXPIRE", "none", "100"], ":0\r\n"],
  [["EXPIRE", "list", "soon"], "-ERR value is not an integer or out of range\r\n"],
  [["EXPIRE", "list", "-1"], ":1\r\n"],
  [["TTL", "list"], ":-2\r\n"],
  [["PUBLISH", "nobody", "hears"], ":0\r\n"],
  [["SELECT", "0"], "+OK\r\n"],
  [["SELECT", "1"], "-ERR DB index is out of range\r\n"],
  [["FLUSHALL"], "+OK\r\n"],
  [["DBSIZE"], ":0\r\n"],
];
const SAID = CONVERSATION.map(([words]) => command(...words)).join("");
const REPLIES = CONVERSATION.map(([, reply]) => reply).join("");

for (const file of ["examples/redis.ts", "examples/event_redis.ts"]) {
  test(`${file} answers as Redis does, pipelined and in pieces`, async () => {
    await using served = await serveExample(file);
    await talk(served.port, SAID, REPLIES);
    await talk(served.port, [...SAID], REPLIES);
    // Pieces in which one command ends and the next one begins.
    await talk(served.port, SAID.match(/[^]{1,37}/g)!, REPLIES);
    await talk(served.port, SAID.repeat(50), REPLIES.repeat(50));
  });

  test(`${file} accepts inline commands, and large values in pieces`, async () => {
    await using served = await serveExample(file);
    await talk(served.port, "\r\nset  typed word \nget typed\r\n", "+OK\r\n$4\r\nword\r\n");
    const value = "0123456789abcdef".repeat(100_000);
    const pieces = command("SET", "great", value).match(/[^]{1,50000}/g)!;
    await talk(served.port, [...pieces, command("GET", "great")], `+OK\r\n$1600000\r\n${value}`);
  });

  test(`${file} answers many requests for a large value in one piece`, async () => {
    await using served = await serveExample(file);
    const value = "v".repeat(100_000);
    // More than the event server's output buffer may hold.
    const said = command("SET", "large", value) + command("GET", "large").repeat(200);
    await talk(served.port, said, "+OK\r\n" + `$100000\r\n${value}\r\n`.repeat(200));
  });

  test(`${file} answers all requests of a client that sends no more`, async () => {
    await using served = await serveExample(file);
    const value = "v".repeat(900_000);
    const said = command("SET", "large", value) + command("GET", "large").repeat(10);
    const socket = await connectTo(served.port);
    socket.end(said);
    const got = String(await receive(socket));
    assert.equal(got.length, 5 + 10 * (value.length + 11));
    assert.ok(got === "+OK\r\n" + `$900000\r\n${value}\r\n`.repeat(10));
  });

  test(`${file} closes a connection that violates the protocol`, async () => {
    await using served = await serveExample(file);
    const error = async (said: string) => (await talkToTheEnd(served.port, said)).trim();
    const ping = command("PING");
    assert.equal(
      await error(`${ping}*1\r\n+OK\r\n`),
      "+PONG\r\n-ERR Protocol error: expected '$', got '+'",
    );
    assert.equal(await error("*x\r\n"), "-ERR Protocol error: invalid multibulk length");
    assert.equal(await error("*1\r\n$-5\r\n"), "-ERR Protocol error: invalid bulk length");
    assert.equal(await error("*1\r\n$-0\r\n\r\n"), "-ERR Protocol error: invalid bulk length");
    assert.equal(await error("*1\r\n$4\rXPING\r\n"), "-ERR Protocol error: expected CRLF");
    assert.equal(await error("*1\r\n$4\r\nPING!!"), "-ERR Protocol error: expected CRLF");
    assert.equal(await error("*1\r\n$99999999999\r\n"), "-ERR Protocol error: invalid bulk length");
    assert.equal(await error("x".repeat(70_000)), "-ERR Protocol error: too big inline request");
    assert.equal(await error(`${ping}${command("QUIT")}${ping}`), "+PONG\r\n+OK");
    await talk(served.port, ping, "+PONG\r\n");
  });

  test(`${file} ends a connection whose command does not end`, { timeout: 60_000 }, async () => {
    await using served = await serveExample(file);
    const socket = await connectTo(served.port);
    const closed = new Promise((resolve) => socket.on("close", resolve));
    // The server closes with input unread, which resets the connection.
    socket.on("error", () => {});
    socket.resume().on("end", () => socket.destroy());
    const piece = new Uint8Array(16 << 20);
    socket.write("*1000\r\n");
    for (let sent = 0; sent <= LONGEST_COMMAND; sent += piece.length) {
      socket.write(`$${piece.length}\r\n`);
      socket.write(piece);
      socket.write("\r\n");
    }
    await closed;
    await talk(served.port, command("PING"), "+PONG\r\n");
  });

  test(`${file} removes expired keys`, async () => {
    await using served = await serveExample(file);
    const said = command("SET", "a", "1", "PX", "1") + command("INCR", "b") +
      command("PEXPIRE", "b", "1");
    await talk(served.port, said, "+OK\r\n:1\r\n:1\r\n");
    const socket = await connectTo(served.port);
    const left = command("GET", "a") + command("PTTL", "b") + command("DBSIZE");
    const gone = "$-1\r\n:-2\r\n:0\r\n";
    for (let answer = ""; answer !== gone;) {
      socket.write(left);
      answer = String(await receive(socket, gone.length));
    }
    socket.destroy();
  });

  test(`${file} delivers published messages to subscribers`, async () => {
    await using served = await serveExample(file);
    const [first, second, publisher] = await Promise.all(
      [0, 1, 2].map(() => connectTo(served.port)),
    );
    const ask = async (socket: typeof first, words: string[], reply: string) => {
      socket.write(command(...words));
      assert.equal(String(await receive(socket, reply.length)), reply);
    };
    const told = (what: string, channel: string, count: number) =>
      `*3\r\n$${what.length}\r\n${what}\r\n$${channel.length}\r\n${channel}\r\n:${count}\r\n`;
    await ask(
      first,
      ["SUBSCRIBE", "a", "b"],
      told("subscribe", "a", 1) + told("subscribe", "b", 2),
    );
    await ask(second, ["SUBSCRIBE", "a"], told("subscribe", "a", 1));
    await ask(
      first,
      ["GET", "a"],
      "-ERR Can't execute 'get': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET " +
        "are allowed in this context\r\n",
    );
    await ask(first, ["PING"], "*2\r\n$4\r\npong\r\n$0\r\n\r\n");
    await ask(publisher, ["PUBLISH", "a", "news"], ":2\r\n");
    const message = "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$4\r\nnews\r\n";
    for (const socket of [first, second]) {
      assert.equal(String(await receive(socket, message.length)), message);
    }
    await ask(second, ["UNSUBSCRIBE"], told("unsubscribe", "a", 0));
    await ask(publisher, ["PUBLISH", "a", "news"], ":1\r\n");
    first.destroy();
    // The server may still have to see that it is gone.
    for (let heard = "1"; heard !== "0";) {
      publisher.write(command("PUBLISH", "a", "news"));
      heard = String(await receive(publisher, 4))[1];
    }
    second.destroy();
    publisher.destroy();
  });
}
