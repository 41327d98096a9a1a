// SPDX-License-Identifier: MIT
/**
 * Directions of a descriptor, and the result of asking whether a call may proceed. Go:
 * runtime/netpoll.go, pollNoError and its neighbors.
 */

/** Whether a call may proceed, in order of precedence. */
export const POLL_OK = 0;

/** The descriptor is being closed. */
export const POLL_CLOSING = 1;

/** The deadline has passed. */
export const POLL_TIMEOUT = 2;

/** The descriptor has an error that no call will report. */
export const POLL_NOT_POLLABLE = 3;

/** A direction of a descriptor. */
export type PollMode = "read" | "write";
