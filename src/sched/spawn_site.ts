// SPDX-License-Identifier: MIT
/** Where a goroutine was started: the line of the `go`. Go: "created by" in runtime.Stack. */

/** The folder of this library, whose own lines are not meant; on Windows without the slash before the drive. */
const LIBRARY = new URL("../", import.meta.url).pathname.replace(/^\/(?=[A-Za-z]:)/, "");
/** Frames of the host, in Bun's words and in Deno's. */
const HOST = /^(native|node|ext|bun):/;
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
    const place = /([^\s()]+:\d+:\d+)\)?$/.exec(line)?.[1];
    if (place === undefined || HOST.test(place)) continue;
    // Bun names files as Windows does.
    if (!place.replaceAll("\\", "/").includes(LIBRARY)) return place;
  }
  return "";
}
