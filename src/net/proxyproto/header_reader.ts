// SPDX-License-Identifier: MIT
/** Puts a header together while its bytes come, and asks for none that come after it. */
import { invalid } from "./invalid.ts";
import { type ParsedHeader, V1_PREFIX, V2_SIGNATURE } from "./header.ts";
import { missingV1, parseV1 } from "./v1.ts";
import { missingV2, parseV2 } from "./v2.ts";

/** The shortest header, "PROXY UNKNOWN\r\n": so many bytes belong to any header. */
const SHORTEST = 15;
/** More than a line of version 1, and than most of version 2. */
const FIRST_ROOM = 128;

/** See the top of this file. */
export class HeaderReader {
  /** The header, once it is complete. */
  header: ParsedHeader | null = null;
  /** Bytes that have come. */
  length = 0;
  readonly #most: number;
  #bytes = new Uint8Array(new ArrayBuffer(FIRST_ROOM));
  #missing = SHORTEST;

  /** `most` is the longest header, in bytes. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Room for exactly the bytes that are certainly missing. */
  get room(): Uint8Array<ArrayBuffer> {
    const end = this.length + this.#missing;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(new ArrayBuffer(end));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    return this.#bytes.subarray(this.length, end);
  }

  /**
   * Notes that `n` bytes have come into `room`.
   *
   * @throws {ProxyProtocolError} once it is certain that there is no valid header
   */
  took(n: number): void {
    this.length += n;
    const bytes = this.#bytes.subarray(0, this.length);
    const second = begins(bytes, V2_SIGNATURE);
    if (!second && !begins(bytes, V1_PREFIX)) throw invalid("first bytes are not a header");
    if (this.length < SHORTEST) this.#missing = SHORTEST - this.length;
    else this.#missing = second ? missingV2(bytes, this.#most) : missingV1(bytes);
    if (this.#missing === 0) this.header = second ? parseV2(bytes) : parseV1(bytes);
  }
}

/** Whether `bytes` are the first of `prefix`, or begin with it. */
function begins(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return prefix.every((byte, i) => i >= bytes.length || bytes[i] === byte);
}
