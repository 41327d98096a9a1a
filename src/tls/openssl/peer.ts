// SPDX-License-Identifier: MIT
/** Negotiated parameters and the peer's identity; each is read from OpenSSL at first use. */
import type { PeerCertificate } from "node:tls";
import { nodeCrypto } from "../../bridge/host.ts";
import { failureOf } from "./failure.ts";
import { bytesOf, contents, textAt, withBIO } from "./memory.ts";
import { SSL_CTRL_GET_TLSEXT_STATUS_REQ_OCSP_RESP, X509_V_OK } from "./numbers.ts";
import type { SSLHandle } from "./ssl_handle.ts";

/** Maximum of RFC 5705 for one export with SHA-256, more than any protocol needs. */
const MOST_KEYING_MATERIAL = 255 * 32;

/** See the top of this file. */
export class Peer {
  readonly #handle: SSLHandle;
  #protocol: string | null = null;
  #cipher: string | null = null;
  #alpn: string | null = null;
  #certificate: PeerCertificate | null | undefined;

  constructor(handle: SSLHandle) {
    this.#handle = handle;
  }

  /** TLS version, such as "TLSv1.3". */
  get protocol(): string {
    return this.#protocol ??= this.#ask("", ({ ssl }, pointer) => ssl.SSL_get_version(pointer));
  }

  /** Cipher suite, such as "TLS_AES_128_GCM_SHA256". */
  get cipher(): string {
    return this.#cipher ??= this.#ask(
      "",
      ({ ssl }, pointer) => ssl.SSL_CIPHER_standard_name(ssl.SSL_get_current_cipher(pointer)),
    );
  }

  /** ALPN protocol, or "". */
  get alpnProtocol(): string {
    if (this.#alpn !== null || this.#handle.freed) return this.#alpn ?? "";
    const { openssl } = this.#handle.wire;
    const address = new BigUint64Array(new ArrayBuffer(8));
    const length = new Uint32Array(new ArrayBuffer(4));
    openssl.ssl.SSL_get0_alpn_selected(this.#handle.ssl, address, length);
    return this.#alpn = new TextDecoder().decode(this.#copy(address[0], length[0]));
  }

  /** Whether the peer presented a certificate that was verified. */
  get authorized(): boolean {
    if (this.#handle.freed) return false;
    const { openssl } = this.#handle.wire;
    return this.certificate !== null &&
      openssl.ssl.SSL_get_verify_result(this.#handle.ssl) === X509_V_OK;
  }

  /** Certificate of the peer. */
  get certificate(): PeerCertificate | null {
    if (this.#certificate !== undefined || this.#handle.freed) return this.#certificate ?? null;
    const { openssl } = this.#handle.wire;
    const x509 = openssl.ssl.SSL_get1_peer_certificate(this.#handle.ssl);
    if (!x509) return this.#certificate = null;
    try {
      const der = withBIO(openssl, "", (bio) => {
        openssl.crypto.i2d_X509_bio(bio, x509);
        return contents(openssl, bio);
      });
      const { X509Certificate } = nodeCrypto();
      return this.#certificate = new X509Certificate(der).toLegacyObject();
    } finally {
      openssl.crypto.X509_free(x509);
    }
  }

  /** Whether an earlier session was resumed. */
  get resumed(): boolean {
    if (this.#handle.freed) return false;
    return this.#handle.wire.openssl.ssl.SSL_session_reused(this.#handle.ssl) === 1;
  }

  /** OCSP response stapled by the server. */
  get ocspResponse(): Uint8Array | null {
    if (this.#handle.freed) return null;
    const { openssl } = this.#handle.wire;
    const address = new BigUint64Array(new ArrayBuffer(8));
    const command = SSL_CTRL_GET_TLSEXT_STATUS_REQ_OCSP_RESP;
    const length = openssl.sslBytes.SSL_ctrl(this.#handle.ssl, command, 0, address);
    return length > 0 ? this.#copy(address[0], length) : null;
  }

  /** See `TLSConn.exportKeyingMaterial`. */
  exportKeyingMaterial(length: number, label: string, context?: Uint8Array): Uint8Array {
    if (!(Number.isInteger(length) && length > 0 && length <= MOST_KEYING_MATERIAL)) {
      throw new RangeError(
        "Cannot export keying material as its length must be between 1 and " +
          `${MOST_KEYING_MATERIAL}: current value is ${length}`,
      );
    }
    const { openssl } = this.#handle.wire;
    const out = new Uint8Array(new ArrayBuffer(length));
    const name = bytesOf(label);
    // An empty buffer may have no address.
    const given = bytesOf(context?.length ? context : new Uint8Array(1));
    const done = openssl.ssl.SSL_export_keying_material(
      this.#handle.ssl,
      out,
      length,
      name,
      name.length,
      given,
      context?.length ?? 0,
      context === undefined ? 0 : 1,
    );
    if (done !== 1) throw failureOf(openssl, "keying material cannot be exported");
    return out;
  }

  #ask(
    otherwise: string,
    f: (openssl: SSLHandle["wire"]["openssl"], pointer: SSLHandle["ssl"]) => Parameters<
      typeof textAt
    >[1],
  ): string {
    if (this.#handle.freed) return otherwise;
    const { openssl } = this.#handle.wire;
    return textAt(openssl, f(openssl, this.#handle.ssl));
  }

  /** Copies `length` bytes of OpenSSL's memory at `address`. */
  #copy(address: bigint, length: number): Uint8Array {
    if (length === 0) return new Uint8Array(0);
    const { openssl } = this.#handle.wire;
    return withBIO(openssl, "", (bio) => {
      openssl.cryptoAddresses.BIO_write(bio, Number(address), length);
      return contents(openssl, bio);
    });
  }
}
