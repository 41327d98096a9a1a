// SPDX-License-Identifier: MIT
/** The debug page over HTTP. Go: net/http/pprof. */
import { dumpAll } from "../sched/dump.ts";
import { scheduler } from "../sched/thread.ts";
import { type DebugPeerInfo, isAuthorized, refusal } from "./access.ts";
import { Lateness } from "./lateness.ts";
import { checkDebugOptions, type CheckedDebugOptions, type DebugOptions } from "./options.ts";
import { PAGE, pagePolicy } from "./page.ts";
import { PROMETHEUS_TYPE, prometheusText } from "./prometheus.ts";
import { takeSnapshot } from "./snapshot.ts";
import { traceBody } from "./trace_body.ts";

/** Handler of HTTP requests for the debug page, see {@linkcode debugHandler}. */
export interface DebugHandler {
  /**
   * @param request a GET or HEAD request for any path
   * @param info the host server's information about the peer
   */
  (request: Request, info?: DebugPeerInfo): Response;
  /** The secret that requests must present. */
  readonly token: string;
}

/** Response formats. */
type Format = "page" | "json" | "prometheus" | "dump" | "trace";

const FORMATS: readonly Format[] = ["page", "json", "prometheus", "dump", "trace"];
/** Default and maximum number of rows of a table. */
const ROWS = { default: 200, most: 10_000 };
/** Default and maximum duration of a trace in seconds. */
const TRACE_SECONDS = { default: 5, most: 60 };

/** Headers of every response: no caching, no framing, no access for other origins. */
const HEADERS = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/**
 * Makes a handler that shows what the goroutines, connections and timers of this thread are doing:
 * as a live page, as JSON, as Prometheus text, as a dump or as a trace. Never parks, and costs
 * nothing between requests. Go: `net/http/pprof`.
 *
 * The format is that of `?format=` (`page`, `json`, `prometheus`, `dump`, `trace`) or of the Accept
 * header. `json` takes `?search=`, `?state=` and `?limit=`, `trace` takes `?seconds=`.
 *
 * Every request must present the token, as `Authorization: Bearer` or `?token=`; the page reads it
 * from the fragment of its address (`#token=`), which no server and no log ever sees. Requests for
 * a foreign host name, from another machine or through a proxy are refused unless the options allow
 * them. The page loads nothing, and its Content-Security-Policy allows nothing but itself.
 *
 * @param options see {@linkcode DebugOptions}
 * @returns a handler for `Bun.serve`, `Deno.serve` and any other server of `Request` and `Response`
 * @throws {TypeError} for an invalid option, naming it
 * @example
 * ```ts
 * const debug = debugHandler(); // prints the token
 * Bun.serve({ hostname: "127.0.0.1", port: 9090, fetch: debug });
 * ```
 */
export function debugHandler(options: DebugOptions = {}): DebugHandler {
  const checked = checkDebugOptions(options);
  const lateness = new Lateness();
  if (checked.generated) console.log(`netpoll debug token: ${checked.token}`);
  const handler = (request: Request, info?: DebugPeerInfo) =>
    answer(request, info, checked, lateness);
  return Object.assign(handler, { token: checked.token });
}

function answer(
  request: Request,
  info: DebugPeerInfo | undefined,
  options: CheckedDebugOptions,
  lateness: Lateness,
): Response {
  const refused = refusal(request, info, options);
  if (refused !== null) return plain(refused.text, refused.status);
  const url = new URL(request.url);
  const format = formatOf(request, url);
  if (format === null) return plain(`The formats are ${FORMATS.join(", ")}.`, 400);
  // The page itself contains no data: without a token it prompts for it.
  if (!isAuthorized(request, url, options.token)) return unauthorized(format);
  if (format === "page") return page(200);
  if (request.method === "HEAD") return plain("", 200);
  lateness.watch();
  return formatted(format, url, options, lateness);
}

function formatted(
  format: Exclude<Format, "page">,
  url: URL,
  options: CheckedDebugOptions,
  lateness: Lateness,
): Response {
  switch (format) {
    case "json": {
      const query = {
        search: url.searchParams.get("search") ?? "",
        state: url.searchParams.get("state") ?? "",
        limit: numberOf(url, "limit", ROWS),
      };
      return Response.json(takeSnapshot(options, lateness, query), { headers: HEADERS });
    }
    case "prometheus": {
      const snapshot = takeSnapshot(options, lateness, { search: "", state: "", limit: 0 });
      return plain(prometheusText(snapshot), 200, { "content-type": PROMETHEUS_TYPE });
    }
    case "dump":
      return plain(`${dumpAll(scheduler)}\n`, 200, download("netpoll-dump.txt"));
    case "trace":
      return trace(numberOf(url, "seconds", TRACE_SECONDS));
  }
}

function trace(seconds: number): Response {
  try {
    const headers = {
      ...HEADERS,
      "content-type": "application/json",
      ...download("netpoll-trace.json"),
    };
    return new Response(traceBody(seconds * 1000), { headers });
  } catch (error) {
    return plain(`${error instanceof Error ? error.message : error}\n`, 409);
  }
}

/** Returns the requested format, or null if it is unknown. */
function formatOf(request: Request, url: URL): Format | null {
  const named = url.searchParams.get("format");
  if (named !== null) return FORMATS.find((format) => format === named) ?? null;
  const accept = request.headers.get("accept") ?? "";
  if (accept.includes("text/html")) return "page";
  if (accept.includes("openmetrics") || accept.includes("text/plain")) return "prometheus";
  return accept.includes("application/json") ? "json" : "page";
}

/** Returns a numeric parameter clamped to its bounds, or the default if it is invalid. */
function numberOf(
  url: URL,
  name: string,
  bounds: { readonly default: number; readonly most: number },
): number {
  const text = url.searchParams.get(name);
  if (text === null || !/^\d+$/.test(text)) return bounds.default;
  return Math.min(Number(text), bounds.most);
}

function unauthorized(format: Format): Response {
  return format === "page" ? page(401) : plain("The token is missing or wrong.\n", 401, CHALLENGE);
}

const CHALLENGE = { "www-authenticate": 'Bearer realm="netpoll"' };

function page(status: 200 | 401): Response {
  return new Response(PAGE, {
    status,
    headers: {
      ...HEADERS,
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": pagePolicy(),
      ...status === 401 ? CHALLENGE : {},
    },
  });
}

function download(name: string): Record<string, string> {
  return { "content-disposition": `attachment; filename="${name}"` };
}

function plain(text: string, status: number, headers: Record<string, string> = {}): Response {
  return new Response(text, {
    status,
    headers: { ...HEADERS, "content-type": "text/plain; charset=utf-8", ...headers },
  });
}
