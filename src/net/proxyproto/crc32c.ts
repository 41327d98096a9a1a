// SPDX-License-Identifier: MIT
/** CRC-32C (Castagnoli), which protects a header of version 2. RFC 3720, appendix B.4. */

/** The polynomial 0x1edc6f41, its bits reversed. */
const POLYNOMIAL = 0x82f63b78;

/** Returns the checksum of `bytes`, bit by bit, which is fast enough for short headers. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? POLYNOMIAL : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
