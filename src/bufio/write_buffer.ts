// SPDX-License-Identifier: MIT
/**
 * The memory of a buffered writer: bytes that were accepted and not yet handed to the destination.
 */
import { nodeBuffer } from "../../platforms/contract/host.ts";
import type { Writable } from "../fd/check_bytes.ts";
import { registerState } from "../sched/thread_state.ts";

/** Buffers kept for writers that have none: an idle writer holds no memory. */
const MOST_KEPT = 32;

const encoder = new TextEncoder();
const NO_BYTES = new Uint8Array(0);
/** Buffers that are not in use, of the size of the last one that came back. */
let kept: Uint8Array[] = [];

registerState<Uint8Array[]>("buffers of writers", {
  fresh: () => [],
  save: () => kept,
  restore: (state) => kept = state,
});

/**
 * See the top of this file. Text is kept as text until its bytes are needed: to join many short
 * strings and encode them at once costs half of encoding each.
 */
export class WriteBuffer {
  /** Number of bytes in it. */
  length = 0;
  readonly size: number;
  #bytes: Uint8Array = NO_BYTES;
  /** Text behind the bytes. It never ends within a surrogate pair. */
  #text = "";
  #textBytes = 0;

  constructor(size: number) {
    this.size = size;
  }

  /** Appends all of `data` if there is room for it, and returns its length in bytes; else -1. */
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

  /** Takes the memory out, of which the first `length` bytes were accepted; see `giveBack`. */
  takeMemory(): Uint8Array {
    this.#encode();
    const memory = this.#bytes;
    this.#bytes = NO_BYTES;
    this.length = 0;
    return memory;
  }

  /**
   * Puts bytes in front of those that came meanwhile. The buffer may then be larger than its size.
   */
  putBack(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const length = bytes.length + this.length;
    const later = this.takeMemory().subarray(0, length - bytes.length);
    this.#bytes = new Uint8Array(new ArrayBuffer(Math.max(this.size, length)));
    this.#bytes.set(bytes);
    this.#bytes.set(later, bytes.length);
    this.length = length;
  }

  /** Copies bytes behind all that is there. */
  #set(bytes: Uint8Array): void {
    this.#encode();
    if (this.#bytes.length === 0) this.#bytes = takeBuffer(this.size);
    this.#bytes.set(bytes, this.length);
  }

  /** Turns the text into bytes. */
  #encode(): void {
    if (this.#text === "") return;
    if (this.#bytes.length === 0) this.#bytes = takeBuffer(this.size);
    const room = this.#bytes.subarray(this.length - this.#textBytes, this.length);
    encoder.encodeInto(this.#text, room);
    this.#text = "";
    this.#textBytes = 0;
  }
}

/** Whether the first half of a surrogate pair is the last of `text`: alone it becomes U+FFFD. */
function endsWithinPair(text: string): boolean {
  return (text.charCodeAt(text.length - 1) & 0xfc00) === 0xd800;
}

/** Returns what `takeMemory` returned, for the next writer that needs some. */
export function giveBack(memory: Uint8Array): void {
  if (memory.length > 0 && kept.length < MOST_KEPT) kept.push(memory);
}

function takeBuffer(size: number): Uint8Array {
  const last = kept.pop();
  return last?.length === size ? last : new Uint8Array(new ArrayBuffer(size));
}
