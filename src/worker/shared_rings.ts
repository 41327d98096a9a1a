// SPDX-License-Identifier: MIT
/**
 * Queues between two threads in shared memory: one thread appends, another removes, and
 * neither waits. Each end moves its own index, after it has written or read the entry.
 */
import type { RawAddress } from "../../platforms/contract/platform.ts";

/** Words before the entries: index of the next removal, index of the next entry. They only grow. */
const HEAD = 0;
const TAIL = 1;
const HEADER = 2;

/** Capacity: connections in transit from one thread to another. */
const DESCRIPTORS = 1024;
/**
 * Words of an entry: the descriptor, its token, its network, the length of the peer's address...
 */
const FD = 0;
const TOKEN = 1;
const NETWORK = 2;
const LENGTH = 3;
/** ...what it does when it is closed, as seconds to linger or one of the words below... */
const LINGER = 4;
const UNSAID = -2;
const NOT = -1;
/** ...and as whole milliseconds of `lingerTimeout`, or UNSAID... */
const LINGER_TIMEOUT = 5;
const LONGEST = 0x7fffffff;
/** ...and the address: `struct sockaddr_un`, the longest of them, has 110 bytes. */
const ADDRESS = 6;
const ADDRESS_BYTES = 112;
const ENTRY = ADDRESS + ADDRESS_BYTES / 4;

/** Record of an accepted connection. */
export interface Accepted {
  /** Its network, as an index in {@linkcode ADOPTABLE}. */
  readonly network: number;
  /** The remote address. */
  readonly peer: RawAddress;
  /** As {@linkcode ListenOptions} has it. */
  readonly linger: number | null | undefined;
  /** As {@linkcode ListenOptions} has it. */
  readonly lingerTimeout: number | undefined;
}

/** Connections in transit to the thread that will serve them. */
export class DescriptorRing {
  /** The form that `postMessage` carries. */
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;

  /** Creates a ring, or the other end of one that another thread has created. */
  constructor(memory = new SharedArrayBuffer((HEADER + DESCRIPTORS * ENTRY) * 4)) {
    this.memory = memory;
    this.#words = new Int32Array(memory);
    this.#bytes = new Uint8Array(memory);
  }

  /** Whether there is room for another. */
  get full(): boolean {
    return this.length === DESCRIPTORS;
  }

  /** Number of connections in transit. */
  get length(): number {
    return (Atomics.load(this.#words, TAIL) - Atomics.load(this.#words, HEAD)) | 0;
  }

  /** Appends a connection; there must be room. */
  push(fd: number, token: number, { network, linger, lingerTimeout, peer }: Accepted): void {
    const tail = Atomics.load(this.#words, TAIL);
    const at = entryAt(tail);
    this.#words[at + FD] = fd;
    this.#words[at + TOKEN] = token;
    this.#words[at + NETWORK] = network;
    this.#words[at + LENGTH] = peer.length;
    this.#words[at + LINGER] = linger === undefined ? UNSAID : linger ?? NOT;
    this.#words[at + LINGER_TIMEOUT] = lingerTimeout === undefined
      ? UNSAID
      : Math.min(lingerTimeout, LONGEST);
    this.#bytes.set(peer, (at + ADDRESS) * 4);
    Atomics.store(this.#words, TAIL, (tail + 1) | 0);
  }

  /** Returns the first descriptor, or -1. It stays until {@linkcode shift}. */
  peek(): number {
    return this.length === 0 ? -1 : this.#next(FD);
  }

  /** Returns the record of the first one. */
  get accepted(): Accepted {
    const word = this.#next(LINGER);
    const linger = word === UNSAID ? undefined : word === NOT ? null : word;
    const timeout = this.#next(LINGER_TIMEOUT);
    const lingerTimeout = timeout === UNSAID ? undefined : timeout;
    return { network: this.#next(NETWORK), peer: this.#peer, linger, lingerTimeout };
  }

  /** Returns the token of the first one. */
  get token(): number {
    return this.#next(TOKEN);
  }

  get #peer(): RawAddress {
    const length = this.#next(LENGTH);
    const at = (entryAt(Atomics.load(this.#words, HEAD)) + ADDRESS) * 4;
    const peer = new Uint8Array(new ArrayBuffer(length));
    peer.set(this.#bytes.subarray(at, at + length));
    return peer;
  }

  /** Removes the first one. */
  shift(): void {
    Atomics.add(this.#words, HEAD, 1);
  }

  #next(word: number): number {
    return this.#words[entryAt(Atomics.load(this.#words, HEAD)) + word];
  }
}

function entryAt(index: number): number {
  return HEADER + (index & (DESCRIPTORS - 1)) * ENTRY;
}

/**
 * Maximum number of connections of a worker: each has a token, which identifies it when it ends.
 */
export const MOST_TOKENS: number = 1 << 16;

/** Tokens of closed connections, on their way back. There is room for all of them. */
export class TokenRing {
  /** The form that `postMessage` carries. */
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;

  /** Creates a ring, or the other end of one that another thread has created. */
  constructor(memory = new SharedArrayBuffer((HEADER + MOST_TOKENS) * 4)) {
    this.memory = memory;
    this.#words = new Int32Array(memory);
  }

  /** Appends a token. */
  push(token: number): void {
    const tail = Atomics.load(this.#words, TAIL);
    this.#words[HEADER + (tail & (MOST_TOKENS - 1))] = token;
    Atomics.store(this.#words, TAIL, (tail + 1) | 0);
  }

  /** Removes and returns the first token, or -1. */
  shift(): number {
    const head = Atomics.load(this.#words, HEAD);
    if (head === Atomics.load(this.#words, TAIL)) return -1;
    const token = this.#words[HEADER + (head & (MOST_TOKENS - 1))];
    Atomics.store(this.#words, HEAD, (head + 1) | 0);
    return token;
  }
}
