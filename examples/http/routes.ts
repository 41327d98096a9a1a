// SPDX-License-Identifier: MIT
/** What http.ts and event_http.ts answer: one route for each way that there is to answer. */
import { type Routine, sleep } from "../../mod.ts";
import { HttpError } from "./error.ts";
import type { Outcome } from "./exchange.ts";
import type { Incoming } from "./incoming.ts";
import { QuickResponse } from "./outgoing.ts";

/** See the top of this file. */
export function handle(request: Incoming): Outcome {
  switch (request.path) {
    case "/":
      return new QuickResponse("Hello, World!\n");
    case "/echo":
      return echo(request);
    case "/upper":
      return upper(request);
    case "/slow":
      return slow();
    case "/count":
      return new Response(count(), { headers: { "content-type": "text/plain" } });
    case "/request":
      return Response.json({ method: request.method, headers: [...request.headers] });
    default:
      throw new HttpError(404, "Nothing here");
  }
}

/** The body as it comes. */
function echo(request: Incoming): Response {
  if (request.method !== "POST") throw new HttpError(405, "POST something");
  const type = request.headers.get("content-type") ?? "application/octet-stream";
  return new Response(request.body, { headers: { "content-type": type } });
}

/** By a promise. */
async function upper(request: Incoming): Promise<QuickResponse> {
  return new QuickResponse((await request.text()).toUpperCase());
}

/** By a goroutine that parks. */
function* slow(): Routine<QuickResponse> {
  yield* sleep(50);
  return new QuickResponse("At last\n");
}

/** A body that is made while it goes out. */
function count(): ReadableStream<Uint8Array> {
  let next = 0;
  return new ReadableStream({
    pull(controller) {
      if (next === 1000) controller.close();
      else controller.enqueue(new TextEncoder().encode(`${next++}\n`));
    },
  });
}
