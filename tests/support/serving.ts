// SPDX-License-Identifier: MIT
/** An event server for the time of a test, and clients of it that are goroutines. */
import { type Conn, dial, go, type Goroutine, type Routine } from "../../mod.ts";
import { type Events, serve, type Server } from "../../event.ts";
import { until } from "./harness.ts";

const LOCAL = "tcp://127.0.0.1:0";

/** A server that runs. */
export interface Serving<C> {
  readonly server: Server<C>;
  /** The goroutine of `serve`. */
  readonly goroutine: Goroutine<void>;
  /** A connection to one of its addresses, the first from the start. */
  connect(addrIndex?: number): Routine<Conn>;
}

/** Serves while `body` runs, then shuts it down; throws what `serve` throws. */
export function* serving<C>(
  events: Events<C>,
  body: (serving: Serving<C>) => Routine<void>,
  ...addresses: string[]
): Routine<void> {
  let server: Server<C> | undefined;
  const all: Events<C> = {
    // What a handler throws unexpectedly fails the test.
    onError: (error) => {
      throw error;
    },
    ...events,
    serving(started) {
      server = started;
      return events.serving?.(started);
    },
  };
  let failure: { error: unknown } | undefined;
  const goroutine = go(function* serving() {
    try {
      yield* serve(all, ...addresses.length > 0 ? addresses : [LOCAL]);
    } catch (error) {
      failure = { error };
    }
  });
  yield* until(() => server !== undefined || failure !== undefined);
  if (server !== undefined) {
    const { addrs } = server;
    const connect = (addrIndex = 0) => dial("tcp", String(addrs[addrIndex]));
    yield* body({ server, goroutine, connect });
    server.shutdown();
  }
  yield* goroutine.join();
  if (failure !== undefined) throw failure.error;
}

/** Bytes of a text, and the text of bytes. */
export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const text = (input: Uint8Array | null): string =>
  input === null ? "" : new TextDecoder().decode(input);

/** Reads exactly so many bytes, as text. */
export function* readText(conn: Conn, length: number): Routine<string> {
  const buf = new Uint8Array(length);
  yield* conn.readFull(buf);
  return text(buf);
}

/** Reads to the end of the stream, as text; an error that ends it stands for itself. */
export function* readAll(conn: Conn): Routine<string> {
  const buf = new Uint8Array(64 * 1024);
  let all = "";
  try {
    for (let n; (n = yield* conn.read(buf)) !== null;) all += text(buf.subarray(0, n));
    return all;
  } catch (error) {
    return `${all}[${(error as { code: string }).code}]`;
  }
}

/** Bytes of a pattern that shows what is missing or out of order. */
export function pattern(length: number): Uint8Array {
  const all = new Uint8Array(length);
  for (let i = 0; i < length; i++) all[i] = (i * 7 + (i >> 8)) & 0xff;
  return all;
}
