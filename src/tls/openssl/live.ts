// SPDX-License-Identifier: MIT
/** OpenSSL's objects that this thread owns, counted where they are made and freed. */

/** One per thread. */
export const live = {
  /** SSL_CTX objects. */
  contexts: 0,
  /** SSL objects. */
  connections: 0,
  /** X509_STORE objects. */
  stores: 0,
};
