// SPDX-License-Identifier: MIT
/** The proxy that the environment names. Go: golang.org/x/net/http/httpproxy, FromEnvironment. */
import { jsRuntime } from "../../platforms/shared/js_runtime.ts";
import { wrongArgument } from "../validate/argument.ts";
import { excluded } from "./no_proxy.ts";
import { parseProxyURL } from "./proxy_url.ts";

/** Variables of the environment by their names. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Ports of the schemes whose URLs need not name one. */
const PORTS: Readonly<Record<string, string | undefined>> = {
  "http:": "80",
  "ws:": "80",
  "https:": "443",
  "wss:": "443",
  "socks5:": "1080",
};

/** The variable of a scheme beside ALL_PROXY. */
const VARIABLES: Readonly<Record<string, string | undefined>> = {
  "http:": "HTTP_PROXY",
  "ws:": "HTTP_PROXY",
  "https:": "HTTPS_PROXY",
  "wss:": "HTTPS_PROXY",
};

/**
 * Returns the proxy that the environment names for a URL; null for none. Never parks. Go:
 * `httpproxy.FromEnvironment().ProxyFunc()`.
 *
 * HTTP_PROXY is for `http` and `ws`, HTTPS_PROXY for `https` and `wss`, and ALL_PROXY for these if
 * theirs is not set and for every other scheme, such as `tcp://host:6379`. A value is a URL; one
 * without a scheme is `http`. Names in lower case are read if those in upper case are not set.
 *
 * `localhost` and loopback addresses have no proxy, nor has what NO_PROXY lists, separated by commas:
 * an IP address, a network ("10.0.0.0/8"), a name, which stands for all below it too, a name with a
 * dot or "*." in front for those below alone, each perhaps with a port ("example.org:8080"), or "*" for
 * all.
 *
 * On Deno a variable counts as not set unless reading it is permitted; the user is not asked.
 *
 * @param url the URL that is connected to; only its scheme, host and port count
 * @param env variables to use instead of those of the process
 * @throws {TypeError} if `url` or the value of a variable is not a URL; {@linkcode Error} if
 * HTTP_PROXY is set in a CGI program (REQUEST_METHOD is set), where a client can set it
 * @example
 * ```ts
 * const proxy = proxyFromEnvironment("https://example.org");
 * using conn = yield* proxyDial("tcp", "example.org:443", { proxy });
 * ```
 */
export function proxyFromEnvironment(url: string | URL, env?: Environment): URL | null {
  const read = (name: string) => valueOf(name, env) || valueOf(name.toLowerCase(), env) || "";
  const { protocol, hostname, port } = checkURL(url);
  const { name, value } = chosen(protocol, read);
  if (value === "") return null;
  if (name === "HTTP_PROXY" && (valueOf(name, env) ?? "") !== "" && read("REQUEST_METHOD") !== "") {
    throw new Error(
      "Cannot use HTTP_PROXY in a CGI program, where a client's header Proxy sets it",
    );
  }
  const host = hostname.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  if (excluded(read("NO_PROXY"), host, port || PORTS[protocol] || "")) return null;
  const proxy = parseProxyURL(value);
  // Its value may have a password.
  if (proxy === null) throw new TypeError(`Cannot use ${name} as it is not a proxy URL`);
  return proxy;
}

function chosen(
  protocol: string,
  read: (name: string) => string,
): { name: string; value: string } {
  for (const name of [VARIABLES[protocol], "ALL_PROXY"]) {
    if (name === undefined) continue;
    const value = read(name);
    if (value !== "") return { name, value };
  }
  return { name: "ALL_PROXY", value: "" };
}

function valueOf(name: string, env: Environment | undefined): string | undefined {
  return env === undefined ? jsRuntime().variable(name) : env[name];
}

function checkURL(url: string | URL): URL {
  const parsed = typeof url === "string" && URL.canParse(url) ? new URL(url) : url;
  if (parsed instanceof URL && parsed.hostname !== "") return parsed;
  throw wrongArgument("look for a proxy", "url", "a URL with a host", url);
}
