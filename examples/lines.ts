// SPDX-License-Identifier: MIT
/**
 * A server of a line protocol: a shared counter for each name. `INCR name`, `GET name`, `QUIT`; a
 * line has at most 128 bytes. HOST and PORT come from the environment.
 *
 *   printf 'INCR a\nINCR a\nGET a\nQUIT\n' | nc 127.0.0.1 7010
 */
import { BufferedReader, BufferedWriter, type Conn, type Routine, TooLongError } from "../mod.ts";
import { serveUntilStopped } from "./serving.ts";

const MAX_LINE = 128;
const IDLE_MS = 60_000;

const counters = new Map<string, number>();

/** The answer to a request, or null to end the connection. */
function answer(request: string): string | null {
  const [command, name = "", ...rest] = request.split(" ");
  if (command === "QUIT") return null;
  if (name === "" || rest.length > 0) return "ERROR one name expected";
  const value = counters.get(name) ?? 0;
  if (command === "GET") return String(value);
  if (command !== "INCR") return "ERROR unknown command";
  counters.set(name, value + 1);
  return String(value + 1);
}

/** Reads a request. One that is too long is skipped, and the answer says so. */
function* request(reader: BufferedReader, out: BufferedWriter): Routine<string | null> {
  for (;;) {
    try {
      return yield* reader.line({ timeout: IDLE_MS });
    } catch (error) {
      if (!(error instanceof TooLongError)) throw error;
      yield* reader.discardLine();
      yield* out.write(`ERROR more than ${MAX_LINE} bytes\n`);
    }
  }
}

function* serve(conn: Conn): Routine<void> {
  const reader = new BufferedReader(conn, { maxLine: MAX_LINE });
  // The answers to requests that came together go out together.
  const out = new BufferedWriter(conn);
  for (let line; (line = yield* request(reader, out)) !== null;) {
    const text = answer(line);
    if (text === null) break;
    yield* out.write(`${text}\n`);
  }
  yield* out.flush();
}

await serveUntilStopped({ name: "lines", port: 7010, serve });
