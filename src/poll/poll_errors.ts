// SPDX-License-Identifier: MIT
/** Turns an answer of the pollDesc into an error. Go: internal/poll/fd_poll_runtime.go, convertErr. */
import { POLL_CLOSING, POLL_NOT_POLLABLE, POLL_TIMEOUT } from "../netpoll/poll_desc.ts";
import { ERR_CLOSED, ERR_DEADLINE, ERR_NOT_POLLABLE } from "../fd/errors.ts";

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
