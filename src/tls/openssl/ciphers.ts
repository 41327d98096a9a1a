// SPDX-License-Identifier: MIT
/** TLS versions and cipher suites of an SSL_CTX. Mixed lists follow the rules of `node:tls`. */
import type { Pointer } from "../../../platforms/contract/ffi.ts";
import type { TLSOptions, TLSVersion } from "../tls_options.ts";
import { failureOf } from "./failure.ts";
import type { OpenSSL } from "./library.ts";
import { cString } from "./memory.ts";
import {
  SSL_CTRL_SET_MAX_PROTO_VERSION,
  SSL_CTRL_SET_MIN_PROTO_VERSION,
  VERSIONS,
} from "./numbers.ts";

/** TLS 1.2 suites with forward secrecy and authenticated encryption, as RFC 9325 recommends. */
const DEFAULT_TLS12 = "ECDHE+AESGCM:ECDHE+CHACHA20";

/** Sets versions and suites of `ctx`. Throws TypeError if they allow no connection. */
export function setCiphers(
  openssl: OpenSSL,
  ctx: Pointer,
  call: string,
  options: TLSOptions,
): void {
  const { ssl } = openssl;
  let { minVersion = "TLSv1.2", maxVersion = "TLSv1.3" } = options;
  const fail = (field: string, why: string): never => {
    throw new TypeError(`Cannot ${call} with these options: ${field}: ${why}`);
  };
  if (minVersion > maxVersion) fail("minVersion", `${minVersion} is newer than maxVersion`);
  if (options.ciphers !== undefined) {
    const names = options.ciphers.split(":").filter((name) => name !== "");
    const tls13 = names.filter((name) => name.startsWith("TLS_")).join(":");
    const tls12 = names.filter((name) => !name.startsWith("TLS_")).join(":");
    if (names.length === 0) fail("ciphers", "no suite is named");
    // A version without suites cannot be used.
    if (tls12 === "") minVersion = "TLSv1.3";
    if (tls13 === "") maxVersion = "TLSv1.2";
    if (minVersion > maxVersion) {
      fail("ciphers", "no suite is named for the enabled versions");
    }
    const refused = () => fail("ciphers", failureOf(openssl, "no cipher match").message);
    if (tls12 !== "" && ssl.SSL_CTX_set_cipher_list(ctx, cString(tls12)) !== 1) refused();
    if (tls13 !== "" && ssl.SSL_CTX_set_ciphersuites(ctx, cString(tls13)) !== 1) refused();
  } else ssl.SSL_CTX_set_cipher_list(ctx, cString(DEFAULT_TLS12));
  const set = (command: number, version: TLSVersion) =>
    ssl.SSL_CTX_ctrl(ctx, command, VERSIONS[version], null);
  set(SSL_CTRL_SET_MIN_PROTO_VERSION, minVersion);
  set(SSL_CTRL_SET_MAX_PROTO_VERSION, maxVersion);
}
