// SPDX-License-Identifier: MIT
/** Errors of descriptors. Their texts are Go's, and callers match on them: they are frozen. */
import { POLL_CLOSING, POLL_NOT_POLLABLE, POLL_TIMEOUT } from "../netpoll/poll_state.ts";
import { asDenoClass, isInstance } from "./deno_errors.ts";
import { platform } from "../../platforms/platform.ts";

/** The descriptor was closed, before the call or under it. Go: `net.ErrClosed`. */
export class ClosedError extends Error {
  /** "ClosedError". */
  override readonly name: string = "ClosedError";
  /** As Node names it. */
  readonly code = "ERR_SOCKET_CLOSED";
  /** Not a time-out. */
  readonly timeout = false;
  /** Trying again does not help. */
  readonly temporary = false;
  /** @internal */
  constructor(message = "use of closed network connection") {
    super(message);
  }
}

/** A `pipe()` was closed, at this end or at the other. Go: `io.ErrClosedPipe`. */
export class ClosedPipeError extends ClosedError {
  /** "ClosedPipeError". */
  override readonly name = "ClosedPipeError";
  /** How many bytes a write had handed over; absent from other calls. */
  bytesWritten?: number;

  /** @internal */
  constructor() {
    super("io: read/write on closed pipe");
  }
}

/** A deadline has passed. Go: `os.ErrDeadlineExceeded`. */
export class DeadlineExceededError extends Error {
  /** "DeadlineExceededError". */
  override readonly name = "DeadlineExceededError";
  /** As Node names it. */
  readonly code = "ETIMEDOUT";
  /** A time-out. */
  readonly timeout = true;
  /** With a later deadline the call may be tried again. */
  readonly temporary = true;
  /** @internal */
  constructor() {
    super("i/o timeout");
  }
}

/**
 * The stream ended within a message. Go: `io.ErrUnexpectedEOF`. It is an instance of Deno's
 * `UnexpectedEof` as well, see {@linkcode errors}.
 */
export class UnexpectedEOFError extends Error {
  /** "UnexpectedEOFError". */
  override readonly name = "UnexpectedEOFError";
  /** How many bytes came before the end. */
  readonly bytesRead: number;
  /** @internal */
  constructor(bytesRead: number) {
    super("unexpected EOF");
    this.bytesRead = bytesRead;
    asDenoClass(this, UnexpectedEOFError, "UnexpectedEof");
  }

  /** Whether `value` is an UnexpectedEOFError, whatever class of Deno's it is of as well. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isInstance(this, value);
  }
}

/** The poller cannot wait for this descriptor. Go: `poll.ErrNotPollable`. */
export class NotPollableError extends Error {
  /** "NotPollableError". */
  override readonly name = "NotPollableError";
  /** @internal */
  constructor() {
    super("not pollable");
  }
}

/** Errors that pass when the call is tried again. Go: syscall.Errno.Temporary. */
const TEMPORARY = new Set(["EINTR", "EMFILE", "ENFILE"]);

/** A system call failed. Go: `os.SyscallError` around a `syscall.Errno`. */
export class SyscallError extends Error {
  /** "SyscallError". */
  override readonly name = "SyscallError";
  /** The call: "connect". */
  readonly syscall: string;
  /** The error's number on this system. */
  readonly errno: number;
  /** The error's name: "ECONNREFUSED". */
  readonly code: string;
  /** Whether the system gave up waiting. */
  readonly timeout: boolean;
  /** Whether the call may be tried again. */
  readonly temporary: boolean;

  /** @internal */
  constructor(syscall: string, errno: number, detail = "") {
    const { name, text } = platform().errnoText(errno);
    super(`${syscall}: ${text}${detail}`);
    this.syscall = syscall;
    this.errno = errno;
    this.code = name;
    this.timeout = name === "ETIMEDOUT" || name === "EAGAIN";
    this.temporary = this.timeout || TEMPORARY.has(name);
  }
}

/** One of each, for they say the same every time; the error around it has the stack. */
export const ERR_CLOSED: ClosedError = new ClosedError();
/** See {@linkcode ERR_CLOSED}. */
export const ERR_DEADLINE: DeadlineExceededError = new DeadlineExceededError();
/** See {@linkcode ERR_CLOSED}. */
export const ERR_NOT_POLLABLE: NotPollableError = new NotPollableError();

/** `error`, which says that `before` more bytes had gone out than it knew of. */
export function withBytesWritten(error: unknown, before: number): unknown {
  if (!(error instanceof Error)) return error;
  const { bytesWritten = 0 } = error as { bytesWritten?: number };
  return Object.assign(error, { bytesWritten: before + bytesWritten });
}

/** The error that a non-zero answer stands for. */
export function convertError(answer: number): Error {
  switch (answer) {
    case POLL_CLOSING:
      return ERR_CLOSED;
    case POLL_TIMEOUT:
      return ERR_DEADLINE;
    case POLL_NOT_POLLABLE:
      return ERR_NOT_POLLABLE;
    default:
      throw new Error(`netpoll: convertError: unknown answer ${answer}`);
  }
}
