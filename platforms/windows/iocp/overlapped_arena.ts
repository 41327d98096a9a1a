// SPDX-License-Identifier: MIT
/**
 * Memory that Windows may read and write while an operation is under way: a slot of it for each
 * operation. It lies outside the heaps of the JavaScript runtimes, is never moved, and is never
 * given back to the system; a slot is free again only when its operation is over.
 */
import { PlatformError } from "../../contract/platform.ts";
import * as C from "../abi/constants.ts";
import { errnoText, ntstatusErrno } from "../abi/errno.ts";
import type { PortEntry } from "./port_contract.ts";
import type { Winsock } from "../abi/winsock.ts";
import { OVERLAPPED, WSABUF } from "../abi/structs.ts";

/** Size of a slot that has no room for data. */
export const BARE = 256;
/** Size of a slot for short data: a page, which is what Windows locks. */
export const PAGE = 4096;
/** Size of a slot for long data: 64 KiB of it, which no datagram exceeds. */
export const LARGE = 65_792;
/** One of them. */
export type SlotSize = typeof BARE | typeof PAGE | typeof LARGE;

/** Where the parts of a slot are, in bytes. The data follows what every slot has. */
const WSABUF_AT = 32;
const FLAGS_AT = 48;
const LENGTH_AT = 52;
const ROOM_AT = 64;
const DATA_AT = BARE;

/**
 * Memory is taken from the system in blocks, each of slots of one size, out of a reserved range.
 */
const BLOCK = 1 << 20;
const RANGE = 1 << 29;
/** A pointer as two 32-bit words, which takes no BigInt. */
const WORD = 2 ** 32;

/** Owner of an operation. */
export interface OverlappedOwner {
  /** The socket that it is about. */
  readonly socket: PortEntry;
  /**
   * The operation is over: takes its result. Returns the modes (POLL_READ, ...) worth trying now.
   */
  completed(operation: Operation): number;
}

/** One operation: its slot, and for whom it is. */
export class Operation {
  /** The OVERLAPPED. */
  readonly overlapped: Int32Array;
  /** The one WSABUF, which points at the data. */
  readonly buffer: Int32Array;
  /** A 32-bit word that a call may want by address. */
  readonly flags: Int32Array;
  /** Another: the length of the address in the room. */
  readonly length: Int32Array;
  /** Room for addresses. */
  readonly room: Uint8Array<ArrayBuffer>;
  /** Room for data. */
  readonly data: Uint8Array<ArrayBuffer>;
  readonly size: SlotSize;
  /** Where in memory its parts are, for structures that point at them. */
  readonly address: { readonly buffer: number; readonly room: number };
  /** Null while nothing is under way. */
  beginner: OverlappedOwner | null = null;

  /** The slot at `at` of `memory`, whose address is `base`. */
  constructor(memory: ArrayBuffer, base: number, at: number, size: SlotSize) {
    this.size = size;
    this.address = { buffer: base + at + WSABUF_AT, room: base + at + ROOM_AT };
    this.overlapped = new Int32Array(memory, at, OVERLAPPED.words);
    this.buffer = new Int32Array(memory, at + WSABUF_AT, WSABUF.words);
    this.flags = new Int32Array(memory, at + FLAGS_AT, 1);
    this.length = new Int32Array(memory, at + LENGTH_AT, 1);
    this.room = new Uint8Array(memory, at + ROOM_AT, DATA_AT - ROOM_AT);
    this.data = new Uint8Array(memory, at + DATA_AT, size - DATA_AT);
  }

  /** Makes it ready for a call about `length` bytes of its data. */
  prepare(beginner: OverlappedOwner, length: number): void {
    this.beginner = beginner;
    this.overlapped.fill(0);
    this.buffer[WSABUF.length] = length;
    this.flags[0] = 0;
  }

  /** How it ended: 0 or an errno. */
  get errno(): number {
    return ntstatusErrno(this.overlapped[OVERLAPPED.status]);
  }

  /** How many bytes it moved. */
  get bytes(): number {
    return this.overlapped[OVERLAPPED.bytes];
  }
}

/** See the top of this file. One per thread. */
export class Arena {
  /** Slots that are not free. */
  inUse = 0;
  readonly #winsock: Winsock;
  readonly #free: Readonly<Record<SlotSize, Operation[]>> = { [BARE]: [], [PAGE]: [], [LARGE]: [] };
  /** By their distance from the base, counted in the smallest slots. */
  readonly #operations: Operation[] = [];
  readonly #base: number;
  #used = 0;

  /** Reserves addresses; memory comes with the first slots. Throws PlatformError. */
  constructor(winsock: Winsock) {
    this.#winsock = winsock;
    const { kernel, runtime, addressOf } = winsock;
    const range = kernel.VirtualAlloc(null, RANGE, C.MEM_RESERVE, C.PAGE_READWRITE);
    if (!range) {
      const { name, text } = errnoText(winsock.errno());
      throw new PlatformError(`Cannot reserve memory: ${text}`, name);
    }
    this.#base = addressOf(new Uint8Array(runtime.memoryAt(range, 1)));
  }

  /** A free slot, or null if the system has no more memory to give. */
  take(size: SlotSize): Operation | null {
    const free = this.#free[size];
    if (free.length === 0 && !this.#grow(size)) return null;
    this.inUse++;
    return free.pop()!;
  }

  /** Takes back a slot whose operation is over, or was never begun. */
  give(operation: Operation): void {
    operation.beginner = null;
    this.inUse--;
    this.#free[operation.size].push(operation);
  }

  /**
   * The operation whose OVERLAPPED is at this address, given as two words; null if none of ours is.
   */
  at(low: number, high: number): Operation | null {
    const distance = (low >>> 0) + (high >>> 0) * WORD - this.#base;
    return this.#operations[distance / BARE] ?? null;
  }

  /** The address of memory that an operation has. */
  addressOf(memory: Uint8Array): number {
    return this.#winsock.addressOf(memory);
  }

  #grow(size: SlotSize): boolean {
    if (this.#used + BLOCK > RANGE) return false;
    const { kernel, runtime } = this.#winsock;
    const start = runtime.pointerAt(this.#base + this.#used);
    if (!kernel.VirtualAlloc(start, BLOCK, C.MEM_COMMIT, C.PAGE_READWRITE)) return false;
    const memory = runtime.memoryAt(start, BLOCK);
    for (let at = 0; at + size <= BLOCK; at += size) {
      const operation = new Operation(memory, this.#base + this.#used, at, size);
      const distance = this.#used + at;
      const data = this.#base + distance + DATA_AT;
      operation.buffer[WSABUF.pointer] = data % WORD;
      operation.buffer[WSABUF.pointer + 1] = Math.floor(data / WORD);
      this.#operations[distance / BARE] = operation;
      this.#free[size].push(operation);
    }
    this.#used += BLOCK;
    return true;
  }
}
