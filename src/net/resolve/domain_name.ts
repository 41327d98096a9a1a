// SPDX-License-Identifier: MIT
/** Syntax checks of host names. RFC 1035; Go: net/dnsclient.go, isDomainName. */

/**
 * Whether `host` is a number in a form that inet_aton(3) accepts as an IPv4 address and this
 * library does not: "0x7f.1", "2130706433", "0177.0.0.1". Resolvers that accept it would bypass
 * checks of the address. Non-ASCII digits count as well.
 */
function isNumber(host: string): boolean {
  // Fast path: most names contain a letter that no number has.
  if (/[g-wyz]/i.test(host)) return false;
  const plain = host.normalize("NFKC").replace(/[\u3002\uff0e\uff61]/g, ".").replace(/\.$/, "");
  return plain.split(".").every((part) => /^(0x[0-9a-f]*|[0-9]*)$/i.test(part)) && plain !== "";
}

/** Whether `host` is an ASCII domain name that can be queried. */
export function isDomainName(host: string): boolean {
  if (host === ".") return true;
  const name = host.endsWith(".") ? host.slice(0, -1) : host;
  if (name.length > 253 || isNumber(name)) return false;
  return name.split(".").every((label) => /^[\w-]{1,63}$/.test(label) && !/^-|-$/.test(label));
}

/** Whether `host` can be a host name; a non-ASCII name is left to the resolver. */
export function mayBeName(host: string): boolean {
  // deno-lint-ignore no-control-regex
  return /[^\x00-\x7f]/.test(host) ? !isNumber(host) : isDomainName(host);
}
