// SPDX-License-Identifier: MIT
/** Memory of a buffered writer: bytes that were accepted but not yet passed to the destination. */
import { nodeBuffer } from "../../platforms/contract/host.ts";
import type { Writable } from "../fd/check_bytes.ts";
import { registerState } from "../sched/thread_state.ts";

/** Maximum number of cached buffers for writers without one: an idle writer holds no memory. */
const MOST_KEPT = 32;

const encoder = new TextEncoder();
const NO_BYTES = new Uint8Array(0);
/** Unused buffers, of the size of the last one returned. */
let kept: Uint8Array[] = [];

registerState<Uint8Array[]>("buffers of writers", {
  fresh: () => [],
  save: () => kept,
  restore: (state) => kept = state,
});

/**
 * See the top of this file. Text is kept as text until its bytes are needed: joining many short
 * strings and encoding them at once costs half of encoding each.
 */
export class WriteBuffer {
  /** Number of buffered bytes. */
  length = 0;
  readonly size: number;
  #bytes: Uint8Array = NO_BYTES;
  /** Text after the bytes. It never ends within a surrogate pair. */
  #text = "";
  #textBytes = 0;

  constructor(size: number) {
    this.size = size;
  }

  /**
   * Appends all of `data` if there is room for it, and returns its length in bytes; otherwise
   * returns -1.
   */
  append(data: Writable): number {
    const room = this.size - this.length;
    if (data.length > room) return -1;
    const n = typeof data === "string" ? nodeBuffer().byteLength(data) : data.length;
    if (n > room) return -1;
    if (typeof data !== "string") this.#set(data);
    else if (endsWithinPair(data)) this.#set(encoder.encode(data));
    else {
      this.#text += data;
      this.#textBytes += n;
    }
    this.length += n;
    return n;
  }

  /**
   * Removes and returns the memory, of which the first `length` bytes are in use; see `giveBack`.
   */
  takeMemory(): Uint8Array {
    this.#encode();
    const memory = this.#bytes;
    this.#bytes = NO_BYTES;
    this.length = 0;
    return memory;
  }

  /** Puts bytes in front of those written in the meantime. The buffer may then exceed its size. */
  putBack(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const length = bytes.length + this.length;
    const later = this.takeMemory().subarray(0, length - bytes.length);
    this.#bytes = new Uint8Array(new ArrayBuffer(Math.max(this.size, length)));
    this.#bytes.set(bytes);
    this.#bytes.set(later, bytes.length);
    this.length = length;
  }

  /** Copies bytes to the end. */
  #set(bytes: Uint8Array): void {
    this.#encode();
    if (this.#bytes.length === 0) this.#bytes = takeBuffer(this.size);
    this.#bytes.set(bytes, this.length);
  }

  /** Encodes the text. */
  #encode(): void {
    if (this.#text === "") return;
    if (this.#bytes.length === 0) this.#bytes = takeBuffer(this.size);
    const room = this.#bytes.subarray(this.length - this.#textBytes, this.length);
    encoder.encodeInto(this.#text, room);
    this.#text = "";
    this.#textBytes = 0;
  }
}

/** Whether `text` ends with the first half of a surrogate pair, which alone would become U+FFFD. */
function endsWithinPair(text: string): boolean {
  return (text.charCodeAt(text.length - 1) & 0xfc00) === 0xd800;
}

/** Returns the memory of `takeMemory` to the cache. */
export function giveBack(memory: Uint8Array): void {
  if (memory.length > 0 && kept.length < MOST_KEPT) kept.push(memory);
}

function takeBuffer(size: number): Uint8Array {
  const last = kept.pop();
  return last?.length === size ? last : new Uint8Array(new ArrayBuffer(size));
}
