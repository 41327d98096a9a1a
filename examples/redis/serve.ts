// SPDX-License-Identifier: MIT
/** The Redis protocol on a connection, by a goroutine. */
import { type Conn, go, ObjectPool, OpError, type Routine } from "../../mod.ts";
import { Replies } from "./protocol.ts";
import { Session } from "./session.ts";
import type { Store } from "./store.ts";
import { Unread } from "./unread.ts";

/** Bytes that may wait for a subscriber; one for whom more waits is cut off, as Redis does. */
const MOST_WAITING = 32 << 20;

/** Replies whose memory is not used again. */
const LARGE = 1 << 20;

/** Replies are held for as long as a write lasts: a connection that is idle has none. */
const buffers = new ObjectPool({ new: () => new Replies() });

/** Serves a connection to its end. */
export function* serveRedis(conn: Conn, store: Store): Routine<void> {
  const session = new Session(store, pusher(conn));
  const unread = new Unread();
  using chunks = conn.chunks();
  try {
    for (let chunk; !session.quit && (chunk = yield* chunks.next()) !== null;) {
      let input = unread.with(chunk);
      const replies = buffers.get()!;
      do {
        replies.clear();
        input = input.subarray(session.execute(input, replies));
        // One write for all that came together, as far as that is not too much.
        if (replies.length > 0) yield* conn.write(replies.bytes);
      } while (session.full);
      unread.keep(input);
      // Memory of large replies is not kept.
      if (replies.length < LARGE) buffers.put(replies);
    }
  } finally {
    session.close();
  }
}

/** Writes what is published to a client, who may be slow, while the publisher goes on. */
function pusher(conn: Conn): (message: Uint8Array) => void {
  let waiting: Uint8Array[] = [];
  let bytes = 0;
  let writing = false;
  function* write(): Routine<void> {
    try {
      while (waiting.length > 0) {
        const batch = waiting;
        waiting = [];
        yield* conn.writev(batch);
        bytes -= batch.reduce((sum, { length }) => sum + length, 0);
      }
    } catch (error) {
      if (!(error instanceof OpError)) throw error; // It is gone.
    }
    writing = false;
  }
  return (message) => {
    bytes += message.length;
    waiting.push(message);
    if (bytes > MOST_WAITING && conn.fd !== -1) conn.abort();
    if (writing) return;
    writing = true;
    go(write);
  };
}
