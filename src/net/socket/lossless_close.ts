// SPDX-License-Identifier: MIT
/**
 * The close that loses nothing, and ends.
 *
 * A close(2) while bytes from the peer are unread or still to come makes the kernel send a reset,
 * and a reset may overtake, on either side, bytes that were accepted for sending. So the writing
 * side is shut down first, what the peer still sends is read and thrown away, and the descriptor is
 * closed when the peer has ended its side, or has acknowledged everything and falls silent. HTTP
 * servers know it as the lingering close (RFC 9112, section 9.6; nginx, lingering_close).
 *
 * All bounds count from the close, and nothing that the peer sends moves them. At a bound comes a
 * plain close(2): the kernel goes on delivering, and resets only a peer that still sends.
 */
import { platform } from "../../../platforms/platform.ts";
import { FD } from "../../fd/fd.ts";
import { addLingering, type Lingering, removeLingering } from "../../fd/lingering.ts";
import { now } from "../../sched/clock.ts";
import type { G, Routine, RunOwner } from "../../sched/goroutine.ts";
import { goBounded } from "../../sched/spawn.ts";
import { scheduler } from "../../sched/thread.ts";

/** Milliseconds from the close for a peer that has not acknowledged everything, where no option says. */
export const DEFAULT_LINGER_MS = 30_000;
/** The same for a peer that has everything, or of which the system cannot tell. */
export const ACKNOWLEDGED_MS = 5_000;
/** How long a peer that has everything may be silent before the descriptor is closed. */
export const SILENCE_MS = 500;
/** Bytes that are thrown away at once, before others have their turn. */
const MOST_DISCARDED = 1 << 20;
/** Waits between two looks at what is unacknowledged. */
const FIRST_LOOK_MS = 5;
const LONGEST_LOOK_MS = 100;

/** One per thread: what is read into it is thrown away. */
const scratch = new Uint8Array(new ArrayBuffer(64 * 1024));

/** How a descriptor is closed that is not closed at once. */
export interface LingerOptions {
  /** When it was closed, in milliseconds of the scheduler's clock; now by default. */
  readonly since?: number;
  /** Milliseconds from then that it may linger at most. */
  readonly timeout: number;
  /** Whether the kernel is to drop then what the peer has not acknowledged, as SO_LINGER asks. */
  readonly reset?: boolean;
  /** The address of the peer, without the port. */
  readonly address: string;
  /** What held the descriptor until now. */
  readonly holder?: unknown;
  /** Called once, when the number is free. */
  readonly freed?: () => void;
}

/** The same number as the connection's, with a registration of its own. */
class LingeringFD extends FD implements Lingering {
  acknowledged = false;
  /** Waits for the end, and closes the descriptor whenever it ends itself. */
  waiting: G<void> | null = null;
  readonly #options: LingerOptions;

  constructor(sysfd: number, options: LingerOptions) {
    super(sysfd);
    this.#options = options;
  }

  get address(): string {
    return this.#options.address;
  }

  get holder(): unknown {
    return this.#options.holder;
  }

  cut(): void {
    if (this.waiting !== null) scheduler.end(this.waiting as G);
  }

  /** Has the kernel drop what is unsent, and tell the peer by a reset, if that is asked for. */
  expire(): void {
    if (this.#options.reset) this.sockets.setLinger(this.sysfd, 0);
  }

  protected override fail(_op: string, cause: Error): Error {
    return cause;
  }

  protected override release(run: RunOwner | null): void {
    removeLingering(this);
    super.release(run);
    this.#options.freed?.();
  }
}

/**
 * Closes the socket `fd`, which the poller has forgotten, when nothing can be lost any more, and at
 * the latest when its time is up. Returns whether it lingers: false if it is closed already.
 */
export function lingerClose(fd: number, run: RunOwner | null, options: LingerOptions): boolean {
  const { sockets } = platform();
  const lingering = new LingeringFD(fd, options);
  if (sockets.shutdown(fd, "write") < 0 || ended(fd) || lingering.init() < 0) {
    sockets.close(fd);
    options.freed?.();
    return false;
  }
  // Not closed with its run: the run waits for it instead.
  lingering.disown();
  addLingering(lingering);
  const { since = now(), timeout } = options;
  lingering.waiting = goBounded(
    run,
    "lingering close",
    () => linger(lingering, since, timeout),
    () => lingering.closeQuietly(),
  );
  return true;
}

/**
 * Throws away what is unread in a Unix socket. What a write gave is with the peer already, which
 * reads it also after the close; but with input unread here it reads ECONNRESET, on "unixpacket"
 * even before it.
 */
export function discardUnread(fd: number): void {
  const { sockets, errno } = platform();
  // Nothing more can come after the shutdown, so the loop ends.
  sockets.shutdown(fd, "read");
  let n: number;
  do n = sockets.recv(fd, scratch, scratch.length); while (n > 0 || n === -errno.EINTR);
}

/** Throws away what has come. Returns whether the peer has ended its side, or the connection has failed. */
function ended(fd: number): boolean {
  const { sockets, errno } = platform();
  for (let discarded = 0; discarded < MOST_DISCARDED;) {
    const n = sockets.recv(fd, scratch, scratch.length);
    if (n <= 0) return n !== -errno.EAGAIN && n !== -errno.EINTR;
    discarded += n;
  }
  return false;
}

/** Waits for the end. What the caller does afterwards is close(2). */
function* linger(fd: LingeringFD, since: number, timeout: number): Routine<void> {
  const until = since + timeout;
  let look = FIRST_LOOK_MS;
  /** Since when the peer has had everything and has been silent. */
  let silentSince = since;
  let acknowledgedAt = Infinity;
  for (;;) {
    fd.setReadDeadline(Math.min(now() + look, until));
    const n = yield* readOrTimeout(fd);
    if (n === null) return;
    const time = now();
    if (time >= until) return fd.expire();
    const left = platform().sockets.unacknowledged(fd.sysfd);
    if (left <= 0) {
      if (acknowledgedAt === Infinity) acknowledgedAt = silentSince = time;
      if (n > 0) silentSince = time;
      // Negative where the system cannot tell: then the silence says nothing either.
      fd.acknowledged = left === 0;
      if (fd.acknowledged && time - silentSince > SILENCE_MS) return;
      if (time >= Math.max(since + ACKNOWLEDGED_MS, acknowledgedAt + SILENCE_MS)) return;
    }
    look = Math.min(look * 2, LONGEST_LOOK_MS);
  }
}

/** Returns how many bytes were thrown away; 0 after a time-out; null when the stream is at its end or broken. */
function* readOrTimeout(fd: LingeringFD): Routine<number | null> {
  try {
    return yield* fd.read(scratch);
  } catch (error) {
    return (error as { timeout?: boolean }).timeout ? 0 : null;
  }
}
