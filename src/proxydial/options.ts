// SPDX-License-Identifier: MIT
/** Options of connecting through a proxy. */
import type { CallOptions } from "../net/options/call_options.ts";
import type { DialOptions } from "../net/options/options.ts";
import { callFields } from "../net/options/schema.ts";
import { checkOptions } from "../validate/options.ts";
import * as z from "../validate/schema.ts";
import type { TLSClientOptions } from "../tls/tls_options.ts";

/** Options of {@linkcode socks5Connect}. `timeout` is 30,000 by default. */
export interface SOCKS5Options extends CallOptions {
  /** User for the proxy, 1 to 255 bytes of UTF-8. RFC 1929. */
  username?: string;
  /** Password for the proxy, at most 255 bytes of UTF-8. */
  password?: string;
}

/** Options of {@linkcode httpConnect}. `timeout` is 30,000 by default. */
export interface HTTPConnectOptions extends CallOptions {
  /** User for the proxy, sent as Basic authentication. RFC 7617. */
  username?: string;
  /** Password for the proxy. */
  password?: string;
  /** Further fields of the request, such as `User-Agent`. */
  headers?: Readonly<Record<string, string>>;
  /** Maximum length of the proxy's response header, in bytes; 65,536 by default. */
  maxHeader?: number;
}

/** Options of {@linkcode proxyDial}. Those of {@linkcode dial} apply to the connection to the proxy. */
export interface ProxyDialOptions extends DialOptions {
  /**
   * URL of the proxy: `socks5://user:password@host:1080`, `http://host:8080` or `https://host:443`, as
   * {@linkcode proxyFromEnvironment} returns it; null to connect without one. `socks5h` is the same as
   * `socks5`: names are always looked up by the proxy.
   */
  proxy: string | URL | null;
  /** Maximum time from the connection to the proxy to its answer; 30,000 ms by default. */
  proxyTimeout?: number;
  /** Fields of the request to a proxy of HTTP. */
  headers?: Readonly<Record<string, string>>;
  /** See {@linkcode HTTPConnectOptions}. */
  maxHeader?: number;
  /** Options of TLS to a proxy of `https`, not to the server behind it. */
  proxyTLS?: TLSClientOptions;
}

/** Default of `timeout` and `proxyTimeout`. */
export const TIMEOUT_MS = 30_000;
/** Default of `maxHeader`. */
export const MAX_HEADER = 64 * 1024;
const MOST_BYTES_OF_A_FIELD = 255;

const header = () => ({
  headers: z.custom<Readonly<Record<string, string>>>(
    isHeaders,
    "must have valid HTTP header names and values",
  )
    .optional(),
  maxHeader: z.int().min(64).max(1 << 24).optional(),
});

const SOCKS5 = z.options(() => ({
  ...callFields(),
  username: z.custom<string>((value) => isShort(value, 1), "must be 1 to 255 bytes of text")
    .optional(),
  password: z.custom<string>((value) => isShort(value, 0), "must be at most 255 bytes of text")
    .optional(),
}));

const HTTP = z.options(() => ({
  ...callFields(),
  ...header(),
  // RFC 7617: a colon would end it.
  username: z.string().regex(/^[^:]*$/, "must have no colon").optional(),
  password: z.string().optional(),
}));

const PROXY = z.options(() => ({
  ...header(),
  proxyTimeout: z.number().positive().optional(),
}));

function isShort(value: unknown, least: number): boolean {
  if (typeof value !== "string") return false;
  const { length } = new TextEncoder().encode(value);
  return length >= least && length <= MOST_BYTES_OF_A_FIELD;
}

function isHeaders(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).every(([name, text]) =>
    // A line end in a value would begin another field.
    /^[!#$%&'*+.^_`|~\w-]+$/.test(name) && typeof text === "string" &&
    /^[\t\x20-\x7e]*$/.test(text)
  );
}

/** Checks the options of {@linkcode socks5Connect}. */
export function checkSOCKS5Options(options: SOCKS5Options): SOCKS5Options {
  return checkOptions("connect through a SOCKS5 proxy", SOCKS5, options);
}

/** Checks the options of {@linkcode httpConnect}. */
export function checkHTTPConnectOptions(options: HTTPConnectOptions): HTTPConnectOptions {
  return checkOptions("connect through an HTTP proxy", HTTP, options);
}

/** Checks the options of {@linkcode proxyDial} that are not those of a dial. */
export function checkProxyOptions(
  options: Pick<ProxyDialOptions, "headers" | "maxHeader" | "proxyTimeout">,
): typeof options {
  return checkOptions("dial through a proxy", PROXY, options);
}
