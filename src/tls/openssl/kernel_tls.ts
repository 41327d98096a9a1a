// SPDX-License-Identifier: MIT
/**
 * Kernel TLS: after the handshake the kernel encrypts what this side sends, so that files and other
 * sockets' bytes need not pass through the process. Receiving stays OpenSSL's.
 *
 * It takes TLS 1.3, since a key log has the secret of no other version in this form. Where the
 * kernel lacks it, or the cipher, the connection goes on as without: a socket that TLS is attached
 * to sends as before until it has a key.
 */
import { platform } from "../../../platforms/platform.ts";
import { reportState } from "./callbacks.ts";
import type { FDTransport } from "./fd_transport.ts";
import type { SSLHandle } from "./ssl_handle.ts";
import { textAt } from "./memory.ts";
import { isAEAD } from "./traffic_secret.ts";

/**
 * Hands what `handle` sends over to the kernel. The handshake is over, and all that OpenSSL has
 * produced is sent. Returns false, with nothing changed, where the kernel or the connection does
 * not allow it.
 */
export function handOver(handle: SSLHandle, socket: FDTransport): boolean {
  const { secret } = handle;
  if (secret === null) return false;
  try {
    const calls = platform().kernelTLS;
    const cipher = cipherOf(handle);
    if (calls === undefined || !secret.known || !isAEAD(cipher)) return false;
    const { sysfd } = socket.fd;
    if (calls.attach(sysfd) < 0) return false;
    const key = secret.key(cipher, handle.recordsSent);
    const done = calls.setSendKey(sysfd, key);
    key.key.fill(0);
    key.iv.fill(0);
    if (done < 0) return false;
  } finally {
    secret.wipe();
  }
  const { ssl } = handle.wire.openssl;
  ssl.SSL_set_info_callback(handle.ssl, reportState());
  handle.kernel = true;
  socket.kernel = platform().kernelTLS!;
  return true;
}

function cipherOf({ wire, ssl: pointer }: SSLHandle): string {
  const { ssl } = wire.openssl;
  return textAt(
    wire.openssl,
    ssl.SSL_CIPHER_standard_name(ssl.SSL_get_current_cipher(pointer)),
  );
}
