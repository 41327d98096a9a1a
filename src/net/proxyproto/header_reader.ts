// SPDX-License-Identifier: MIT
/** Assembles a header from its segments, without reading beyond its end. */
import { invalid } from "./invalid.ts";
import { type ParsedHeader, V1_PREFIX, V2_SIGNATURE } from "./header.ts";
import { missingV1, parseV1 } from "./v1.ts";
import { missingV2, parseV2 } from "./v2.ts";

/** Length of the shortest header, "PROXY UNKNOWN\r\n". */
const SHORTEST = 15;
/** Initial buffer: more than a version 1 line, and than most version 2 headers. */
const FIRST_ROOM = 128;

/** See the top of this file. */
export class HeaderReader {
  /** The header, once complete. */
  header: ParsedHeader | null = null;
  /** Number of bytes read. */
  length = 0;
  readonly #most: number;
  #bytes = new Uint8Array(new ArrayBuffer(FIRST_ROOM));
  #missing = SHORTEST;

  /** `most` is the maximum length of a header, in bytes. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Buffer for exactly the bytes that are known to be missing. */
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
   * Records `n` bytes read into `room`.
   *
   * @throws {ProxyProtocolError} once the header is known to be invalid
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

/** Whether `bytes` begin with `prefix`, or are the beginning of it. */
function begins(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return prefix.every((byte, i) => i >= bytes.length || bytes[i] === byte);
}
