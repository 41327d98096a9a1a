// SPDX-License-Identifier: MIT
/**
 * Chunks of a "unixpacket" connection: each is a whole packet, of any length. The kernel truncates
 * a packet that does not fit, so its length is queried before it is read.
 */
import { platform } from "../../../platforms/platform.ts";
import { giveBack, lend, type SharedReadBuffer } from "../../fd/buffer_pool.ts";
import { type Chunks, twoInNext } from "../../fd/chunks.ts";
import { addRead } from "../../fd/byte_counts.ts";
import { countRead } from "../../fd/counters.ts";
import { receiving } from "../../fd/datagram.ts";
import type { Routine } from "../../sched/goroutine.ts";
import type { Cancel } from "../../context/cancellable.ts";
import type { UnixFD } from "./unix_fd.ts";

/** Chunks of a "unixpacket" connection. */
export class PacketChunks implements Chunks {
  readonly #fd: UnixFD;
  #lent: SharedReadBuffer | null = null;
  /** Buffer of the packet: shared memory, or a dedicated buffer for a long one. */
  #bytes: Uint8Array | null = null;
  #busy = false;

  constructor(fd: UnixFD) {
    this.#fd = fd;
  }

  next(cancel?: Cancel): Routine<Uint8Array | null> {
    if (this.#busy) throw twoInNext();
    this[Symbol.dispose]();
    return this.#fd.cancellable("read", this.#next(), cancel);
  }

  [Symbol.dispose](): void {
    if (this.#lent !== null) giveBack(this.#lent);
    this.#lent = this.#bytes = null;
  }

  *#next(): Routine<Uint8Array | null> {
    this.#busy = true;
    try {
      const n = yield* receiving(this.#fd, "recv", () => this.#receive(), undefined, undefined);
      // An empty packet cannot be distinguished from the end of the stream, as in Go.
      if (n > 0) return this.#whole(n);
      this.#fd.sawEnd();
      this[Symbol.dispose]();
      return null;
    } finally {
      this.#busy = false;
    }
  }

  /** Receives a packet; returns its full length, or minus an errno. */
  #receive(): number {
    const { packets } = platform();
    const { sysfd } = this.#fd;
    const length = packets.nextLength?.(sysfd) ?? 0;
    if (length < 0) return length;
    const lent = this.#lent ??= lend();
    this.#bytes = length <= lent.bytes.length ? lent.bytes : new Uint8Array(length);
    const n = countRead(packets.receive(sysfd, this.#bytes, this.#bytes.length));
    addRead(this.#fd, n);
    // Hold no buffer while waiting.
    if (n < 0) this[Symbol.dispose]();
    return n;
  }

  /** Throws if the system could not report the length in advance, and the packet was truncated. */
  #whole(n: number): Uint8Array {
    const bytes = this.#bytes!;
    if (n <= bytes.length) return bytes.subarray(0, n);
    this[Symbol.dispose]();
    throw this.#fd.failedCall("read", platform().errno.EMSGSIZE, "recv");
  }
}
