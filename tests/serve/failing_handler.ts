// SPDX-License-Identifier: MIT
/** A handler for same_options_test.ts: the first byte says what it does. */
import { type Conn, type Routine, sleep } from "../../mod.ts";

export function* handle(conn: Conn): Routine<void> {
  const buf = new Uint8Array(1);
  yield* conn.read(buf);
  if (buf[0] === 1) throw new Error("asked to");
  yield* conn.write(buf);
  yield* sleep(60_000);
}
