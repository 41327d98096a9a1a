// SPDX-License-Identifier: MIT
/**
 * Names of hosts as TLS has them: in ASCII, and without the dot at the end of an absolute name. RFC
 * 6066.
 */
import { nodeModule } from "../../platforms/contract/host.ts";

/** The name that the server is told. */
export function sentName(host: string): string {
  const name = host.endsWith(".") ? host.slice(0, -1) : host;
  // What cannot be written in ASCII is refused by the engine as it is.
  return /^[\x20-\x7e]*$/.test(name) ? name : nodeModule("node:url").domainToASCII(name) || name;
}
