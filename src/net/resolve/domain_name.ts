// SPDX-License-Identifier: MIT
/** Syntax checks of host names. RFC 1035; Go: net/dnsclient.go, isDomainName. */

/**
 * Whether `host` is a number in a form that inet_aton(3) accepts as an IPv4 address and this
 * library does not: "0x7f.1", "2130706433", "0177.0.0.1". Resolvers that accept it would bypass
 * checks of the address. Non-ASCII digits count as well.
 */
function isNumber(host: string): boolean {
  const plain = host.normalize("NFKC").replace(/[\u3002\uff0e\uff61]/g, ".").replace(/\.$/, "");
  return plain.split(".").every((part) => /^(0x[0-9a-f]*|[0-9]*)$/i.test(part)) && plain !== "";
}

/** Whether `text` has only ASCII characters. */
export function isASCII(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

/** Whether `host` is an ASCII domain name that can be queried. */
export function isDomainName(host: string): boolean {
  if (host === ".") return true;
  const end = host.endsWith(".") ? host.length - 1 : host.length;
  if (end > 253) return false;
  let start = 0;
  // Whether it contains a letter that no number has, as most names do.
  let worded = false;
  for (let i = 0; i <= end; i++) {
    const code = host.charCodeAt(i);
    if (i < end && code !== DOT) {
      if (!mayBeInLabel(code)) return false;
      worded ||= isBeyondHex(code);
      continue;
    }
    if (i === start || i - start > 63) return false;
    if (host.charCodeAt(start) === HYPHEN || host.charCodeAt(i - 1) === HYPHEN) return false;
    start = i + 1;
  }
  return worded || !isNumber(host);
}

const DOT = 0x2e, HYPHEN = 0x2d, UNDERSCORE = 0x5f;

/** Whether a character may be in a label: a letter, a digit, a hyphen or an underscore. */
function mayBeInLabel(code: number): boolean {
  const lower = code | 0x20;
  return (lower >= 0x61 && lower <= 0x7a) || (code >= 0x30 && code <= 0x39) || code === HYPHEN ||
    code === UNDERSCORE;
}

/** Whether a character of a label is a letter other than those of "0x1f". */
function isBeyondHex(code: number): boolean {
  const lower = code | 0x20;
  return lower > 0x66 && lower <= 0x7a && lower !== 0x78;
}

/** Whether `host` can be a host name; a non-ASCII name is left to the resolver. */
export function mayBeName(host: string): boolean {
  return isASCII(host) ? isDomainName(host) : !isNumber(host);
}
