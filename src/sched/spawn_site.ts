// SPDX-License-Identifier: MIT
/** Where a goroutine was started: the line of the `go`. Go: "created by" in runtime.Stack. */
import { userPlace } from "../validate/caller.ts";

/** Deep enough for the library's own calls on top of the user's. */
const FRAMES = 10;

/** The stack as it is now, unread: reading it costs more than keeping it. */
export function captureSite(): Error {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = FRAMES;
  const site = new Error();
  Error.stackTraceLimit = before;
  return site;
}

/** "file:///app/main.ts:12:3", the innermost line that is not the library's; "" if there is none. */
export function lineOf(site: Error): string {
  for (const line of (site.stack ?? "").split("\n")) {
    const place = userPlace(line);
    if (place !== null) return place;
  }
  return "";
}
