// SPDX-License-Identifier: MIT
/** What may be the name of a host. RFC 1035; Go: net/dnsclient.go, isDomainName. */

/**
 * Whether it is a number, of the forms that inet_aton(3) takes for an IPv4 address and this library
 * does not: "0x7f.1", "2130706433", "0177.0.0.1". Systems whose resolver takes them would connect to
 * where no check of the address has looked. Letters of the world that stand for these count as well.
 */
function isNumber(host: string): boolean {
  // Most names have a letter that no number has.
  if (/[g-wyz]/i.test(host)) return false;
  const plain = host.normalize("NFKC").replace(/[\u3002\uff0e\uff61]/g, ".").replace(/\.$/, "");
  return plain.split(".").every((part) => /^(0x[0-9a-f]*|[0-9]*)$/i.test(part)) && plain !== "";
}

/** Whether it is a name of ASCII letters that a server may be asked for. */
export function isDomainName(host: string): boolean {
  if (host === ".") return true;
  const name = host.endsWith(".") ? host.slice(0, -1) : host;
  if (name.length > 253 || isNumber(name)) return false;
  return name.split(".").every((label) => /^[\w-]{1,63}$/.test(label) && !/^-|-$/.test(label));
}

/** Whether it could be the name of a host; one with letters of the world is left to others. */
export function mayBeName(host: string): boolean {
  // deno-lint-ignore no-control-regex
  return /[^\x00-\x7f]/.test(host) ? !isNumber(host) : isDomainName(host);
}
