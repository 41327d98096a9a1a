// SPDX-License-Identifier: MIT
/** Datagrams written to a UDP socket in a turn of an event loop, with the callbacks that wait for them. */
import type { RawAddress } from "../../../platforms/contract/platform.ts";
import { counters } from "../../fd/counters.ts";
import { ClosedError } from "../../fd/errors.ts";
import { DatagramQueue } from "../../net/socket/datagram_queue.ts";
import type { Written } from "../api/conn.ts";

/** A callback and the number of its datagram. */
interface Waiting {
  readonly number: number;
  readonly written: Written;
}

/** A datagram that was not sent; number -1 for one of an earlier turn. */
interface Failure {
  readonly number: number;
  readonly error: Error;
}

/** Makes the error of a datagram to `address`, which is null if it is unknown. */
type FailureOf = (errno: number, address: RawAddress | null) => Error;

/** See the top of this file. */
export class TurnWrites {
  /** Whether the kernel had no room for what waits. */
  blocked = false;
  readonly #fd: number;
  readonly #failureOf: FailureOf;
  readonly #queue = new DatagramQueue(true);
  /** Number of the datagram at index 0 of the queue. */
  #first = 0;
  /** All datagrams below this number were sent, or have failed. */
  #done = 0;
  #waiting: Waiting[] = [];
  #failures: Failure[] = [];
  readonly #failed = (errno: number, i: number, address: RawAddress | null) => {
    const number = i < 0 ? -1 : this.#first + i;
    this.#failures.push({ number, error: this.#failureOf(errno, address) });
  };

  constructor(fd: number, failureOf: FailureOf) {
    this.#fd = fd;
    this.#failureOf = failureOf;
  }

  /** Whether nothing waits to be sent. */
  get empty(): boolean {
    return this.#queue.empty;
  }

  /** Whether there is no room until {@linkcode TurnWrites.flush}. */
  get full(): boolean {
    return this.#queue.full;
  }

  /** See {@linkcode DatagramQueue.add}. */
  add(
    bytes: Uint8Array,
    length: number,
    address: RawAddress,
    written: Written | undefined,
  ): boolean {
    const queue = this.#queue;
    const number = this.#first + queue.end;
    if (!queue.add(bytes, length, address)) return false;
    counters.written += length;
    if (written !== undefined) this.#waiting.push({ number, written });
    return true;
  }

  /** Sends what waits; what the kernel has no room for stays, and `blocked` is set. */
  flush(): void {
    const queue = this.#queue;
    const { end } = queue;
    this.blocked = !queue.flush(this.#fd, this.#failed);
    this.#done = this.#first + (this.blocked ? queue.next : end);
    if (!this.blocked) this.#first += end;
  }

  /** Calls the callbacks of what was sent, and of what failed; `report` gets all other errors. */
  settle(report: (error: unknown) => void): void {
    if (this.#waiting.length === 0 && this.#failures.length === 0) return;
    const failures = this.#failures;
    const due = this.#waiting.filter(({ number }) => number < this.#done);
    this.#failures = [];
    this.#waiting = this.#waiting.slice(due.length);
    const numbers = new Set(due.map(({ number }) => number));
    for (const { number, error } of failures) if (!numbers.has(number)) report(error);
    for (const { number, written } of due) {
      const failure = failures.find((each) => each.number === number);
      try {
        written(failure === undefined ? null : failure.error);
      } catch (error) {
        report(error);
      }
    }
  }

  /** Releases the memory of what waits: the machine has crashed. */
  crashed(): void {
    this.#queue.drop();
  }

  /** Discards what waits, as the socket is closed. */
  drop(report: (error: unknown) => void): void {
    const { next, end } = this.#queue;
    for (let i = next; i < end; i++) {
      if (this.#waiting.some(({ number }) => number === this.#first + i)) {
        this.#failures.push({ number: this.#first + i, error: new ClosedError() });
      }
    }
    this.#queue.drop();
    this.#first = this.#done = this.#first + end;
    this.settle(report);
  }
}
