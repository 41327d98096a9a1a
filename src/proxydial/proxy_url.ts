// SPDX-License-Identifier: MIT
/** URLs of proxies. Go: golang.org/x/net/http/httpproxy, parseProxy. */
import { joinHostPort } from "../net/addr/host_port.ts";

/** A proxy and how to talk to it. */
export interface ProxyServer {
  readonly protocol: "socks5" | "http" | "https";
  /** "host:port". */
  readonly address: string;
  /** Undefined if the URL has no user. */
  readonly username: string | undefined;
  readonly password: string | undefined;
}

const PROTOCOLS: Readonly<Record<string, readonly [ProxyServer["protocol"], string] | undefined>> =
  {
    "socks5:": ["socks5", "1080"],
    "socks5h:": ["socks5", "1080"],
    "http:": ["http", "80"],
    "https:": ["https", "443"],
  };

/** `text` as a URL; without a scheme it is one of http. Null if it is none. */
export function parseProxyURL(text: string): URL | null {
  const whole = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  return URL.canParse(whole) ? new URL(whole) : null;
}

/** Throws TypeError, which never shows the URL: it may have a password. */
export function proxyServer(call: string, proxy: unknown): ProxyServer {
  const url = typeof proxy === "string" ? parseProxyURL(proxy) : proxy;
  if (!(url instanceof URL)) {
    throw new TypeError(`Cannot ${call} as proxy must be a URL, or null for none`);
  }
  const known = PROTOCOLS[url.protocol];
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  if (known === undefined || host === "") {
    throw new TypeError(
      `Cannot ${call} as proxy must be a URL of socks5, http or https with a host: its scheme is ${
        url.protocol.slice(0, -1)
      }`,
    );
  }
  const [protocol, port] = known;
  const named = url.username !== "" || url.password !== "";
  return {
    protocol,
    address: joinHostPort(host, url.port || port),
    username: named ? decoded(call, url.username) : undefined,
    password: named ? decoded(call, url.password) : undefined,
  };
}

function decoded(call: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new TypeError(
      `Cannot ${call} as the user or the password of proxy is not percent-encoded`,
    );
  }
}
