// SPDX-License-Identifier: MIT
/**
 * Queues between two threads, in memory that both see: one thread puts in, another takes out, and
 * neither waits. Each end moves its own index, after it has written or read what is there.
 */
import type { RawAddress } from "../../platforms/contract/platform.ts";

/** Words before the entries: where the next is taken, where the next is put. They only ever grow. */
const HEAD = 0;
const TAIL = 1;
const HEADER = 2;

/** Connections under way from one thread to another. */
const DESCRIPTORS = 1024;
/** Words of an entry: the descriptor, its token, its network, the length of the peer's address... */
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
  /** Its network, as a place in {@linkcode ADOPTABLE}. */
  readonly network: number;
  /** The other end. */
  readonly peer: RawAddress;
  /** As {@linkcode ListenOptions} has it. */
  readonly linger: number | null | undefined;
  /** As {@linkcode ListenOptions} has it. */
  readonly lingerTimeout: number | undefined;
}

/** Connections on their way to the thread that will serve them. */
export class DescriptorRing {
  /** What `postMessage` carries. */
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;

  /** A new one, or the other end of one that another thread has made. */
  constructor(memory = new SharedArrayBuffer((HEADER + DESCRIPTORS * ENTRY) * 4)) {
    this.memory = memory;
    this.#words = new Int32Array(memory);
    this.#bytes = new Uint8Array(memory);
  }

  /** Whether another has room. */
  get full(): boolean {
    return this.length === DESCRIPTORS;
  }

  /** How many are under way. */
  get length(): number {
    return (Atomics.load(this.#words, TAIL) - Atomics.load(this.#words, HEAD)) | 0;
  }

  /** Puts one in; there must be room. */
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

  /** The descriptor that is next, or -1. It stays until {@linkcode shift}. */
  peek(): number {
    return this.length === 0 ? -1 : this.#next(FD);
  }

  /** What is said of the one that is next. */
  get accepted(): Accepted {
    const word = this.#next(LINGER);
    const linger = word === UNSAID ? undefined : word === NOT ? null : word;
    const timeout = this.#next(LINGER_TIMEOUT);
    const lingerTimeout = timeout === UNSAID ? undefined : timeout;
    return { network: this.#next(NETWORK), peer: this.#peer, linger, lingerTimeout };
  }

  /** The token of the one that is next. */
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

  /** Takes out the one that is next. */
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

/** Most connections of a worker at once: each has a token, which identifies it when it ends. */
export const MOST_TOKENS: number = 1 << 16;

/** Tokens of connections that are closed, on their way back. All that there are have room. */
export class TokenRing {
  /** What `postMessage` carries. */
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;

  /** A new one, or the other end of one that another thread has made. */
  constructor(memory = new SharedArrayBuffer((HEADER + MOST_TOKENS) * 4)) {
    this.memory = memory;
    this.#words = new Int32Array(memory);
  }

  /** Puts one in. */
  push(token: number): void {
    const tail = Atomics.load(this.#words, TAIL);
    this.#words[HEADER + (tail & (MOST_TOKENS - 1))] = token;
    Atomics.store(this.#words, TAIL, (tail + 1) | 0);
  }

  /** Takes one out, or gives -1. */
  shift(): number {
    const head = Atomics.load(this.#words, HEAD);
    if (head === Atomics.load(this.#words, TAIL)) return -1;
    const token = this.#words[HEADER + (head & (MOST_TOKENS - 1))];
    Atomics.store(this.#words, HEAD, (head + 1) | 0);
    return token;
  }
}
