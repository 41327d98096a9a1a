// SPDX-License-Identifier: MIT
/** Transfers within the kernel on Linux: sendfile(2), splice(2), pipe(2). */
import type { PipeEnds, TransferCalls } from "../contract/platform.ts";
import * as C from "./constants.ts";
import type { Libc } from "./libc.ts";
import { LinuxSendVector } from "./send_vector.ts";

/** Splits an offset into two 32-bit words, without a BigInt. */
const WORD = 2 ** 32;

/** See {@linkcode TransferCalls}. */
export class LinuxTransfers implements TransferCalls {
  readonly vector: LinuxSendVector;
  readonly #libc: Libc;
  /** Scratch memory; every use is over before the call returns. */
  readonly #offset = new Uint32Array(new ArrayBuffer(8));
  readonly #ends = new Int32Array(new ArrayBuffer(8));

  constructor(libc: Libc) {
    this.#libc = libc;
    this.vector = new LinuxSendVector(libc);
  }

  sendFile(to: number, from: number, offset: number, length: number): number {
    this.#offset[0] = offset % WORD;
    this.#offset[1] = Math.floor(offset / WORD);
    return this.#done(this.#libc.symbols.sendfile(to, from, this.#offset, length));
  }

  splice(from: number, to: number, length: number): number {
    const { splice } = this.#libc.symbols;
    return this.#done(splice(from, null, to, null, length, C.SPLICE_F_NONBLOCK));
  }

  /** Ignores a refusal of F_SETPIPE_SZ: the pipe then keeps its default capacity. */
  pipe(capacity: number): PipeEnds | number {
    const { pipe2, fcntl } = this.#libc.symbols;
    const done = this.#done(pipe2(this.#ends, C.O_NONBLOCK | C.O_CLOEXEC));
    if (done < 0) return done;
    const [reader, writer] = this.#ends;
    fcntl(writer, C.F_SETPIPE_SZ, capacity);
    return { reader, writer, capacity: fcntl(writer, C.F_GETPIPE_SZ, 0) };
  }

  #done(result: number): number {
    return result >= 0 ? result : -this.#libc.errno();
  }
}
