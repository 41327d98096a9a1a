// SPDX-License-Identifier: MIT
// The peer process: on "s" and a length of 15 digits it sends that many bytes; on "d" it reads to
// the end and replies with the count.
import { type Conn, go, listen, type Routine, runSync } from "../../mod.ts";

const PIECE = 256 * 1024;
const HEAD = 16;

function* serve(conn: Conn): Routine<void> {
  using _ = conn;
  const head = new Uint8Array(HEAD);
  if ((yield* conn.readFull(head)) === null) return;
  const word = new TextDecoder().decode(head);
  const piece = new Uint8Array(PIECE);
  if (word.startsWith("s")) {
    for (let left = Number(word.slice(1)); left > 0; left -= PIECE) {
      yield* conn.write(piece.subarray(0, left));
    }
  } else {
    let got = 0;
    for (let n; (n = yield* conn.read(piece)) !== null;) got += n;
    yield* conn.write(new TextEncoder().encode(String(got)));
  }
}

runSync(function* () {
  using listener = yield* listen("tcp4", "127.0.0.1:0");
  console.log(`listening on ${listener.addr}`);
  for (;;) go(serve, yield* listener.accept());
});
