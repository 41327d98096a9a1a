// SPDX-License-Identifier: MIT
/** The error of bytes that are not a header. */
import { ProxyProtocolError } from "../proxy_error.ts";

/** Returns it; `detail` says what is wrong. */
export function invalid(detail: string): ProxyProtocolError {
  return new ProxyProtocolError("invalid", detail);
}
