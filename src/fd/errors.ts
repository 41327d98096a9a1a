// SPDX-License-Identifier: MIT
/** Errors of descriptors. Callers match on their messages, which are Go's and must not change. */
import { POLL_CLOSING, POLL_NOT_POLLABLE, POLL_TIMEOUT } from "../netpoll/poll_state.ts";
import { DeadlineExceededError } from "../context/errors.ts";
import { asDenoClass, isInstance } from "./deno_errors.ts";
import { platform } from "../../platforms/platform.ts";

/** Thrown when the descriptor is closed, before or during the call. Go: `net.ErrClosed`. */
export class ClosedError extends Error {
  /** "ClosedError". */
  override readonly name: string = "ClosedError";
  /** Error code, as in Node. */
  readonly code = "ERR_SOCKET_CLOSED";
  /** Not a timeout. */
  readonly timeout = false;
  /** A retry cannot succeed. */
  readonly temporary = false;
  /** @internal */
  constructor(message = "use of closed network connection") {
    super(message);
  }
}

/** Thrown when either end of a `pipe()` is closed. Go: `io.ErrClosedPipe`. */
export class ClosedPipeError extends ClosedError {
  /** "ClosedPipeError". */
  override readonly name = "ClosedPipeError";
  /** Bytes that a write had delivered; absent for other calls. */
  declare bytesWritten?: number;

  /** @internal */
  constructor() {
    super("io: read/write on closed pipe");
  }
}

/**
 * Thrown when a stream ends in the middle of a message. It is also an instance of Deno's
 * `UnexpectedEof`, see {@linkcode denoErrors}. Go: `io.ErrUnexpectedEOF`.
 */
export class UnexpectedEOFError extends Error {
  /** "UnexpectedEOFError". */
  override readonly name = "UnexpectedEOFError";
  /** Bytes read before the end. */
  readonly bytesRead: number;
  /** @internal */
  constructor(bytesRead: number) {
    super("unexpected EOF");
    this.bytesRead = bytesRead;
    asDenoClass(this, UnexpectedEOFError, "UnexpectedEof");
  }

  /**
   * Returns true if `value` is an UnexpectedEOFError, also if it is an instance of a Deno class.
   */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isInstance(this, value);
  }
}

/** Thrown when the poller does not support a descriptor. Go: `poll.ErrNotPollable`. */
export class NotPollableError extends Error {
  /** "NotPollableError". */
  override readonly name = "NotPollableError";
  /** @internal */
  constructor() {
    super("not pollable");
  }
}

/** Errors that a retry may overcome. Go: syscall.Errno.Temporary. */
const TEMPORARY = new Set(["EINTR", "EMFILE", "ENFILE"]);

/** Failed system call. Go: `os.SyscallError` wrapping a `syscall.Errno`. */
export class SyscallError extends Error {
  /** "SyscallError". */
  override readonly name = "SyscallError";
  /** Name of the call, such as "connect". */
  readonly syscall: string;
  /** Error number on this system. */
  readonly errno: number;
  /** Name of the error, such as "ECONNREFUSED". */
  readonly code: string;
  /** True if the system reported a timeout. */
  readonly timeout: boolean;
  /** True if a retry may succeed. */
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

/** Returns `error` with `before` added to its number of bytes written. */
export function withBytesWritten(error: unknown, before: number): unknown {
  if (!(error instanceof Error)) return error;
  const { bytesWritten = 0 } = error as { bytesWritten?: number };
  return Object.assign(error, { bytesWritten: before + bytesWritten });
}

/** Creates the error of a negative result, with the stack of the call. */
export function convertError(answer: number): Error {
  switch (answer) {
    case POLL_CLOSING:
      return new ClosedError();
    case POLL_TIMEOUT:
      return new DeadlineExceededError();
    case POLL_NOT_POLLABLE:
      return new NotPollableError();
    default:
      throw new Error(`netpoll: convertError: unknown answer ${answer}`);
  }
}
