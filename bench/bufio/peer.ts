// SPDX-License-Identifier: MIT
// The peer process: on "s", a line length and a number of lines, it sends that many; on "d" it
// reads to the end and replies with the number of bytes.
import { type Conn, go, listen, type Routine, runSync } from "../../mod.ts";

const PIECE = 256 * 1024;
const HEAD = 32;

function* send(conn: Conn, length: number, count: number): Routine<void> {
  const line = "x".repeat(length) + "\n";
  const lines = Math.max(1, Math.floor(PIECE / line.length));
  const piece = new TextEncoder().encode(line.repeat(lines));
  for (let left = count; left > 0; left -= lines) {
    yield* conn.write(piece.subarray(0, Math.min(left, lines) * line.length));
  }
}

function* serve(conn: Conn): Routine<void> {
  using _ = conn;
  const head = new Uint8Array(HEAD);
  if ((yield* conn.readFull(head)) === null) return;
  const [word, length, count] = new TextDecoder().decode(head).split(" ");
  if (word === "s") return yield* send(conn, Number(length), Number(count));
  const piece = new Uint8Array(PIECE);
  let got = 0;
  for (let n; (n = yield* conn.read(piece)) !== null;) got += n;
  yield* conn.write(new TextEncoder().encode(String(got)));
}

runSync(function* () {
  using listener = yield* listen("tcp4", "127.0.0.1:0");
  console.log(`listening on ${listener.addr}`);
  for (;;) go(serve, yield* listener.accept());
});
