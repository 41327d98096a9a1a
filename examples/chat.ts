// SPDX-License-Identifier: MIT
/**
 * A chat under TLS: each line goes to all other members. Runs in an empty folder:
 *
 *   npm install @netpoll/netpoll
 *   openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=localhost \
 *     -addext subjectAltName=DNS:localhost -keyout key.pem -out cert.pem
 *   bun chat.ts                                              # or: deno run -A chat.ts
 *   openssl s_client -quiet -connect localhost:7014
 *
 * The first line is the member's name. /who lists the members, /quit leaves. From the environment:
 * LISTEN (127.0.0.1:7014), CERT (cert.pem), KEY (key.pem). SIGINT or SIGTERM ends it in order.
 */
import {
  BufferedReader,
  BufferedWriter,
  type Chan,
  chan,
  type Conn,
  type Context,
  notify,
  type Routine,
  run,
  scope,
  select,
  serve,
  type ServeContext,
  tlsListen,
} from "@netpoll/netpoll";
import { readFileSync } from "node:fs";
import process from "node:process";

const { LISTEN = "127.0.0.1:7014", CERT = "cert.pem", KEY = "key.pem" } = process.env;

/** Lines that wait for a slow member; it misses further ones. */
const INBOX = 64;
const MAX_LINE = 1024;
const NAME_MS = 60_000;
const IDLE_MS = 60 * 60_000;

const members = new Map<string, Chan<string>>();

/** Sends a line to all members but one. A member whose inbox is full misses it, and delays no one. */
function tell(line: string, except: string): void {
  for (const [name, inbox] of members) if (name !== except) inbox.trySend(line);
}

/** Asks for a name until there is a good one; null if the client leaves. */
function* askName(reader: BufferedReader, conn: Conn): Routine<string | null> {
  yield* conn.write("Your name?\n");
  for (;;) {
    const line = yield* reader.line({ timeout: NAME_MS });
    if (line === null) return null;
    const name = line.trim();
    if (!/^[\p{L}\p{N}_-]{1,20}$/u.test(name)) {
      yield* conn.write("A name has 1 to 20 letters and digits. Your name?\n");
    } else if (members.has(name)) {
      yield* conn.write(`There is a ${name}. Your name?\n`);
    } else return name;
  }
}

function* talk(conn: Conn, { draining }: ServeContext): Routine<void> {
  const reader = new BufferedReader(conn, { maxLine: MAX_LINE });
  const name = yield* askName(reader, conn);
  if (name === null) return;
  const inbox = chan<string>(INBOX);
  members.set(name, inbox);
  try {
    tell(`* ${name} has come`, name);
    inbox.trySend(`* welcome, ${name}; with you are ${members.size - 1}`);
    yield* scope(function* (s) {
      s.go(deliver, conn, inbox, draining);
      yield* listenTo(reader, name, inbox);
      inbox.close();
    });
  } finally {
    members.delete(name);
    tell(`* ${name} has left`, name);
  }
}

/** Passes on what a member says. */
function* listenTo(reader: BufferedReader, name: string, inbox: Chan<string>): Routine<void> {
  for (let line; (line = yield* reader.line()) !== null;) {
    // A control character would move the cursor of another member's terminal, or forge a line.
    line = line.replace(/\p{Cc}/gu, " ");
    if (line === "/quit") return;
    if (line === "/who") inbox.trySend(`* ${[...members.keys()].sort().join(", ")}`);
    else if (line !== "") tell(`<${name}> ${line}`, name);
  }
}

/** Writes the lines of an inbox; at the shutdown a last one, and then the member's reads end. */
function* deliver(conn: Conn, inbox: Chan<string>, draining: Context): Routine<void> {
  // Lines that come together go out in one record.
  const out = new BufferedWriter(conn);
  for (;;) {
    const got = yield* select(inbox.onRecv(), draining.done.onRecv());
    if (got.index === 0 && !got.ok) break;
    yield* out.write(got.index === 0 ? `${got.value}\n` : "* the chat is over\n");
    if (got.index === 1) break;
  }
  yield* out.flush();
  conn.closeRead();
}

function read(name: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    console.error(
      `chat: ${name} must be a file; the head of chat.ts has the command that makes it`,
    );
    throw error;
  }
}

await run(function* main() {
  const options = { cert: read("CERT", CERT), key: read("KEY", KEY) };
  using listener = yield* tlsListen("tcp", LISTEN, options);
  console.log(`listening on ${listener.addr}`);
  yield* serve(listener, talk, {
    context: notify("SIGINT", "SIGTERM").context,
    idleTimeout: IDLE_MS,
    grace: 2_000,
    onError: (error, { remoteAddr }) => console.error(`chat: ${remoteAddr}: ${error}`),
  });
});
