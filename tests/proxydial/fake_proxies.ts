// SPDX-License-Identifier: MIT
/** Servers that stand for a proxy: each serves one connection by a script. */
import { type Conn, go, listen, OpError, type Routine, sleep } from "../../mod.ts";

/** A proxy that serves one connection. */
export class FakeProxy implements Disposable {
  /** "127.0.0.1:port". */
  readonly address: string;
  readonly #close: () => void;

  constructor(address: string, close: () => void) {
    this.address = address;
    this.#close = close;
  }

  [Symbol.dispose](): void {
    this.#close();
  }
}

/** Starts a proxy whose one connection `script` serves. */
export function* fakeProxy(script: (conn: Conn) => Routine<void>): Routine<FakeProxy> {
  const listener = yield* listen("tcp", "127.0.0.1:0");
  go(function* () {
    try {
      using conn = yield* listener.accept();
      yield* script(conn);
    } catch (error) {
      // The client has closed a connection that it refuses.
      if (!(error instanceof OpError)) throw error;
    } finally {
      listener.close();
    }
  });
  return new FakeProxy(String(listener.addr), () => listener.close());
}

/** A script that sends `pieces`, each once something has come. */
export function says(...pieces: (string | readonly number[])[]): (conn: Conn) => Routine<void> {
  return function* (conn) {
    const buf = new Uint8Array(4096);
    for (const piece of pieces) {
      yield* conn.read(buf);
      yield* conn.write(typeof piece === "string" ? piece : Uint8Array.from(piece));
    }
    while ((yield* conn.read(buf)) !== null);
  };
}

/** A script that sends `bytes` one by one for ever, or, if there are none, nothing. */
export function trickles(bytes: string): (conn: Conn) => Routine<void> {
  return function* (conn) {
    for (let i = 0;; i++) {
      if (bytes !== "") yield* conn.write(bytes[i % bytes.length]);
      yield* sleep(2);
      if (bytes === "" && (yield* conn.read(new Uint8Array(512))) === null) return;
    }
  };
}

/** A script that sends `text` again and again, as fast as it is read. */
export function floods(text: string): (conn: Conn) => Routine<void> {
  return function* (conn) {
    const piece = text.repeat(1000);
    for (;;) yield* conn.write(piece);
  };
}
