// SPDX-License-Identifier: MIT
/** Error for bytes that are not a header. */
import { ProxyProtocolError } from "../proxy_error.ts";

/** Creates the error; `detail` describes the fault. */
export function invalid(detail: string): ProxyProtocolError {
  return new ProxyProtocolError("invalid", detail);
}
