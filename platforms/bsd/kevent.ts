// SPDX-License-Identifier: MIT
/**
 * Layout of `struct kevent`, and the constants that macOS, FreeBSD and libkqueue share.
 * <sys/event.h> Source: golang.org/x/sys/unix, ztypes_*.go and zerrors_*.go of
 * {darwin,freebsd}_{amd64,arm64}.
 */

/** Layout and constants that differ between the systems. */
export interface KeventLayout {
  /** Size of the structure, in 32-bit words. */
  readonly words: number;
  readonly EVFILT_USER: number;
  /** Flag in `fflags` by which EVFILT_READ reports urgent data; 0 if unsupported. */
  readonly NOTE_OOB: number;
}

// Offsets in 32-bit words, the same on every supported 64-bit system.
/** `uintptr_t ident`: the descriptor. */
export const IDENT = 0;
/**
 * `short filter` in the lower half, `unsigned short flags` in the upper.
 *
 * @internal exported for tests
 */
export const FILTER_FLAGS = 2;
/** `unsigned int fflags`. */
export const FFLAGS = 3;
/** `intptr_t data`. */
export const DATA = 4;
/** `void *udata`: 64 bits of ours that are returned with every event. */
export const UDATA = 6;

export const EVFILT_READ = -1;
export const EVFILT_WRITE = -2;

export const EV_ADD = 0x1;
export const EV_DELETE = 0x2;
export const EV_ONESHOT = 0x10;
export const EV_CLEAR = 0x20;
export const EV_RECEIPT = 0x40;
export const EV_ERROR = 0x4000;
export const EV_EOF = 0x8000;

export const NOTE_TRIGGER = 0x01000000;

/** Writes an event into `words` at `at`. */
export function writeKevent(
  words: Int32Array,
  at: number,
  ident: number,
  filter: number,
  flags: number,
  fflags: number,
  udata0: number,
  udata1: number,
): void {
  words[at + IDENT] = ident;
  words[at + IDENT + 1] = 0;
  words[at + FILTER_FLAGS] = (filter & 0xffff) | (flags << 16);
  words[at + FFLAGS] = fflags;
  words[at + DATA] = 0;
  words[at + DATA + 1] = 0;
  words[at + UDATA] = udata0;
  words[at + UDATA + 1] = udata1;
}

/** Returns the filter of an event: a negative number. */
export function filterOf(words: Int32Array, at: number): number {
  return (words[at + FILTER_FLAGS] << 16) >> 16;
}

/** Returns the flags of an event. */
export function flagsOf(words: Int32Array, at: number): number {
  return words[at + FILTER_FLAGS] >>> 16;
}
