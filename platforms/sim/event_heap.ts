// SPDX-License-Identifier: MIT
/** Network events by time; those of the same instant in the order in which they were scheduled. */

/** A timed event: a packet arrives, a socket's timer fires. */
export abstract class NetEvent {
  /** Time in milliseconds of virtual time. */
  at = 0;
  /** Sequence number of its scheduling, set by the heap. */
  order = 0;
  /** Whether it is in the heap, set by the heap. */
  scheduled = false;

  /** Called when it is due. */
  abstract fire(): void;
}

/** A binary heap. */
export class EventHeap {
  readonly #heap: NetEvent[] = [];
  #last = 0;

  /** Number of scheduled events. */
  get size(): number {
    return this.#heap.length;
  }

  /** Time of the next event, or Infinity. */
  get next(): number {
    return this.#heap.length === 0 ? Infinity : this.#heap[0].at;
  }

  /** Schedules `event`, which must not be scheduled already. */
  add(event: NetEvent, at: number): void {
    event.at = at;
    event.order = this.#last++;
    event.scheduled = true;
    const heap = this.#heap;
    let place = heap.length;
    heap.push(event);
    while (place > 0) {
      const above = (place - 1) >> 1;
      if (!before(event, heap[above])) break;
      heap[place] = heap[above];
      place = above;
    }
    heap[place] = event;
  }

  /** Removes and returns the next event. There must be one. */
  take(): NetEvent {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop()!;
    if (heap.length > 0) this.#sink(last);
    first.scheduled = false;
    return first;
  }

  #sink(event: NetEvent): void {
    const heap = this.#heap;
    const { length } = heap;
    let place = 0;
    for (let child; (child = 2 * place + 1) < length; place = child) {
      if (child + 1 < length && before(heap[child + 1], heap[child])) child++;
      if (!before(heap[child], event)) break;
      heap[place] = heap[child];
    }
    heap[place] = event;
  }
}

function before(a: NetEvent, b: NetEvent): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
