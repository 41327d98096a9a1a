// SPDX-License-Identifier: MIT
/** Bytes and strings between JavaScript and OpenSSL, always as copies. */
import type { Pointer } from "../../../platforms/contract/ffi.ts";
import type { OpenSSL } from "./library.ts";

/** Returns a copy of `text` with a terminating zero byte. */
export function cString(text: string): Uint8Array {
  return bytesOf(`${text}\0`);
}

/** Returns a copy of `data` in memory that can be passed to C. */
export function bytesOf(data: string | Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
  const copy = new Uint8Array(new ArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
}

/** Returns the string at a `const char *`; "" for NULL. */
export function textAt({ crypto }: OpenSSL, pointer: Pointer | null): string {
  return pointer ? new TextDecoder().decode(bytesAt({ crypto }, pointer)) : "";
}

/** A copy of the text that a `const char *` of OpenSSL points to, as bytes. */
export function bytesAt({ crypto }: Pick<OpenSSL, "crypto">, pointer: Pointer): Uint8Array {
  let text = new Uint8Array(new ArrayBuffer(256));
  const length = crypto.OPENSSL_strlcpy(text, pointer, text.length);
  if (length >= text.length) {
    text = new Uint8Array(new ArrayBuffer(length + 1));
    crypto.OPENSSL_strlcpy(text, pointer, text.length);
  }
  return text.subarray(0, length);
}

/** Calls `f` with a memory BIO that holds `data`, and frees the BIO. */
export function withBIO<T>(
  { crypto }: OpenSSL,
  data: string | Uint8Array,
  f: (bio: Pointer) => T,
): T {
  const bio = crypto.BIO_new(crypto.BIO_s_mem());
  if (!bio) throw new RangeError("Cannot create a memory BIO: out of memory");
  try {
    const bytes = bytesOf(data);
    if (bytes.length > 0) crypto.BIO_write(bio, bytes, bytes.length);
    return f(bio);
  } finally {
    crypto.BIO_free(bio);
  }
}

/** Reads and removes all data of `bio`. */
export function contents({ crypto }: OpenSSL, bio: Pointer): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(new ArrayBuffer(crypto.BIO_ctrl_pending(bio)));
  if (bytes.length > 0) crypto.BIO_read(bio, bytes, bytes.length);
  return bytes;
}
