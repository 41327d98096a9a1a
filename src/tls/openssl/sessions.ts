// SPDX-License-Identifier: MIT
/**
 * Session cache of clients, in serialized form, so that no OpenSSL memory is held between
 * connections. Go: `tls.ClientSessionCache`.
 */
import { takeReason } from "./failure.ts";
import type { OpenSSL } from "./library.ts";
import { contents, withBIO } from "./memory.ts";
import type { SSLHandle } from "./ssl_handle.ts";
import { registerState } from "../../sched/thread_state.ts";

const MOST_KEPT = 256;

/** Ordered by age, the oldest first. */
let kept = new Map<string, Uint8Array>();

registerState("TLS sessions", {
  fresh: () => new Map<string, Uint8Array>(),
  save: () => kept,
  restore: (state) => kept = state,
});

/** Sessions with one server under one set of options. */
export class SessionCache {
  readonly #openssl: OpenSSL;
  readonly #key: string;

  constructor(openssl: OpenSSL, key: string) {
    this.#openssl = openssl;
    this.#key = key;
  }

  /** Offers the cached session. A TLS 1.3 ticket is used once (RFC 8446, appendix C.4). */
  offer(handle: SSLHandle): void {
    const pem = kept.get(this.#key);
    if (pem === undefined) return;
    kept.delete(this.#key);
    const { ssl, crypto } = this.#openssl;
    withBIO(this.#openssl, pem, (bio) => {
      const session = crypto.PEM_read_bio_SSL_SESSION(bio, null, null, null);
      if (session) {
        ssl.SSL_set_session(handle.ssl, session);
        ssl.SSL_SESSION_free(session);
      }
      takeReason(this.#openssl);
    });
  }

  /**
   * Caches the session of `handle`, if its server has sent a ticket by now. Returns whether it has.
   */
  keep(handle: SSLHandle): boolean {
    const { ssl, crypto } = this.#openssl;
    const session = ssl.SSL_get1_session(handle.ssl);
    if (!session) return false;
    try {
      if (ssl.SSL_SESSION_is_resumable(session) !== 1) return false;
      const pem = withBIO(this.#openssl, "", (bio) => {
        crypto.PEM_write_bio_SSL_SESSION(bio, session);
        return contents(this.#openssl, bio);
      });
      kept.delete(this.#key);
      kept.set(this.#key, pem);
      if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value!);
      return true;
    } finally {
      ssl.SSL_SESSION_free(session);
      takeReason(this.#openssl);
    }
  }
}
