// SPDX-License-Identifier: MIT
/** Commands of the Redis example in one session, without a connection. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesOf, LONGEST_COMMAND, Replies } from "../../examples/redis/protocol.ts";
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

test("keys are distinguished, many, long and of any bytes", () => {
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

/** What a session answers to these bytes, and whether it ends there. */
function answer(said: string, store = new Store()): { reply: string; quit: boolean } {
  const session = new Session(store, () => {});
  const replies = new Replies();
  session.execute(bytesOf(said), replies);
  return { reply: String.fromCharCode(...replies.bytes), quit: session.quit };
}

function protocolError(what: string): { reply: string; quit: boolean } {
  return { reply: `-ERR Protocol error: ${what}\r\n`, quit: true };
}

test("replies are bounded: the rest of the commands is done when they are sent", () => {
  const session = new Session(new Store(), () => {});
  const replies = new Replies();
  const value = "v".repeat(100_000);
  session.execute(bytesOf(`*3\r\n$3\r\nSET\r\n$1\r\na\r\n$100000\r\n${value}\r\n`), replies);
  let input = bytesOf("*2\r\n$3\r\nGET\r\n$1\r\na\r\n".repeat(1000));
  let sent = 0;
  let most = 0;
  do {
    replies.clear();
    input = input.subarray(session.execute(input, replies));
    sent += replies.length;
    most = Math.max(most, replies.length);
  } while (session.full);
  assert.equal(input.length, 0);
  assert.equal(sent, 1000 * "$100000\r\n\r\n".length + 1000 * 100_000);
  assert.ok(most < 1.5 * (1 << 20), `${most} bytes`);
});

test("a frame that is not well-formed ends the session, and other clients get none of it", () => {
  const store = new Store();
  const get = "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n";
  const set = "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n";
  const wrong: [said: string, what: string][] = [
    [`${set}$9\rX012345678\r\n`, "expected CRLF"],
    [`${set}$9\r\nabcdefghi!!`, "expected CRLF"],
    [`${set}$9\r\nabcdefghi\r!`, "expected CRLF"],
    [`${set}$9\r\nabcdefghi!\n`, "expected CRLF"],
    [`${set}$-0\r\n\r\n`, "invalid bulk length"],
    [`${set}$-1\r\n`, "invalid bulk length"],
    [`${set}$-\r\n\r\n`, "invalid bulk length"],
    [`${set}$01\r\nx\r\n`, "invalid bulk length"],
    [`${set}$00\r\n\r\n`, "invalid bulk length"],
    [`${set}$\r\n\r\n`, "invalid bulk length"],
    [`*3\rX${set.slice(4)}$1\r\nx\r\n`, "expected CRLF"],
    [`*03${set.slice(2)}$1\r\nx\r\n`, "invalid multibulk length"],
    [`*-0\r\n`, "invalid multibulk length"],
  ];
  for (const [said, what] of wrong) {
    assert.deepEqual(answer(said, store), protocolError(what), JSON.stringify(said));
    assert.deepEqual(answer(get, store), { reply: "$-1\r\n", quit: false }, JSON.stringify(said));
  }
  // Of an argument that is never stored, too.
  assert.deepEqual(answer("*1\r\n$4\r\nPING!!"), protocolError("expected CRLF"));
  assert.deepEqual(answer(`${set}$0\r\n\r\n${get}`), {
    reply: "+OK\r\n$0\r\n\r\n",
    quit: false,
  });
  assert.deepEqual(answer("*-1\r\n*0\r\nPING\r\n"), { reply: "+PONG\r\n", quit: false });
});

test("a frame that comes byte by byte is refused as soon as it is wrong", () => {
  const said = "*1\r\n$4\r\nPING";
  for (let length = 1; length <= said.length; length++) {
    assert.deepEqual(answer(said.slice(0, length)), { reply: "", quit: false });
  }
  assert.deepEqual(answer("*1\r"), { reply: "", quit: false });
  assert.deepEqual(answer("*1\rX"), protocolError("expected CRLF"));
  assert.deepEqual(answer("*1\r\n$-"), { reply: "", quit: false });
  assert.deepEqual(answer("*1\r\n$-5\r"), protocolError("invalid bulk length"));
});

test("a command of many arguments that does not end is refused beyond the limit", () => {
  const piece = LONGEST_COMMAND / 4;
  const head = bytesOf(`$${piece}\r\n`);
  const start = bytesOf("*1000\r\n");
  const input = new Uint8Array(start.length + 4 * (head.length + piece + 2));
  input.set(start);
  let at = start.length;
  for (let i = 0; i < 4; i++) {
    input.set(head, at);
    input.set(bytesOf("\r\n"), at + head.length + piece);
    at += head.length + piece + 2;
  }
  const session = new Session(new Store(), () => {});
  const replies = new Replies();
  assert.equal(session.execute(input.subarray(0, LONGEST_COMMAND), replies), 0);
  assert.deepEqual([replies.length, session.quit], [0, false]);
  session.execute(input, replies);
  assert.equal(session.quit, true);
  assert.equal(
    new TextDecoder().decode(replies.bytes),
    protocolError("too big a command").reply,
  );
});
