// SPDX-License-Identifier: MIT
/**
 * The close that loses nothing.
 *
 * A close(2) while bytes from the peer are unread or still to come makes the kernel send a reset,
 * and a reset may overtake, on either side, bytes that were accepted for sending. So the writing
 * side is shut down first, what the peer still sends is read and thrown away, and the descriptor is
 * closed when the peer has ended its side, or has acknowledged everything and stays silent.
 * HTTP servers know it as the lingering close (RFC 9112, section 9.6).
 */
import { platform } from "../../../platforms/platform.ts";
import { FD } from "../../fd/fd.ts";
import type { Routine, RunOwner } from "../../sched/goroutine.ts";
import { goDaemon } from "../../sched/spawn.ts";
import { now } from "../../sched/clock.ts";

/** How long a peer may be silent after it has everything, before the descriptor is closed. */
const SILENCE_MS = 500;
/** How long a peer may make no progress at all before it is given up. */
const STALLED_MS = 5_000;
/** Bytes that are thrown away of a peer that sends on and on after it has everything. */
const MOST_DISCARDED = 1 << 20;
/** Waits between two looks at what is unacknowledged. */
const FIRST_LOOK_MS = 5;
const LONGEST_LOOK_MS = 100;

/** One per thread: what is read into it is thrown away. */
const scratch = new Uint8Array(new ArrayBuffer(64 * 1024));

/** The same number as the connection's, with a registration of its own. */
class LingeringFD extends FD {
  readonly #freed: () => void;

  constructor(sysfd: number, freed: () => void) {
    super(sysfd);
    this.#freed = freed;
  }

  /** Has the kernel drop what is unsent, and tell the peer by a reset. */
  reset(): void {
    this.sockets.setLinger(this.sysfd, 0);
  }

  protected override fail(_op: string, cause: Error): Error {
    return cause;
  }

  protected override release(run: RunOwner | null): void {
    super.release(run);
    this.#freed();
  }
}

/**
 * Closes the socket `fd`, which the poller has forgotten, when nothing can be lost any more; after
 * `limit` milliseconds what the peer has not acknowledged is dropped. `freed` is called once, when
 * the number is free.
 */
export function lingerClose(
  fd: number,
  run: RunOwner | null,
  limit: number,
  freed: () => void = () => {},
): void {
  const { sockets } = platform();
  const lingering = new LingeringFD(fd, freed);
  if (sockets.shutdown(fd, "write") < 0 || ended(fd) || lingering.init() < 0) {
    sockets.close(fd);
    freed();
    return;
  }
  // Not closed with its run: the run waits for it instead.
  lingering.disown();
  goDaemon(run, "lingering close", () => linger(lingering, now() + limit));
}

/** Throws away what has come. Whether the peer has ended its side, or the connection has failed. */
function ended(fd: number): boolean {
  const { sockets, errno } = platform();
  for (let discarded = 0; discarded < MOST_DISCARDED;) {
    const n = sockets.recv(fd, scratch, scratch.length);
    if (n <= 0) return n !== -errno.EAGAIN && n !== -errno.EINTR;
    discarded += n;
  }
  return false;
}

function* linger(fd: LingeringFD, end: number): Routine<void> {
  try {
    let look = FIRST_LOOK_MS;
    let unacknowledged = Infinity;
    let progress = now();
    let discarded = 0;
    for (;;) {
      fd.setReadDeadline(Math.min(now() + look, end));
      const n = yield* readOrTimeout(fd);
      if (n === null) return;
      discarded += n;
      const left = platform().sockets.unacknowledged(fd.sysfd);
      if (now() >= end) return fd.reset();
      if (n > 0 || left < unacknowledged) progress = now();
      unacknowledged = left;
      const patience = left > 0 ? STALLED_MS : SILENCE_MS;
      if (now() - progress > patience) return;
      if (left <= 0 && discarded > MOST_DISCARDED) return;
      look = Math.min(look * 2, LONGEST_LOOK_MS);
    }
  } finally {
    fd.closeQuietly();
  }
}

/** Bytes thrown away; 0 after a time-out; null when the stream is at its end or broken. */
function* readOrTimeout(fd: LingeringFD): Routine<number | null> {
  try {
    return yield* fd.read(scratch);
  } catch (error) {
    return (error as { timeout?: boolean }).timeout ? 0 : null;
  }
}
