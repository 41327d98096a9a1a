// SPDX-License-Identifier: MIT
/**
 * Access control of the debug page. A Request has no peer address, and behind a proxy every peer is
 * on loopback: so the token decides, and all other checks only restrict who may present it.
 */
import { nodeCrypto } from "../bridge/host.ts";
import { parseIP } from "../net/addr/ip.ts";
import type { CheckedDebugOptions } from "./options.ts";

/**
 * The host server's information about a request's peer: the second argument of a handler of
 * `Deno.serve` (`remoteAddr`) or of `Bun.serve` (`requestIP`).
 */
export interface DebugPeerInfo {
  /** Peer, as `Deno.serve` passes it; without a `hostname` it is a Unix socket. */
  readonly remoteAddr?: { readonly hostname?: string };
  /** Returns the peer, as the server of `Bun.serve` does; null if unknown. */
  requestIP?(request: Request): { readonly address: string } | null;
}

/** Refusal of a request: the status and the text of the response. */
export interface Refusal {
  readonly status: number;
  readonly text: string;
}

/** Headers that proxies add. */
const FORWARDED = [
  "forwarded",
  "via",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-real-ip",
  "x-client-ip",
  "true-client-ip",
  "cf-connecting-ip",
];

const LOOPBACK = /^(127\.|::1$|::ffff:127\.)/i;

/** Returns why this request is refused regardless of its token, or null. */
export function refusal(
  request: Request,
  info: DebugPeerInfo | undefined,
  options: CheckedDebugOptions,
): Refusal | null {
  if (request.method !== "GET" && request.method !== "HEAD") {
    return { status: 405, text: "The debug page supports only GET and HEAD." };
  }
  if (!hostsOf(request).every((host) => isAllowedHost(host, options.hosts))) {
    return { status: 421, text: "This host name is not allowed: see `hosts`." };
  }
  if (!options.allowForwarded && FORWARDED.some((name) => request.headers.has(name))) {
    return { status: 403, text: "The request was forwarded by a proxy: see `allowForwarded`." };
  }
  const peer = peerOf(request, info);
  if (!options.allowRemote && peer !== null && !LOOPBACK.test(peer)) {
    return { status: 403, text: "The client is on another machine: see `allowRemote`." };
  }
  const site = request.headers.get("sec-fetch-site");
  if (site === "cross-site" && request.headers.get("sec-fetch-mode") !== "navigate") {
    return { status: 403, text: "Another site may not read the debug page." };
  }
  return null;
}

/** Returns whether the request has the token, as `Authorization: Bearer` or as `?token=`. */
export function isAuthorized(request: Request, url: URL, token: string): boolean {
  const bearer = /^Bearer +(\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
  return isEqual(bearer ?? url.searchParams.get("token") ?? "", token);
}

/** Compares two strings in a time that does not depend on where they differ. */
function isEqual(a: string, b: string): boolean {
  const { createHash, timingSafeEqual } = nodeCrypto();
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

/** Returns the host names of the request: its URL's, and that of its Host header. */
function hostsOf(request: Request): string[] {
  const header = request.headers.get("host");
  const named = header === null ? [] : [nameOf(header)];
  return [new URL(request.url).hostname.toLowerCase(), ...named];
}

/** Returns the name in a Host header; "" if there is none. */
function nameOf(header: string): string {
  return URL.parse(`http://${header}`)?.hostname.toLowerCase() ?? "";
}

/** Only a name can be rebound, not an address. */
function isAllowedHost(host: string, allowed: ReadonlySet<string>): boolean {
  return host === "localhost" || host.endsWith(".localhost") || allowed.has(host) ||
    parseIP(host.replace(/^\[(.*)\]$/, "$1")) !== null;
}

/** Returns the address of the peer, or null if it is unknown or a Unix socket. */
function peerOf(request: Request, info: DebugPeerInfo | undefined): string | null {
  if (typeof info?.requestIP === "function") return info.requestIP(request)?.address ?? null;
  return info?.remoteAddr?.hostname ?? null;
}
