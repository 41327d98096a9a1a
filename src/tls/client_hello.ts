// SPDX-License-Identifier: MIT
/**
 * The first message of a client, read before any engine is made: the host name that it asks for
 * decides the certificate. RFC 8446, section 4.1.2; RFC 6066. The bytes are handed on as they came.
 *
 * A client may spread it over as many records and segments as it likes, so every byte is looked at
 * once, and more than {@linkcode MOST_BYTES} are refused.
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
 * More than any client sends, headers of records included.
 *
 * @internal exported for tests
 */
export const MOST_BYTES = 16 * 1024;
/** A first guess of its length; that of OpenSSL 3.5 with its hybrid key share is 1.5 KiB. */
const FIRST_BYTES = 2 * 1024;

const NO_BYTES = new Uint8Array(0);

/** A client's first bytes, and the name in them. */
export interface ClientHello {
  /** All bytes that have come. */
  readonly bytes: Uint8Array;
  /** The name in lower case; "" if the client asks for none, or does not speak TLS. */
  readonly serverName: string;
}

/** Puts the message together while its bytes come. */
export class ClientHelloReader {
  /** All bytes that have come: the first `length` of it. */
  #bytes = new Uint8Array(new ArrayBuffer(FIRST_BYTES));
  #length = 0;
  /** Where the first record begins that is not complete. */
  #at = 0;
  /** The contents of the complete records: the first `gathered` bytes of it. */
  #message: Uint8Array = NO_BYTES;
  #gathered = 0;

  /**
   * Takes the first `length` bytes of `bytes`, which have come. Returns the message once it is
   * complete, or once it is certain that there is none, which is the engine's to refuse; else null.
   *
   * @throws {TLSError} when it is longer than any client's
   */
  push(bytes: Uint8Array, length: number): ClientHello | null {
    if (this.#length + length > MOST_BYTES) throw tooLong();
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

  /** The end of the stream has come before that of the message. */
  end(): ClientHello {
    return this.#hello("");
  }

  /** Where the message ends that has begun. */
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

  /** Nearly every client sends one record, whose content is left where it is. */
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
    else this.#bytes = grown(this.#bytes.subarray(0, this.#length), 2 * end, part);
    this.#length = end;
  }

  #hello(serverName: string): ClientHello {
    return { bytes: this.#bytes.subarray(0, this.#length), serverName };
  }
}

/** Reads the first message of a client. Parks. Holds no buffer before a byte has come. */
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

/** Room for `size` bytes that begins with those of `bytes`, and `more` behind them. */
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
/** Reads numbers and vectors; past the end there are zeros, of which nothing follows. */
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

  /** A vector whose length stands before it in `size` bytes. */
  vector(size: number): Uint8Array {
    return this.take(this.number(size));
  }
}

/** The host name of a ClientHello's body. */
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
