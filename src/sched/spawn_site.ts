// SPDX-License-Identifier: MIT
/** Where a goroutine was started: the line of the `go`. Go: "created by" in runtime.Stack. */
import { userPlace } from "../validate/caller.ts";

/** Deep enough to pass the library's own frames, such as those of `serve` in a handler. */
const FRAMES = 16;

/** Captures the stack unformatted: formatting costs more than keeping it. */
export function captureSite(): Error {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = FRAMES;
  const site = new Error();
  Error.stackTraceLimit = before;
  return site;
}

/**
 * Returns the innermost frame outside the library, "file:///app/main.ts:12:3"; "" if there is none.
 */
export function lineOf(site: Error): string {
  for (const line of (site.stack ?? "").split("\n")) {
    const place = userPlace(line);
    if (place !== null) return place;
  }
  return "";
}
