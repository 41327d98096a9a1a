// SPDX-License-Identifier: MIT
/** Batches of datagrams. Go: golang.org/x/net/ipv4, type Message. */
import { checkBytes } from "../../fd/check_bytes.ts";
import { shown } from "../../validate/argument.ts";
import { counters } from "../../fd/counters.ts";
import { platform } from "../../../platforms/platform.ts";
import type { ControlInfo, Messages } from "../../../platforms/contract/packets.ts";
import type { Family, RawAddress } from "../../../platforms/contract/platform.ts";
import type { UDPAddr } from "../addr/addr.ts";
import { formatIP } from "../addr/ip.ts";
import { kernelForm, senderAddr } from "../socket/peer_cache.ts";
import type { ReadAhead } from "../socket/read_ahead.ts";
import type { PacketInfo } from "../socket/packet_conn.ts";
/** Maximum that the kernel accepts in one call. sendmmsg(2). */
const MOST = 1024;
/** Maximum length of a datagram. */
const LONGEST = 65536;

/**
 * Reusable memory for datagrams that {@linkcode UDPConn.readBatch} fills and `writeBatch` sends;
 * reading and writing then allocate nothing. A received batch can be written back as it is: each
 * datagram goes to its sender. No method parks.
 *
 * @example
 * ```ts
 * using conn = yield* listenPacket("udp", "127.0.0.1:7007");
 * const batch = new PacketBatch(2, 1500);
 * batch.set(0, hello, alice);
 * batch.set(1, hello, bob);
 * yield* conn.writeBatch(batch);
 * ```
 */
export class PacketBatch {
  /** Capacity, in datagrams. */
  readonly count: number;
  /** Maximum length of a datagram, in bytes. */
  readonly size: number;
  readonly #messages: Messages;
  readonly #buffers: Uint8Array[];
  /** Views that `bytes` returned last: datagrams often have the same length. */
  readonly #views: Uint8Array[];
  /**
   * Destination or source of each; undefined if the kernel wrote it and it has not been decoded
   * yet.
   */
  readonly #addrs: (UDPAddr | null | undefined)[];
  readonly #segments: Int32Array;
  /** Whether each was longer than its buffer. */
  readonly #cut: Uint8Array;
  readonly #infos: (ControlInfo | null)[];

  /**
   * Allocates the memory.
   *
   * @param count capacity in datagrams, up to 1024
   * @param size maximum length of each in bytes, up to 65536; longer ones are truncated when
   * received
   */
  constructor(count = 64, size = 2048) {
    check("count", count, 1, MOST);
    check("size", size, 1, LONGEST);
    this.count = count;
    this.size = size;
    this.#messages = platform().packets.messages({ count, size, fds: 0 });
    const { data } = this.#messages;
    this.#buffers = Array.from(
      { length: count },
      (_, i) => data.subarray(i * size, (i + 1) * size),
    );
    this.#views = [...this.#buffers];
    this.#addrs = new Array(count).fill(null);
    this.#infos = new Array(count).fill(null);
    this.#segments = new Int32Array(count);
    this.#cut = new Uint8Array(count);
  }

  /** Returns the bytes of datagram `i`, valid until the next call. */
  bytes(i: number): Uint8Array {
    this.#checkIndex(i);
    const length = this.#messages.lengths[i];
    const view = this.#views[i];
    if (view.length === length) return view;
    return this.#views[i] = this.#buffers[i].subarray(0, length);
  }

  /**
   * Returns the whole buffer of datagram `i`, to fill in place; call `set(i, length)` afterwards.
   */
  buffer(i: number): Uint8Array {
    this.#checkIndex(i);
    return this.#buffers[i];
  }

  /** Returns the sender or destination of datagram `i`; null for the peer of a connected socket. */
  addr(i: number): UDPAddr | null {
    this.#checkIndex(i);
    const known = this.#addrs[i];
    if (known !== undefined) return known;
    const name = this.#messages.name(i);
    return this.#addrs[i] = name.length === 0 ? null : senderAddr(name);
  }

  /** Returns true if datagram `i` was longer than its buffer when received; the rest is lost. */
  truncated(i: number): boolean {
    this.#checkIndex(i);
    return this.#cut[i] === 1;
  }

  /** Returns the metadata of datagram `i`. */
  info(i: number): PacketInfo {
    this.#checkIndex(i);
    const { destination, interfaceIndex } = this.#control(i);
    return {
      destination: destination === null ? null : formatIP(destination),
      interfaceIndex,
      segmentSize: this.segmentSize(i),
    };
  }

  /**
   * Returns the size of the datagrams that were coalesced into datagram `i`, or into which it will
   * be segmented; 0 if it is a single one.
   */
  segmentSize(i: number): number {
    this.#checkIndex(i);
    if (this.#segments[i] < 0) this.#segments[i] = this.#control(i).segmentSize;
    return this.#segments[i];
  }

  /**
   * Sets datagram `i`.
   *
   * @param bytes its content, which is copied, or the number of bytes already in `buffer(i)`
   * @param addr the destination; omit it on a connected socket
   * @param segmentSize segments it into datagrams of this many bytes
   */
  set(
    i: number,
    bytes: Uint8Array | number,
    addr: UDPAddr | null = null,
    segmentSize = 0,
  ): void {
    this.#checkIndex(i);
    const length = typeof bytes === "number" ? bytes : checkBytes("use a PacketBatch", bytes);
    check("length", length, 0, this.size);
    check("segmentSize", segmentSize, 0, LONGEST - 1);
    if (typeof bytes !== "number") this.#buffers[i].set(bytes);
    this.#messages.lengths[i] = length;
    this.#addrs[i] = addr;
    this.#segments[i] = segmentSize;
  }

  /**
   * Whether datagram `i` must be segmented.
   *
   * @internal
   */
  isCut(i: number): boolean {
    const size = this.segmentSize(i);
    return size > 0 && this.#messages.lengths[i] > size;
  }

  /**
   * Returns the first datagram at or after `from` that must be segmented; `to` if there is none.
   *
   * @internal
   */
  nextCut(from: number, to: number): number {
    for (let i = from; i < to; i++) if (this.isCut(i)) return i;
    return to;
  }

  /**
   * Receives available datagrams. Returns their number, or minus an errno.
   *
   * @internal
   */
  receive(fd: number, ahead: ReadAhead): number {
    if (ahead.holds) return this.#takeFrom(ahead);
    const n = this.#messages.receive(fd, this.count, this.size);
    for (let i = 0; i < n; i++) {
      this.#addrs[i] = undefined;
      this.#infos[i] = null;
      this.#segments[i] = -1;
      this.#cut[i] = this.#messages.truncated(i) ? 1 : 0;
      counters.read += this.#messages.lengths[i];
    }
    return n;
  }

  /** Copies what a socket has read ahead. */
  #takeFrom(ahead: ReadAhead): number {
    let n = 0;
    for (; n < this.count; n++) {
      const taken = ahead.take();
      if (taken === null) break;
      const { messages, index } = taken;
      const length = Math.min(messages.lengths[index], this.size);
      const start = index * messages.size;
      this.#buffers[n].set(messages.data.subarray(start, start + length));
      this.#messages.lengths[n] = length;
      const name = messages.name(index);
      this.#addrs[n] = name.length === 0 ? null : senderAddr(name);
      this.#infos[n] = messages.control(index);
      this.#segments[n] = this.#infos[n]!.segmentSize;
      this.#cut[n] = length < messages.lengths[index] ? 1 : 0;
      counters.read += length;
    }
    return n;
  }

  /**
   * Encodes addresses and segment sizes of the first `count` datagrams.
   *
   * @internal
   */
  prepare(count: number, family: Family | null): void {
    let last: UDPAddr | null = null;
    let form: RawAddress | null = null;
    for (let i = 0; i < count; i++) {
      const cut = this.isCut(i);
      this.#messages.setControl(i, cut ? { segmentSize: this.segmentSize(i) } : null);
      if (family === null) continue;
      const addr = this.addr(i);
      // Consecutive datagrams often have the same destination.
      if (addr !== last) form = addr === null ? null : kernelForm(addr, family);
      this.#messages.setName(i, form);
      last = addr;
    }
  }

  /**
   * Sends datagrams `from` up to `to`. Returns their number, or minus an errno.
   *
   * @internal
   */
  send(fd: number, from: number, to: number, named: boolean): number {
    const n = this.#messages.send(fd, from, to, named);
    for (let i = from; i < from + n; i++) counters.written += this.#messages.lengths[i];
    return n;
  }

  #control(i: number): ControlInfo {
    return this.#infos[i] ??= this.#messages.control(i);
  }

  #checkIndex(i: number): void {
    if (!(Number.isInteger(i) && i >= 0 && i < this.count)) {
      check("i", i, 0, this.count - 1);
    }
  }
}

function check(what: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new RangeError(
    `Cannot use a PacketBatch as ${what} must be an integer from ${least} to ${most}: ` +
      `current value is ${shown(value)}`,
  );
}
