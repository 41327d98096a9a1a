// SPDX-License-Identifier: MIT
/**
 * Messages with descriptors. Go: net/unixsock_posix.go, readMsg and writeMsg; unix(7), SCM_RIGHTS.
 */
import { scheduler } from "../../sched/thread.ts";
import { shown, wrongArgument } from "../../validate/argument.ts";
import { addRead } from "../../fd/byte_counts.ts";
import { countRead, countWritten } from "../../fd/counters.ts";
import { platform } from "../../../platforms/platform.ts";
import type { RawAddress } from "../../../platforms/contract/platform.ts";
import { holding, whenWritable } from "../../fd/retry.ts";
import { receiving, sending } from "../../fd/datagram.ts";
import { checkBytes, lengthNow, lengthOf, takenAway, viewOf } from "../../fd/check_bytes.ts";
import { WRITE_LOCK } from "../../fd/fd_mutex.ts";
import { markShared, noteShared } from "../../fd/shared_numbers.ts";
import type { Routine } from "../../sched/goroutine.ts";
import { MOST_FDS, scratchMessage } from "../socket/scratch_messages.ts";
import type { UnixMessage } from "./unix.ts";
import { UNIX_NAMERS, UnixAddr, type UnixNetwork } from "../addr/unix_addr.ts";
import type { UnixFD } from "./unix_fd.ts";

/**
 * Maximum number of bytes read with one message from a stream; a packet may be as long as its
 * buffer.
 */
const MOST_OF_STREAM = 64 * 1024;
const MOST_OF_PACKET = 16 << 20;

/**
 * Returns the number of bytes of `p` for one call; its memory may have been detached while the call
 * waited.
 */
function most(op: "read" | "write", fd: UnixFD, p: Uint8Array): number {
  return Math.min(lengthNow(op, p), fd.net === "unix" ? MOST_OF_STREAM : MOST_OF_PACKET);
}

/** See {@linkcode UnixMessages.readMsgUnix}. */
export function* readMsg(fd: UnixFD, p: Uint8Array): Routine<UnixMessage | null> {
  checkBytes("read", p);
  let length = 0;
  const receive = () => {
    length = most("read", fd, p);
    return scratchMessage(length).receive(fd.sysfd, 1, length);
  };
  yield* receiving(fd, "recvmsg", receive, undefined, undefined);
  const messages = scratchMessage(length);
  const n = countRead(messages.lengths[0]);
  addRead(fd, n);
  let { fds } = messages.control(0);
  // An empty packet cannot be distinguished from the end of the stream, as in Go.
  if (n === 0 && fds.length === 0 && length > 0 && fd.net !== "unixgram") return null;
  p.set(messages.data.subarray(0, n));
  const controlTruncated = messages.controlTruncated(0);
  if (controlTruncated) {
    for (const each of fds) platform().descriptors.close(each);
    fds = [];
  }
  // The sender has them too.
  fds.forEach(noteShared);
  const network = fd.net as UnixNetwork;
  const { words, at, length: named } = messages.name(0);
  const addr = fd.remoteAddr ?? (named === 0 ? new UnixAddr("@", network) : UNIX_NAMERS[network](
    new Uint8Array(words.buffer as ArrayBuffer, words.byteOffset + at * 4, named).slice(),
  ));
  return { n, fds, addr, truncated: messages.truncated(0), controlTruncated };
}

/** Checks the descriptors to send with `p`. */
export function checkFds(fd: UnixFD, p: Uint8Array, fds: readonly number[]): void {
  const length = checkBytes("write", p);
  if (!Array.isArray(fds)) throw wrongArgument("pass descriptors", "fds", "an array", fds);
  if (fds.length > MOST_FDS) {
    throw new RangeError(
      `Cannot pass descriptors as fds must have at most ${MOST_FDS} of them: current value is ${fds.length}`,
    );
  }
  if (fds.length > 0 && length === 0 && fd.net === "unix") {
    throw new RangeError(
      "Cannot pass descriptors as p must have at least one byte on a stream: current value is 0 bytes",
    );
  }
  for (const each of fds) {
    if (Number.isInteger(each) && each >= 0 && each < 2 ** 31) continue;
    throw new RangeError(
      `Cannot pass descriptors as each of fds must be a non-negative integer: current value is ${
        shown(each)
      }`,
    );
  }
}

/** Progress of a write, for the error of a failed or canceled one. */
export interface BytesWritten {
  bytesWritten: number;
}

/**
 * Writes `p` to a connection, with `fds` attached to its first bytes; keeps `progress` up to date
 * at every moment.
 */
export function* writeMsg(
  fd: UnixFD,
  p: Uint8Array,
  fds: readonly number[],
  progress: BytesWritten,
): Routine<number> {
  const length = lengthOf(p);
  const first = () => sendOne(fd, viewOf(p, 0, most("write", fd, p)), fds, null);
  const rest = () =>
    fd.sockets.send(
      fd.sysfd,
      viewOf(p, progress.bytesWritten, length),
      length - progress.bytesWritten,
    );
  const attempt = () => {
    if (lengthOf(p) < length) throw takenAway("write");
    return progress.bytesWritten === 0 ? first() : rest();
  };
  try {
    return yield* holding(fd, WRITE_LOCK, "write", function* () {
      do {
        const n = yield* whenWritable(fd, "write", attempt);
        if (n < 0) throw fd.failedCall("write", -n, "sendmsg");
        fd.wroteAt = scheduler.tick;
        progress.bytesWritten += n;
      } while (progress.bytesWritten < length);
      return progress.bytesWritten;
    });
  } catch (error) {
    throw error instanceof Error ? Object.assign(error, progress) : error;
  }
}

/** Sends `p` as one datagram, with `fds`. */
export function* sendMsg(
  fd: UnixFD,
  p: Uint8Array,
  fds: readonly number[],
  address: RawAddress | null,
): Routine<number> {
  const send = () => countWritten(sendOne(fd, p, fds, address));
  return yield* sending(fd, "sendmsg", send, undefined, undefined, address !== null);
}

/** Returns the number of bytes sent, or minus an errno. */
function sendOne(
  fd: UnixFD,
  p: Uint8Array,
  fds: readonly number[],
  address: RawAddress | null,
): number {
  const length = lengthNow("write", p);
  const messages = scratchMessage(length);
  messages.data.set(p);
  messages.lengths[0] = length;
  messages.setName(0, address);
  messages.setControl(0, fds.length > 0 ? { fds } : null);
  const done = messages.send(fd.sysfd, 0, 1, address !== null);
  if (done >= 0) fds.forEach(markShared);
  return done < 0 ? done : messages.sent(0);
}
