// SPDX-License-Identifier: MIT
/**
 * Faults at the border between a program and its kernel: what system calls may do, and seldom do on
 * a developer's machine.
 */
import type { Stream } from "./choices.ts";

/**
 * Probabilities of the faults of system calls, by their kinds. A kind that is left out never
 * happens.
 */
export interface FaultRates {
  /** A read returns fewer bytes than there are. */
  readonly shortRead?: number;
  /** A write takes fewer bytes than there is room for. */
  readonly shortWrite?: number;
  /** A call fails with EINTR. */
  readonly interrupt?: number;
  /** The poller reports a descriptor that has nothing. */
  readonly spurious?: number;
  /** The poller reports a descriptor late, by up to 20 ms. */
  readonly late?: number;
  /** A call that opens a descriptor fails with EMFILE. */
  readonly descriptors?: number;
  /** The sending of a datagram fails with ENOBUFS. */
  readonly buffers?: number;
  /** A connection that waits to be accepted is reset, and accept fails with ECONNABORTED. */
  readonly aborted?: number;
  /** A connection is reset at a send, as by a firewall between its ends. */
  readonly reset?: number;
}

/** A kind of fault. */
export type FaultKind = keyof FaultRates;

/** Milliseconds that a late report is late, at most. */
const LATEST_MS = 20;

/** The faults of one host. */
export class Faults {
  readonly #rates: FaultRates;
  readonly #stream: Stream;

  constructor(rates: FaultRates, stream: Stream) {
    this.#rates = rates;
    this.#stream = stream;
  }

  /** Whether a fault of this kind happens now. */
  happens(kind: FaultKind): boolean {
    return this.#stream.chance(this.#rates[kind] ?? 0);
  }

  /** Returns `length`, or less for a call that is cut short: at least a byte. */
  cut(kind: "shortRead" | "shortWrite", length: number): number {
    if (length < 2 || !this.happens(kind)) return length;
    return length - 1 - this.#stream.choose(length - 1);
  }

  /** Returns the milliseconds that a report is late; 0 mostly. */
  delay(): number {
    return this.happens("late") ? this.#stream.between(0, LATEST_MS) : 0;
  }
}
