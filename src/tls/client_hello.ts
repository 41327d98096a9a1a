// SPDX-License-Identifier: MIT
/**
 * Parses a ClientHello before an engine is created, because its server name selects the
 * certificate. RFC 8446, section 4.1.2; RFC 6066. The bytes are then passed to the engine
 * unchanged.
 *
 * A client may split it into any number of records and segments, so every byte is examined once,
 * and more than {@linkcode MOST_BYTES} are rejected.
 */
import type { Conn } from "../net/net.ts";
import type { Routine } from "../sched/goroutine.ts";
import { TLSError } from "./tls_error.ts";

const RECORD_HEADER = 5;
const RECORD_HANDSHAKE = 22;
const MESSAGE_HEADER = 4;
const CLIENT_HELLO = 1;
const EXTENSION_SERVER_NAME = 0;
const HOST_NAME = 0;
/**
 * Maximum length including record headers, more than any client sends.
 *
 * @internal exported for tests
 */
export const MOST_BYTES = 16 * 1024;
/** Initial buffer size; a ClientHello of OpenSSL 3.5 with its hybrid key share is 1.5 KiB. */
const FIRST_BYTES = 2 * 1024;

const NO_BYTES = new Uint8Array(0);

/** A client's first bytes, and the server name in them. */
export interface ClientHello {
  /** All received bytes. */
  readonly bytes: Uint8Array;
  /** Server name in lower case; "" if there is none, or the client does not speak TLS. */
  readonly serverName: string;
}

/** Assembles a ClientHello from its segments. */
export class ClientHelloReader {
  /** Received bytes: the first `length` bytes of it. */
  #bytes: Uint8Array = NO_BYTES;
  #length = 0;
  /** Offset of the first incomplete record. */
  #at = 0;
  /** Contents of the complete records: the first `gathered` bytes of it. */
  #message: Uint8Array = NO_BYTES;
  #gathered = 0;

  /**
   * Adds the first `length` bytes of `bytes`. Returns the message once it is complete, or known not
   * to be a ClientHello, which the engine then rejects; null otherwise. The bytes of a message that
   * is complete at once are those of `bytes` itself.
   *
   * @throws {TLSError} if it is too long
   */
  push(bytes: Uint8Array, length: number): ClientHello | null {
    if (this.#length + length > MOST_BYTES) throw tooLong();
    if (this.#length === 0) {
      const message = wholeMessage(bytes, length);
      if (message !== null) {
        return { bytes: bytes.subarray(0, length), serverName: serverName(message) };
      }
    }
    this.#append(bytes, length);
    for (;;) {
      const known = this.#gathered >= MESSAGE_HEADER;
      if (this.#gathered > 0 && this.#message[0] !== CLIENT_HELLO) return this.#hello("");
      if (known && this.#gathered >= this.#end()) {
        return this.#hello(serverName(this.#message.subarray(MESSAGE_HEADER, this.#end())));
      }
      const left = this.#length - this.#at;
      if (left > 0 && this.#bytes[this.#at] !== RECORD_HANDSHAKE) return this.#hello("");
      if (left < RECORD_HEADER || !this.#takeRecord(left)) return null;
    }
  }

  /** Returns the incomplete message at the end of the stream. */
  end(): ClientHello {
    return this.#hello("");
  }

  /** Returns the offset of the end of the message that has begun. */
  #end(): number {
    const [, high, middle, low] = this.#message;
    const end = MESSAGE_HEADER + (high << 16 | middle << 8 | low);
    if (end > MOST_BYTES) throw tooLong();
    return end;
  }

  #takeRecord(left: number): boolean {
    const body = this.#at + RECORD_HEADER;
    const length = this.#bytes[this.#at + 3] << 8 | this.#bytes[this.#at + 4];
    if (length > MOST_BYTES) throw tooLong();
    if (left < RECORD_HEADER + length) return false;
    this.#gather(this.#bytes.subarray(body, body + length));
    this.#at = body + length;
    return true;
  }

  /**
   * Appends a record's content. Nearly all clients send a single record, whose content is not
   * copied.
   */
  #gather(content: Uint8Array): void {
    const end = this.#gathered + content.length;
    if (this.#gathered === 0) this.#message = content;
    else if (end <= this.#message.length) this.#message.set(content, this.#gathered);
    else this.#message = grown(this.#message.subarray(0, this.#gathered), 2 * end, content);
    this.#gathered = end;
  }

  #append(bytes: Uint8Array, length: number): void {
    const end = this.#length + length;
    const part = bytes.subarray(0, length);
    if (end <= this.#bytes.length) this.#bytes.set(part, this.#length);
    else {
      const size = Math.max(FIRST_BYTES, 2 * end);
      this.#bytes = grown(this.#bytes.subarray(0, this.#length), size, part);
    }
    this.#length = end;
  }

  #hello(serverName: string): ClientHello {
    return { bytes: this.#bytes.subarray(0, this.#length), serverName };
  }
}

/**
 * Returns the body of a ClientHello that the first of `length` bytes hold in a single record, as
 * nearly all clients send it; null otherwise.
 */
function wholeMessage(bytes: Uint8Array, length: number): Uint8Array | null {
  const body = RECORD_HEADER + MESSAGE_HEADER;
  if (length < body || bytes[0] !== RECORD_HANDSHAKE || bytes[RECORD_HEADER] !== CLIENT_HELLO) {
    return null;
  }
  const record = RECORD_HEADER + (bytes[3] << 8 | bytes[4]);
  const end = body + (bytes[6] << 16 | bytes[7] << 8 | bytes[8]);
  return end <= record && record <= length ? bytes.subarray(body, end) : null;
}

/** Reads a ClientHello. Parks. Holds no buffer before the first byte. */
export function* readClientHello(conn: Conn): Routine<ClientHello> {
  yield* conn.readable();
  const reader = new ClientHelloReader();
  const buffer = new Uint8Array(FIRST_BYTES);
  for (;;) {
    const n = yield* conn.read(buffer);
    const hello = n === null ? reader.end() : reader.push(buffer, n);
    if (hello !== null) return hello;
  }
}

/** Returns a buffer of `size` bytes with `bytes`, followed by `more`. */
function grown(bytes: Uint8Array, size: number, more: Uint8Array): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(new ArrayBuffer(size));
  larger.set(bytes);
  larger.set(more, bytes.length);
  return larger;
}

function tooLong(): TLSError {
  return new TLSError(
    `tls: the client's first message is longer than ${MOST_BYTES} bytes`,
    "ERR_SSL_EXCESSIVE_MESSAGE_SIZE",
  );
}
/** Reads numbers and vectors; reads zeros beyond the end. */
class Cursor {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get empty(): boolean {
    return this.#at >= this.#bytes.length;
  }

  number(size: number): number {
    let value = 0;
    for (let i = 0; i < size; i++) value = value << 8 | (this.#bytes[this.#at++] ?? 0);
    return value;
  }

  take(length: number): Uint8Array {
    return this.#bytes.subarray(this.#at, this.#at += length);
  }

  /** Reads a vector with a length prefix of `size` bytes. */
  vector(size: number): Uint8Array {
    return this.take(this.number(size));
  }
}

/** Returns the server name in the body of a ClientHello. */
function serverName(message: Uint8Array): string {
  const hello = new Cursor(message);
  hello.take(2 + 32); // legacy_version, random
  hello.vector(1); // legacy_session_id
  hello.vector(2); // cipher_suites
  hello.vector(1); // legacy_compression_methods
  const extensions = new Cursor(hello.vector(2));
  while (!extensions.empty) {
    const type = extensions.number(2);
    const body = extensions.vector(2);
    if (type !== EXTENSION_SERVER_NAME) continue;
    const names = new Cursor(new Cursor(body).vector(2));
    while (!names.empty) {
      const kind = names.number(1);
      const name = names.vector(2);
      if (kind === HOST_NAME) return new TextDecoder().decode(name).toLowerCase();
    }
  }
  return "";
}
