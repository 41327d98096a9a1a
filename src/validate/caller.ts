// SPDX-License-Identifier: MIT
/**
 * Error stacks that begin at the user's code: the library's own frames do not help to find a
 * misuse.
 */

/**
 * Path of this library, whose frames are skipped; on Windows without the slash before the drive.
 */
const LIBRARY = new URL("../", import.meta.url).pathname.replace(/^\/(?=[A-Za-z]:)/, "");
/** Frames of the host: Bun's and Deno's names. */
const HOST = /^(native|node|ext|bun):/;

/** A stack line that is a frame. */
const FRAME = /^\s+at /m;

/**
 * Frame of a module's own code, which has no name. Bun, which prints an uncaught error by its text,
 * prints the library's line instead if this is all the text has.
 */
const MODULE_FRAME = /^(\s+at )([^\s()]+:\d+:\d+)$/;

/** Resumes a generator: the frame above that of a `function*` called by the user. */
export const RESUME: unknown = (function* () {})().next;

/** V8's function, which JavaScriptCore has as well. */
type Capture = (error: Error, above: unknown) => void;

/** Returns the location of a user frame, "file:///app/main.ts:12:3"; null for any other line. */
export function userPlace(line: string): string | null {
  const place = /([^\s()]+:\d+:\d+)\)?$/.exec(line)?.[1];
  if (place === undefined || HOST.test(place)) return null;
  // Bun uses Windows file paths.
  return place.replaceAll("\\", "/").includes(LIBRARY) ? null : place;
}

/** A function without a frame. */
function nowhere(): void {}

/**
 * Returns the stack of an error whose captured frames cannot be cut, and removes the frames: Deno then
 * prints the error by its text too. The frames are captured again, above `atCaller`, since V8 keeps
 * the ones that `stack` has shown.
 */
function stackByText(error: Error, captureStackTrace?: Capture): string {
  const here = new Error();
  captureStackTrace?.(here, atCaller);
  const frames = here.stack ?? "";
  captureStackTrace?.(error, nowhere);
  const text = error.stack ?? "";
  const first = frames.search(FRAME);
  return FRAME.test(text) || first < 0 ? text : `${text}\n${frames.slice(first)}`;
}

/**
 * Makes the stack of `error` begin at the user's line, and returns it. `call` is the library
 * function that the user called, if any. A stack without such a line is unchanged.
 */
export function atCaller<E extends Error>(error: E, call?: unknown): E {
  const { captureStackTrace } = Error as { captureStackTrace?: Capture };
  const whole = call === undefined ? stackByText(error, captureStackTrace) : error.stack ?? "";
  // Deno prints an uncaught error by its captured frames, Bun by its text.
  if (call !== undefined) captureStackTrace?.(error, call);
  // If `call` has no frame, such as the resumption of a generator on Bun, all frames are removed.
  const lines = (FRAME.test(error.stack ?? "") ? error.stack! : whole).split("\n");
  const first = lines.findIndex((line) => FRAME.test(line));
  const users = lines.findIndex((line, i) => i >= first && userPlace(line) !== null);
  if (first >= 0 && users >= first) {
    lines.splice(first, users - first);
    lines[first] = lines[first]!.replace(MODULE_FRAME, "$1module ($2)");
    error.stack = lines.join("\n");
  } else if (error.stack !== whole) error.stack = whole;
  return error;
}
