// SPDX-License-Identifier: MIT
/** Domain names: IDNA, limits and the search list. RFC 1035, RFC 5891. */
import { unmap } from "../net/addr/ip.ts";
import { DNSError } from "../net/errors.ts";
import { isASCII, isDomainName } from "../net/resolve/domain_name.ts";

/** Maximum length of a name without its final dot: 255 bytes on the wire. */
const LONGEST_NAME = 253;

/**
 * Converts `host` to ASCII, by the URL Standard's IDNA (UTS 46), which both runtimes include; null
 * if it is not a domain name. The case of an ASCII name is preserved.
 */
export function toASCII(host: string): string | null {
  if (isASCII(host)) return isDomainName(host) ? host : null;
  // Characters with another meaning in a URL.
  if (/[\s!"#$%&'()*+,/:;<=>?@[\\\]^`{|}~]/.test(host)) return null;
  try {
    const { hostname } = new URL(`http://${host}`);
    return isDomainName(hostname) ? hostname : null;
  } catch {
    return null;
  }
}

/**
 * Returns the names to query, in order, each with its final dot. A name with a final dot is
 * absolute; one with at least `ndots` dots is tried unchanged first, any other last.
 * resolv.conf(5), search.
 */
export function searchNames(name: string, search: readonly string[], ndots: number): string[] {
  if (name.endsWith(".")) return [name];
  if (search.length === 0) return [`${name}.`];
  const dots = name.split(".").length - 1;
  const listed = search.map((suffix) => suffix === "." ? `${name}.` : `${name}.${suffix}.`)
    .filter((each) => each.length <= LONGEST_NAME + 1);
  // RFC 7686: Tor names must not leak through the search list.
  const suffixed = /\.onion$/i.test(name) ? [] : listed;
  const asItIs = `${name}.`;
  const all = dots >= ndots ? [asItIs, ...suffixed] : [...suffixed, asItIs];
  return [...new Set(all)];
}

/** Compares names in presentation form; ASCII letters match in any case. */
export function sameName(a: string, b: string): boolean {
  return a === b || (a.length === b.length && lower(a) === lower(b));
}

/** Returns a name with the ASCII letters in lower case. */
export function lower(name: string): string {
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (code >= 0x41 && code <= 0x5a) {
      return name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
    }
  }
  return name;
}

/** Returns a name with its final dot. */
export function fullName(name: string): string {
  return name.endsWith(".") ? name : `${name}.`;
}

/**
 * Returns the name of the PTR records of an address. RFC 1035, section 3.5; RFC 3596, section 2.5.
 */
export function reverseName(ip: Uint8Array): string {
  const v4 = unmap(ip);
  if (v4.length === 4) return `${[...v4].reverse().join(".")}.in-addr.arpa.`;
  const digits = [...ip].flatMap((byte) => [byte >> 4, byte & 0xf]);
  return `${digits.reverse().map((digit) => digit.toString(16)).join(".")}.ip6.arpa.`;
}

/**
 * Returns the items whose name is a valid host name, or the root: others could attack programs that
 * display or log them. CVE-2021-33195.
 *
 * @throws {DNSError} if none is left
 */
export function validTargets<T>(
  host: string,
  items: readonly T[],
  nameOf: (item: T) => string,
): T[] {
  const valid = items.filter((each) => isDomainName(nameOf(each)));
  if (valid.length > 0) return valid;
  const text = "DNS response contained records which contain invalid names";
  throw new DNSError(text, host, "EBADRESP");
}
