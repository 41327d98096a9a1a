// SPDX-License-Identifier: MIT
/** Counters of the thread's OpenSSL objects, updated on creation and free. */

/** One per thread. */
export const live = {
  /** SSL_CTX objects. */
  contexts: 0,
  /** SSL objects. */
  connections: 0,
  /** X509_STORE objects. */
  stores: 0,
};
