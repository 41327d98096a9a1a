// SPDX-License-Identifier: MIT
/**
 * Host names in the form that TLS uses: in ASCII, and without the final dot of an absolute name.
 * RFC 6066.
 */
import { nodeModule } from "../../platforms/contract/host.ts";

/** Returns the server name to send. */
export function sentName(host: string): string {
  const name = host.endsWith(".") ? host.slice(0, -1) : host;
  // A name without an ASCII form is left to the engine, which rejects it.
  return /^[\x20-\x7e]*$/.test(name) ? name : nodeModule("node:url").domainToASCII(name) || name;
}
