// SPDX-License-Identifier: MIT
/**
 * Faults at the system call boundary: results that are legal, but rare on a developer's machine.
 */
import type { Stream } from "./choices.ts";

/** Probabilities of system call faults, by kind. An omitted kind never happens. */
export interface FaultRates {
  /** A read returns fewer bytes than available. */
  readonly shortRead?: number;
  /** A write accepts fewer bytes than there is room for. */
  readonly shortWrite?: number;
  /** A call fails with EINTR. */
  readonly interrupt?: number;
  /** The poller reports a descriptor that is not ready. */
  readonly spurious?: number;
  /** The poller reports a descriptor late, by up to 20 ms. */
  readonly late?: number;
  /** A call that opens a descriptor fails with EMFILE. */
  readonly descriptors?: number;
  /** Sending a datagram fails with ENOBUFS. */
  readonly buffers?: number;
  /** A queued connection is reset, and accept fails with ECONNABORTED. */
  readonly aborted?: number;
  /** A connection is reset on a send, as by a firewall between its ends. */
  readonly reset?: number;
}

/** A kind of fault. */
export type FaultKind = keyof FaultRates;

/** Maximum delay of a late report in milliseconds. */
const LATEST_MS = 20;

/** Faults of one host. */
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

  /** Returns `length`, or less for a short call: at least one byte. */
  cut(kind: "shortRead" | "shortWrite", length: number): number {
    if (length < 2 || !this.happens(kind)) return length;
    return length - 1 - this.#stream.choose(length - 1);
  }

  /** Returns the delay of a report in milliseconds; usually 0. */
  delay(): number {
    return this.happens("late") ? this.#stream.between(0, LATEST_MS) : 0;
  }
}
