// SPDX-License-Identifier: MIT
/** Commands of the Redis example in one session, without a connection. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Replies } from "../../examples/redis/protocol.ts";
import { Session } from "../../examples/redis/session.ts";
import { Store } from "../../examples/redis/store.ts";

/** A session: commands, by their words, to the text of their replies. */
function session(): (...commands: string[]) => string {
  const session = new Session(new Store(), () => {});
  return (...commands) => {
    const framed = commands.map((command) => {
      const words = command.split(" ");
      return `*${words.length}\r\n${
        words.map((word) => `$${word.length}\r\n${word}\r\n`).join("")
      }`;
    });
    const input = Uint8Array.from(framed.join(""), (letter) => letter.charCodeAt(0));
    const replies = new Replies();
    assert.equal(session.execute(input, replies), input.length);
    return String.fromCharCode(...replies.bytes);
  };
}

test("a value that replaces one of the same length changes no other", () => {
  const say = session();
  assert.equal(say("SET a xx", "SET b xx", "MSET c xx d xx"), "+OK\r\n+OK\r\n+OK\r\n");
  assert.equal(say("SET a yy", "GET a", "GET b"), "+OK\r\n$2\r\nyy\r\n$2\r\nxx\r\n");
  assert.equal(say("SET c zzz", "GET c", "GET d"), "+OK\r\n$3\r\nzzz\r\n$2\r\nxx\r\n");
  const long = "v".repeat(100);
  assert.equal(say(`SET a ${long}`, `SET a ${"w".repeat(100)}`), "+OK\r\n+OK\r\n");
  assert.equal(say("GET a"), `$100\r\n${"w".repeat(100)}\r\n`);
});

test("a value that replaces another stays, whatever its length and whatever was there", () => {
  const say = session();
  assert.equal(say("SET a xx EX 100", "TTL a"), "+OK\r\n:100\r\n");
  assert.equal(say("SET a yy", "TTL a"), "+OK\r\n:-1\r\n");
  assert.equal(say("LPUSH l xx", "SET l yy", "GET l"), ":1\r\n+OK\r\n$2\r\nyy\r\n");
  assert.equal(say("SET n 7", "INCR n", "SET n 9", "GET n"), "+OK\r\n:8\r\n+OK\r\n$1\r\n9\r\n");
});

test("keys are told apart, many, long and of any bytes", () => {
  const say = session();
  const keys = Array.from({ length: 5000 }, (_, i) => `key:${i}`);
  keys.push("k".repeat(40), `${"k".repeat(39)}l`, "\x00\xff", "\x00\xfe", "k".repeat(32));
  say(...keys.map((key, i) => `SET ${key} ${i}`));
  for (const [i, key] of keys.entries()) {
    assert.equal(say(`GET ${key}`), `$${String(i).length}\r\n${i}\r\n`);
  }
  assert.equal(say("DBSIZE"), `:${keys.length}\r\n`);
});

test("commands are found in any case, whichever came before", () => {
  const say = session();
  assert.equal(say("set a 1", "GeT a", "SET a 2", "get a"), "+OK\r\n$1\r\n1\r\n+OK\r\n$1\r\n2\r\n");
  assert.match(say("GETS a"), /^-ERR unknown command 'GETS'/);
  assert.equal(say("PING"), "+PONG\r\n");
});
