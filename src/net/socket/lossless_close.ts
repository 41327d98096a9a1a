// SPDX-License-Identifier: MIT
/**
 * Lossless close with bounded duration.
 *
 * close(2) with unread or still arriving input makes the kernel send a reset, which may discard, on
 * either side, bytes that were accepted for sending. So the writing side is shut down first,
 * further input is read and discarded, and the descriptor is closed when the peer has ended its
 * side, or has acknowledged everything and is silent. HTTP servers call this a lingering close (RFC
 * 9112, section 9.6; nginx, lingering_close).
 *
 * All bounds count from the close, and nothing that the peer sends extends them. At a bound comes a
 * plain close(2): the kernel keeps delivering, and resets only a peer that still sends.
 */
import { platform } from "../../../platforms/platform.ts";
import { FD } from "../../fd/fd.ts";
import { addLingering, type Lingering, removeLingering } from "../../fd/lingering.ts";
import { now } from "../../sched/clock.ts";
import type { G, Routine, RunOwner } from "../../sched/goroutine.ts";
import { goBounded } from "../../sched/spawn.ts";
import { scheduler } from "../../sched/thread.ts";

/**
 * Default limit, in milliseconds from the close, for a peer that has not acknowledged everything.
 */
export const DEFAULT_LINGER_MS = 30_000;
/** The same for a peer that has acknowledged everything, or where the system cannot tell. */
export const ACKNOWLEDGED_MS = 5_000;
/** Silence, in milliseconds, after which the descriptor of a peer that has everything is closed. */
export const SILENCE_MS = 500;
/** Maximum number of bytes discarded per turn, for fairness. */
const MOST_DISCARDED = 1 << 20;
/** Initial interval between checks of unacknowledged bytes. */
const FIRST_LOOK_MS = 5;
const LONGEST_LOOK_MS = 100;

/** Shared by the thread: discarded input is read into it. */
const scratch = new Uint8Array(new ArrayBuffer(64 * 1024));

/** Options of a lingering close. */
export interface LingerOptions {
  /** Time of the close, in milliseconds of the scheduler's clock; now by default. */
  readonly since?: number;
  /** Maximum time from then, in milliseconds. */
  readonly timeout: number;
  /** Whether to reset the connection at the limit, as SO_LINGER asks. */
  readonly reset?: boolean;
  /** Returns the address of the peer, without the port. Called only if the connection lingers. */
  readonly address: () => string;
  /** Previous holder of the descriptor. */
  readonly holder?: unknown;
  /** Called once, when the descriptor is closed. */
  readonly freed?: () => void;
}

/** The connection's descriptor with a new registration. */
class LingeringFD extends FD implements Lingering {
  acknowledged = false;
  /** Waits for the peer's end, and closes the descriptor when it ends. */
  waiting: G<void> | null = null;
  readonly address: string;
  readonly #options: LingerOptions;

  constructor(sysfd: number, options: LingerOptions) {
    super(sysfd);
    this.address = options.address();
    this.#options = options;
  }

  get holder(): unknown {
    return this.#options.holder;
  }

  cut(): void {
    if (this.waiting !== null) scheduler.end(this.waiting as G);
  }

  /** Closes it at the limit: with a reset, which drops unsent data, if that is requested. */
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
 * Closes the unregistered socket `fd` when no data can be lost any more, and at the latest at its
 * time limit. Returns whether it lingers: false if it is already closed.
 */
export function lingerClose(fd: number, run: RunOwner | null, options: LingerOptions): boolean {
  const { sockets } = platform();
  // Mostly the peer has ended its side already, and nothing is needed but the calls.
  const over = sockets.shutdown(fd, "write") < 0 || ended(fd);
  const lingering = over ? null : new LingeringFD(fd, options);
  if (lingering === null || lingering.init() < 0) {
    sockets.close(fd);
    options.freed?.();
    return false;
  }
  // Not closed together with its run: the run waits for it instead.
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
 * Discards the unread input of a Unix socket. The peer already has what was written, and can read
 * it after the close; but with unread input here it would read ECONNRESET, on "unixpacket" even
 * before that data.
 */
export function discardUnread(fd: number): void {
  const { sockets, errno } = platform();
  // Nothing can arrive after the shutdown, so the loop ends.
  sockets.shutdown(fd, "read");
  let n: number;
  do n = sockets.recv(fd, scratch, scratch.length); while (n > 0 || n === -errno.EINTR);
}

/**
 * Discards available input. Returns whether the peer has ended its side, or the connection has
 * failed.
 */
function ended(fd: number): boolean {
  const { sockets, errno } = platform();
  for (let discarded = 0; discarded < MOST_DISCARDED;) {
    const n = sockets.recv(fd, scratch, scratch.length);
    if (n <= 0) return n !== -errno.EAGAIN && n !== -errno.EINTR;
    discarded += n;
  }
  return false;
}

/** Waits for the peer's end; the caller then calls close(2). */
function* linger(fd: LingeringFD, since: number, timeout: number): Routine<void> {
  const until = since + timeout;
  let look = FIRST_LOOK_MS;
  /** Time since which the peer has had everything and has been silent. */
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
      // Negative if the system cannot tell: then silence is not conclusive either.
      fd.acknowledged = left === 0;
      if (fd.acknowledged && time - silentSince > SILENCE_MS) return;
      if (time >= Math.max(since + ACKNOWLEDGED_MS, acknowledgedAt + SILENCE_MS)) return;
    }
    look = Math.min(look * 2, LONGEST_LOOK_MS);
  }
}

/**
 * Returns the number of bytes discarded; 0 after a timeout; null at the end of the stream or after
 * a failure.
 */
function* readOrTimeout(fd: LingeringFD): Routine<number | null> {
  try {
    return yield* fd.read(scratch);
  } catch (error) {
    return (error as { timeout?: boolean }).timeout ? 0 : null;
  }
}
