// SPDX-License-Identifier: MIT
/**
 * Memory that Windows may access while an operation is pending: a slot for each operation. It is
 * outside the JavaScript heaps, never moved, and never returned to the system; a slot is free again
 * only when its operation has completed.
 */
import { PlatformError } from "../../contract/platform.ts";
import * as C from "../abi/constants.ts";
import { errnoText, ntstatusErrno } from "../abi/errno.ts";
import type { PortEntry } from "./port_contract.ts";
import type { Winsock } from "../abi/winsock.ts";
import { OVERLAPPED, WSABUF } from "../abi/structs.ts";

/** Size of a slot without data. */
export const BARE = 256;
/** Size of a slot for short data: a page, the unit that Windows locks. */
export const PAGE = 4096;
/** Size of a slot for long data: 64 KiB of it, more than any datagram. */
export const LARGE = 65_792;
/** Size of a slot. */
export type SlotSize = typeof BARE | typeof PAGE | typeof LARGE;

/** Offsets of a slot's parts in bytes. The data follows the parts common to all slots. */
const WSABUF_AT = 32;
const FLAGS_AT = 48;
const LENGTH_AT = 52;
const ROOM_AT = 64;
const DATA_AT = BARE;

/** Memory is committed in blocks of slots of one size, out of a reserved range. */
const BLOCK = 1 << 20;
const RANGE = 1 << 29;
/** Splits a pointer into two 32-bit words, without a BigInt. */
const WORD = 2 ** 32;

/** Owner of an operation. */
export interface OverlappedOwner {
  /** Socket of the operation. */
  readonly socket: PortEntry;
  /**
   * Takes the result of the completed operation. Returns the modes (POLL_READ, ...) worth trying
   * now.
   */
  completed(operation: Operation): number;
}

/** An operation: its slot and its owner. */
export class Operation {
  /** The OVERLAPPED. */
  readonly overlapped: Int32Array;
  /** The WSABUF, which points to the data. */
  readonly buffer: Int32Array;
  /** A 32-bit word whose address a call may need. */
  readonly flags: Int32Array;
  /** Another one: length of the address in the room. */
  readonly length: Int32Array;
  /** Room for addresses. */
  readonly room: Uint8Array<ArrayBuffer>;
  /** Room for data. */
  readonly data: Uint8Array<ArrayBuffer>;
  readonly size: SlotSize;
  /** Addresses of its parts, for structures that point to them. */
  readonly address: { readonly buffer: number; readonly room: number };
  /** Null while no operation is pending. */
  owner: OverlappedOwner | null = null;

  /** Wraps the slot at `at` of `memory`, whose address is `base`. */
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

  /** Prepares a call with `length` bytes of its data. */
  prepare(owner: OverlappedOwner, length: number): void {
    this.owner = owner;
    this.overlapped.fill(0);
    this.buffer[WSABUF.length] = length;
    this.flags[0] = 0;
  }

  /** Result of the operation: 0 or an errno. */
  get errno(): number {
    return ntstatusErrno(this.overlapped[OVERLAPPED.status]);
  }

  /** Number of bytes transferred. */
  get bytes(): number {
    return this.overlapped[OVERLAPPED.bytes];
  }
}

/** See the top of this file. One per thread. */
export class Arena {
  /** Number of slots in use. */
  inUse = 0;
  readonly #winsock: Winsock;
  readonly #free: Readonly<Record<SlotSize, Operation[]>> = { [BARE]: [], [PAGE]: [], [LARGE]: [] };
  /** Indexed by distance from the base, in units of the smallest slot. */
  readonly #operations: Operation[] = [];
  readonly #base: number;
  #used = 0;

  /** Reserves address space; memory is committed with the first slots. Throws PlatformError. */
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

  /** Allocates a slot; returns null if the system is out of memory. */
  take(size: SlotSize): Operation | null {
    const free = this.#free[size];
    if (free.length === 0 && !this.#grow(size)) return null;
    this.inUse++;
    return free.pop()!;
  }

  /** Frees a slot whose operation has completed, or never started. */
  give(operation: Operation): void {
    operation.owner = null;
    this.inUse--;
    this.#free[operation.size].push(operation);
  }

  /**
   * Returns the operation whose OVERLAPPED is at this address, in two words; null if there is none.
   */
  at(low: number, high: number): Operation | null {
    const distance = (low >>> 0) + (high >>> 0) * WORD - this.#base;
    return this.#operations[distance / BARE] ?? null;
  }

  /** Returns the address of an operation's memory. */
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
