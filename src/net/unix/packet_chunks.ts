// SPDX-License-Identifier: MIT
/**
 * Reading "unixpacket" piece by piece: each chunk is a packet, whole however long it is. The kernel
 * drops what a reader has no room for, so the length of a packet is asked for before it is taken.
 */
import { platform } from "../../../platforms/platform.ts";
import { giveBack, lend, type SharedReadBuffer } from "../../fd/buffer_pool.ts";
import type { Chunks } from "../../fd/chunks.ts";
import { addRead } from "../../fd/byte_counts.ts";
import { countRead } from "../../fd/counters.ts";
import { receiving } from "../../fd/datagram.ts";
import { PanicError, type Routine } from "../../sched/goroutine.ts";
import type { Cancel } from "../../context/cancellable.ts";
import type { UnixFD } from "./unix_fd.ts";

/** The chunks of a connection of "unixpacket". */
export class PacketChunks implements Chunks {
  readonly #fd: UnixFD;
  #lent: SharedReadBuffer | null = null;
  /** Where the packet is: shared memory, or memory of its own for a long one. */
  #bytes: Uint8Array | null = null;
  #busy = false;

  constructor(fd: UnixFD) {
    this.#fd = fd;
  }

  next(cancel?: Cancel): Routine<Uint8Array | null> {
    if (this.#busy) throw new PanicError("two goroutines in next() of one Chunks");
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
      // An empty packet and the end look alike, as they do in Go.
      if (n > 0) return this.#whole(n);
      this.#fd.sawEnd();
      this[Symbol.dispose]();
      return null;
    } finally {
      this.#busy = false;
    }
  }

  /** Takes a packet; its own length, or minus an errno. */
  #receive(): number {
    const { packets } = platform();
    const { sysfd } = this.#fd;
    const length = packets.nextLength?.(sysfd) ?? 0;
    if (length < 0) return length;
    const lent = this.#lent ??= lend();
    this.#bytes = length <= lent.bytes.length ? lent.bytes : new Uint8Array(length);
    const n = countRead(packets.receive(sysfd, this.#bytes, this.#bytes.length));
    addRead(this.#fd, n);
    // One that waits holds no memory.
    if (n < 0) this[Symbol.dispose]();
    return n;
  }

  /** Throws where the system could not tell the length before, and the packet was longer. */
  #whole(n: number): Uint8Array {
    const bytes = this.#bytes!;
    if (n <= bytes.length) return bytes.subarray(0, n);
    this[Symbol.dispose]();
    throw this.#fd.failedCall("read", platform().errno.EMSGSIZE, "recv");
  }
}
