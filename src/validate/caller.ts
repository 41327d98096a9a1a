// SPDX-License-Identifier: MIT
/**
 * Stacks that begin at the line of the library's user: its own frames say nothing about a misuse.
 */

/**
 * The folder of this library, whose own lines are not meant; on Windows without the slash before
 * the drive.
 */
const LIBRARY = new URL("../", import.meta.url).pathname.replace(/^\/(?=[A-Za-z]:)/, "");
/** Frames of the host, in Bun's words and in Deno's. */
const HOST = /^(native|node|ext|bun):/;

/** A line of a stack that is a frame. */
const FRAME = /^\s+at /m;

/** What resumes a generator, as the frame above that of a `function*` that the user called. */
export const RESUME: unknown = (function* () {})().next;

/** V8's function, which JavaScriptCore has as well. */
type Capture = (error: Error, above: unknown) => void;

/** The place of a frame of the user's, "file:///app/main.ts:12:3"; null for any other line. */
export function userPlace(line: string): string | null {
  const place = /([^\s()]+:\d+:\d+)\)?$/.exec(line)?.[1];
  if (place === undefined || HOST.test(place)) return null;
  // Bun names files as Windows does.
  return place.replaceAll("\\", "/").includes(LIBRARY) ? null : place;
}

/**
 * Returns `error`, whose stack begins at the user's line from now on. `call` is the function that
 * the user called, where that is one of the library's. A stack without such a line stays as it is.
 */
export function atCaller<E extends Error>(error: E, call?: unknown): E {
  const { captureStackTrace } = Error as { captureStackTrace?: Capture };
  const whole = error.stack ?? "";
  // Deno prints an uncaught error by its captured frames, Bun by its text.
  if (call !== undefined) captureStackTrace?.(error, call);
  // Where `call` has no frame, as what resumes a generator on Bun, all are gone.
  const lines = (FRAME.test(error.stack ?? "") ? error.stack! : whole).split("\n");
  const first = lines.findIndex((line) => FRAME.test(line));
  const users = lines.findIndex((line, i) => i >= first && userPlace(line) !== null);
  if (first >= 0 && users >= first) {
    lines.splice(first, users - first);
    error.stack = lines.join("\n");
  }
  return error;
}
